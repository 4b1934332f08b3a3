/** Bytes of the shared memory that a thread has to itself until it gives them back: what `store.buffer()` hands out. */

import { describe } from "../check.js";
import { allSlots, chunkSizeFor, ENTRY_ROOM, result, slabStart, slabsFor } from "../core/index.js";
import { InvalidArgumentError, OutOfMemoryError } from "../errors.js";
import { formatBytes } from "../units.js";
import { noRoomForLarge } from "./large.js";
import type { WorkerConnection } from "./worker.js";

/**
 * Of the pool, what all threads' buffers may take together. A view that a program forgot comes back when the garbage collector gets to
 * it, which may be never; entries, and what a backup keeps for its cut, must not have to live on what such views leave.
 */
const SHARE_MAX = 7 / 8;

/** What a thread holds of the shared memory by `buffer()`. */
export interface HeldBuffers {
  /** Node's number of the thread (`threadId`). */
  thread: number;
  /** How many it holds. */
  buffers: number;
  /** Of their chunks. */
  bytes: number;
}

/** Threads that hold buffers, those with the most bytes first: each as of some moment during the call. */
export function heldBuffers(worker: WorkerConnection): HeldBuffers[] {
  const held: HeldBuffers[] = [];
  for (const { thread, bufferCount: buffers, bufferBytes: bytes } of allSlots(worker.header)) {
    if (buffers > 0) held.push({ thread, buffers, bytes });
  }
  return held.sort((a, b) => b.bytes - a.bytes);
}

/** The same in words, for errors; empty when nobody holds any. */
export function describeHeld(held: readonly HeldBuffers[]): string {
  if (held.length === 0) return "";
  const holders = held.slice(0, 3).map(({ thread, buffers, bytes }) => {
    return `thread ${thread} holds ${formatBytes(bytes)} in ${buffers} buffer${buffers === 1 ? "" : "s"}`;
  });
  if (held.length > 3) holders.push(`${held.length - 3} more threads hold some`);
  return `${holders.join(", ")} (buffer() views that were not given back by returnBuffer())`;
}

/** Views that were never given back. One registry for all stores of the thread, which no one collects (decision 0075). */
const abandoned = new FinalizationRegistry<{ worker: WeakRef<WorkerConnection>; chunk: number }>(
  ({ worker: weakly, chunk }) => {
    const worker = weakly.deref();
    if (worker !== undefined && !worker.closed) worker.engine.returnBuffer(chunk);
  },
);

export class Buffers {
  private readonly worker: WorkerConnection;
  /** Chunks of the buffers that are out. */
  private readonly lent = new WeakMap<Uint8Array, number>();

  constructor(worker: WorkerConnection) {
    this.worker = worker;
  }

  /** @throws InvalidArgumentError, OutOfMemoryError */
  take(length: number): Uint8Array {
    const { worker } = this;
    const most = Math.max(ENTRY_ROOM, worker.valueLimit.bytes);
    if (!Number.isInteger(length) || length < 1 || length > most) {
      throw new InvalidArgumentError(
        `buffer length is ${describe(length)}; expected a whole number from 1 to ${most}, as long as a value may be`,
      );
    }
    this.checkShare(length);
    let chunk = worker.engine.takeBuffer(length) >>> 0;
    if (chunk === 0 && worker.sweepDead() > 0) chunk = worker.engine.takeBuffer(length) >>> 0;
    if (chunk === 0 && length > ENTRY_ROOM) throw noRoomForLarge(worker, length, "buffer");
    if (chunk === 0) {
      const held = describeHeld(heldBuffers(worker));
      throw new OutOfMemoryError(`no chunk is free for a buffer of ${length} bytes${held === "" ? "" : `; ${held}`}`);
    }
    const view = new Uint8Array(worker.currentBuffer(), worker.out[result.ADDRESS], length);
    abandoned.register(view, { worker: worker.weakly, chunk }, view);
    this.lent.set(view, chunk);
    return view;
  }

  private checkShare(length: number): void {
    const { worker } = this;
    const held = heldBuffers(worker);
    const bytes = held.reduce((sum, holder) => sum + holder.bytes, 0);
    const most = worker.header.poolBytes * SHARE_MAX;
    if (bytes + bytesFor(length) <= most) return;
    throw new OutOfMemoryError(
      `a buffer of ${length} bytes would be beyond the seven eighths of the pool that buffers may take, ${formatBytes(most)}: ${describeHeld(held)}`,
    );
  }

  /** @throws InvalidArgumentError for anything but a view that is out */
  giveBack(buffer: Uint8Array): void {
    const chunk = this.lent.get(buffer);
    if (chunk === undefined) throw new InvalidArgumentError("returnBuffer takes a view that came from buffer(), once");
    this.lent.delete(buffer);
    abandoned.unregister(buffer);
    this.worker.engine.returnBuffer(chunk);
  }
}

/** Bytes of the pool that a buffer takes: its chunk, or its slabs. */
function bytesFor(length: number): number {
  return length > ENTRY_ROOM ? slabStart(slabsFor(length)) : chunkSizeFor(length);
}
