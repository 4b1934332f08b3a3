import { constants } from "node:fs";
import { access, mkdir, rmdir, stat } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import { InvalidArgumentError } from "../../src/errors.js";

export interface OutputFolder {
  readonly path: string;
  /** Removes the folders that were made for it, as far as they are still empty: a run that failed leaves nothing behind. */
  removeIfEmpty(): Promise<void>;
}

/** Makes the folder, before anything is measured. Throws InvalidArgumentError when it cannot be made or written to. */
export async function prepareOutputFolder(path: string): Promise<OutputFolder> {
  if (path.trim() === "") throw new InvalidArgumentError("--out needs the name of a folder");
  const folder = resolve(path);
  const there = await stat(folder).catch(() => null);
  if (there !== null && !there.isDirectory()) {
    throw new InvalidArgumentError(`--out ${path}: is a file; expected a folder to write results into`);
  }
  let first: string | undefined;
  try {
    first = await mkdir(folder, { recursive: true });
    await access(folder, constants.W_OK | constants.X_OK);
  } catch (cause) {
    throw new InvalidArgumentError(`--out ${path}: cannot be written to (${(cause as NodeJS.ErrnoException).code})`, {
      cause,
    });
  }
  for (const name of ["results.json", "report.html"]) {
    if ((await stat(join(folder, name)).catch(() => null))?.isDirectory()) {
      throw new InvalidArgumentError(
        `--out ${path}: holds a folder named ${name}; expected a file or nothing of that name`,
      );
    }
  }
  return { path, removeIfEmpty: () => removeEmpty(folder, first) };
}

async function removeEmpty(folder: string, first: string | undefined): Promise<void> {
  if (first === undefined) return;
  for (let current = folder; current.length >= first.length; current = dirname(current)) {
    try {
      await rmdir(current);
    } catch {
      return;
    }
  }
}
