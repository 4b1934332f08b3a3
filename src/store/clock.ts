/**
 * The monotonic clock that all threads of a process share, ms. A store's time is this clock's, since the store was made.
 *
 * `performance.now()` is the cheapest clock there is, but it starts anew in each thread. In Node `process.hrtime` is the one clock of the
 * whole process; what lies between the two never changes, so it is measured once a thread: between two reads of the one, several times,
 * of which the narrowest counts, for a thread may lose the processor in between. Bun and Deno start `process.hrtime` anew in each thread,
 * too; there `performance.timeOrigin` tells when this thread's clock started. Whoever attaches asks whether that agrees
 * with the wall clock (`startsWithEachThread`): a runtime in which it does not has no common clock, and a ttl would mean something else in each thread.
 *
 * Functions are taken when this module is loaded, and `now` from the prototype: fake timers, which replace it on the object, do not reach a store.
 */
import { performance } from "node:perf_hooks";

const own = (Object.getPrototypeOf(performance) as Partial<typeof performance>).now ?? performance.now;

/** This thread's clock, ms: for what stays in this thread, such as how long it has waited. */
export const threadNow: () => number = own.bind(performance);

const hrtime = process.hrtime.bigint;
const ROUNDS = 20;
/** Narrow enough: no more than two reads of a clock, ms. */
const NARROW_MS = 0.002;

function isNode(): boolean {
  return process.versions.bun === undefined && !("Deno" in globalThis);
}

function measureOffset(): number {
  let narrowest = Number.POSITIVE_INFINITY;
  let offset = 0;
  for (let round = 0; round < ROUNDS && narrowest > NARROW_MS; round++) {
    const before = threadNow();
    const common = Number(hrtime() / 1000n) / 1000;
    const width = threadNow() - before;
    if (width >= narrowest) continue;
    narrowest = width;
    offset = common - (before + width / 2);
  }
  return offset;
}

/** What this thread's clock lacks of the common one, ms. */
export const CLOCK_OFFSET: number = isNode() ? measureOffset() : performance.timeOrigin;

/** The process's monotonic clock, ms. */
export function monotonicNow(): number {
  return threadNow() + CLOCK_OFFSET;
}

/** Clocks of two threads that agree do so far within this, ms; wall clocks are only set by more. */
const AGREES_MS = 1000;

/**
 * Whether this thread's clock tells another time than that of the thread which made the store, by the wall clock between the two. Never in
 * Node, where both are one clock and only the wall clock can have been set meanwhile.
 */
export function startsWithEachThread(createdMs: number, createdMonotonic: number): boolean {
  if (isNode()) return false;
  return Math.abs(monotonicNow() - createdMonotonic - (Date.now() - createdMs)) > AGREES_MS;
}
