/** What the pages are made of, as one word: contents, not times, which a checkout gives anew. */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";

/** The record's name, beside the pages. */
export const MADE_OF = "made-of.txt";

/** Folders with what goes into the pages, from the root of a checkout, and the names that do. */
const SOURCES = [
  { folder: "notebooks", name: /^(?!node_modules).+\.(?:html|js|css|tmpl|json)$/ },
  { folder: "dist/reports", name: /\.js$/ },
  { folder: "dist/src/monitor/page", name: /\.js$/ },
] as const;
const SINGLE = ["dist/src/monitor/charts.js", "dist/src/monitor/figures.js"];

/** @param root of a checkout, with its TypeScript compiled */
export function madeOf(root: string): string {
  const hash = createHash("sha256");
  const paths = SOURCES.flatMap(({ folder, name }) =>
    filesBelow(root, folder).filter((path) => name.test(path.slice(folder.length + 1))),
  );
  for (const path of [...paths, ...SINGLE].sort()) {
    const contents = readFileSync(join(root, path));
    hash.update(`${path} ${contents.length}\n`).update(contents);
  }
  return `${hash.digest("hex")}\n`;
}

function filesBelow(root: string, folder: string): string[] {
  return readdirSync(join(root, folder), { withFileTypes: true }).flatMap((entry) => {
    const path = `${folder}/${entry.name}`;
    if (!entry.isDirectory()) return [path];
    return entry.name === "node_modules" || entry.name === "public" ? [] : filesBelow(root, path);
  });
}
