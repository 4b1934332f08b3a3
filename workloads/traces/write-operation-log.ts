/** A trace as an operation log of one stream (src/recording/format.ts has the bytes), as if one thread had been recorded. */
import { crc32 } from "node:zlib";
import {
  BLOCK_RECORDS,
  HEADER_BYTES,
  HEADER_CRC_AT,
  LAST_BLOCK,
  LOG_MAGIC,
  LOG_VERSION,
  LOGGED_DELETE,
  LOGGED_GET,
  LOGGED_INCREMENT,
  LOGGED_SET,
  RECORD_BYTES,
} from "../../src/recording/format.js";
import {
  OP_DELETE,
  OP_GET,
  OP_GET_OR_SET,
  OP_INCREMENT,
  OP_INSERT,
  OP_OTHER,
  OP_READ_MODIFY_WRITE,
  OP_SET,
} from "../operations.js";
import type { Trace } from "./open.js";

const STREAM = 1;
const STORE = 1;
const LARGEST = 2 ** 32 - 1;
/** A log knows four operations; the others of a trace are written as the one that asks the same of a cache. */
const LOGGED = new Map([
  [OP_GET, LOGGED_GET],
  [OP_SET, LOGGED_SET],
  [OP_DELETE, LOGGED_DELETE],
  [OP_INCREMENT, LOGGED_INCREMENT],
  [OP_READ_MODIFY_WRITE, LOGGED_INCREMENT],
  [OP_INSERT, LOGGED_SET],
  [OP_GET_OR_SET, LOGGED_GET],
]);

/** Whether all of a trace's operations are among those a log knows. */
export function logKnowsOperations({ ops }: Trace): boolean {
  return ops === null || ops.every((op) => op <= OP_INCREMENT);
}

/** Requests that a log has no name for, because they neither read nor write: they are left out. */
export function unloggedRequests({ ops }: Trace): number {
  return ops === null ? 0 : ops.reduce((count, op) => count + (op === OP_OTHER ? 1 : 0), 0);
}

/** The trace without them. */
export function loggedPart(trace: Trace): Trace {
  const { ops } = trace;
  if (ops === null || unloggedRequests(trace) === 0) return trace;
  const logged = <C extends Uint32Array | Uint8Array | Float64Array>(column: C): C =>
    column.filter((_, i) => ops[i] !== OP_OTHER) as C;
  return {
    ...trace,
    requests: trace.requests - unloggedRequests(trace),
    ids: logged(trace.ids),
    ops: logged(ops),
    sizes: trace.sizes && logged(trace.sizes),
    times: trace.times && logged(trace.times),
    ttls: trace.ttls && logged(trace.ttls),
  };
}

/**
 * Blocks of a log. Sizes are written as the value's, with a key of no bytes, and are 1 where the trace has none; times come back from the first
 * request on, to the microsecond, and are 0 where it has none; ttls of more than 49 days are cut to that.
 *
 * @param lo the lower halves of the keys' 64 bits, by dense number
 * @param hi the upper ones
 */
export function* operationLogBlocks(trace: Trace, lo: Uint32Array, hi: Uint32Array): Generator<Uint8Array> {
  let from = 0;
  while (from < trace.requests) {
    const base = microseconds(trace, from);
    let to = from + 1;
    while (to < trace.requests && to - from < BLOCK_RECORDS && fits(microseconds(trace, to) - base)) to++;
    const block = Buffer.alloc(HEADER_BYTES + (to - from) * RECORD_BYTES);
    for (let i = from; i < to; i++) {
      const at = HEADER_BYTES + (i - from) * RECORD_BYTES;
      const id = trace.ids[i];
      block.writeUInt32LE(lo[id], at);
      block.writeUInt32LE(hi[id], at + 4);
      block.writeUInt32LE(microseconds(trace, i) - base, at + 8);
      block.writeUInt32LE(trace.sizes?.[i] ?? 1, at + 12);
      block.writeUInt32LE(Math.min(Math.ceil((trace.ttls?.[i] ?? 0) * 1000), LARGEST), at + 16);
      block.writeUInt8(LOGGED.get(trace.ops?.[i] ?? OP_GET) ?? LOGGED_GET, at + 22);
    }
    writeHeader(block, to - from, base, to === trace.requests);
    yield block;
    from = to;
  }
}

function microseconds({ times }: Trace, request: number): number {
  return Math.round((times?.[request] ?? 0) * 1e6);
}

/** Times of a block are 32 bits from its first one on: where a trace's times go back, or on for more than an hour, another block begins. */
function fits(us: number): boolean {
  return us >= 0 && us <= LARGEST;
}

function writeHeader(block: Buffer, records: number, base: number, last: boolean): void {
  block.set(LOG_MAGIC);
  block.writeUInt32LE(LOG_VERSION, 8);
  block.writeUInt32LE(records, 12);
  block.writeUInt32LE(crc32(block.subarray(HEADER_BYTES)), 16);
  block.writeUInt32LE(STREAM, 20);
  block.writeDoubleLE(base, 24);
  block.writeUInt32LE(STORE, 32);
  block.writeUInt32LE(last ? LAST_BLOCK : 0, 40);
  block.writeUInt32LE(crc32(block.subarray(0, HEADER_CRC_AT)), HEADER_CRC_AT);
}
