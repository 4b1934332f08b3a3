/** The style sheet of every page: system fonts, one typographic scale, custom properties for light, dark and paper. */
import { FONT, PAGE_COLOURS, seriesVariables } from "../src/monitor/index.js";
import { policyVariables } from "./policy-looks.js";

const LIGHT = `color-scheme:light;
${PAGE_COLOURS.light}
--raised:#f1f1ec;--on-series:#ffffff;--shadow:0 1px 2px rgb(20 24 32 / 5%),0 4px 14px rgb(20 24 32 / 4%);${seriesVariables("light")}${policyVariables("light")}`;

const DARK = `color-scheme:dark;
${PAGE_COLOURS.dark}
--raised:#1f242c;--on-series:#10141a;--shadow:none;${seriesVariables("dark")}${policyVariables("dark")}`;

export const STYLE = `
:root{${LIGHT}
${FONT};
--mono:ui-monospace,SFMono-Regular,Menlo,Consolas,"DejaVu Sans Mono",monospace}
@media (prefers-color-scheme:dark){:root{${DARK}}}
*,*::before,*::after{box-sizing:border-box}
html{-webkit-text-size-adjust:100%;scroll-padding-top:4rem}
body{margin:0;background:var(--page);color:var(--ink);font:400 1rem/1.55 var(--font);font-variant-numeric:tabular-nums}
h1,h2,h3,p,figure,dl,dd{margin:0}
h1{font-size:clamp(1.6rem,1.2rem + 1.6vw,2.4rem);line-height:1.15;font-weight:680;letter-spacing:-.02em;overflow-wrap:anywhere;text-wrap:balance}
h2{font-size:1.45rem;line-height:1.25;font-weight:660;letter-spacing:-.012em}
h3{font-size:1.06rem;line-height:1.35;font-weight:640;overflow-wrap:anywhere}
figcaption h3{font-size:.97rem;font-weight:620}
a{color:var(--accent);text-underline-offset:.18em}
code{font-family:var(--mono);font-size:.88em;overflow-wrap:anywhere}
:focus-visible{outline:2px solid var(--accent);outline-offset:3px;border-radius:4px}
.skip{position:absolute;left:-999rem;top:0;z-index:3;background:var(--surface);color:var(--ink);padding:.6rem 1rem;border-radius:0 0 8px 0}
.skip:focus{left:0}
.lead{color:var(--muted);max-width:68ch}
.nowrap{white-space:nowrap}
.legend{display:flex;flex-wrap:wrap;gap:.1rem 1rem;margin-top:.25rem}
.muted{color:var(--muted)}
.small{font-size:.85rem;line-height:1.5}

.page{max-width:94rem;margin:0 auto;padding:0 clamp(1rem,3vw,2.5rem) 4rem}
.masthead{padding:clamp(1.75rem,4vw,3.25rem) 0 1.5rem}
.masthead .brand{color:var(--accent);font-weight:640;font-size:.85rem;letter-spacing:.08em;text-transform:uppercase;margin-bottom:.6rem}
.masthead .facts{display:flex;flex-wrap:wrap;gap:.25rem 1.4rem;margin-top:.9rem;color:var(--muted);font-size:.92rem}
.contents{position:sticky;top:0;z-index:2;background:var(--page);border-bottom:1px solid var(--line);margin:0 calc(-1*clamp(1rem,3vw,2.5rem));padding:0 clamp(1rem,3vw,2.5rem)}
.contents ul{list-style:none;display:flex;gap:.2rem 1.35rem;overflow-x:auto;margin:0;padding:.7rem 0;scrollbar-width:thin}
.contents a{display:block;color:var(--muted);text-decoration:none;white-space:nowrap;font-size:.9rem}
.contents a:hover{color:var(--ink)}
main>section{padding-top:2.6rem}
main>section>h2{margin-bottom:.9rem}
main>section>h2+.lead{margin:-.55rem 0 1.1rem}
@media (min-width:80rem){
 .frame{display:grid;grid-template-columns:11.5rem minmax(0,1fr);gap:0 3rem;align-items:start}
 .contents{border:0;margin:0;padding:2.6rem 0 0}
 .contents ul{flex-direction:column;gap:.1rem;padding:0;border-left:1px solid var(--line)}
 .contents a{padding:.22rem 0 .22rem .9rem;margin-left:-1px;border-left:2px solid transparent}
 .contents a:hover{border-left-color:var(--accent)}
 html{scroll-padding-top:0}
}

.card{background:var(--surface);border:1px solid var(--line);border-radius:12px;box-shadow:var(--shadow);padding:1.1rem 1.2rem;min-width:0}
.grid{display:grid;gap:1.1rem;grid-template-columns:repeat(auto-fill,minmax(min(100%,27rem),1fr))}
.grid>*{min-width:0}
.stack{display:grid;gap:1.1rem;grid-template-columns:minmax(0,1fr)}
.scenario{margin-top:1.6rem}
.scenario>header{display:flex;flex-wrap:wrap;gap:.1rem .9rem;align-items:baseline;margin-bottom:.7rem}

figure.card{display:flex;flex-direction:column;gap:.65rem}
figcaption p{color:var(--muted);font-size:.85rem;line-height:1.45;margin-top:.15rem}
.plot{display:block;width:100%;height:auto;max-width:44rem;overflow:visible;font-family:var(--font);color:var(--ink)}
.wide .plot{max-width:62rem}
.decision p{margin:.3rem 0 .5rem}.decision ul{margin:0 0 1rem;padding-left:1.3rem}
.plot text{white-space:pre}

.scroll{overflow-x:auto;max-width:100%}
.scroll.tall{max-height:34rem;overflow-y:auto}
table{border-collapse:collapse;width:100%;font-size:.88rem;line-height:1.4}
caption{text-align:left;color:var(--muted);font-size:.85rem;padding:0 0 .4rem}
th,td{padding:.42rem .75rem .42rem 0;text-align:right;border-bottom:1px solid var(--line);vertical-align:baseline;white-space:nowrap}
th:last-child,td:last-child{padding-right:0}
thead th{color:var(--muted);font-weight:560;font-size:.8rem;border-bottom-color:var(--muted)}
tbody tr:last-child>*{border-bottom:0}
th[scope=row]{font-weight:560}
th.text,td.text,th[scope=row]{text-align:left}
td.wrap,th.wrap{white-space:normal;min-width:8.5rem;overflow-wrap:anywhere}
td.best{font-weight:680}
@media (max-width:40rem){
 .page{padding-left:.75rem;padding-right:.75rem}
 .contents{margin:0 -.75rem;padding:0 .75rem}
 .card{padding:.9rem .85rem}
 /* What a row is about stays in sight while its figures scroll past. */
 table:not(.stacks) th[scope=row],table:not(.stacks) thead th:first-child{position:sticky;left:0;background:var(--surface);z-index:1;padding-right:.9rem}
 table.stacks,.stacks tbody,.stacks td,.stacks th[scope=row]{display:block}
 .stacks caption{display:block}
 .stacks thead{position:absolute;width:1px;height:1px;overflow:hidden;clip-path:inset(50%);white-space:nowrap}
 .stacks tbody tr{display:grid;grid-template-columns:1fr 1fr;gap:0 1.2rem;padding:.55rem 0;border-bottom:1px solid var(--line)}
 .stacks th[scope=row],.stacks td.wrap{grid-column:1/-1}
 .stacks tbody tr:last-child{border-bottom:0}
 .stacks td,.stacks th[scope=row]{border:0;padding:.08rem 0;text-align:left;white-space:normal;min-width:0;overflow-wrap:anywhere}
 .stacks td{display:flex;gap:.8rem;justify-content:space-between}
 .stacks td>span{text-align:right}
 .stacks td.text>span{text-align:left}
 .stacks td.wrap{display:block}
 .stacks td::before{content:attr(data-title);color:var(--muted);font-size:.8rem;flex:none}
 .stacks td.wrap::before{display:block}
}
td.soft{white-space:normal}
.events{margin:0;padding:0;list-style:none;display:flex;flex-wrap:wrap;gap:.1rem 1rem;color:var(--muted);font-size:.82rem;line-height:1.5}
.events b{color:var(--ink);font-weight:620}
.parts>details{border-top:1px solid var(--line);padding:.35rem 0}
.parts>details:first-child{border-top:0}
td .interval{display:block;color:var(--muted);font-size:.78rem;line-height:1.3}
.swatch{display:inline-block;width:.72em;height:.72em;border-radius:3px;margin-right:.5em;background:var(--swatch)}
details>summary{cursor:pointer;font-weight:560;font-size:.92rem;padding:.25rem 0}
details[open]>summary{margin-bottom:.5rem}

.verdict{display:grid;gap:1.1rem;grid-template-columns:repeat(auto-fit,minmax(min(100%,27rem),1fr))}
.tally{display:flex;flex-wrap:wrap;gap:.4rem 2.2rem;margin:.2rem 0 .9rem}
.tally div{display:flex;flex-direction:column-reverse}
.tally dd{font-size:2.1rem;line-height:1.1;font-weight:680;letter-spacing:-.02em}
.tally dt{color:var(--muted);font-size:.85rem}
.share{display:flex;height:.6rem;border-radius:99px;overflow:hidden;background:var(--raised);gap:2px}
.share i{display:block}
.good{color:var(--good)}.bad{color:var(--bad)}.warn{color:var(--warn)}
.fill-good{background:var(--good)}.fill-bad{background:var(--bad)}.fill-none{background:var(--line)}
.badge{display:inline-block;border-radius:99px;padding:.08rem .6rem;font-size:.78rem;font-weight:620;white-space:nowrap}
.badge.met{background:var(--good-wash);color:var(--good)}
.badge.missed,.badge.critical{background:var(--bad-wash);color:var(--bad)}
.badge.alert{background:var(--warn-wash);color:var(--warn)}
.badge.none{background:var(--raised);color:var(--muted)}

.facts-grid{display:grid;gap:.8rem 1.8rem;grid-template-columns:repeat(auto-fill,minmax(min(100%,9rem),1fr))}
@media (min-width:48rem){.facts-grid{grid-template-columns:repeat(auto-fill,minmax(13rem,1fr))}}
.facts-grid dt{color:var(--muted);font-size:.8rem}
.facts-grid dd{font-size:.95rem;overflow-wrap:anywhere}

.kpis{display:grid;gap:.8rem;grid-template-columns:repeat(auto-fit,minmax(min(100%,9.5rem),1fr))}
.kpi{display:flex;flex-direction:column;gap:.1rem}
.kpi.tails{margin-top:.8rem}
.kpi.tails+.kpis{margin-top:.8rem}
.kpi .name{color:var(--muted);font-size:.82rem;font-weight:560}
.kpi .value{font-size:clamp(1.35rem,1.1rem + 1vw,1.75rem);line-height:1.2;font-weight:660;letter-spacing:-.015em}
.kpi .note{color:var(--muted);font-size:.82rem;line-height:1.45}
.kpi table{margin-top:.4rem;font-size:.95rem}
.meter{height:.4rem;border-radius:99px;background:var(--raised);overflow:hidden;margin:.35rem 0 .2rem}
.meter i{display:block;height:100%;background:var(--accent)}

.notices{list-style:none;margin:0 0 1.1rem;padding:0;display:grid;gap:.5rem}
.notices li,.notices li.warn,.notices li.bad{color:var(--ink)}
.notices li{border-left:3px solid var(--warn);background:var(--warn-wash);border-radius:0 8px 8px 0;padding:.55rem .9rem;font-size:.92rem;overflow-wrap:anywhere}
.notices li.bad{border-color:var(--bad);background:var(--bad-wash)}
.notices li.quiet{border-color:var(--line);background:var(--raised)}
.reading{columns:24rem;column-gap:2.4rem;max-width:76rem}
.reading div{break-inside:avoid;margin-bottom:1.05rem}
.reading dt{font-weight:620;margin-bottom:.1rem}
.reading dd{color:var(--muted);font-size:.93rem}
button{font:inherit;font-weight:580;font-size:.92rem;color:var(--surface);background:var(--accent);border:0;border-radius:8px;padding:.55rem 1.05rem;cursor:pointer}
button:hover{filter:brightness(1.08)}
footer{margin-top:3rem;padding-top:1rem;border-top:1px solid var(--line);color:var(--muted);font-size:.85rem}

@media print{
 :root{${LIGHT}--page:#ffffff;--shadow:none}
 body{font-size:10pt}
 .share,.swatch,.meter,.badge,.notices li{print-color-adjust:exact;-webkit-print-color-adjust:exact}
 .plot{max-width:27rem}
 .contents,.skip,#download{display:none!important}
 .frame{display:block}
 .page{max-width:none;padding:0}
 .scroll,.scroll.tall{overflow:visible;max-height:none}
 table,.kpi table{font-size:8pt}
 table .small,table .badge{font-size:7pt}
 td .interval{font-size:6.5pt}
 .card,figure,tr,.kpi{break-inside:avoid}
 h2,h3{break-after:avoid}
 .grid{grid-template-columns:1fr 1fr}
}
`;
