// What ranks did, what failed, and where all this comes from.

const KINDS = {
  busy: [BLUE, "evaluating"], container: [SKY, "container starting"], waiting: [RED, "waiting for a candidate or task"], dispatch: [ORANGE, "task on the way"],
  away: [PINK, "result on the way, or not there"], tail: ["#c4ccd4", "nothing left to do"],
};

function ranks() {
  if (!doc.ranks) { say("ranks-about", "No rank has worked yet."); ["timeline"].forEach((id) => { at(id).hidden = true; }); return; }
  const r = doc.ranks;
  say("ranks-about", r.about);
  const traces = Object.entries(KINDS).map(([kind, [color, name]]) => {
    // A line from start to end of each stretch, then a gap.
    const own = r.stretches[kind] ?? [];
    return { type: own.length > MANY ? "scattergl" : "scatter", mode: "lines", name, line: { color, width: 9 },
      x: own.flatMap(([, from, to]) => [from, to, null]), y: own.flatMap(([rank]) => [rank, rank, null]),
      hovertemplate: "rank %{y}, %{x:.3f} s<extra>%{fullData.name}</extra>" };
  }).filter((trace) => trace.x.length);
  draw("timeline", traces, {
    height: Math.min(900, 130 + 22 * r.names.length), margin: { ...LAYOUT.margin, l: 120, t: 40 },
    xaxis: axis("time since the first start, without pauses between sessions [s]"),
    yaxis: { range: [Math.max(...r.names.map((n) => n[0])) + 0.6, Math.min(...r.names.map((n) => n[0])) - 0.6], tickvals: r.names.map((n) => n[0]), ticktext: r.names.map((n) => plain(n[1])), zeroline: false },
  });
  split();
}

function split() {
  const s = doc.split;
  if (!s) return;
  const bar = (name, column, color) => ({ type: "bar", name, marker: { color }, x: s.trial, y: column,
    hovertemplate: "trial %{x}: %{y:.4~g} s<extra>%{fullData.name}</extra>" });
  const traces = [bar("candidate", s.generation, ORANGE), bar("waiting for a rank", s.queue, SKY),
    bar("on the way", s.start, PINK), bar("evaluation", s.evaluation, BLUE)];
  const each = s.each > 1 ? ` (means of ${s.each} trials each)` : "";
  draw("split", traces, { barmode: "stack", bargap: 0, xaxis: axis(`trial${each}`), yaxis: axis("time [s]") });
  table("split-table", ["", "in total", "median of a trial"], s.total.map(([name, total, median]) =>
    [name, number(time(total)), number(time(median))]));
}

function failures() {
  const f = doc.failures;
  say("failures-about", f.length ? "Attempts that failed, by class, with the latest of each. Logs are below the run directory."
    : "No attempt failed.");
  if (f.length) table("failures-table", ["class", "attempts", "trials", "latest", "where", "log", "reason"], f.map((x) =>
    [x.class, number(x.count), number(x.trials), `trial ${x.latest}`, x.place,
      doc.facts.logs[x.class] ?? "–", x.reason]));
  else at("failures-table").parentElement.hidden = true;
}

function provenance() {
  const f = doc.facts;
  table("facts", null, [
    ["run directory", f.directory], ["method", `${doc.method}, seed ${doc.seed}`], ["state", [f.state, f.stopped].filter(Boolean).join(", ")],
    ["reference point", doc.reference_point ? doc.objectives.map((o, m) => `${short(doc.reference_point[m])} ${o.unit}`.trim()).join(", ") : "none yet"],
    ...doc.outcome_constraints.map((c) => ["outcome constraint", c]), ...f.notices.map((n) => ["notice", n]),
    ["report", `made ${date(f.made)} by paretorank ${f.version}`],
  ]);
  table("sessions", ["started", "host", "batch job", "evaluating ranks", "trials ended before"],
    doc.sessions.map(([when, host, job, evaluators, before]) => [date(when), host, job || "–", number(evaluators), number(before)]));
  say("study", f.text);
}
