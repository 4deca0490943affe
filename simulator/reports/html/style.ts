/** Colours keep a contrast of 4.5 to 1 against their ground, in both schemes; no information depends on colour alone. */
export const style = `
:root { color-scheme: light dark; --ground: #fff; --text: #1b1f24; --soft: #56606b; --line: #d3d9e0; --panel: #f5f7f9;
  --good: #116329; --bad: #a40e26; --asked: #0b5cad; --active: #1a7f37; --failed: #cf222e; --shade: #bf8700; --back: #8250df; }
@media (prefers-color-scheme: dark) { :root { --ground: #0d1117; --text: #e6edf3; --soft: #9ea8b3; --line: #3a424c;
  --panel: #161b22; --good: #56d364; --bad: #ff7b72; --asked: #79c0ff; --active: #56d364; --failed: #ff7b72;
  --shade: #e3b341; --back: #d2a8ff; } }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 60rem; padding: 1rem; background: var(--ground); color: var(--text);
  font: 1rem/1.5 system-ui, sans-serif; overflow-wrap: anywhere; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: 0 0 .5rem; }
h2 { font-size: 1.15rem; margin: 2rem 0 .5rem; }
p { margin: .5rem 0; }
.verdict { font-weight: 600; border-left: .3rem solid; padding: .25rem .75rem; background: var(--panel); }
.good { color: var(--good); } .bad { color: var(--bad); } .soft { color: var(--soft); }
code { font: .9em ui-monospace, monospace; background: var(--panel); padding: .1em .3em; }
.scroll { overflow-x: auto; }
.scroll:focus-visible, summary:focus-visible { outline: .15rem solid var(--asked); outline-offset: .1rem; }
table { border-collapse: collapse; width: 100%; font-size: .9rem; }
caption { text-align: left; color: var(--soft); padding: .25rem 0; }
th, td { text-align: left; vertical-align: top; padding: .3rem .6rem .3rem 0; border-bottom: 1px solid var(--line);
  overflow-wrap: normal; }
.number { text-align: right; font-variant-numeric: tabular-nums; white-space: nowrap; }
.wide table { min-width: 42rem; }
svg { display: block; width: 100%; min-width: 30rem; height: auto; background: var(--panel); }
svg text { fill: var(--text); font: 12px system-ui, sans-serif; }
.axis line { stroke: var(--line); } .axis text { fill: var(--soft); }
.line { fill: none; stroke-width: 2.5; }
.line.asked { stroke: var(--asked); stroke-dasharray: 6 3; } .line.active { stroke: var(--active); }
.line.failed { stroke: var(--failed); stroke-dasharray: 2 3; }
rect.asked, rect.held { fill: var(--asked); } rect.active, rect.taken { fill: var(--active); }
rect.back { fill: var(--back); } rect.open { fill: var(--shade); }
.marker { stroke: var(--text); stroke-dasharray: 3 3; }
.shade { fill: var(--shade); opacity: .1; } .lane { fill: var(--shade); opacity: .35; }
.away { fill: var(--asked); opacity: .25; }
.legend { display: flex; flex-wrap: wrap; gap: .25rem 1.25rem; list-style: none; padding: 0; margin: .5rem 0; font-size: .9rem; }
details { border-bottom: 1px solid var(--line); padding: .35rem 0; } summary { cursor: pointer; }
details th[scope=row] { white-space: nowrap; } details td:last-child { overflow-wrap: anywhere; }
ul.plain { margin: .25rem 0; padding-left: 1.2rem; }
@media print { details > * { display: block; } body { max-width: none; } }
`.trim();
