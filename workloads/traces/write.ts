/** Writing traces: oracleGeneral (with the next access computed), csv, txt and operation logs. Whole or not at all; gzipped when the name ends in .gz. */
import { InvalidArgumentError } from "../../src/errors.js";
import { writeWhole } from "../../src/write-whole.js";
import { closest } from "../closest.js";
import { OP_GET, OPERATION_NAMES } from "../operations.js";
import { type Halves, parseInt64 } from "./decimal.js";
import { NumberInterner } from "./interner.js";
import { refuseUnfit } from "./losses.js";
import type { Trace } from "./open.js";
import { loggedPart, operationLogBlocks } from "./write-operation-log.js";

export const WRITABLE_FORMATS = ["oracleGeneral", "csv", "txt", "oplog"] as const;
export type WritableFormat = (typeof WRITABLE_FORMATS)[number];

export interface WrittenTrace {
  /** All of the trace's, but in an operation log those that neither read nor write. */
  readonly requests: number;
  /**
   * oracleGeneral and oplog only know 64-bit numbers: true when keys that are not decimal numbers were replaced by their dense
   * numbers (0, 1, 2 … by first appearance).
   */
  readonly renumbered: boolean;
}

/** Requests turned into bytes at a time. */
const CHUNK = 8192;
const RECORD = 24;
const NEVER = -1;

/** For each request the 0-based index of the next request of the same key, -1 when there is none. One pass from the end. */
export function nextAccesses(ids: Uint32Array, distinct: number): Int32Array {
  const next = new Int32Array(ids.length);
  const seen = new Int32Array(distinct).fill(NEVER);
  for (let i = ids.length - 1; i >= 0; i--) {
    next[i] = seen[ids[i]];
    seen[ids[i]] = i;
  }
  return next;
}

/**
 * Writes a trace. Throws InvalidArgumentError: unknown format, the path cannot be written, a key the format cannot hold (txt
 * and a line break), a time or a size that would come out as another one. What is only left out `lossesOf` tells.
 */
export async function writeTrace(path: string, trace: Trace, format: string): Promise<WrittenTrace> {
  switch (format) {
    case "oracleGeneral": {
      refuseUnfit(trace, format);
      const numbers = numericIds(trace);
      await writeWhole(path, oracleGeneralChunks(trace, numbers.lo, numbers.hi));
      return { requests: trace.requests, renumbered: numbers.renumbered };
    }
    case "oplog": {
      refuseUnfit(trace, format);
      const numbers = numericIds(trace);
      const logged = loggedPart(trace);
      if (logged.requests === 0) {
        throw new InvalidArgumentError(
          `${trace.name}: no request reads or writes; expected one at least for an operation log, which knows get, set, delete, increment`,
        );
      }
      await writeWhole(path, operationLogBlocks(logged, numbers.lo, numbers.hi));
      return { requests: logged.requests, renumbered: numbers.renumbered };
    }
    case "csv":
      await writeWhole(path, csvChunks(trace));
      return { requests: trace.requests, renumbered: false };
    case "txt":
      await writeWhole(path, txtChunks(trace));
      return { requests: trace.requests, renumbered: false };
    default:
      throw new InvalidArgumentError(
        `cannot write trace format ${JSON.stringify(format)}${closest(format, WRITABLE_FORMATS)}; expected one of ${WRITABLE_FORMATS.join(", ")}`,
      );
  }
}

/** Times are whole seconds in 32 bits here, 0 where the trace has none; sizes are 1 where it has none. */
function* oracleGeneralChunks(trace: Trace, lo: Uint32Array, hi: Uint32Array): Generator<Uint8Array> {
  const next = nextAccesses(trace.ids, trace.distinct);
  for (let from = 0; from < trace.requests; from += CHUNK) {
    const to = Math.min(from + CHUNK, trace.requests);
    const bytes = new Uint8Array((to - from) * RECORD);
    const view = new DataView(bytes.buffer);
    for (let i = from; i < to; i++) {
      const at = (i - from) * RECORD;
      view.setUint32(at, Math.floor(trace.times?.[i] ?? 0), true);
      view.setUint32(at + 4, lo[trace.ids[i]], true);
      view.setUint32(at + 8, hi[trace.ids[i]], true);
      view.setUint32(at + 12, trace.sizes?.[i] ?? 1, true);
      // 1-based request numbers in the file; indices here stay below 2^31.
      const number = next[i] === NEVER ? NEVER : next[i] + 1;
      view.setInt32(at + 16, number, true);
      view.setInt32(at + 20, number < 0 ? -1 : 0, true);
    }
    yield bytes;
  }
}

function numericIds(trace: Trace) {
  const lo = new Uint32Array(trace.distinct);
  const hi = new Uint32Array(trace.distinct);
  const id: Halves = { lo: 0, hi: 0 };
  const written = new NumberInterner(false, trace.distinct);
  for (let dense = 0; dense < trace.distinct; dense++) {
    const key = trace.keyOf(dense);
    // The same 64 bits twice: -1 and 2^64 - 1 are two keys in text and would be one in the file.
    const numeric = readNumber(key, id) && written.intern(id.lo, id.hi) === dense;
    if (!numeric) return { ...denseIds(trace.distinct), renumbered: true };
    lo[dense] = id.lo;
    hi[dense] = id.hi;
  }
  return { lo, hi, renumbered: false };
}

/** Only numbers that print back as they stood: "007" and "7" are two keys and must not become one. */
function readNumber(key: string, out: Halves): boolean {
  if (!/^(0|-?[1-9][0-9]{0,19})$/.test(key)) return false;
  if (parseInt64(key, out)) return true;
  const big = BigInt(key);
  // The file's ids are unsigned: 2^63 and up fit.
  if (big < 0n || big >= 1n << 64n) return false;
  out.lo = Number(big & 0xffffffffn);
  out.hi = Number(big >> 32n);
  return true;
}

function denseIds(distinct: number) {
  return { lo: Uint32Array.from({ length: distinct }, (_, dense) => dense), hi: new Uint32Array(distinct) };
}

function* csvChunks(trace: Trace): Generator<string> {
  const columns = ["time", "id", "size", "op", "ttl"];
  const present = [trace.times, trace.ids, trace.sizes, trace.ops, trace.ttls].map((column) => column !== null);
  yield `${columns.filter((_, i) => present[i]).join(",")}\n`;
  const keys = Array.from({ length: trace.distinct }, (_, dense) => quoted(trace.keyOf(dense)));
  for (let from = 0; from < trace.requests; from += CHUNK) {
    let text = "";
    for (let i = from; i < Math.min(from + CHUNK, trace.requests); i++) {
      if (trace.times !== null) text += `${trace.times[i]},`;
      text += keys[trace.ids[i]];
      if (trace.sizes !== null) text += `,${trace.sizes[i]}`;
      if (trace.ops !== null) text += `,${OPERATION_NAMES[trace.ops[i]] ?? OPERATION_NAMES[OP_GET]}`;
      if (trace.ttls !== null) text += `,${trace.ttls[i]}`;
      text += "\n";
    }
    yield text;
  }
}

function* txtChunks(trace: Trace): Generator<string> {
  for (let from = 0; from < trace.requests; from += CHUNK) {
    let text = "";
    for (let i = from; i < Math.min(from + CHUNK, trace.requests); i++)
      text += `${oneLine(trace.keyOf(trace.ids[i]))}\n`;
    yield text;
  }
}

function quoted(key: string): string {
  return /[",\t;|]|^\s|\s$/.test(oneLine(key)) ? `"${key.replaceAll('"', '""')}"` : key;
}

function oneLine(key: string): string {
  if (/[\n\r\0]/.test(key) || key === "")
    throw new InvalidArgumentError(
      `key ${JSON.stringify(key)} cannot stand on a line of text; write oracleGeneral instead`,
    );
  return key;
}
