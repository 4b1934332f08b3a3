/** The pages over one's own files as a folder, for any server of files: there whole or not at all. */
import { mkdir, readdir, rename, rm, rmdir, stat, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { InvalidArgumentError } from "../../src/errors.js";
import { cannotBeWritten } from "../../src/not-writable.js";
import type { NotebookData } from "./data.js";
import type { PageFile } from "./pages.js";
import { DATA, dataText, FIRST, firstPage, REPORT, reportText } from "./site.js";

/** @throws InvalidArgumentError unless the folder is new or empty, and can be made */
export async function checkFolder(path: string): Promise<void> {
  if (path.trim() === "") throw new InvalidArgumentError("--out needs the name of a folder");
  const there = await stat(path).catch(() => null);
  if (there === null) return;
  if (!there.isDirectory()) {
    throw new InvalidArgumentError(`--out ${path}: is a file; expected a new or empty folder`);
  }
  if ((await readdir(path)).length > 0) {
    throw new InvalidArgumentError(`--out ${path}: is not empty; expected a new or empty folder`);
  }
}

/** @throws InvalidArgumentError when it cannot be written; nothing is left of it then */
export async function writeFolder(
  path: string,
  data: NotebookData,
  pages: ReadonlyMap<string, PageFile>,
): Promise<{ files: number; bytes: number }> {
  await checkFolder(path);
  const target = resolve(path);
  const fresh = join(dirname(target), `.engram-notebook-${process.pid}.tmp`);
  const files = new Map([...pages].map(([name, { text }]) => [name, text]));
  files.set(DATA, dataText(data)).set(REPORT, reportText(data)).set(FIRST, firstPage(data).text);
  try {
    await mkdir(join(fresh, "assets"), { recursive: true });
    for (const [name, text] of files) await writeFile(join(fresh, name), text);
    await rmdir(target).catch(() => {});
    await rename(fresh, target);
  } catch (error) {
    await rm(fresh, { recursive: true, force: true }).catch(() => {});
    throw cannotBeWritten(`--out ${path}`, error);
  }
  return { files: files.size, bytes: [...files.values()].reduce((sum, text) => sum + Buffer.byteLength(text), 0) };
}
