// Designs, and the four answers above all.

function designs() {
  const measured = ([value, sem]) => sem === null ? short(value) : `${short(value)} ± ${short(sem, 2)}`;
  const others = doc.designs.filter((d) => d !== nominal);
  say("designs-about", [
    nominal ? `Nominal: trial ${nominal.trial}. Per cent: how much better than it, in each objective's own direction.`
      : "No nominal design was evaluated, so there is nothing to compare with.",
    `${plural(doc.recommended, "design")} recommended${others.length < doc.recommended ? `, ${others.length} listed` : ""}.`,
    "A click takes the slices through a design.",
  ].join(" "));
  const head = ["design", ...doc.objectives.flatMap((o) => nominal ? [titled(o), "better"] : [titled(o)]),
    ...doc.parameters.map(titled)];
  const better = (x) => x === null ? number("–")
    : number(`${x > 0 ? "+" : ""}${short(x, 3)} %`, x > 0 ? "up" : x < 0 ? "down" : undefined);
  const rows = doc.designs.map((d) => [
    nameOf(d),
    ...d.measured.flatMap((m, k) => nominal ? [number(measured(m)), better(d.better[k])] : [number(measured(m))]),
    ...d.values.map((v) => number(Number.isNaN(Number(v)) ? v : short(Number(v), 5))),
  ]);
  table("designs-table", head, rows, (k) => ({ trial: doc.designs[k].trial }));
  at("designs-table").onclick = (event) => {
    const row = event.target.closest("tr[data-trial]");
    const select = at("slice-design");
    if (!row || ![...select.options].some((o) => o.value === row.dataset.trial)) return;
    select.value = row.dataset.trial;
    drawSlices();
    at("slices").scrollIntoView({ behavior: "smooth" });
  };
}

function cards() {
  const volume = ok.length + violating.length ? trials.hypervolume.at(-1) : undefined;
  const share = doc.facts.maximum && volume !== undefined ? `, ${percent(volume / doc.facts.maximum, 0)} of the largest` : "";
  say("good", volume === undefined ? "no value yet" : `hypervolume ${short(volume)}${share}`);
  const candidates = doc.designs.filter((d) => d !== nominal && d.better.length && d.better.every((b) => b !== null));
  const all = candidates.filter((d) => d.better.every((b) => b > 0)).length;
  const best = doc.objectives.map((o, m) => {
    const values = candidates.map((d) => d.better[m]);
    return values.length ? `${o.name} up to ${short(Math.max(...values), 3)} % better` : null;
  }).filter(Boolean);
  say("good-more", [
    `${plural(trials.front.length, "design")} not dominated`,
    nominal && candidates.length ? `${all} of ${candidates.length} better than nominal in everything` : null,
    best.slice(0, 3).join(", "),
  ].filter(Boolean).join("\n"));

  const d = doc.model?.diagnostics ?? [];
  const worst = (of) => d.map(of).filter((x) => x !== null);
  const correlations = worst((x) => x.rank_correlation), coverages = worst((x) => x.coverage);
  say("sure", correlations.length ? `rank correlation ≥ ${short(Math.min(...correlations), 2)}` : "no model");
  const recent = doc.gain;
  say("sure-more", [
    coverages.length ? `of each trial as the others predict it; at least ${percent(Math.min(...coverages), 0)} of values lie in bands of 95 %` : doc.no_model || "too few trials to tell",
    recent === null ? null : `the last fifth of the trials added ${percent(recent)} of the hypervolume`,
  ].filter(Boolean).join("\n"));

  say("long", doc.ranks ? `${time(doc.ranks.wall_s)}, ranks busy ${percent(doc.ranks.busy)}` : "no rank has worked yet");
  const [okay, infeasible, failed] = doc.ended, ended = okay + infeasible + failed;
  say("long-more", [
    `${ended} of ${plural(doc.wanted, "trial")} (${doc.facts.state})`,
    doc.split ? `medians of a trial: ${doc.split.total.filter((_, k) => k === 0 || k === 3).map(([name, , median]) =>
      `${name} ${time(median)}`).join(", ")}` : null,
    doc.ranks ? `${time(3600 * doc.ranks.rank_hours)} of rank time in ${plural(doc.sessions.length, "session")}` : null,
  ].filter(Boolean).join("\n"));

  say("failed", failed ? `${failed} of ${ended} failed` : "nothing failed");
  say("failed-more", [
    infeasible ? `${infeasible} infeasible` : null,
    violating.length ? `${violating.length} beyond an outcome constraint` : null,
    doc.failures.length ? doc.failures.map((f) => `${f.count} attempts: ${f.class}`).slice(0, 3).join(", ") : "no attempt failed",
  ].filter(Boolean).join("\n"));
}
