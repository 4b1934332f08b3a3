/**
 * csv: one request a line, columns as `--columns` says, or as a header with the usual names does. Fields may be quoted
 * (RFC 4180), but a quoted field may not run over the end of its line. Ids are strings as they stand.
 */
import { InvalidArgumentError } from "../../../src/store/errors.js";
import { OP_GET, OP_INCREMENT, OP_SET, OPERATION_NAMES } from "../../operations.js";
import { TraceBatch } from "../batch.js";
import { COLUMN_FIELDS, type ColumnField, type ColumnSpec, DELIMITERS } from "../columns.js";
import { parseUint32 } from "../decimal.js";
import type { TraceFormat } from "../format.js";
import { headLines } from "../head.js";
import { lineBlocks, shown } from "../lines.js";

/** Header names understood without `--columns`, compared in lower case. */
const KNOWN_HEADERS: Readonly<Record<ColumnField, readonly string[]>> = {
  id: ["id", "key", "obj_id", "object_id", "object", "lbn", "block"],
  time: ["time", "timestamp", "real_time", "clock_time"],
  size: ["size", "obj_size", "object_size", "bytes", "length"],
  op: ["op", "operation"],
  ttl: ["ttl"],
};

/** Our own names, and what other tools write for them. */
const OPS: ReadonlyMap<string, number> = new Map([
  ...OPERATION_NAMES.map((name, code): [string, number] => [name.toLowerCase(), code]),
  ["gets", OP_GET],
  ["read", OP_GET],
  ["r", OP_GET],
  ["put", OP_SET],
  ["write", OP_SET],
  ["w", OP_SET],
  ["add", OP_SET],
  ["replace", OP_SET],
  ["update", OP_SET],
  ["incr", OP_INCREMENT],
]);

/** 0-based position of each field; -1 = the file has none. */
type Positions = Readonly<Record<ColumnField, number>>;

export const csv: TraceFormat = {
  name: "csv",
  description: "text, columns by --columns id=2,time=1,size=3 or by a header line",
  endings: [".csv", ".tsv"],
  looksLike(head) {
    const lines = headLines(head).filter((line) => line !== "");
    if (lines.length === 0) return false;
    const delimiter = guessDelimiter(lines[0]);
    const fields = split(lines[0], delimiter)?.length ?? 1;
    return fields > 1 && lines.every((line) => split(line, delimiter)?.length === fields);
  },
  async *read(source, options) {
    const spec = options.columns;
    let layout: { delimiter: string; positions: Positions; header: boolean } | undefined;
    let batch: TraceBatch | undefined;
    for await (const { lines, firstLine } of lineBlocks(source)) {
      for (let i = 0; i < lines.length; i++) {
        const line = lines[i];
        if (line.trim() === "") continue;
        const where = `${source.path}:${firstLine + i}`;
        if (layout === undefined || batch === undefined) {
          layout = layOut(line, spec, where);
          const { size, op, time, ttl } = layout.positions;
          batch = new TraceBatch("string", { size: size >= 0, op: op >= 0, time: time >= 0, ttl: ttl >= 0 });
          if (layout.header) continue;
        }
        addRequest(batch, fieldsOf(line, layout.delimiter, where), layout.positions, where);
        if (batch.full) {
          yield batch;
          batch.count = 0;
        }
      }
    }
    if (batch !== undefined && batch.count > 0) yield batch;
  },
};

function addRequest(batch: TraceBatch, fields: string[], at: Positions, where: string): void {
  const n = batch.count;
  batch.keys[n] = field(fields, at.id, "id", where);
  if (batch.keys[n] === "")
    throw new InvalidArgumentError(`${where}: the id is empty; expected a key in column ${at.id + 1}`);
  if (at.time >= 0) batch.times[n] = number(field(fields, at.time, "time", where).trim(), where);
  if (at.size >= 0) batch.sizes[n] = uint32(field(fields, at.size, "size", where), "size", where);
  if (at.ttl >= 0) batch.ttls[n] = uint32(field(fields, at.ttl, "ttl", where), "ttl", where);
  if (at.op >= 0) batch.ops[n] = operation(field(fields, at.op, "op", where), where);
  batch.count = n + 1;
}

function field(fields: string[], position: number, name: ColumnField, where: string): string {
  if (position >= fields.length) {
    throw new InvalidArgumentError(`${where}: ${fields.length} column(s); expected ${name} in column ${position + 1}`);
  }
  return fields[position];
}

function number(text: string, where: string): number {
  const value = text === "" ? Number.NaN : Number(text);
  if (!Number.isFinite(value))
    throw new InvalidArgumentError(`${where}: time is ${shown(text)}; expected a number of seconds`);
  return value;
}

function uint32(text: string, name: string, where: string): number {
  const value = parseUint32(text.trim());
  if (value < 0)
    throw new InvalidArgumentError(`${where}: ${name} is ${shown(text)}; expected a whole number from 0 to 4294967295`);
  return value;
}

function operation(text: string, where: string): number {
  const code = OPS.get(text.trim().toLowerCase());
  if (code === undefined) {
    throw new InvalidArgumentError(
      `${where}: operation is ${shown(text)}; expected one of ${[...OPS.keys()].join(", ")}`,
    );
  }
  return code;
}

/** Judges the first line: delimiter, whether it is a header, which column is what. */
function layOut(line: string, spec: ColumnSpec | undefined, where: string) {
  const delimiter = spec?.delimiter ?? guessDelimiter(line);
  const fields = fieldsOf(line, delimiter, where);
  if (spec === undefined) return { delimiter, positions: knownHeader(fields, where), header: true };
  const named = [...spec.fields.values()].some((column) => typeof column === "string");
  const positions = Object.fromEntries(
    COLUMN_FIELDS.map((name) => [name, position(spec.fields.get(name), fields, where)]),
  ) as Positions;
  return { delimiter, positions, header: spec.header ?? (named || looksLikeHeader(fields, positions)) };
}

function position(column: number | string | undefined, header: string[], where: string): number {
  if (column === undefined) return -1;
  if (typeof column === "number") return column - 1;
  const found = header.findIndex((name) => name.trim() === column);
  if (found < 0) {
    throw new InvalidArgumentError(
      `${where}: no column named ${shown(column)} in the header (${shown(header.join(","))}); --columns must name columns that exist`,
    );
  }
  return found;
}

function knownHeader(fields: string[], where: string): Positions {
  const names = fields.map((name) => name.trim().toLowerCase());
  const positions = Object.fromEntries(
    COLUMN_FIELDS.map((name) => [name, names.findIndex((header) => KNOWN_HEADERS[name].includes(header))]),
  ) as Positions;
  if (positions.id < 0) {
    throw new InvalidArgumentError(
      `${where}: no header with an id column (${KNOWN_HEADERS.id.join(", ")}); expected one, or --columns id=NUMBER,time=…,size=…`,
    );
  }
  return positions;
}

/** Columns by number: the first line is a header when none of its numeric columns holds a number. */
function looksLikeHeader(fields: string[], at: Positions): boolean {
  const numeric = [at.time, at.size, at.ttl].filter((p) => p >= 0 && p < fields.length).map((p) => fields[p].trim());
  return numeric.length > 0 && numeric.every((text) => text === "" || !Number.isFinite(Number(text)));
}

function guessDelimiter(line: string): string {
  let best = ",";
  let most = 0;
  for (const delimiter of Object.values(DELIMITERS)) {
    const count = line.split(delimiter).length - 1;
    if (count > most) {
      best = delimiter;
      most = count;
    }
  }
  return best;
}

function fieldsOf(line: string, delimiter: string, where: string): string[] {
  const fields = split(line, delimiter);
  if (fields === undefined)
    throw new InvalidArgumentError(
      `${where}: ${shown(line)}: a quoted field does not end on its line, or goes on after its quote`,
    );
  return fields;
}

/** Fields of a line; undefined when the quotes do not match. */
function split(line: string, delimiter: string): string[] | undefined {
  if (!line.includes('"')) return line.split(delimiter);
  const fields: string[] = [];
  let at = 0;
  while (true) {
    let end: number;
    if (line[at] === '"') {
      end = closingQuote(line, at + 1);
      if (end < 0) return undefined;
      fields.push(line.slice(at + 1, end).replaceAll('""', '"'));
      end++;
      if (end < line.length && line[end] !== delimiter) return undefined;
    } else {
      const next = line.indexOf(delimiter, at);
      end = next < 0 ? line.length : next;
      fields.push(line.slice(at, end));
    }
    if (end >= line.length) return fields;
    at = end + 1;
  }
}

function closingQuote(line: string, from: number): number {
  let at = line.indexOf('"', from);
  while (at >= 0 && line[at + 1] === '"') at = line.indexOf('"', at + 2);
  return at;
}
