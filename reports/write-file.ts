import { randomBytes } from "node:crypto";
import { rename, rm, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { InvalidArgumentError } from "../src/store/errors.js";

/**
 * Writes a text file at once or not at all: to a temporary name in the same folder, then renamed, so that no reader
 * ever sees half a file and a failure leaves what was there before.
 *
 * @throws InvalidArgumentError when the path is a folder, or its folder is missing or cannot be written.
 */
export async function writeFileAtomically(path: string, text: string): Promise<void> {
  const target = await stat(path).catch(() => null);
  if (target?.isDirectory())
    throw new InvalidArgumentError(`${path}: is a folder; expected the name of a file to write`);
  const temporary = join(dirname(path), `.${basename(path)}.${randomBytes(6).toString("hex")}.tmp`);
  try {
    await writeFile(temporary, text, { flag: "wx" });
    await rename(temporary, path);
  } catch (cause) {
    await rm(temporary, { force: true }).catch(() => {});
    throw new InvalidArgumentError(`${path}: cannot be written (${reasonOf(cause, path)})`, { cause });
  }
}

function reasonOf(cause: unknown, path: string): string {
  const code = (cause as NodeJS.ErrnoException).code;
  if (code === "ENOENT") return `no folder ${dirname(path)}`;
  if (code === "ENOTDIR") return `${dirname(path)} is no folder`;
  if (code === "EACCES" || code === "EPERM") return "permission denied";
  if (code === "EROFS") return "read-only file system";
  return code ?? String(cause);
}
