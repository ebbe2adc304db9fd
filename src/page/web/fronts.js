// The hypervolume, and objectives against one another.

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
