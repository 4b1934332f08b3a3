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
/** Namespace of the key whose change wakes the thread at the other end. */
export const WAKING = "bench_waking";
/** What is watched of a store: nothing, another namespace, another key of the same one, or all that is written. */
export const WATCHES = ["nobody", "elsewhere", "another-key", "all"] as const;
export type Watching = (typeof WATCHES)[number];

/** How a thread sleeps until something has changed. */
export const WAKE_UPS = ["wait-for", "wait-for-sync", "changes", "message"] as const;
export type WakeUp = (typeof WAKE_UPS)[number];

/** Locks that two threads take; and the words apart, a line of doubles each, that those protect. */
export const MUTEX = "bench_mutex";
export const RW_LOCK = "bench_rw_lock";
export const LINE = 8;
