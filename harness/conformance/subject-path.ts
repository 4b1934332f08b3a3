/** The file of a subject, as the user gave it. */
import { open } from "node:fs/promises";
import { resolve } from "node:path";
import { cannotBeRead } from "../../src/not-readable.js";

/** @returns the absolute path. @throws InvalidArgumentError when there is no such file, or it cannot be read */
export async function subjectPath(file: string): Promise<string> {
  const expected = "a module whose default export is a subject";
  try {
    const handle = await open(file, "r");
    try {
      if ((await handle.stat()).isDirectory()) throw Object.assign(new Error(), { code: "EISDIR" });
    } finally {
      await handle.close();
    }
  } catch (error) {
    throw cannotBeRead(file, error, expected);
  }
  return resolve(file);
}
