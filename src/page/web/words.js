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

// Words, numbers and tables as people read them.

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
