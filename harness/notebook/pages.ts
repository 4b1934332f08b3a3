/** The notebooks as pages, which the build has made of notebooks/: what is asked for by name, and nothing else. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { InvalidArgumentError } from "../../src/errors.js";
import { NOTEBOOKS, type NotebookName } from "./kinds.js";
import { MADE_OF, madeOf } from "./made-of.js";

/** Where they lie, in a checkout and in the package alike. */
export const BUILT = fileURLToPath(new URL("../../notebooks/", import.meta.url));
const ROOT = fileURLToPath(new URL("../../../", import.meta.url));

const TYPES: Readonly<Record<string, string>> = {
  html: "text/html; charset=utf-8",
  js: "text/javascript; charset=utf-8",
  css: "text/css; charset=utf-8",
  md: "text/markdown; charset=utf-8",
};
/** What the pages hold of others, with their licences. */
const LICENCES = "licenses.md";

export interface PageFile {
  readonly type: string;
  readonly text: string;
}

/**
 * All files by their path below the folder, with slashes; of the pages only these.
 *
 * @throws InvalidArgumentError when they have not been built, or not all
 */
export function pageFiles(notebooks: readonly NotebookName[], folder = BUILT): Map<string, PageFile> {
  const missing = notebooks.find((name) => !existsSync(join(folder, `${name}.html`)));
  if (missing !== undefined) {
    throw new InvalidArgumentError(
      `the notebooks have not been built here (${join(folder, `${missing}.html`)} is missing); "npm run notebooks" builds them`,
    );
  }
  const files = new Map<string, PageFile>();
  for (const path of [...notebooks.map((name) => `${name}.html`), LICENCES, ...assetsIn(folder)]) {
    const type = TYPES[path.slice(path.lastIndexOf(".") + 1)];
    if (type !== undefined) files.set(path, { type, text: readFileSync(join(folder, path), "utf8") });
  }
  return files;
}

function assetsIn(folder: string): string[] {
  return readdirSync(join(folder, "assets")).map((name) => `assets/${name}`);
}

/** In a checkout, whether what they were made of has changed since; null: there is nothing to be built from. */
export function areStale(root = ROOT, folder = BUILT): boolean | null {
  if (!existsSync(join(root, "notebooks", "vite.config.js"))) return null;
  const record = join(folder, MADE_OF);
  return (
    !existsSync(record) ||
    readFileSync(record, "utf8") !== madeOf(root) ||
    !NOTEBOOKS.every((name) => existsSync(join(folder, `${name}.html`)))
  );
}
