/** What every page shares: the document around it, navigation, cards and the embedded data. */
import { embeddedJson, type Hole, type Html, html, trusted } from "./html.js";
import { CONTENT_SECURITY_POLICY, PAGE_SCRIPT } from "./script.js";
import { STYLE } from "./style.css.js";

export { type Column, named, table } from "./table.js";

/** One part of a page with its entry in the contents. */
export interface Section {
  id: string;
  title: string;
  /** A shorter title for the contents. */
  short?: string;
  lead?: Hole;
  body: Hole;
}

export interface Page {
  /** Shown above the title and at the end of the window's title. */
  brand: string;
  title: string;
  facts: readonly Hole[];
  sections: readonly Section[];
  /** What the raw-data section embeds and offers as a file. */
  data: unknown;
  dataName: string;
  /** Files of which `engram notebook` makes a notebook, as they are to be given to it. */
  explore: readonly string[];
  /** Address of that notebook, where the page is served beside it. */
  notebook?: string;
}

/** A whole page: one file, nothing fetched, readable without its script. */
export function renderPage(page: Page): string {
  const sections = [...page.sections, exploration(page), rawData(page.dataName)];
  return html`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta http-equiv="Content-Security-Policy" content="${CONTENT_SECURITY_POLICY}">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta name="color-scheme" content="light dark">
<title>${page.title} · ${page.brand}</title>
<style>${trusted(STYLE)}</style>
</head>
<body>
<a class="skip" href="#content">Skip to the content</a>
<div class="page">
<header class="masthead">
<p class="brand">${page.brand}</p>
<h1>${page.title}</h1>
<p class="facts">${page.facts.filter(Boolean).map((fact) => html`<span>${fact}</span>`)}</p>
</header>
<div class="frame">
<nav class="contents" aria-label="Contents"><ul>${sections.map(({ id, title, short }) => html`<li><a href="#${id}">${short ?? title}</a></li>`)}</ul></nav>
<main id="content" tabindex="-1">
${sections.map(renderSection)}
</main>
</div>
<footer>One file, complete in itself: it loads nothing and sends nothing.</footer>
</div>
<script type="application/json" id="results">${embeddedJson(page.data)}</script>
<script>${trusted(PAGE_SCRIPT)}</script>
</body>
</html>
`.text;
}

function renderSection({ id, title, lead, body }: Section): Html {
  return html`<section id="${id}" aria-labelledby="${id}-title">
<h2 id="${id}-title">${title}</h2>
${lead ? html`<p class="lead">${lead}</p>` : null}
${body}
</section>
`;
}

function exploration({ explore, notebook }: Page): Section {
  const link = notebook === undefined ? null : html`<p><a href="${notebook}">Open the notebook</a></p>`;
  return {
    id: "explore",
    title: "Explore",
    lead: "In a notebook, on this machine and offline, one looks at these figures with choices of one's own: scenarios, subjects, policies, percentiles, stretches of time.",
    body: html`${link}<p><code>engram notebook ${explore.map(quoted).join(" ")}</code></p>`,
  };
}

/** As a shell takes a name. */
function quoted(name: string): string {
  return /^[\w./:@%+,-]+$/.test(name) ? name : `'${name.replaceAll("'", "'\\''")}'`;
}

function rawData(name: string): Section {
  return {
    id: "raw",
    title: "Raw data",
    lead: html`Everything on this page was drawn from the JSON it carries, in the element <code>#results</code>.`,
    body: html`<button type="button" id="download" data-name="${name}" hidden>Download ${name}</button>`,
  };
}

/** A figure with its caption above it and, below, the table of its exact numbers. */
export function figureCard(caption: Hole, note: Hole, drawing: Html, table?: Hole): Html {
  return html`<figure class="card"><figcaption><h3>${caption}</h3>${note ? html`<p>${note}</p>` : null}</figcaption>
${drawing}${table}</figure>
`;
}

export function definitions(items: readonly (readonly [term: Hole, description: Hole])[]): Html {
  return html`<dl class="facts-grid">${items.map(([term, description]) => html`<div><dt>${term}</dt><dd>${description}</dd></div>`)}</dl>`;
}
