#include "observe/web_page.h"

namespace headrace {
namespace {

constexpr std::string_view kBody = R"html(
<header>
  <h1>headrace monitor</h1>
  <p id="connection" class="soft" role="status">connecting</p>
</header>
<main>
  <p id="said" class="hidden" aria-live="polite"></p>
  <p id="empty" class="card" hidden>No run of this user is known yet. Start one with headrace convert or headrace run.</p>
  <section id="running" aria-labelledby="running-title" hidden><h2 id="running-title">Running</h2></section>
  <section id="died" aria-labelledby="died-title" hidden><h2 id="died-title">Died</h2></section>
  <section id="ended" aria-labelledby="ended-title" hidden><h2 id="ended-title">Ended</h2></section>
</main>
<footer>Memory is of the whole process; page cache never counts. <a href="/runs.json">The same as JSON</a></footer>
<noscript><p class="card">This page needs its script to update; headrace monitor shows the same in a terminal.</p></noscript>
)html";

// Data goes in as text nodes and attributes that cannot run; nothing is ever parsed as HTML.
constexpr std::string_view kScript = R"js(
"use strict";
const byId = (id) => document.getElementById(id);
const cards = new Map();
let lastMessage = 0;

function element(tag, className, text) {
  const made = document.createElement(tag);
  if (className) made.className = className;
  if (text !== undefined) made.textContent = text;
  return made;
}
function drawn(tag, attributes) {
  const made = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const name in attributes) made.setAttribute(name, attributes[name]);
  return made;
}
function setText(node, text) { if (node.textContent !== text) node.textContent = text; }

const count = (n) => Math.round(n).toLocaleString("en-US");
function bytes(n) {
  const units = ["B", "KiB", "MiB", "GiB", "TiB"];
  let unit = 0;
  while (n >= 1024 && unit < units.length - 1) { n /= 1024; ++unit; }
  return (unit === 0 ? n : n.toFixed(unit > 2 ? 2 : 1)) + " " + units[unit];
}
function duration(s) {
  if (s < 120) return s.toFixed(1) + " s";
  const whole = Math.round(s);
  if (whole < 7200) return Math.floor(whole / 60) + " min " + whole % 60 + " s";
  return Math.floor(whole / 3600) + " h " + Math.floor(whole % 3600 / 60) + " min";
}
const nameOf = (run) => run.name || run.output || run.run_id;
function stateText(run) {
  if (run.state === "running") return run.phase || "starting";
  if (run.state === "died") return "died";
  return (run.status || "ended") + (run.error_code ? " " + run.error_code : "");
}

function makeCard(run) {
  const card = element("article", "card");
  const title = element("h3");
  title.id = "run-" + run.run_id;
  card.setAttribute("aria-labelledby", title.id);
  const top = element("div", "top");
  const state = element("span", "badge");
  const pressure = element("span", "badge");
  top.append(title, state, pressure);
  const where = element("p", "soft wrap");
  const figures = element("dl", "figures");
  const progress = meter("progress");
  const memory = meter("memory");
  const chart = element("div");
  const more = element("div");
  card.append(top, where, figures, progress.box, memory.box, chart, more);
  return {card, title, state, pressure, where, figures, progress, memory, chart, more,
          values: new Map(), round: 0, stateSeen: "", pressureSeen: "", moreSeen: ""};
}
function meter(name) {
  const box = element("div", "meter");
  const label = element("div", "label");
  const left = element("span", "soft", name);
  const right = element("span");
  const bar = element("div", "bar");
  const full = element("div");
  bar.setAttribute("role", "progressbar");
  bar.setAttribute("aria-label", name);
  bar.setAttribute("aria-valuemin", "0");
  bar.setAttribute("aria-valuemax", "100");
  bar.append(full);
  label.append(left, right);
  box.append(label, bar);
  return {box, right, bar, full};
}
function setMeter(meter, share, text) {
  const percent = Math.max(0, Math.min(100, share * 100));
  meter.full.style.width = percent.toFixed(1) + "%";
  meter.bar.setAttribute("aria-valuenow", percent.toFixed(0));
  meter.bar.setAttribute("aria-valuetext", text);
  setText(meter.right, text);
}
function setFigure(view, name, text, note) {
  let figure = view.values.get(name);
  if (!figure) {
    const box = element("div");
    figure = {box, value: element("dd"), note: element("dd", "note")};
    box.append(element("dt", "", name), figure.value, figure.note);
    view.figures.append(box);
    view.values.set(name, figure);
  }
  setText(figure.value, text);
  setText(figure.note, note || "");
  figure.seen = view.round;
}

function drawCurve(view, run) {
  const points = run.curve;
  if (points.length < 2) { view.chart.replaceChildren(); return; }
  // As wide as it is shown, so that its text keeps its size.
  const width = Math.max(view.card.clientWidth - 30, 240), height = 130, left = 2, bottom = 18;
  const first = points[0][0], last = points[points.length - 1][0];
  let top = 1;
  for (const p of points) top = Math.max(top, p[1], p[3]);
  top *= 1.08;
  const x = (s) => left + (s - first) / Math.max(last - first, 0.001) * (width - 2 * left);
  const y = (b) => (height - bottom) - b / top * (height - bottom - 14);
  const path = (column) => points.map((p) => x(p[0]).toFixed(1) + "," + y(p[column]).toFixed(1)).join(" ");
  const svg = drawn("svg", {viewBox: "0 0 " + width + " " + height, class: "chart", role: "img"});
  svg.setAttribute("aria-label", "Memory over the last " + duration(last - first) + ": resident " +
    bytes(points[points.length - 1][3]) + ", budget " + bytes(points[points.length - 1][1]));
  svg.append(drawn("line", {x1: 0, x2: width, y1: y(0), y2: y(0), class: "grid"}));
  svg.append(drawn("polygon", {class: "accounted", points: x(first) + "," + y(0) + " " + path(2) + " " + x(last) + "," + y(0)}));
  svg.append(drawn("polyline", {class: "accounted-line", points: path(2)}));
  svg.append(drawn("polyline", {class: "budget", points: path(1)}));
  svg.append(drawn("polyline", {class: "resident", points: path(3)}));
  const from = drawn("text", {x: left, y: height - 4});
  from.textContent = duration(first);
  const to = drawn("text", {x: width - left, y: height - 4, "text-anchor": "end"});
  to.textContent = duration(last);
  svg.append(from, to);
  const key = element("div", "key");
  key.append(element("span", "", "accounted"), element("span", "of-resident", "resident"), element("span", "of-budget", "budget"));
  view.chart.replaceChildren(svg, key);
}

function list(title, lines) {
  const items = element("ul");
  for (const line of lines) items.append(element("li", "", line));
  return [element("h4", "", title), items];
}
function drawMore(view, run) {
  const seen = JSON.stringify([run.stages, run.alerts, run.diagnosis]);
  if (seen === view.moreSeen) return;
  view.moreSeen = seen;
  const parts = [];
  if (run.diagnosis.length) parts.push(...list("What happened", run.diagnosis));
  if (run.alerts.length) parts.push(...list("Alerts", run.alerts));
  const held = run.stages.filter((stage) => stage.reserved_bytes || stage.reserved_peak_bytes);
  if (held.length && run.state !== "ended") {
    const table = element("table");
    const head = element("tr");
    for (const name of ["stage", "holds", "held at most"]) {
      const cell = element("th", "", name);
      cell.scope = "col";
      head.append(cell);
    }
    const thead = element("thead"), body = element("tbody");
    thead.append(head);
    for (const stage of held) {
      const row = element("tr");
      row.append(element("td", "", stage.name), element("td", "", bytes(stage.reserved_bytes)), element("td", "", bytes(stage.reserved_peak_bytes)));
      body.append(row);
    }
    table.append(thead, body);
    const scroll = element("div", "scroll narrow");
    scroll.tabIndex = 0;
    scroll.append(table);
    parts.push(element("h4", "", "Stages"), scroll);
  }
  view.more.replaceChildren(...parts);
}

function update(view, run, said) {
  const running = run.state === "running";
  ++view.round;
  setText(view.title, nameOf(run));
  setText(view.where, [run.name ? run.output : "", "run " + run.run_id, "process " + run.process_id].filter(Boolean).join(" · "));
  setText(view.state, stateText(run));
  setText(view.pressure, "pressure " + run.pressure);
  view.pressure.className = "badge " + (/^(normal|elevated|high|critical)$/.test(run.pressure) ? run.pressure : "");
  view.pressure.hidden = !running;
  setFigure(view, "rows read", count(run.rows));
  setFigure(view, running ? "rate" : "average rate", count(run.rows_per_second) + " rows/s", (run.bytes_per_second / 1e6).toFixed(1) + " MB/s of input");
  setFigure(view, "time", duration(run.seconds));
  if (running) setFigure(view, "threads at work", run.active_threads + " of " + run.threads, run.mode);
  setFigure(view, "spilled to disk", run.spilled_total_bytes ? bytes(run.spilled_bytes) : "nothing", run.spilled_total_bytes ? bytes(run.spilled_total_bytes) + " written in all" : "");
  if (!running) setFigure(view, "resident at most", bytes(run.rss_peak_bytes));
  const late = Date.now() / 1000 - run.written_at;
  setFigure(view, "last sample", running && late < 3 ? "now" : duration(Math.max(0, late)) + " ago");
  for (const figure of view.values.values()) figure.box.hidden = figure.seen !== view.round;
  view.progress.box.hidden = !running || run.bytes_total <= 0;
  if (run.bytes_total > 0) {
    const share = run.bytes / run.bytes_total;
    setMeter(view.progress, share, (share * 100).toFixed(0) + " % of " + bytes(run.bytes_total));
  }
  view.memory.box.hidden = run.state === "ended" || run.budget_bytes <= 0;
  if (run.budget_bytes > 0) setMeter(view.memory, run.rss_bytes / run.budget_bytes, bytes(run.rss_bytes) + " resident of " + bytes(run.budget_bytes));
  drawMore(view, run);
  if (view.stateSeen && view.stateSeen !== run.state) said.push(nameOf(run) + ": " + stateText(run));
  else if (running && view.pressureSeen && view.pressureSeen !== run.pressure) said.push(nameOf(run) + ": pressure " + run.pressure);
  view.stateSeen = run.state;
  view.pressureSeen = run.pressure;
}

function show(data) {
  const said = [], seen = new Set();
  for (const run of data.runs) {
    seen.add(run.run_id);
    let view = cards.get(run.run_id);
    if (!view) { view = makeCard(run); cards.set(run.run_id, view); }
    update(view, run, said);
    const section = byId(run.state);
    if (view.card.parentNode !== section) section.append(view.card);
    section.hidden = false;
    if (run.state !== "ended") drawCurve(view, run);
    else view.chart.replaceChildren();
  }
  for (const [id, view] of cards) {
    if (!seen.has(id)) { view.card.remove(); cards.delete(id); }
  }
  for (const id of ["running", "died", "ended"]) byId(id).hidden = !byId(id).querySelector("article");
  byId("empty").hidden = data.runs.length > 0;
  if (said.length) setText(byId("said"), said.join(". "));
}

function alive() {
  lastMessage = Date.now();
  setText(byId("connection"), "live");
}
function lost() {
  setText(byId("connection"), "connection lost; what stands below is old. Start headrace monitor --serve again; this page comes back by itself");
}
show(JSON.parse(byId("first").textContent));
const events = new EventSource("/events");
events.onopen = alive;
events.onmessage = (event) => { alive(); show(JSON.parse(event.data)); };
events.addEventListener("beat", alive);
events.onerror = lost;
setInterval(() => { if (lastMessage && Date.now() - lastMessage > 6000) lost(); }, 1000);
)js";

// JSON that cannot end the element it stands in: '<' occurs in its texts only, where the escape
// means the same.
std::string InsideScript(std::string_view json) {
  std::string safe;
  for (const char c : json) {
    if (c == '<') {
      safe += "\\u003c";
    } else {
      safe += c;
    }
  }
  return safe;
}

}  // namespace

std::string MonitorPage(std::string_view nonce, std::string_view runs) {
  std::string page = "<!doctype html>\n<html lang=\"en\">\n<head>\n<meta charset=\"utf-8\">\n";
  page +=
      "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; style-src "
      "'nonce-";
  page += nonce;
  page += "'; script-src 'nonce-";
  page += nonce;
  page +=
      "'; connect-src 'self'; img-src data:; base-uri 'none'; form-action 'none'\">\n"
      "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">\n"
      "<meta name=\"referrer\" content=\"no-referrer\">\n"
      "<title>headrace monitor</title>\n<link rel=\"icon\" href=\"data:,\">\n<style nonce=\"";
  page += nonce;
  page += "\">";
  page += PageStyle();
  page += "</style>\n</head>\n<body>";
  page += kBody;
  page += "<script type=\"application/json\" id=\"first\">";
  page += InsideScript(runs);
  page += "</script>\n";
  page += "<script nonce=\"";
  page += nonce;
  page += "\">";
  page += kScript;
  page += "</script>\n</body>\n</html>\n";
  return page;
}

}  // namespace headrace
