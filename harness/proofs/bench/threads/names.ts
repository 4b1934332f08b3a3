/** What main thread and workers call what they share. */

/** Namespace of the 64-byte values, filled by the main thread (peers/engram.ts). */
export const VALUES = "bench_64";
export const COUNTERS = "bench_counters";
export const SHARED_COUNTER = "shared";
/** Followed by the worker's number. */
export const OWN_COUNTER = "own_";
/** The channel between the bench and the thread at the other end. */
export const CHANNEL = "bench";
/** The work queue between the same two. */
export const QUEUE = "bench";
