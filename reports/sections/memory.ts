/** Memory by size class, for every run whose subject can tell. */
import { figureCard, named, type Section, table } from "../chrome.js";
import { memoryFigure } from "../figures/memory.js";
import { bytes, count, percent } from "../format.js";
import type { Group, Line } from "../groups.js";
import { type Html, html } from "../html.js";

export function memorySection(groups: readonly Group[]): Section | null {
  const cards = groups.flatMap(({ title, lines }) =>
    lines.map((line) => {
      const drawing = memoryFigure(line);
      if (!drawing) return null;
      return figureCard(html`${named(line.label, line.look)} in ${title}`, null, drawing, classTable(line));
    }),
  );
  const drawn = cards.filter((card) => card !== null);
  if (drawn.length === 0) return null;
  return {
    id: "memory",
    title: "Memory by size class",
    short: "Memory",
    lead: "Chunks of each class at the end of the run, as bytes. A value takes a chunk of the smallest class it fits.",
    body: html`<div class="grid">${drawn}</div>`,
  };
}

function classTable({ run }: Line): Html {
  return html`<details><summary>Exact chunks</summary>${table(
    [
      { title: "Class", text: true },
      { title: "Chunks" },
      { title: "In use" },
      { title: "Share" },
      { title: "Bytes in use" },
    ],
    (run.memory.bySizeClass ?? []).map(({ size, chunks, used }) => [
      bytes(size),
      count(chunks),
      count(used),
      chunks > 0 ? percent(used / chunks) : "–",
      bytes(used * size),
    ]),
    { label: "Chunks by size class" },
  )}</details>`;
}
