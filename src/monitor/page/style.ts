/** The live page's style sheet: the report's colours and type, as custom properties for light and dark. */
import { FONT, PAGE_COLOURS, seriesVariables } from "./colours.js";

/** The most lines that a chart of the page has. */
const LINES = 4;
const LIGHT = `color-scheme:light;\n${PAGE_COLOURS.light}\n${seriesVariables("light", LINES)}`;
const DARK = `color-scheme:dark;\n${PAGE_COLOURS.dark}\n${seriesVariables("dark", LINES)}`;

export const LIVE_STYLE = `
:root{${LIGHT}${FONT}}
@media (prefers-color-scheme:dark){:root{${DARK}}}
*,*::before,*::after{box-sizing:border-box}
html{-webkit-text-size-adjust:100%}
body{margin:0;background:var(--page);color:var(--ink);font:400 1rem/1.55 var(--font);font-variant-numeric:tabular-nums}
h1,h2,h3,p,figure,dl,dd{margin:0}
h1{font-size:clamp(1.4rem,1.1rem + 1.2vw,2rem);line-height:1.15;font-weight:680;letter-spacing:-.02em}
h2{font-size:1.25rem;line-height:1.25;font-weight:660;letter-spacing:-.012em;margin-bottom:.7rem}
h3{font-size:1rem;line-height:1.35;font-weight:640}
a{color:var(--accent)}
:focus-visible{outline:2px solid var(--accent);outline-offset:3px;border-radius:4px}
.unseen{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%)}
.muted{color:var(--muted)}
.page{max-width:94rem;margin:0 auto;padding:0 clamp(1rem,3vw,2.5rem) 4rem}
.masthead{display:flex;flex-wrap:wrap;gap:.6rem 1.4rem;align-items:end;justify-content:space-between;padding:1.6rem 0 .7rem}
.brand{color:var(--accent);font-weight:640;font-size:.85rem;letter-spacing:.08em;text-transform:uppercase}
.facts{color:var(--muted);font-size:.92rem;padding-bottom:.4rem}
.pill{display:inline-block;border:1px solid var(--line);border-radius:99rem;padding:.08rem .7rem;font-size:.85rem;color:var(--muted);background:var(--surface)}
.pill.good{color:var(--good);background:var(--good-wash);border-color:transparent}
.pill.bad{color:var(--bad);background:var(--bad-wash);border-color:transparent}
.pill.warn,.pill.pending{color:var(--warn);background:var(--warn-wash);border-color:transparent}
.pill.pending{border:1px dashed var(--warn)}
main>section{padding-top:1.9rem}
main>section:first-child{padding-top:.8rem}
.tiles{display:grid;gap:.8rem;grid-template-columns:repeat(auto-fill,minmax(10.5rem,1fr))}
.tile,.card{background:var(--surface);border:1px solid var(--line);border-radius:12px;padding:.8rem 1rem;min-width:0}
.tile dt{color:var(--muted);font-size:.82rem}
.tile dd{font-size:1.35rem;font-weight:640;letter-spacing:-.01em;white-space:nowrap}
.grid{display:grid;gap:1rem;grid-template-columns:repeat(auto-fill,minmax(min(100%,27rem),1fr))}
.stack{display:grid;gap:.8rem}
figcaption{font-weight:620;font-size:.95rem;padding-bottom:.3rem}
.scroll{overflow-x:auto;max-width:100%;background:var(--surface);border:1px solid var(--line);border-radius:12px;padding:.7rem 1rem}
table{border-collapse:collapse;width:100%;font-size:.88rem;line-height:1.4}
th,td{padding:.38rem .9rem .38rem 0;text-align:right;border-bottom:1px solid var(--line);vertical-align:baseline;white-space:nowrap}
th:last-child,td:last-child{padding-right:0}
thead th{color:var(--muted);font-weight:560;font-size:.8rem}
tbody tr:last-child>*{border-bottom:0}
.text{text-align:left}
.wrap{display:inline-block;white-space:normal;min-width:14rem;text-align:left}
.bar{display:inline-block;width:9rem;height:.6rem;vertical-align:middle}
.bar .cut{fill:var(--line)}
.bar .used{fill:var(--series-1)}
.u-legend{font-size:.82rem;text-align:left}
.u-legend .u-value{min-width:4.5rem;display:inline-block;text-align:left}
`;
