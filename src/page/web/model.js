// What the model has to say.

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
