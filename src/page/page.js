"use strict";
// Draws the document of a report. It computes no figure: what is shown is in the document.

const doc = JSON.parse(document.getElementById("data").textContent);
const trials = doc.trials;
const count = trials.status.length;
const front = new Set(trials.front);
// Colours that people who see colours differently can tell apart.
const BLUE = "#0072b2", ORANGE = "#e69f00", GREEN = "#009e73", RED = "#d55e00", PINK = "#cc79a7",
  SKY = "#56b4e9", GREY = "#787878";
const SERIES = [BLUE, ORANGE, GREEN, RED, PINK, SKY, GREY];
const CONFIG = { responsive: true, displaylogo: false, displayModeBar: false };
// Above so many points a plot is drawn by the graphics card.
const MANY = 8000;

// ---- words ----

const at = (id) => document.getElementById(id);
const say = (id, text) => { at(id).textContent = text; };
// Plotly takes texts for markup.
const plain = (text) => String(text).replace(/&/g, "&amp;").replace(/</g, "&lt;");
const short = (x, digits = 4) => {
  if (x === null || x === undefined) return "–";
  return String(Number(x.toPrecision(digits)));
};
const time = (s) => {
  if (s === null || s === undefined) return "–";
  if (s < 0.1) return `${short(1e3 * s, 3)} ms`;
  if (s < 120) return `${short(s, 3)} s`;
  return s < 7200 ? `${short(s / 60, 3)} min` : `${short(s / 3600, 3)} h`;
};
const percent = (share, digits = 1) => `${(100 * share).toFixed(digits)} %`;
const date = (s) => new Date(1e3 * s).toISOString().replace("T", " ").slice(0, 19) + " UTC";
const titled = (thing) => thing.unit ? `${thing.name} [${thing.unit}]` : thing.name;
const plural = (n, word) => `${n} ${word}${n === 1 ? "" : "s"}`;

function table(id, head, rows, mark = () => ({})) {
  const element = at(id);
  element.replaceChildren();
  const cell = (row, kind, content) => {
    const c = row.appendChild(document.createElement(kind));
    const { text, number, tone } = typeof content === "object" && content !== null ? content : { text: content };
    c.textContent = text;
    if (number) c.classList.add("number");
    if (tone) c.classList.add(tone);
  };
  if (head) {
    const row = element.createTHead().insertRow();
    head.forEach((h) => cell(row, "th", h));
  }
  const body = element.createTBody();
  rows.forEach((cells, k) => {
    const row = body.insertRow();
    Object.assign(row.dataset, mark(k));
    cells.forEach((c) => cell(row, "td", c));
  });
}
const number = (text, tone) => ({ text, number: true, tone });

function options(id, texts, chosen = 0) {
  at(id).replaceChildren(...texts.map((text, k) => new Option(text, k, k === chosen, k === chosen)));
}

// ---- figures ----

const LAYOUT = {
  margin: { l: 62, r: 12, t: 8, b: 46 }, paper_bgcolor: "#fff", plot_bgcolor: "#fff", hovermode: "closest",
  font: { family: "system-ui, sans-serif", size: 12, color: "#1d2733" },
  legend: { orientation: "h", x: 0, y: 1.02, yanchor: "bottom" },
};
const axis = (text, more = {}) => ({
  title: { text: plain(text), standoff: 8 }, gridcolor: "#e6eaee", zeroline: false, ...more,
});
const draw = (id, traces, layout = {}) => Plotly.react(at(id), traces, { ...LAYOUT, ...layout }, CONFIG);

const statusOf = (k) => trials.statuses[trials.status[k]];
const of = (word) => Array.from({ length: count }, (_, k) => k).filter((k) => statusOf(k) === word);
const ok = of("ok"), violating = of("violating");
const shown = {};  // position of a parameter -> its column
trials.shown.forEach((p, column) => { shown[p] = trials.parameters[column]; });
const nominal = doc.designs.find((d) => d.roles.includes("nominal"));

function about(k) {
  const values = doc.objectives.map((o, m) => {
    const sem = trials.sem[m][k];
    return `${plain(titled(o))}: ${short(trials.objectives[m][k])}${sem === null ? "" : ` ± ${short(sem, 2)}`}`;
  });
  return [`<b>trial ${k}</b> (${plain(trials.origins[trials.origin[k]])})`, ...values].join("<br>");
}

// The points of a pair of objectives, in layers; `kept` are the trials that the brush has left.
function pairTraces(x, y, kept, axes = {}, points = ok.length) {
  const type = points > MANY ? "scattergl" : "scatter";
  const layer = (name, ids, marker) => ({
    type, mode: "markers", name, ...axes, marker, hoverinfo: "text",
    x: ids.map((k) => trials.objectives[x][k]), y: ids.map((k) => trials.objectives[y][k]),
    text: ids.map(about), customdata: ids,
  });
  const left = (ids) => kept ? ids.filter((k) => kept.has(k)) : ids;
  const traces = [
    layer("dominated", left(ok.filter((k) => !front.has(k))), { color: GREY, size: 5, opacity: 0.35 }),
    layer("not dominated", left(trials.front), { color: BLUE, size: 7 }),
  ];
  if (violating.length) {
    traces.push(layer("beyond a constraint", left(violating), { color: ORANGE, size: 7, symbol: "x-thin-open" }));
  }
  const without = [...of("infeasible"), ...of("failed")];
  if (without.length) {
    // They have a number and no values: along the lower edge, in the order of their numbers.
    const [from, to] = span(x), edge = span(y)[0];
    traces.push({
      type: "scatter", mode: "markers", name: "infeasible, failed", ...axes, hoverinfo: "text", cliponaxis: false,
      marker: { color: without.map((k) => statusOf(k) === "failed" ? RED : ORANGE), size: 8, symbol: "line-ns-open" },
      x: without.map((k) => from + (to - from) * k / Math.max(1, count - 1)), y: without.map(() => edge),
      text: without.map((k) => `<b>trial ${k}</b>: ${statusOf(k)}<br>${plain(trials.reasons[k] ?? "")}`),
    });
  }
  if (nominal) {
    traces.push({ ...layer("nominal", [nominal.trial], { color: RED, size: 11, symbol: "diamond" }) });
  }
  return traces;
}

function span(m) {
  let from = Infinity, to = -Infinity;
  for (const k of [...ok, ...violating]) {
    const v = trials.objectives[m][k];
    if (v < from) from = v;
    if (v > to) to = v;
  }
  return from < to ? [from, to] : [from - 0.5, from + 0.5];
}

const direction = (m) => doc.objectives[m].goal === "minimize" ? "smaller is better" : "larger is better";

let kept = null;  // trials within every brush; null: all

function drawPair() {
  if (doc.objectives.length < 2) {
    ["pair-x", "pair-y"].forEach((id) => { at(id).parentElement.hidden = true; });
    const ids = trials.ended.filter((k) => statusOf(k) === "ok");
    draw("pair", [{
      type: "scatter", mode: "markers", marker: { color: BLUE }, x: ids,
      y: ids.map((k) => trials.objectives[0][k]), text: ids.map(about), hoverinfo: "text",
    }], { xaxis: axis("trial"), yaxis: axis(`${titled(doc.objectives[0])}, ${direction(0)}`) });
    return;
  }
  const x = Number(at("pair-x").value), y = Number(at("pair-y").value);
  draw("pair", pairTraces(x, y, kept), {
    xaxis: axis(`${titled(doc.objectives[x])}, ${direction(x)}`),
    yaxis: axis(`${titled(doc.objectives[y])}, ${direction(y)}`),
  });
}

function drawPairs() {
  const pairs = [];
  doc.objectives.forEach((_, y) => doc.objectives.forEach((_, x) => { if (x < y) pairs.push([x, y]); }));
  if (!pairs.length) { at("fronts").hidden = true; return; }
  const columns = Math.min(3, pairs.length), rows = Math.ceil(pairs.length / columns);
  const layout = {
    grid: { rows, columns, pattern: "independent", xgap: 0.16, ygap: 0.2 }, height: 300 * rows + 60,
    margin: { ...LAYOUT.margin, t: 40 },
  };
  const traces = pairs.flatMap(([x, y], i) => {
    const name = i ? i + 1 : "";
    layout[`xaxis${name}`] = axis(titled(doc.objectives[x]));
    layout[`yaxis${name}`] = axis(titled(doc.objectives[y]));
    const own = pairTraces(x, y, kept, { xaxis: `x${name}`, yaxis: `y${name}` }, ok.length * pairs.length);
    return own.map((trace) => ({ ...trace, legendgroup: trace.name, showlegend: i === 0 }));
  });
  draw("pairs", traces, layout);
}

function drawHypervolume() {
  const byTime = document.querySelector("input[name=clock]:checked").value === "time";
  const last = trials.ended_s.length ? trials.ended_s[trials.ended_s.length - 1] : 0;
  const [unit, word] = last > 7200 ? [3600, "h"] : last > 120 ? [60, "min"] : [1, "s"];
  const x = byTime ? trials.ended_s.map((s) => s / unit) : trials.ended.map((_, k) => k + 1);
  const traces = [{
    type: "scatter", mode: "lines", line: { shape: "hv", color: BLUE, width: 2 }, x, y: trials.hypervolume,
    name: "hypervolume", hovertemplate: `%{y} after %{x}${byTime ? ` ${word}` : " trials"}<extra></extra>`,
  }];
  const layout = {
    xaxis: axis(byTime ? `time since the first start [${word}]` : "ended trials"),
    yaxis: axis("hypervolume", { rangemode: "tozero" }), showlegend: false, shapes: [], annotations: [],
  };
  if (doc.facts.maximum) {
    layout.shapes.push({ type: "line", xref: "paper", x0: 0, x1: 1, y0: doc.facts.maximum, y1: doc.facts.maximum,
      line: { color: GREY, dash: "dot" } });
    layout.annotations.push({ xref: "paper", x: 1, y: doc.facts.maximum, text: "largest possible", showarrow: false,
      xanchor: "right", yanchor: "bottom", font: { color: GREY } });
  }
  draw("hypervolume", traces, layout);
}

// ---- parameters ----

function parallelDimensions() {
  const dimension = (name, values, more = {}) => ({ label: plain(name), values, ...more });
  const dimensions = trials.shown.map((p) => {
    const facts = doc.parameters[p], values = shown[p];
    if (facts.kind === "choice") {
      const places = facts.values.map((_, k) => k);
      return dimension(facts.name, values, { tickvals: places, ticktext: facts.values.map(plain) });
    }
    if (facts.log) {
      const [low, high] = [Math.log10(facts.lower), Math.log10(facts.upper)];
      const tickvals = Array.from({ length: 5 }, (_, k) => low + (high - low) * k / 4);
      return dimension(titled(facts), values.map((v) => Math.log10(v)),
        { range: [low, high], tickvals, ticktext: tickvals.map((v) => short(10 ** v, 3)) });
    }
    const range = facts.lower === null ? {} : { range: [facts.lower, facts.upper] };
    return dimension(titled(facts), values, range);
  });
  return [dimensions, doc.objectives.map((o, m) => dimension(titled(o), trials.objectives[m]))];
}

// More axes than this cannot be read side by side: those that matter most for the model.
const AXES = 14;

function drawParallel() {
  const rows = [...ok, ...violating].sort((a, b) => a - b);
  const [parameters, objectives] = parallelDimensions();
  const total = (j) => doc.model ? Math.max(...doc.model.importance.map((shares) => shares[trials.shown[j]])) : 0;
  let order = parameters.map((_, j) => j);
  if (order.length > AXES - objectives.length) {
    order.sort((a, b) => total(b) - total(a));
    order = order.slice(0, Math.max(2, AXES - objectives.length)).sort((a, b) => a - b);
  }
  const dimensions = [...order.map((j) => parameters[j]), ...objectives].map((d) => ({
    ...d, values: rows.map((k) => d.values[k]),
  }));
  const colour = rows.map((k) => front.has(k) ? 1 : 0);
  const plot = at("parallel-plot");
  Plotly.react(plot, [{
    type: "parcoords", dimensions, labelangle: dimensions.length > 8 ? -20 : 0, labelside: "top",
    line: { color: colour, cmin: 0, cmax: 1, colorscale: [[0, "#c4ccd4"], [1, BLUE]] },
    unselected: { line: { color: "#eceff2", opacity: 0.3 } },
  }], { ...LAYOUT, height: 420, margin: { l: 70, r: 60, t: 80, b: 30 } }, CONFIG);
  const left = () => {
    const within = (d, value) => {
      const range = d.constraintrange;
      if (!range) return true;
      const ranges = Array.isArray(range[0]) ? range : [range];
      return value !== null && ranges.some(([from, to]) => from <= value && value <= to);
    };
    const brushed = plot.data[0].dimensions.some((d) => d.constraintrange);
    const keeps = (i) => plot.data[0].dimensions.every((d) => within(d, d.values[i]));
    kept = brushed ? new Set(rows.filter((_, i) => keeps(i))) : null;
    const hidden = parameters.length - order.length;
    const note = hidden > 0 ? ` The ${plural(order.length, "parameter")} that matter most; ${hidden} others are not shown.` : "";
    say("selected", `Kept: ${kept ? kept.size : rows.length} of ${rows.length}.${note}`);
    drawPair();
    drawPairs();
  };
  plot.removeAllListeners?.("plotly_restyle");
  plot.on("plotly_restyle", left);
  left();
}

// ---- model ----

function drawImportance() {
  const total = (p) => Math.max(...doc.model.importance.map((shares) => shares[p]));
  const all = doc.parameters.map((_, p) => p).filter((p) => total(p) > 0).sort((a, b) => total(b) - total(a));
  const order = all.filter((p, k) => k < 4 || total(p) >= 0.01).slice(0, 20).reverse();
  const traces = doc.model.importance.map((shares, m) => ({
    type: "bar", orientation: "h", name: plain(doc.objectives[m].name), marker: { color: SERIES[m % SERIES.length] },
    y: order.map((p) => plain(doc.parameters[p].name)), x: order.map((p) => shares[p]),
    hovertemplate: "%{y}: %{x:.1%}<extra>%{fullData.name}</extra>",
  }));
  draw("importance", traces, {
    height: Math.max(260, 26 * order.length + 90), margin: { ...LAYOUT.margin, l: 130 },
    xaxis: axis("share", { tickformat: ".0%" }), yaxis: { automargin: true }, bargap: 0.25,
  });
}

function drawLeftOut() {
  const m = Number(at("diagnostic").value), points = doc.model.diagnostics[m].points;
  const all = points.flatMap(([, value, mean]) => [value, mean]);
  const ends = [Math.min(...all), Math.max(...all)];
  draw("left-out", [
    { type: "scatter", mode: "lines", x: ends, y: ends, line: { color: GREY, dash: "dot" }, hoverinfo: "skip" },
    { type: "scatter", mode: "markers", x: points.map((p) => p[1]), y: points.map((p) => p[2]),
      marker: { color: BLUE, size: 5 }, hoverinfo: "text", text: points.map((p) => about(p[0])),
      error_y: { type: "data", array: points.map((p) => 1.96 * p[3]), color: "rgba(0,114,178,0.25)", width: 0 } },
  ], { showlegend: false, xaxis: axis(`measured ${titled(doc.objectives[m])}`), yaxis: axis("predicted by the others") });
}

const nameOf = (d) => `trial ${d.trial}${d.roles.length ? ` (${d.roles.join(", ")})` : ""}`;

function drawSlices() {
  const trial = Number(at("slice-design").value);
  const slices = doc.model.slices.filter((s) => s.trial === trial);
  const rows = doc.objectives.length, columns = slices.length;
  const layout = {
    grid: { rows, columns, pattern: "independent", xgap: 0.14, ygap: 0.22 }, height: 190 * rows + 70,
    showlegend: false, shapes: [],
  };
  const traces = [];
  doc.objectives.forEach((objective, m) => slices.forEach((slice, c) => {
    const i = m * columns + c + 1, name = i === 1 ? "" : i;
    const facts = doc.parameters[slice.parameter], axes = { xaxis: `x${name}`, yaxis: `y${name}` };
    const band = (sign) => slice.mean[m].map((mean, k) => mean + sign * 2 * slice.sd[m][k]);
    const discrete = facts.kind === "choice";
    const x = discrete ? slice.at.map((k) => plain(facts.values[k])) : slice.at;
    traces.push(
      { x, y: band(1), ...axes, mode: "lines", line: { width: 0 }, hoverinfo: "skip" },
      { x, y: band(-1), ...axes, mode: "lines", line: { width: 0 }, fill: "tonexty",
        fillcolor: "rgba(0,114,178,0.18)", hoverinfo: "skip" },
      { x, y: slice.mean[m], ...axes, mode: discrete ? "lines+markers" : "lines", line: { color: BLUE } });
    const here = shown[slice.parameter]?.[trial];
    if (here !== undefined && here !== null) {
      const place = discrete ? plain(facts.values[here]) : here;
      layout.shapes.push({ type: "line", xref: axes.xaxis, yref: `${axes.yaxis} domain`, x0: place, x1: place,
        y0: 0, y1: 1, line: { color: GREY, dash: "dot" } });
    }
    const ticks = facts.log ? { tickvals: [facts.lower, Math.sqrt(facts.lower * facts.upper), facts.upper] } : {};
    if (ticks.tickvals) ticks.ticktext = ticks.tickvals.map((v) => short(v, 2));
    layout[`xaxis${name}`] = axis(m === rows - 1 ? titled(facts) : "",
      { type: facts.log ? "log" : discrete ? "category" : "linear", ...ticks });
    layout[`yaxis${name}`] = axis(c === 0 ? titled(objective) : "");
  }));
  draw("slices", traces, layout);
}

function model() {
  if (!doc.model) {
    say("model-about", `There is no model: ${doc.no_model}.`);
    document.querySelectorAll("#model .two, #model > figure").forEach((e) => { e.hidden = true; });
    return;
  }
  say("model-about", `A Gaussian process for each objective, learnt from ${plural(doc.model.trials, "trial")}.`);
  options("diagnostic", doc.objectives.map(titled));
  table("diagnostics", ["objective", "trials", "RMSE", "RMSE / spread", "rank correlation", "within 95 %"],
    doc.model.diagnostics.map((d, m) => [titled(doc.objectives[m]), number(d.count), number(short(d.rmse)),
      number(short(d.relative, 2)), number(short(d.rank_correlation, 3)), number(percent(d.coverage))]));
  const through = [...new Set(doc.model.slices.map((s) => s.trial))];
  const designs = through.map((t) => doc.designs.find((d) => d.trial === t));
  at("slice-design").replaceChildren(...designs.map((d) => new Option(nameOf(d), d.trial)));
  const compromise = designs.find((d) => d.roles.includes("compromise"));
  if (compromise) at("slice-design").value = compromise.trial;
  at("diagnostic").onchange = drawLeftOut;
  at("slice-design").onchange = drawSlices;
  drawImportance();
  const judged = doc.model.diagnostics.length > 0;
  at("left-out").parentElement.hidden = !judged;
  if (judged) drawLeftOut();
  if (designs.length) drawSlices();
}

// ---- designs ----

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

// ---- the four answers ----

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

// ---- ranks, failures, provenance ----

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

// ---- all of it ----

say("title", doc.study);
say("subtitle", `${doc.facts.state}: ${plural(count, "trial")}, ${plural(doc.objectives.length, "objective")}, `
  + `${plural(doc.parameters.length, "parameter")}, ${doc.method}, seed ${doc.seed}; ${date(doc.facts.made)}`);
options("pair-x", doc.objectives.map(titled), 0);
options("pair-y", doc.objectives.map(titled), Math.min(1, doc.objectives.length - 1));
at("pair-x").onchange = at("pair-y").onchange = drawPair;
document.querySelectorAll("input[name=clock]").forEach((e) => { e.onchange = drawHypervolume; });
cards();
drawHypervolume();
designs();
drawParallel();
model();
ranks();
failures();
provenance();
document.body.dataset.drawn = "yes";
