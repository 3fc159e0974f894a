"""The style sheet of report.html: one column, light or dark as the reader's system is."""

CSS = """
:root { color-scheme: light dark; --ink: #1c1e21; --soft: #5d646d; --line: #d9dde2; --back: #ffffff; --panel: #f5f6f8;
  --accent: #0072b2; --warn: #9a5b00; }
@media (prefers-color-scheme: dark) { :root { --ink: #e6e8eb; --soft: #a2a9b3; --line: #3a4048; --back: #16181b;
  --panel: #1f2327; --accent: #6db9e8; --warn: #f0b35a; } }
* { box-sizing: border-box; }
body { margin: 0 auto; padding: 2rem 1.25rem 4rem; max-width: 68rem; background: var(--back); color: var(--ink);
  font: 15px/1.5 system-ui, sans-serif; }
h1 { font-size: 1.7rem; line-height: 1.2; margin: 0 0 .25rem; }
h2 { font-size: 1.15rem; margin: 2.5rem 0 .6rem; padding-top: .6rem; border-top: 1px solid var(--line); }
h3 { font-size: .95rem; margin: 1.4rem 0 .4rem; }
p { margin: .5rem 0; max-width: 50rem; }
.soft { color: var(--soft); margin: 0; }
.three { display: grid; grid-template-columns: repeat(auto-fit, minmax(16rem, 1fr)); gap: .75rem; }
.three > div { background: var(--panel); border-radius: 6px; padding: .6rem .9rem; }
.three h3 { margin: .2rem 0; }
ul { margin: .3rem 0; padding-left: 1.1rem; }
dl { display: grid; grid-template-columns: minmax(7rem, max-content) 1fr; gap: .25rem 1rem; margin: .5rem 0; }
dt { color: var(--soft); overflow-wrap: anywhere; }
dd { margin: 0; overflow-wrap: anywhere; min-width: 0; }
.scroll { overflow-x: auto; margin: .5rem 0; }
table { border-collapse: collapse; font-size: .87rem; font-variant-numeric: tabular-nums; }
th, td { padding: .28rem .7rem .28rem 0; text-align: left; vertical-align: top; border-bottom: 1px solid var(--line); }
thead th { color: var(--soft); font-weight: 600; vertical-align: bottom; white-space: nowrap; }
th.group { text-align: center; color: var(--ink); }
thead tr:first-child:not(:last-child) th:not(.group) { border-bottom: none; }
.n { text-align: right; white-space: nowrap; padding-left: .5rem; }
tbody tr:hover { background: var(--panel); }
.band { display: block; color: var(--soft); font-size: .78rem; }
.bar { display: inline-block; width: 6rem; height: .6rem; background: var(--line); border-radius: 3px; }
.bar span { display: block; height: 100%; background: var(--accent); border-radius: 3px; }
.approximate, .warning { color: var(--warn); }
.statement { border-left: 3px solid var(--accent); padding-left: .8rem; }
figure { margin: 1.2rem 0; }
figure svg, figure img { display: block; width: 100%; max-width: 54rem; height: auto; background: #fff;
  border-radius: 6px; padding: .5rem; }
figcaption { color: var(--soft); font-size: .87rem; margin-top: .3rem; max-width: 54rem; }
details { margin: .6rem 0; }
summary { cursor: pointer; color: var(--accent); }
pre { background: var(--panel); border-radius: 6px; padding: .7rem .9rem; overflow-x: auto; font-size: .82rem; }
@media print { body { max-width: none; } details > * { display: block; } }
"""
