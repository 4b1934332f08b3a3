import { randomBytes } from "node:crypto";
import { access, constants, rename, rm, writeFile } from "node:fs/promises";
import { dirname } from "node:path";
import { InvalidArgumentError } from "../../src/store/errors.js";

/** Writes beside the target and renames, so that a reader sees the old file or the new one and never half of one. */
export async function writeAtomically(file: string, text: string): Promise<void> {
  const beside = `${file}.${randomBytes(6).toString("hex")}.tmp`;
  try {
    await writeFile(beside, text);
    await rename(beside, file);
  } catch (cause) {
    await rm(beside, { force: true });
    throw new InvalidArgumentError(`cannot write ${file}: ${(cause as Error).message}`, { cause });
  }
}

/** Asked before minutes of measuring, so that a mistyped output path does not cost them. */
export async function requireWritableFolder(file: string): Promise<void> {
  try {
    await access(dirname(file), constants.W_OK);
  } catch (cause) {
    throw new InvalidArgumentError(`cannot write ${file}: ${(cause as Error).message}`, { cause });
  }
}
