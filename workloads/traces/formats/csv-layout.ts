/** Which column of a csv is what: as `--columns` says, as a header with the usual names does, or as the first lines show. */
import { InvalidArgumentError } from "../../../src/errors.js";
import { COLUMN_FIELDS, type ColumnField, type ColumnSpec, DELIMITERS } from "../columns.js";
import { isText } from "../head.js";
import { shown } from "../lines.js";
import { type TimeUnit, unitOfName } from "../time-unit.js";
import { splitFields } from "./csv-fields.js";
import { namesOperation } from "./csv-operations.js";

/** Lines that are looked at. */
const SAMPLE = 200;
/** Lines without a header that must agree before their columns are believed. */
const LEAST_LINES = 2;

/** Header names understood without `--columns`; of several in a file the one that comes first here: beside a key, an id is a row's number. */
const KNOWN_HEADERS: Readonly<Record<ColumnField, readonly string[]>> = {
  id: [
    ...["key", "cache_key", "cachekey", "obj_id", "object_id", "objectid", "objid", "id", "object", "item_id", "item"],
    ...["lbn", "lba", "block", "block_id", "block_number", "sector", "url", "offset"],
    // Wikimedia's caching data sets of 2019: images, pages
    ...["hashed_path_query", "hashed_host_path_query"],
  ],
  time: [
    "time",
    "timestamp",
    "op_time",
    "real_time",
    "clock_time",
    "request_time",
    "access_time",
    "ts",
    "relative_unix",
  ],
  size: [
    "size",
    "obj_size",
    "object_size",
    "objectsize",
    "objsize",
    "value_size",
    "bytes",
    "length",
    "len",
    "response_size",
  ],
  op: ["op", "operation", "op_type", "optype", "opcode", "cmd", "command"],
  ttl: ["ttl", "time_to_live", "expires_in"],
  count: ["op_count", "opcount"],
};

/** 0-based position of each field; -1 = the file has none. */
export type Positions = Readonly<Record<ColumnField, number>>;

export interface Layout {
  readonly delimiter: string;
  readonly positions: Positions;
  /** Names of the columns; null: there is no header line. */
  readonly header: readonly string[] | null;
  /** How the columns were found. */
  readonly by: "option" | "header" | "content";
  /** Units that the header names. */
  readonly timeUnit: TimeUnit | null;
  readonly ttlUnit: TimeUnit | null;
  /** A header takes fields from gets that found nothing: their size is 0 (CacheLib). */
  readonly isCacheLib: boolean;
  /** What is doubtful about it. */
  readonly warnings: readonly string[];
}

/** The first whole lines of a file that are not blank; a `#` before a header is dropped, other lines with one at the beginning are comments. */
export function sampleLines(head: Buffer): string[] {
  const text = head.toString("utf8").replace(/^\ufeff/, "");
  const lines = text.split("\n");
  if (lines.length > 1) lines.pop();
  return lines
    .map((line) => line.replace(/\r$/, ""))
    .filter((line) => line.trim() !== "")
    .slice(0, SAMPLE);
}

/** Whether the lines are surely columns, whatever their file is called: a header with a key and something else, or numbers between blanks. */
export function looksLikeColumns(head: Buffer): boolean {
  if (!isText(head)) return false;
  const lines = sampleLines(head);
  if (lines.length < LEAST_LINES) return false;
  const delimiter = judgeDelimiter(lines);
  const rows = split(lines, delimiter);
  if (rows === null || !rows.every(({ length }) => length === rows[0].length)) return false;
  const found = knownPositions(rows[0]).positions;
  if (found.id >= 0 && COLUMN_FIELDS.some((field) => field !== "id" && found[field] >= 0)) return true;
  return rows[0].length > 2 && guess(rows, delimiter) !== null;
}

/** Whether the lines may be columns: all have as many fields, and between blanks are more than words. */
export function mayBeColumns(head: Buffer): boolean {
  if (!isText(head)) return false;
  const lines = sampleLines(head);
  if (lines.length === 0) return false;
  const delimiter = judgeDelimiter(lines);
  const rows = split(lines, delimiter);
  if (rows === null || rows[0].length < 2 || !rows.every(({ length }) => length === rows[0].length)) return false;
  return delimiter !== " " || knownPositions(rows[0]).positions.id >= 0 || guess(rows, delimiter) !== null;
}

/**
 * @param where the file and its first line
 * @throws InvalidArgumentError when nothing tells which column is the key, or a column that is named is not there
 */
export function layOut(lines: readonly string[], spec: ColumnSpec | undefined, where: string): Layout {
  const delimiter = spec?.delimiter ?? judgeDelimiter(lines);
  const first = splitFields(lines[0] ?? "", delimiter);
  if (first === undefined) {
    throw new InvalidArgumentError(
      `${where}: ${shown(lines[0])}: a quoted field does not end on its line, or goes on after its quote`,
    );
  }
  return spec === undefined ? judged(first, lines, delimiter, where) : asked(first, lines, delimiter, spec, where);
}

/** The fields of a header as names: without the `#` that comments it out. */
function namesOf(fields: readonly string[]): string[] {
  const [first, ...rest] = fields;
  const names = first.trim() === "#" ? rest : [first.replace(/^\s*#\s*/, ""), ...rest];
  return names.map((name) => name.trim());
}

function knownPositions(fields: readonly string[]) {
  const names = namesOf(fields).map((name) => name.toLowerCase().replaceAll("-", "_"));
  const stems = names.map((name) => unitOfName(name));
  const positions = Object.fromEntries(
    COLUMN_FIELDS.map((field) => {
      const isTime = field === "time" || field === "ttl";
      const known = KNOWN_HEADERS[field].map((name) =>
        names.findIndex((header, i) => header === name || (isTime && stems[i].stem.trim() === name)),
      );
      return [field, known.find((position) => position >= 0) ?? -1];
    }),
  ) as Positions;
  return { positions, units: stems.map(({ unit }) => unit) };
}

function judged(first: readonly string[], lines: readonly string[], delimiter: string, where: string): Layout {
  const { positions, units } = knownPositions(first);
  if (positions.id >= 0) {
    return {
      ...{ delimiter, positions, header: namesOf(first), by: "header", warnings: [] },
      timeUnit: positions.time < 0 ? null : units[positions.time],
      ttlUnit: positions.ttl < 0 ? null : units[positions.ttl],
      isCacheLib: positions.count >= 0 && positions.op >= 0,
    };
  }
  const rows = split(lines, delimiter);
  const guessed = rows === null ? null : guess(rows, delimiter);
  if (guessed === null) {
    throw new InvalidArgumentError(
      `${where}: no header with an id column (${KNOWN_HEADERS.id.join(", ")}), and the lines do not show which column is what; expected --columns id=NUMBER,time=…,size=…`,
    );
  }
  const { what, positions: at } = guessed;
  const warning = `no header names the columns: they are taken for ${what}; --columns decides`;
  return {
    ...{ delimiter, positions: at, header: null, by: "content", warnings: [warning] },
    ...{ timeUnit: null, ttlUnit: null, isCacheLib: at.count >= 0 },
  };
}

function asked(
  first: readonly string[],
  lines: readonly string[],
  delimiter: string,
  spec: ColumnSpec,
  where: string,
): Layout {
  const named = [...spec.fields.values()].some((column) => typeof column === "string");
  const names = namesOf(first);
  const positions = Object.fromEntries(
    COLUMN_FIELDS.map((name) => [name, position(spec.fields.get(name), names, where)]),
  ) as Positions;
  const header = spec.header ?? (named || looksLikeHeader(first, lines, delimiter));
  const unitAt = (at: number) => (header && at >= 0 && at < names.length ? unitOfName(names[at]).unit : null);
  return {
    ...{ delimiter, positions, header: header ? names : null, by: "option", warnings: [] },
    ...{ timeUnit: unitAt(positions.time), ttlUnit: unitAt(positions.ttl) },
    isCacheLib: positions.count >= 0 && positions.op >= 0,
  };
}

function position(column: number | string | undefined, header: readonly string[], where: string): number {
  if (column === undefined) return -1;
  if (typeof column === "number") return column - 1;
  const found = header.indexOf(column);
  if (found < 0) {
    throw new InvalidArgumentError(
      `${where}: no column named ${shown(column)} in the header (${shown(header.join(","))}); --columns must name columns that exist`,
    );
  }
  return found;
}

/** Columns by number: a header has a usual name somewhere, or words above a column of nothing but numbers. */
function looksLikeHeader(first: readonly string[], lines: readonly string[], delimiter: string): boolean {
  if (Object.values(knownPositions(first).positions).some((at) => at >= 0)) return true;
  const rows = lines.slice(1).map((line) => splitFields(line, delimiter));
  return first.some(
    (name, column) => !isNumber(name) && rows.length > 0 && rows.every((row) => isNumber(row?.[column] ?? "")),
  );
}

function isNumber(text: string): boolean {
  return text.trim() !== "" && Number.isFinite(Number(text));
}

const NONE = { id: -1, time: -1, size: -1, op: -1, ttl: -1, count: -1 } as const;

/** Layouts that are usual without a header, where the lines fit them. */
function guess(rows: readonly (readonly string[])[], delimiter: string): { what: string; positions: Positions } | null {
  const columns = rows[0].length;
  if (rows.length < LEAST_LINES || !rows.every(({ length }) => length === columns)) return null;
  const all = (column: number, is: (text: string) => boolean) => rows.every((row) => is(row[column].trim()));
  if (columns >= 5 && all(1, namesOperation) && [2, 3, 4].every((column) => all(column, isWhole))) {
    const ttl = columns > 5 && all(5, isWhole) ? 5 : -1;
    const what = `key, operation, size, op_count, key size${ttl < 0 ? "" : ", ttl"}, as CacheLib writes them`;
    return { what, positions: { ...NONE, id: 0, op: 1, size: 2, count: 3, ttl } };
  }
  if (delimiter !== " " && delimiter !== "\t") return null;
  const rises = all(0, isNumber) && rows.every((row, i) => i === 0 || Number(row[0]) >= Number(rows[i - 1][0]));
  if (!rises) return null;
  if (columns === 2) return { what: "time, key", positions: { ...NONE, time: 0, id: 1 } };
  return all(2, isWhole) ? { what: "time, key, size", positions: { ...NONE, time: 0, id: 1, size: 2 } } : null;
}

function isWhole(text: string): boolean {
  return /^[0-9]{1,16}$/.test(text);
}

/** The one that all lines have as often, the most often; else the one that shows a usual header, or stands in the first line most often. */
function judgeDelimiter(lines: readonly string[]): string {
  const candidates = Object.values(DELIMITERS).map((delimiter) => {
    const first = splitFields(lines[0] ?? "", delimiter) ?? [];
    const fits = first.length > 1 && lines.every((line) => splitFields(line, delimiter)?.length === first.length);
    const known = first.length > 1 && knownPositions(first).positions.id >= 0;
    // a blank may be part of a key or of a time: it is asked last
    const weight = delimiter === " " ? 1 : first.length;
    return { delimiter, fields: first.length, rank: (known ? 2e9 : 0) + (fits ? 1e9 : 0) + weight };
  });
  const best = candidates.reduce((one, other) => (other.rank > one.rank ? other : one));
  return best.fields > 1 ? best.delimiter : ",";
}

function split(lines: readonly string[], delimiter: string): string[][] | null {
  const rows = lines.map((line) => splitFields(line, delimiter));
  return rows.every((row) => row !== undefined) ? (rows as string[][]) : null;
}

/** One line for people: which columns are what. */
export function describeLayout({ delimiter, positions, header, by }: Layout, operations: string | null): string {
  const name = Object.entries(DELIMITERS).find(([, character]) => character === delimiter)?.[0] ?? delimiter;
  const columns = COLUMN_FIELDS.filter((field) => positions[field] >= 0).map((field) => {
    const at = positions[field];
    const title = header === null || at >= header.length ? "" : ` ${shown(header[at])}`;
    return `${field === "id" ? "key" : field} from column ${at + 1}${title}`;
  });
  const how = { option: "as --columns says", header: "by the header", content: "by the look of the first lines" }[by];
  const top = by === "option" ? (header === null ? ", no header line" : ", the first line is a header") : "";
  return `${columns.join(", ")} (${how}${top}; between columns: ${name}${operations === null ? "" : `; ${operations}`})`;
}
