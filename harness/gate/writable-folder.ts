import { access, constants } from "node:fs/promises";
import { dirname } from "node:path";
import { InvalidArgumentError } from "../../src/store/errors.js";

/** Asked before minutes of measuring, so that a mistyped output path does not cost them. */
export async function requireWritableFolder(file: string): Promise<void> {
  try {
    await access(dirname(file), constants.W_OK);
  } catch (cause) {
    const { code } = cause as NodeJS.ErrnoException;
    const why = code === "ENOENT" ? `no folder ${dirname(file)}` : (code ?? String(cause));
    throw new InvalidArgumentError(`${file}: cannot be written (${why})`, { cause });
  }
}
