#include "observe/web_page.h"

namespace headrace {

std::string_view PageStyle() {
  return R"css(
:root {
  color-scheme: light dark;
  --page: #f4f5f7; --card: #ffffff; --line: #dde1e6; --text: #1b1f24; --soft: #59636e;
  --accounted: #2f6fde; --accounted-fill: #2f6fde33; --resident: #b45309; --budget: #59636e;
  --normal: #1a7f37; --elevated: #8a6100; --high: #b54708; --critical: #c21c2b;
  --track: #e7eaee;
}
@media (prefers-color-scheme: dark) {
  :root {
    --page: #0e1116; --card: #171b21; --line: #2c323a; --text: #e8ebef; --soft: #a0abb8;
    --accounted: #6ea8ff; --accounted-fill: #6ea8ff33; --resident: #f0a35e; --budget: #a0abb8;
    --normal: #57c27a; --elevated: #e2b54c; --high: #ff9a5c; --critical: #ff7b80;
    --track: #2a3038;
  }
}
* { box-sizing: border-box; }
body {
  margin: 0; background: var(--page); color: var(--text);
  font: 15px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif;
  font-variant-numeric: tabular-nums;
}
header, main, footer { max-width: 68rem; margin: 0 auto; padding: 0 1.25rem; }
header {
  display: flex; flex-wrap: wrap; gap: .25rem 1rem; align-items: baseline;
  padding-top: 1.25rem; padding-bottom: .25rem;
}
h1 { font-size: 1.3rem; margin: 0; }
h2 { font-size: 1rem; margin: 1.5rem 0 .5rem; color: var(--soft); font-weight: 600; }
h3 { font-size: 1.05rem; margin: 0; overflow-wrap: anywhere; }
h4 { font-size: .85rem; margin: 1rem 0 .25rem; color: var(--soft); font-weight: 600; }
p { margin: .25rem 0; }
main > p.soft { margin-bottom: .75rem; }
.soft { color: var(--soft); }
.wrap { overflow-wrap: anywhere; }
.card {
  background: var(--card); border: 1px solid var(--line); border-radius: .6rem;
  padding: 1rem 1.1rem; margin: 0 0 .9rem;
}
.top { display: flex; flex-wrap: wrap; gap: .35rem .75rem; align-items: center; }
.top h3 { flex: 1 1 16rem; }
.badge {
  border: 1px solid currentColor; border-radius: 1rem; padding: .05rem .65rem;
  font-size: .85rem; font-weight: 600; white-space: nowrap; color: var(--soft);
}
.normal { color: var(--normal); } .elevated { color: var(--elevated); }
.high { color: var(--high); } .critical { color: var(--critical); }
.figures {
  display: grid; grid-template-columns: repeat(auto-fill, minmax(9rem, 1fr));
  gap: .6rem 1rem; margin: .8rem 0;
}
.figures div { min-width: 0; }
.figures dt { color: var(--soft); font-size: .82rem; }
.figures dd { margin: 0; font-size: 1.05rem; font-weight: 600; overflow-wrap: anywhere; }
.figures dd.note { font-size: .85rem; font-weight: 400; color: var(--soft); }
.meter { margin: .6rem 0; }
.meter .label { display: flex; flex-wrap: wrap; justify-content: space-between; gap: 0 1rem; }
.bar { height: .6rem; border-radius: .3rem; background: var(--track); overflow: hidden; }
.bar div { height: 100%; background: var(--accounted); min-width: 1px; }
.chart { display: block; width: 100%; height: auto; margin-top: .4rem; }
.chart .accounted { fill: var(--accounted-fill); stroke: none; }
.chart .accounted-line { fill: none; stroke: var(--accounted); stroke-width: 1.5; }
.chart .resident { fill: none; stroke: var(--resident); stroke-width: 2; }
.chart .budget { fill: none; stroke: var(--budget); stroke-width: 1.5; stroke-dasharray: 5 4; }
.chart .grid { stroke: var(--line); stroke-width: 1; }
.chart text { fill: var(--soft); font-size: 12px; }
.chart line, .chart polyline, .chart polygon, .chart path { vector-effect: non-scaling-stroke; }
.key { display: flex; flex-wrap: wrap; gap: .1rem 1.1rem; color: var(--soft); font-size: .85rem; }
.key span::before {
  content: ""; display: inline-block; width: 1.1rem; height: 0; margin-right: .4rem;
  border-top: 3px solid var(--accounted); vertical-align: middle;
}
.key .of-resident::before { border-top-color: var(--resident); }
.key .of-budget::before { border-top: 2px dashed var(--budget); }
.scroll { overflow-x: auto; }
.narrow { max-width: 34rem; }
a { color: var(--accounted); }
table { border-collapse: collapse; width: 100%; font-size: .92rem; }
th, td { text-align: right; padding: .3rem .6rem; border-bottom: 1px solid var(--line); white-space: nowrap; }
th { color: var(--soft); font-weight: 600; }
th:first-child, td:first-child { text-align: left; padding-left: 0; }
td.words, th.words { text-align: left; white-space: normal; min-width: 9rem; overflow-wrap: break-word; }
tr:last-child td { border-bottom: 0; }
ul { margin: .25rem 0; padding-left: 1.2rem; }
li { overflow-wrap: anywhere; }
footer { padding-top: 1rem; padding-bottom: 2rem; color: var(--soft); font-size: .85rem; }
.hidden { position: absolute; width: 1px; height: 1px; overflow: hidden; clip-path: inset(50%); }
@media (max-width: 30rem) {
  body { font-size: 16px; }
  header, main, footer { padding-left: .75rem; padding-right: .75rem; }
  .card { padding: .85rem .8rem; }
  .figures { grid-template-columns: 1fr 1fr; }
}
)css";
}

}  // namespace headrace
