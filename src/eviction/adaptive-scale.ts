/** Miniatures hold fewer entries than this; a cache that does so itself has miniatures of its own size. */
const MINIATURE_LIMIT = 2048;
/** By bytes: ids from which on a sample is taken, to see between as many and twice as many. */
const IDS_BY_BYTES = 8192;
/** Requests of the sample in a window: a share of the miniature's entries, within bounds. */
const WINDOW_SHARE = 1 / 8;
const SHORTEST_WINDOW = 32;
const LONGEST_WINDOW = 256;

/**
 * How much smaller the miniatures are than the cache, and what that makes of its numbers.
 *
 * By objects, a cache of less than 2048 entries has miniatures of its own size; a larger one, of 1024 to 2047 entries. By bytes the capacity
 * does not tell how many entries fit, so it is the ids that are counted: miniatures see 8192 to 16383 of them, or all if there are fewer.
 */
export class Scale {
  /** Miniatures have 2^-shift of the capacity, and see as many of the ids. */
  readonly shift: number;
  /** Of a miniature, in the unit of the cache's. */
  readonly capacity: number;
  /** Requests of the sample in a window. */
  readonly windowLength: number;

  constructor(
    distinct: number,
    private readonly cacheCapacity: number,
    private readonly byBytes: boolean,
  ) {
    this.shift = byBytes ? powersAbove(distinct, IDS_BY_BYTES) : powersAbove(cacheCapacity, MINIATURE_LIMIT / 2);
    this.capacity = Math.max(1, Math.round(cacheCapacity / 2 ** this.shift));
    const share = Math.round((byBytes ? MINIATURE_LIMIT : this.capacity) * WINDOW_SHARE);
    this.windowLength = Math.min(LONGEST_WINDOW, Math.max(SHORTEST_WINDOW, share));
  }

  /** Whether the cache can become a miniature: they see all requests, at its capacity, and need no weight before an insertion. */
  get isFull(): boolean {
    return this.shift === 0 && !this.byBytes;
  }

  /** Entries the cache has room for; by bytes, as many as it holds. */
  cacheEntries(size: number): number {
    return this.byBytes ? size : this.cacheCapacity;
  }

  /** Entries a miniature has room for; by bytes, about as many as it holds when the cache holds `size`. */
  miniatureEntries(size: number): number {
    return this.byBytes ? Math.max(SHORTEST_WINDOW, size / 2 ** this.shift) : this.capacity;
  }
}

/** The powers of two by which `value` is greater than `unit`, at least 0. */
function powersAbove(value: number, unit: number): number {
  return Math.max(0, Math.floor(Math.log2(value / unit)));
}
