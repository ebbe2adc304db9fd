// Parameters and objectives side by side, with a brush along every axis.

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
