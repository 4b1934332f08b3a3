/**
 * What logs of other programs have in common: a line is a request, or none; what is none is skipped and counted, for such logs hold
 * lines of all sorts, and a file of nothing else is refused.
 */
import { InvalidArgumentError } from "../../../src/errors.js";
import { OP_DELETE, OP_GET, OP_OTHER, OP_SET } from "../../operations.js";
import { TraceBatch, type TraceColumns } from "../batch.js";
import type { ReadingNotes } from "../format.js";
import { lineBlocks, shown } from "../lines.js";
import type { ByteSource } from "../source.js";
import { namedOperation } from "./csv-operations.js";

/** A request as it is put into a batch; one object is filled again and again. */
export interface LogRequest {
  key: string;
  /** Seconds. */
  time: number;
  size: number;
  op: number;
  ttl: number;
}

/** Puts a request, from the scratch object, behind the others of the line. */
export type Put = () => void;

/** @returns why there is no request in the line; null: there is */
export type ReadLine = (line: string, request: LogRequest, put: Put) => string | null;

/**
 * @param expected for the message where no line is a request
 * @throws InvalidArgumentError naming the first line and why, where none is a request
 */
export async function* logRequests(
  source: ByteSource,
  columns: Partial<TraceColumns>,
  readLine: ReadLine,
  { reading, expected }: { reading: ReadingNotes; expected: string },
): AsyncGenerator<TraceBatch> {
  const request: LogRequest = { key: "", time: 0, size: 0, op: OP_GET, ttl: 0 };
  let batch = new TraceBatch("string", columns);
  const full: TraceBatch[] = [];
  const put = () => {
    const n = batch.count++;
    batch.keys[n] = request.key;
    if (columns.time) batch.times[n] = request.time;
    if (columns.size) batch.sizes[n] = request.size;
    if (columns.op) batch.ops[n] = request.op;
    if (columns.ttl) batch.ttls[n] = request.ttl;
    if (!batch.full) return;
    // One line may stand for more requests than a batch holds.
    full.push(batch);
    batch = new TraceBatch("string", columns);
  };
  let read = 0;
  const skipped = { lines: 0, first: "" };
  for await (const { lines, firstLine } of lineBlocks(source)) {
    for (let i = 0; i < lines.length; i++) {
      const line = lines[i];
      if (line === "") continue;
      const why = readLine(line, request, put);
      if (why === null) read++;
      else if (skipped.lines++ === 0) skipped.first = `line ${firstLine + i}: ${shown(line)}: ${why}`;
      while (full.length > 0) yield full.shift() as TraceBatch;
    }
  }
  if (read === 0 && skipped.lines > 0) {
    throw new InvalidArgumentError(`${source.path}: no line is a request (${skipped.first}); expected ${expected}`);
  }
  // Before the last batch: whoever reads takes the warnings when all has come.
  if (skipped.lines > 0) {
    const many = skipped.lines === 1 ? "1 line is" : `${skipped.lines.toLocaleString("en-US")} lines are`;
    reading.warnings.push(`${many} no request and left out, the first of them ${skipped.first}`);
  }
  if (batch.count > 0) yield batch;
}

/** Of a request's method, an operation's name, or a cache's command. Undefined: it is none that is known. */
export function operationOf(text: string): number | undefined {
  return HTTP.get(text.toUpperCase()) ?? namedOperation(text);
}

/** What a method does to a cache of what it names. A POST goes past it. */
const HTTP: ReadonlyMap<string, number> = new Map([
  ...["GET", "HEAD"].map((name) => [name, OP_GET] as const),
  ["PUT", OP_SET],
  ["DELETE", OP_DELETE],
  ...["POST", "PATCH", "OPTIONS", "TRACE", "CONNECT", "PROPFIND", "PURGE"].map((name) => [name, OP_OTHER] as const),
]);

const MONTHS = ["jan", "feb", "mar", "apr", "may", "jun", "jul", "aug", "sep", "oct", "nov", "dec"];
const LOG_TIME = /^(\d{1,2})\/(\w{3})\/(\d{4}):(\d{2}):(\d{2}):(\d{2})(?:\.\d+)? ?([+-])(\d{2})(\d{2})$/;

/** Seconds since 1970 of a log's time, `10/Oct/2000:13:55:36 -0700`, or of an ISO 8601 one; NaN: it is neither. */
export function secondsOfDate(text: string): number {
  const match = LOG_TIME.exec(text);
  if (match === null) return /^\d{4}-\d\d-\d\d/.test(text) ? Date.parse(text) / 1000 : Number.NaN;
  const [, day, month, year, hours, minutes, rest, sign, zoneHours, zoneMinutes] = match;
  const at = Date.UTC(+year, MONTHS.indexOf(month.toLowerCase()), +day, +hours, +minutes, +rest) / 1000;
  const zone = (+zoneHours * 60 + +zoneMinutes) * 60 * (sign === "-" ? -1 : 1);
  return MONTHS.includes(month.toLowerCase()) ? at - zone : Number.NaN;
}
