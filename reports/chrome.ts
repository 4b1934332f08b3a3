/** What every page shares: the document around it, navigation, cards, tables and the embedded data. */
import { embeddedJson, type Hole, type Html, html, trusted } from "./html.js";
import type { Look } from "./palette.js";
import { CONTENT_SECURITY_POLICY, PAGE_SCRIPT } from "./script.js";
import { STYLE } from "./style.css.js";

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
}

/** A whole page: one file, nothing fetched, readable without its script. */
export function renderPage(page: Page): string {
  const sections = [...page.sections, rawData(page.dataName)];
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

export interface Column {
  title: Hole;
  /** Text columns stand left, figures right. */
  text?: boolean;
  /** Long text that may break. */
  wrap?: boolean;
  /** A figure whose unit may stand below it. */
  soft?: boolean;
}

export interface TableOptions {
  caption?: Hole;
  /** Scrolls in height as well, for tables of hundreds of rows. */
  tall?: boolean;
  /** On a narrow screen a row becomes a card, each cell with its column's title beside it. Titles must be plain text. */
  stacks?: boolean;
  /** Name of the scrolling region for those who do not see it. */
  label: string;
}

/** A table that scrolls inside its own container; the first column names the row. */
export function table(columns: readonly Column[], rows: readonly (readonly Hole[])[], options: TableOptions): Html {
  const { caption, label, stacks, tall } = options;
  const classOf = ({ text, wrap, soft }: Column) =>
    [text && "text", wrap && "wrap", soft && "soft"].filter(Boolean).join(" ");
  const attributes = columns.map((column) => {
    const name = classOf(column);
    return name === "" ? null : html` class="${name}"`;
  });
  // A browser forgets that something is a table when it is drawn as blocks, unless its parts say what they are.
  const role = (name: string) => (stacks ? html` role="${name}"` : null);
  const titles = columns.map(({ title }) => (stacks ? html` data-title="${title}"` : null));
  const cell = (content: Hole, index: number) =>
    index === 0
      ? html`<th scope="row"${role("rowheader")}${attributes[index]}>${content}</th>`
      : html`<td${role("cell")}${titles[index]}${attributes[index]}>${stacks ? html`<span>${content}</span>` : content}</td>`;
  return html`<div class="scroll${tall ? " tall" : null}" role="group" aria-label="${label}" tabindex="0"><table${
    stacks ? html` class="stacks" role="table"` : null
  }>${caption ? html`<caption>${caption}</caption>` : null}<thead${role("rowgroup")}><tr${role("row")}>${columns.map(
    ({ title }, index) => html`<th scope="col"${role("columnheader")}${attributes[index]}>${title}</th>`,
  )}</tr></thead><tbody${role("rowgroup")}>${rows.map((cells) => html`<tr${role("row")}>${cells.map(cell)}</tr>`)}</tbody></table></div>
`;
}

/** A name with the colour it has in the figures. */
export function named(label: string, look: Look): Html {
  return html`<span class="swatch" style="--swatch:${look.colour}"></span>${label}`;
}

export function definitions(items: readonly (readonly [term: Hole, description: Hole])[]): Html {
  return html`<dl class="facts-grid">${items.map(([term, description]) => html`<div><dt>${term}</dt><dd>${description}</dd></div>`)}</dl>`;
}
