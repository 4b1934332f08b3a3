/** The pages of the rooms in docs/: which room has which, by the table of docs/README.md, and a page's parts. */
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";

export const DOCS = resolve(import.meta.dirname, "..", "docs");

/** What every page of a room has, in this order; others may stand between. */
export const SHAPE = [
  "What it is for",
  "A first example",
  "Options and limits",
  "What it costs",
  "What can go wrong",
  "Decisions",
  "Files",
];

/** Page by room. */
export function roomPages(): Map<string, string> {
  const index = readFileSync(join(DOCS, "README.md"), "utf8");
  const rows = index.matchAll(/^\| \[`([^`]+)`\]\(\.\.\/[^)]+\) \| \[[^\]]+\]\(([^)]+)\) \|/gm);
  return new Map([...rows].map(([, room, page]) => [room, page]));
}

/** Text by heading of the second level. */
export function sectionsOf(page: string): Map<string, string> {
  const text = readFileSync(join(DOCS, page), "utf8");
  return new Map(
    text
      .split(/^## /m)
      .slice(1)
      .map((section) => {
        const end = section.indexOf("\n");
        return [section.slice(0, end).trim(), section.slice(end).trim()];
      }),
  );
}
