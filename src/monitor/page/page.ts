/**
 * The live page: one file with everything in it, that asks nobody but its monitor for anything. Its policy names its scripts by their
 * hashes, so that no other runs.
 */
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { CHARTS } from "../charts.js";
import { FIGURE_NAMES, FIGURES } from "../figures.js";
import { LIVE_STYLE } from "./style.js";

export interface LivePage {
  readonly html: string;
  /** Content-Security-Policy. */
  readonly policy: string;
}

let made: LivePage | null = null;

/** Made when it is first asked for. The chart library (uPlot) and the page's script lie beside this file, put there by the build. */
export function livePage(): LivePage {
  made ??= makePage();
  return made;
}

function makePage(): LivePage {
  const charts = part("./client/uplot.js");
  const script = part("./client/live.js");
  const style = `${part("./client/uplot.css")}${LIVE_STYLE}`;
  const config = JSON.stringify({ charts: CHARTS, names: FIGURE_NAMES, figures: FIGURES }).replace(/</g, "\\u003c");
  const policy = [
    "default-src 'none'",
    `script-src ${hashOf(charts)} ${hashOf(script)}`,
    `style-src ${hashOf(style)}`,
    "connect-src 'self'",
    "img-src data:",
    "base-uri 'none'",
    "form-action 'none'",
    "frame-ancestors 'none'",
  ].join("; ");
  const html = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>Engram, live</title>
<link rel="icon" href="data:,">
<style>${style}</style>
</head>
<body>
<div class="page">
<header class="masthead">
<div><p class="brand">Engram</p><h1>A store, live</h1></div>
<p id="connection" class="pill" role="status">connecting</p>
</header>
<main>
<p id="facts" class="facts"></p>
<section aria-labelledby="now-title"><h2 id="now-title" class="unseen">Now</h2><dl id="tiles" class="tiles"></dl></section>
<section aria-labelledby="alerts-title"><h2 id="alerts-title">Alerts</h2><div id="alerts" class="scroll" tabindex="0" role="group" aria-label="Alert rules"></div></section>
<section aria-labelledby="charts-title"><h2 id="charts-title">The last hour</h2><div id="charts" class="grid"></div></section>
<section aria-labelledby="namespaces-title"><h2 id="namespaces-title">Namespaces</h2><div id="namespaces" class="scroll" tabindex="0" role="group" aria-label="Namespaces"></div></section>
<section aria-labelledby="classes-title"><h2 id="classes-title">Memory by size of chunk</h2><div id="classes" class="scroll" tabindex="0" role="group" aria-label="Memory by size of chunk"></div></section>
<section aria-labelledby="eviction-title"><h2 id="eviction-title">Eviction</h2><div id="eviction" class="scroll" tabindex="0" role="group" aria-label="Eviction"></div></section>
<section aria-labelledby="resources-title"><h2 id="resources-title">What threads hold</h2><div id="resources" class="scroll" tabindex="0" role="group" aria-label="What threads hold"></div></section>
<section aria-labelledby="backups-title"><h2 id="backups-title">Backups</h2><div id="backups" class="scroll" tabindex="0" role="group" aria-label="Backups"></div></section>
<section id="reports-section" aria-labelledby="reports-title" hidden><h2 id="reports-title">Beside the store</h2><div id="reports" class="scroll" tabindex="0" role="group" aria-label="Beside the store"></div></section>
<section aria-labelledby="targets-title"><h2 id="targets-title">Documented targets</h2><div id="targets" class="scroll" tabindex="0" role="group" aria-label="Documented targets"></div></section>
</main>
<noscript><p>This page draws what the monitor sends, with a script of its own; <a href="/api/snapshot">the figures as JSON</a> need none.</p></noscript>
</div>
<script type="application/json" id="config">${config}</script>
<script>${charts}</script>
<script>${script}</script>
</body>
</html>
`;
  return { html, policy };
}

function part(path: string): string {
  return readFileSync(new URL(path, import.meta.url), "utf8");
}

function hashOf(text: string): string {
  return `'sha256-${createHash("sha256").update(text).digest("base64")}'`;
}
