/** What a file is of those that a notebook shows, told by what it says and not by its name. */
import { InvalidArgumentError } from "../../src/errors.js";

/** Pages there are, by the names of their files in notebooks/. */
export const NOTEBOOKS = ["results", "latency", "sweep", "history"] as const;
export type NotebookName = (typeof NOTEBOOKS)[number];

export type Kind = "results" | "sweep" | "history" | "records";

/** In the words of messages. */
export const KIND_NAMES: Readonly<Record<Kind, string>> = {
  results: "results of engram run",
  sweep: "rows of engram evict --json",
  history: "a monitor's history",
  records: "records of gates",
};

export const EXPECTED =
  "results.json of engram run, the JSON of engram evict, a monitor's history or records of engram gate --record";

/** A first line longer than this is no history's and no record's. */
const FIRST_LINE_MAX = 1e6;

/**
 * The kind that the first line tells of a file of JSON lines; null: it is none of those, and may be a JSON document.
 *
 * A history that begins with damage is no history: nothing else in it says what it is.
 */
export function kindOfLines(text: string): "history" | "records" | null {
  const end = text.indexOf("\n");
  const first = text.slice(0, Math.min(end < 0 ? text.length : end, FIRST_LINE_MAX));
  try {
    const value: unknown = JSON.parse(first);
    if (typeof value !== "object" || value === null) return null;
    if ("engramHistory" in value) return "history";
    return "engramGateRecord" in value ? "records" : null;
  } catch {
    return null;
  }
}

/**
 * The kind of a JSON document.
 *
 * @throws InvalidArgumentError when it is of no kind that a notebook shows
 */
export function kindOfDocument(file: string, document: unknown): "results" | "sweep" {
  if (Array.isArray(document)) return "sweep";
  if (typeof document === "object" && document !== null && "runs" in document) return "results";
  throw new InvalidArgumentError(`${file}: is nothing that a notebook shows; expected ${EXPECTED}`);
}

/** @throws InvalidArgumentError naming two files of different kinds */
export function oneKind(files: readonly { readonly file: string; readonly kind: Kind }[]): Kind {
  const [first] = files;
  const other = files.find(({ kind }) => kind !== first.kind);
  if (other === undefined) return first.kind;
  throw new InvalidArgumentError(
    `${first.file} is ${KIND_NAMES[first.kind]}, ${other.file} is ${KIND_NAMES[other.kind]}; expected files of one kind`,
  );
}
