/**
 * Which journal it is: a name that is drawn once and lies beside the segments, so that it goes wherever the folder goes. Where the lines of
 * several journals come together, as in a topic of Kafka, a line is its journal's name and its number.
 */
import { randomUUID } from "node:crypto";
import { linkSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { syncDirectory } from "./segments.js";

const FILE = "journal.id";
const FORM = /^[\da-f]{8}(?:-[\da-f]{4}){3}-[\da-f]{12}$/;

/** The name of a folder's journal; the first who asks gives it one. @throws Error of the system when the folder cannot be read or written */
export function journalIdentity(directory: string): string {
  const path = join(directory, FILE);
  const known = read(path);
  if (known !== null) return known;
  const temporary = join(directory, `${FILE}.${process.pid}.new`);
  writeFileSync(temporary, `${randomUUID()}\n`, { mode: 0o640, flush: true });
  try {
    linkSync(temporary, path); // whoever is first: a rename would take the name that another has read already
    syncDirectory(directory);
  } catch (error) {
    // a file system without links: the journal's one writer is nearly always the first
    if ((error as NodeJS.ErrnoException).code !== "EEXIST") renameSync(temporary, path);
  } finally {
    rmSync(temporary, { force: true });
  }
  const own = read(path);
  if (own !== null) return own;
  throw new Error(`${path} is no name of a journal; expected a UUID: remove it, and its lines are told as another's`);
}

function read(path: string): string | null {
  let text: string;
  try {
    text = readFileSync(path, "utf8").trim();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === "ENOENT") return null;
    throw error;
  }
  return FORM.test(text) ? text : null;
}
