/**
 * Large values, as the host has them: a span of whole slabs that is taken, filled where it lies and handed to the engine, and given back
 * by whoever took it when that does not come about (src/core/assembly/large.ts).
 */
import { result, slabState, slabStates, slabsFor } from "../core/index.js";
import { OutOfMemoryError, ValueTooLargeError } from "../errors.js";
import { formatBytes } from "../units.js";
import { Window } from "./encoding.js";
import type { WorkerConnection } from "./worker.js";

/** A value's bytes, to be written where they shall be. */
export interface LargeSource {
  readonly length: number;
  /** Writes all of them. @param target of that length, in the shared memory */
  fill(target: Uint8Array): void;
}

export function sourceOf(bytes: Uint8Array, length: number): LargeSource {
  return { length, fill: (target) => target.set(bytes) };
}

const utf8 = new TextEncoder();

/** @param length of the text in UTF-8 */
export function sourceOfText(text: string, length: number): LargeSource {
  return {
    length,
    fill(target) {
      utf8.encodeInto(text, target);
    },
  };
}

/** @throws ValueTooLargeError naming the limit that it is beyond */
export function checkLarge({ valueLimit: { bytes, said } }: WorkerConnection, length: number, what: string): void {
  if (length > bytes) throw new ValueTooLargeError(`a ${what} has ${length} bytes; the limit is ${said}`);
}

/** A span in hand, filled; 0 when there is no room for one. */
export function takeFilled(worker: WorkerConnection, source: LargeSource): number {
  const { length } = source;
  const address = worker.engine.takeLarge(length) >>> 0;
  if (address === 0) return 0;
  try {
    source.fill(new Uint8Array(worker.bufferHolding(address + length), address, length));
  } catch (error) {
    worker.engine.dropLarge(address, length);
    throw error;
  }
  return address;
}

/** What `use` makes of a held value, where it lies. */
export function readHeld<T>(worker: WorkerConnection, address: number, use: (window: Window, length: number) => T): T {
  const length = worker.out[result.LENGTH];
  try {
    return use(new Window(worker.bufferHolding(address + length), address, length), length);
  } finally {
    worker.engine.letGo();
  }
}

/** Why there is no place for it: what the pool's slabs are, and how long a run could be had at most. */
export function noRoomForLarge(worker: WorkerConnection, length: number, what: string): OutOfMemoryError {
  const { header } = worker;
  const slabs = slabStates(worker.currentBuffer(), header);
  let cut = 0;
  let taken = 0;
  let run = 0;
  let longest = 0;
  for (const state of slabs) {
    const { sizeClass, span } = slabState(state);
    if (sizeClass >= 0) cut++;
    if (span) taken++;
    run = sizeClass >= 0 || span ? 0 : run + 1;
    longest = Math.max(longest, run);
  }
  const remedy = header.eviction === 0 ? "Delete large values" : "None of them could be evicted for it; delete some";
  return new OutOfMemoryError(
    `no ${slabsFor(length)} slabs of 64 KiB lie free side by side for a ${what} of ${length} bytes: of the pool's ${slabs.length}, ${formatBytes(header.poolBytes)}, ${cut} are cut for small values, which they stay, ${taken} hold large values and regions, and at most ${longest} of the others lie together. ${remedy}, or create the store larger, or with maxValue, which keeps room for one that large`,
  );
}
