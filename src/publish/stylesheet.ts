/** The one stylesheet and the icon of all pages, served under names that change with their content. */
import { hash } from "node:crypto";

export const STYLESHEET = `:root {
  color-scheme: light dark;
  --paper: #fcfbf8; --raised: #ffffff; --ink: #1c1f22; --soft: #565d63; --rule: #e3e0d8;
  --accent: #0a6373; --accent-soft: #e4f0f1; --good: #2c7a4b; --warn: #9a5b00; --bad: #b3261e; --bad-soft: #fbeae8;
  --serif: "Iowan Old Style", "Palatino Linotype", Palatino, Charter, "Source Serif 4", Georgia, "Noto Serif", serif;
  --sans: system-ui, -apple-system, "Segoe UI", Roboto, "Helvetica Neue", "Noto Sans", sans-serif;
}
@media (prefers-color-scheme: dark) {
  :root {
    --paper: #14171a; --raised: #1b1f23; --ink: #e8e6e1; --soft: #a3abb2; --rule: #2c3238;
    --accent: #74c7d4; --accent-soft: #1d3237; --good: #6fc28f; --warn: #e3a74a; --bad: #f28b82; --bad-soft: #3a2220;
  }
}
* { box-sizing: border-box; }
html { font-size: 100%; -webkit-text-size-adjust: 100%; text-size-adjust: 100%; }
body { margin: 0; background: var(--paper); color: var(--ink); font: 1rem/1.6 var(--sans); overflow-wrap: anywhere; }
a { color: var(--accent); text-decoration-thickness: .06em; text-underline-offset: .18em; }
:focus-visible { outline: 3px solid var(--accent); outline-offset: 3px; border-radius: 3px; }
main:focus { outline: none; }
.skip { position: absolute; left: -999rem; }
.skip:focus { left: 1rem; top: .5rem; z-index: 2; background: var(--raised); padding: .5rem 1rem; }
.bar, main, .colophon { max-width: 60rem; margin-inline: auto; padding-inline: 1.25rem; }
ul, ol { list-style: none; margin: 0; padding: 0; }

.masthead { border-bottom: 1px solid var(--rule); background: var(--raised); }
.bar { display: flex; flex-wrap: wrap; align-items: center; gap: .25rem 2rem; padding-block: .75rem; }
.brand { display: inline-flex; align-items: center; gap: .6rem; font: 600 1.2rem/1.2 var(--serif); color: var(--ink); text-decoration: none; padding-block: .4rem; }
.mark { color: var(--accent); flex: none; }
.masthead nav { flex: 1 1 auto; min-width: 0; }
.masthead nav ul { display: flex; flex-wrap: wrap; gap: 0 .25rem; }
.masthead nav a { display: block; padding: .5rem .7rem; color: var(--soft); text-decoration: none; font-size: .95rem; border-radius: .4rem; }
.masthead nav a:hover { color: var(--ink); background: var(--accent-soft); }
.masthead nav a[aria-current] { color: var(--accent); font-weight: 600; }
.masthead .aside { margin-inline: auto -.7rem; }

.intro { padding-block: 2.5rem 1.5rem; }
.intro.tight { padding-bottom: .5rem; }
h1 { font: 600 clamp(1.9rem, 1.4rem + 2.2vw, 2.75rem)/1.15 var(--serif); letter-spacing: -.01em; margin: 0; text-wrap: balance; }
.lede { margin: .5rem 0 0; color: var(--soft); font-size: 1.05rem; }
.tools { display: flex; flex-wrap: wrap; align-items: end; justify-content: space-between; gap: 1rem 2rem; margin-top: 1.25rem; }
.subscribe { display: flex; flex-wrap: wrap; align-items: center; gap: .5rem; margin: 0; }
.subscribe span { color: var(--soft); margin-right: .25rem; }
.subscribe a { padding: .4rem .9rem; border: 1px solid var(--accent); border-radius: 2rem; text-decoration: none; font-size: .9rem; line-height: 1.4; }
.subscribe a:first-of-type { background: var(--accent); color: var(--paper); }
.subscribe a:hover { text-decoration: underline; }
.filters { display: flex; flex-wrap: wrap; gap: .5rem; align-items: end; }
.filters label { display: grid; gap: .15rem; font-size: .8rem; color: var(--soft); }
select, button { font: inherit; font-size: .9rem; color: var(--ink); background: var(--raised); border: 1px solid var(--rule); border-radius: .4rem; padding: .4rem .6rem; min-height: 2.4rem; }
select { max-width: 13rem; }
input { font: inherit; font-size: .9rem; color: var(--ink); background: var(--raised); border: 1px solid var(--rule); border-radius: .4rem; padding: .4rem .6rem; min-height: 2.4rem; min-width: 0; }
.feed-address { display: grid; gap: .3rem; margin: 1.5rem 0; font-weight: 600; }
.feed-address input { width: 100%; font: 1rem/1.4 ui-monospace, "Cascadia Mono", "DejaVu Sans Mono", monospace; padding: .8rem 1rem; border-color: var(--accent); }
.titles li { padding-block: .4rem; }
#live-note { position: sticky; top: 0; z-index: 1; margin: 0; text-align: center; color: var(--soft); font-size: .875rem; }
#live-note button { margin-top: .5rem; border-color: var(--accent); background: var(--accent); color: var(--paper); border-radius: 2rem; padding: .5rem 1.2rem; }
#live > .lede { margin: 0; }
button { cursor: pointer; font-weight: 600; color: var(--accent); }
button:hover { background: var(--accent-soft); }
.chosen { margin: 1.25rem 0 0; padding: .6rem 1rem; background: var(--accent-soft); border-radius: .4rem; }

.day { border-top: 1px solid var(--rule); padding-top: 1.5rem; margin-bottom: 1rem; }
.day > h2 { font: 600 .95rem/1.4 var(--sans); color: var(--soft); margin: 0 0 .5rem; }
.story { display: grid; grid-template-columns: 10.5rem minmax(0, 1fr); gap: 0 2rem; padding-block: 1.1rem; }
.meta { font-size: .875rem; line-height: 1.45; color: var(--soft); padding-top: .3rem; }
.meta time { display: block; font-variant-numeric: tabular-nums; }
.meta a { color: var(--ink); font-weight: 600; text-decoration: none; }
.meta a:hover { text-decoration: underline; }
.story h3 { font: 600 1.3rem/1.3 var(--serif); margin: 0; text-wrap: pretty; }
.story h3 a { color: var(--ink); text-decoration: none; }
.story h3 a:hover { color: var(--accent); text-decoration: underline; }
.story h3 a:visited { color: var(--soft); }
.summary { margin: .35rem 0 0; max-width: 42rem; }
.more { margin: .5rem 0 0; font-size: .875rem; color: var(--soft); }
.more a { color: inherit; }
.more a:hover { color: var(--accent); }
.joined { border-top: 1px solid var(--rule); padding-top: 1.5rem; margin-top: 1.5rem; font-size: .92rem; }
.joined h2 { font: 600 1.3rem/1.3 var(--serif); margin: 0 0 .5rem; }
.joined > ul > li { padding-block: .5rem; }
.joined li strong a { color: var(--ink); }
.joined li ul { color: var(--soft); padding-left: 1rem; }
.empty { padding-block: 3rem; color: var(--soft); border-top: 1px solid var(--rule); }
.pager { display: flex; justify-content: space-between; gap: 1rem; padding-block: 1.5rem; border-top: 1px solid var(--rule); }
.pager a { padding: .6rem 1.1rem; border: 1px solid var(--rule); border-radius: 2rem; text-decoration: none; background: var(--raised); }
.pager a:last-child { margin-left: auto; }
.pager a:hover { background: var(--accent-soft); }
.colophon { padding-block: 1.5rem 3rem; color: var(--soft); font-size: .875rem; }

.totals { display: flex; flex-wrap: wrap; gap: 1px; margin: 1.75rem 0 2rem; background: var(--rule); border: 1px solid var(--rule); border-radius: .6rem; overflow: hidden; }
.totals div { flex: 1 1 9rem; display: flex; flex-direction: column; padding: .9rem 1.1rem; background: var(--raised); }
.totals dt { order: 2; color: var(--soft); font-size: .85rem; }
.totals dd { margin: 0; font: 600 1.7rem/1.25 var(--serif); font-variant-numeric: tabular-nums; }
.notice { margin: 1.25rem 0 0; padding: .75rem 1rem; border-left: .3rem solid var(--bad); background: var(--bad-soft); border-radius: .2rem; }
.sources { width: 100%; border-collapse: collapse; font-size: .92rem; }
.sources caption { text-align: left; font: 600 1.3rem/1.3 var(--serif); padding-bottom: .75rem; }
.sources th, .sources td { text-align: left; vertical-align: top; padding: .85rem 1rem .85rem 0; border-top: 1px solid var(--rule); }
.sources thead th { border: 0; padding-block: .25rem; color: var(--soft); font-weight: 600; font-size: .8rem; }
.sources tbody th { font-weight: 400; width: 30%; }
.sources .name { display: block; font-weight: 600; color: var(--ink); text-decoration: none; }
.sources .name:hover { text-decoration: underline; }
.sources small, .sources .why { display: block; color: var(--soft); font-size: .82rem; line-height: 1.45; }
.sources td > time { white-space: nowrap; }
.sources .count { font-variant-numeric: tabular-nums; white-space: nowrap; }
.state { white-space: nowrap; font-weight: 600; }
.state::before { content: ""; display: inline-block; width: .6rem; height: .6rem; border-radius: 50%; margin-right: .5rem; background: var(--soft); }
.state.ok { color: var(--good); } .state.ok::before { background: var(--good); }
.state.failing { color: var(--bad); } .state.failing::before { background: var(--bad); border-radius: 0; }
.state.gone, .state.retired { color: var(--warn); } .state.gone::before, .state.retired::before { background: none; border: 2px solid var(--warn); }
.sources .trouble td { border-top: 0; padding-top: 0; }
.trouble p { margin: 0; padding: .6rem .9rem; background: var(--bad-soft); border-radius: .4rem; }
.trouble strong { color: var(--bad); }
.spark { display: block; margin-top: .3rem; fill: none; stroke: var(--accent); stroke-width: 4; }

@media (max-width: 44rem) {
  .bar { padding-bottom: .25rem; }
  .masthead nav { flex-basis: 100%; margin-inline: -.7rem; }
  .masthead .aside { margin-inline: 0; }
  .intro { padding-block: 1.75rem 1.25rem; }
  .filters { width: 100%; }
  .filters label { flex: 1 1 8rem; min-width: 0; }
  select, .filters input { width: 100%; max-width: none; }
  .story { display: block; padding-block: 1rem; }
  .meta { display: flex; flex-wrap: wrap; gap: 0 .6rem; padding: 0 0 .2rem; }
  .meta time { order: 2; }
  .story h3 { font-size: 1.2rem; }
  .sources thead { position: absolute; left: -999rem; }
  .sources, .sources tbody, .sources caption { display: block; }
  .sources tr { display: grid; grid-template-columns: repeat(2, minmax(0, 1fr)); gap: .1rem 1rem; padding-block: .9rem; border-top: 1px solid var(--rule); }
  .sources th, .sources td { border: 0; padding: .1rem 0; }
  .sources tbody th, .sources .trouble td { grid-column: 1 / -1; width: auto; }
  .sources tr.trouble { border: 0; padding-top: 0; display: block; }
  .sources td[data-label]::before { content: attr(data-label); display: block; color: var(--soft); font-size: .78rem; }
}
@media (prefers-reduced-motion: no-preference) { a, button { transition: color .12s, background-color .12s; } }
@media print { .masthead nav, .tools, .pager, .skip { display: none; } }
`;

export const ICON = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 24 24"><rect width="24" height="24" rx="5" fill="#0a6373"/><path d="M4.5 6c5 0 5 6 8.500 6M4.500 12h8.500M4.500 18c5 0 5-6 8.500-6h6.500" fill="none" stroke="#fff" stroke-width="2.200" stroke-linecap="round"/></svg>
`;

/** Paths that change with the content, so that caches may keep what they have for good. */
export const STYLESHEET_PATH: string = `/assets/mainstem-${digest(STYLESHEET)}.css`;
export const ICON_PATH: string = `/assets/icon-${digest(ICON)}.svg`;

function digest(text: string): string {
  return hash("sha256", text).slice(0, 10);
}
