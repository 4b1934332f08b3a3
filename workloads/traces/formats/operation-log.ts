/**
 * oplog: the project's own log of what a running program asked of its stores (src/recording/format.ts has the bytes). Requests come out in the
 * order of their times, whichever threads and processes they are from. What a crash left of a block is skipped, with a warning of the process.
 */

import { InvalidArgumentError } from "../../../src/errors.js";
import {
  HEADER_BYTES,
  LOG_MAGIC,
  LOGGED_DELETE,
  LOGGED_GET,
  LOGGED_INCREMENT,
  LOGGED_SET,
  RECORD_BYTES,
} from "../../../src/recording/format.js";
import { OP_DELETE, OP_GET, OP_INCREMENT, OP_SET } from "../../operations.js";
import { TraceBatch } from "../batch.js";
import type { ReadOptions, Skipped, TraceFormat } from "../format.js";
import type { ByteSource } from "../source.js";
import { type Block, wholeBlocks } from "./operation-log-blocks.js";

/** Blocks held at least, since another thread may turn up with operations that came before these, as long as the file lasts: up to 12 MiB. */
const LOOK_AHEAD = 128;
/** Blocks held at most, while a thread that is known says nothing: up to 48 MiB. Should it have had something to say after all, that comes late. */
const MOST_PENDING = 512;

const OPS = new Map([
  [LOGGED_GET, OP_GET],
  [LOGGED_SET, OP_SET],
  [LOGGED_DELETE, OP_DELETE],
  [LOGGED_INCREMENT, OP_INCREMENT],
]);

/** Blocks of one recorder that wait for others to catch up. */
interface Stream {
  readonly blocks: Block[];
  /** The next record of the first block. */
  next: number;
  ended: boolean;
}

export const operationLog: TraceFormat = {
  name: "oplog",
  description: "operation log of a recorded program (engram trace record, store.record)",
  endings: [".oplog"],
  looksLike: (head) => head.length >= HEADER_BYTES && head.subarray(0, LOG_MAGIC.length).equals(LOG_MAGIC),
  read,
};

async function* read(source: ByteSource, { onSkipped, reading }: ReadOptions): AsyncGenerator<TraceBatch> {
  reading.unknownSizes = true;
  const batch = new TraceBatch("number", { size: true, op: true, time: true, ttl: true });
  const streams = new Map<number, Stream>();
  let pending = 0;
  let start = Number.NaN;
  let firstStore = 0;

  function* emit(everything: boolean): Generator<TraceBatch> {
    for (;;) {
      if (!everything && (pending <= LOOK_AHEAD || (pending <= MOST_PENDING && awaited(streams)))) return;
      const turn = nextTurn(streams);
      if (turn === null) return;
      const block = turn.stream.blocks[0];
      if (Number.isNaN(start)) {
        start = block.base;
        firstStore = block.store;
      }
      while (turn.stream.next < block.records) {
        const time = timeOf(block, turn.stream.next);
        if (time > turn.until) break;
        add(batch, block, turn.stream.next++, time - start, source.path, firstStore);
        if (batch.full) {
          yield batch;
          batch.count = 0;
        }
      }
      if (turn.stream.next < block.records) continue;
      turn.stream.blocks.shift();
      turn.stream.next = 0;
      pending--;
    }
  }

  const warn = (skipped: Skipped) => {
    const { offset, bytes, reason } = skipped;
    const what = `${source.path}: byte ${offset}: ${reason}: ${bytes} bytes skipped, the rest is read`;
    process.emitWarning(what, "TraceWarning");
    onSkipped?.(skipped);
  };
  for await (const block of wholeBlocks(source, warn)) {
    let stream = streams.get(block.stream);
    if (stream === undefined) {
      stream = { blocks: [], next: 0, ended: false };
      streams.set(block.stream, stream);
    }
    stream.ended = block.last;
    if (block.records > 0) {
      stream.blocks.push(block);
      pending++;
    }
    yield* emit(false);
  }
  yield* emit(true);
  if (batch.count > 0) yield batch;
}

/** Whether a stream that goes on has nothing here: what it writes next may come before what others have written. */
function awaited(streams: ReadonlyMap<number, Stream>): boolean {
  for (const { blocks, ended } of streams.values()) if (!ended && blocks.length === 0) return true;
  return false;
}

/** The stream whose next record is the earliest, and the time of the earliest of the others. */
function nextTurn(streams: ReadonlyMap<number, Stream>): { stream: Stream; until: number } | null {
  let first: Stream | null = null;
  let earliest = Number.POSITIVE_INFINITY;
  let until = Number.POSITIVE_INFINITY;
  for (const stream of streams.values()) {
    if (stream.blocks.length === 0) continue;
    const time = timeOf(stream.blocks[0], stream.next);
    if (time < earliest || first === null) {
      until = earliest;
      earliest = time;
      first = stream;
    } else if (time < until) {
      until = time;
    }
  }
  return first === null ? null : { stream: first, until };
}

function timeOf({ base, view }: Block, record: number): number {
  return base + view.getUint32(record * RECORD_BYTES + 8, true);
}

function add(batch: TraceBatch, block: Block, record: number, us: number, path: string, firstStore: number): void {
  const at = record * RECORD_BYTES;
  const { view, store } = block;
  const code = view.getUint8(at + 22);
  const op = OPS.get(code);
  if (op === undefined) {
    throw new InvalidArgumentError(
      `${path}: byte ${block.offset + at + 22}: operation ${code}; expected 0 to ${LOGGED_INCREMENT}`,
    );
  }
  const n = batch.count++;
  batch.lo[n] = view.getUint32(at, true);
  // keys of other stores of the program are other keys
  batch.hi[n] = (view.getUint32(at + 4, true) ^ Math.imul(store ^ firstStore, 0x9e3779b1)) >>> 0;
  batch.ops[n] = op;
  batch.times[n] = us / 1e6;
  batch.ttls[n] = Math.ceil(view.getUint32(at + 16, true) / 1000);
  const value = view.getUint32(at + 12, true);
  // what is not known stays 0; the size of a request is key and value together, as twr counts it
  batch.sizes[n] = value === 0 && op !== OP_SET ? 0 : Math.min(value + view.getUint16(at + 20, true), 0xffffffff);
}
