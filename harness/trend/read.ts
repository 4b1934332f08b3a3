/** The files of `engram trend`: all of one kind, each read up to its damage. */
import { readFileSync } from "node:fs";
import { InvalidArgumentError } from "../../src/errors.js";
import { type History, parseHistory } from "../../src/monitor/index.js";
import { cannotBeRead } from "../../src/not-readable.js";
import { type GateRecord, parseRecords } from "../records/index.js";

export type Read = (
  | { readonly kind: "history"; readonly histories: readonly History[] }
  | { readonly kind: "records"; readonly records: readonly GateRecord[] }
) & {
  /** One line a file that is damaged. */
  readonly damage: readonly string[];
};

type Kind = Read["kind"];

export interface TextFile {
  readonly path: string;
  readonly text: string;
}

const EITHER = "a monitor's history (store.monitor({ history })) or records of gates (engram gate --record)";
const EXPECTED = `expected ${EITHER}`;
const NAMES: Readonly<Record<Kind, string>> = { history: "a monitor's history", records: "records of gates" };
/** A first line this long is no history's, and a record is a few kilobytes. */
const FIRST_LINE_MAX = 1e6;

/** @throws InvalidArgumentError for a file that cannot be read, is of neither kind, of another kind than those before it, or empty */
export function readFiles(paths: readonly string[]): Read {
  return readTexts(paths.map((path) => ({ path, text: textOf(path) })));
}

/** The same of files that have been read already. @throws InvalidArgumentError as readFiles does */
export function readTexts(files: readonly TextFile[]): Read {
  const paths = files.map(({ path }) => path);
  const kinds = files.map(({ path, text }) => kindOf(path, text));
  const other = kinds.findIndex((kind) => kind !== kinds[0]);
  if (other > 0) {
    throw new InvalidArgumentError(
      `${paths[0]} is ${NAMES[kinds[0]]}, ${paths[other]} is ${NAMES[kinds[other]]}; expected files of one kind`,
    );
  }
  return kinds[0] === "history" ? historiesOf(files) : recordsOf(files);
}

function historiesOf(files: readonly TextFile[]): Read {
  const histories = files.map(({ path, text }) => parseHistory(path, text));
  const damage = files.flatMap(({ path }, i) => damageOf(path, histories[i]));
  if (histories.every(({ intervals }) => Object.values(intervals).every((list) => list.length === 0))) {
    throw new InvalidArgumentError(
      `${files[0].path}: nothing in it can be read; ${damage[0] ?? "the monitor has not ticked yet"}`,
    );
  }
  return { kind: "history", histories, damage };
}

function recordsOf(files: readonly TextFile[]): Read {
  const read = files.map(({ path, text }) => parseRecords(path, text));
  const damage = files.flatMap(({ path }, i) => damageOf(path, read[i]));
  const records = read.flatMap((one) => one.records);
  if (records.length === 0) throw new InvalidArgumentError(damage[0] ?? `${files[0].path}: no record in it`);
  return { kind: "records", records, damage };
}

function damageOf(path: string, { damage }: Pick<History, "damage">): string[] {
  if (damage === null) return [];
  const { line, byte, why } = damage;
  return [`${path}: damaged from line ${line}, byte ${byte} on (${why}); what comes before it is read`];
}

function textOf(path: string): string {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (cause) {
    throw cannotBeRead(path, cause, EITHER);
  }
  if (text.trim() === "") throw new InvalidArgumentError(`${path}: is empty; ${EXPECTED}`);
  return text;
}

function kindOf(path: string, text: string): Kind {
  const end = text.indexOf("\n");
  const first = text.slice(0, Math.min(end < 0 ? text.length : end, FIRST_LINE_MAX));
  let value: unknown = null;
  try {
    value = JSON.parse(first);
  } catch {
    // of neither kind
  }
  if (typeof value === "object" && value !== null) {
    if ("engramHistory" in value) return "history";
    if ("engramGateRecord" in value) return "records";
  }
  throw new InvalidArgumentError(`${path}: is neither; ${EXPECTED}`);
}
