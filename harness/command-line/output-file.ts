import { constants } from "node:fs";
import { access, stat } from "node:fs/promises";
import { dirname } from "node:path";
import { InvalidArgumentError } from "../../src/errors.js";
import { whyNotWritable } from "../../src/not-writable.js";

/**
 * Asks whether a file can be written at `path`, before minutes of work that would otherwise be lost to a mistyped name. Files are written
 * under a temporary name and renamed, so that it is the folder that has to be writable; and what is there already must be a plain file:
 * renaming would put one in the place of a device or a pipe.
 *
 * @param option how the user gave the path, to begin the message with
 * @param inputs files that are read: none of them may be the one that is written
 * @throws InvalidArgumentError
 */
export async function requireWritableFile(option: string, path: string, inputs: readonly string[] = []): Promise<void> {
  if (path.trim() === "") throw new InvalidArgumentError(`${option}: is empty, expected the name of a file to write`);
  const there = await stat(path).catch(() => null);
  if (path.endsWith("/") || there?.isDirectory()) {
    throw new InvalidArgumentError(`${option} ${path}: is a folder, expected the name of a file to write`);
  }
  if (there !== null && !there.isFile()) {
    throw new InvalidArgumentError(`${option} ${path}: is no plain file, expected the name of a file to write`);
  }
  for (const input of inputs) {
    const read = await stat(input).catch(() => null);
    if (there !== null && read?.dev === there.dev && read.ino === there.ino) {
      throw new InvalidArgumentError(`${option} ${path}: is read as well, expected the name of another file to write`);
    }
  }
  await requireWritableFolder(option, path);
}

async function requireWritableFolder(option: string, path: string): Promise<void> {
  const folder = dirname(path);
  try {
    // Asked first: access says of a plain file in the folder's place only that nobody may search it.
    if (!(await stat(folder)).isDirectory()) throw Object.assign(new Error(), { code: "ENOTDIR" });
    await access(folder, constants.W_OK | constants.X_OK);
  } catch (cause) {
    throw new InvalidArgumentError(`${option} ${path}: cannot be written (${whyNotWritable(cause, folder)})`, {
      cause,
    });
  }
}
