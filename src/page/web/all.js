// Draws everything, in the order of the page.

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
