/** The access patterns of M-007, in the order that settles ties. */
export const accessPatterns = ["sequential", "random", "hotspot", "temporal"] as const;
/** What a stream of requests looks like. */
export type AccessPattern = (typeof accessPatterns)[number];

/** What a window of requests looks like. */
export interface PatternAnalysis {
  /** The pattern of the highest ratio. */
  readonly type: AccessPattern;
  /** That ratio. */
  readonly confidence: number;
  /** Each from 0 to 1. They do not add up to 1: a scan may pass between requests to a hot set. */
  readonly distribution: Readonly<Record<AccessPattern, number>>;
  /** How many requests the ratios are taken over: the window, or less while it fills. */
  readonly requests: number;
}

const DEFAULT_WINDOW = 1024;
/** What was requested within the last eighth of the window was requested lately. */
const LATELY_SHARE = 1 / 8;
/** A sequential request follows one of this many before it, so that a few interleaved scans are still recognised. */
const STREAMS = 4;
/** ... and was not requested among this many before it: neighbours within a small hot set are no scan. */
const SEQUENTIAL_ABSENCE = 64;
/** The share of the window's ids that counts as its hottest. */
const HOT_SHARE = 0.1;

const NEVER = -1;
const SEQUENTIAL = 1;
const TEMPORAL = 2;

/**
 * Tells which access pattern the latest requests follow (M-007). Over a sliding window of requests:
 *
 * - sequential: the share whose id is next to one of the 4 ids requested before, up or down, and was not itself requested among
 *   the last 64. Ids are dense in order of first appearance, so that a scan, a loop, and a stream of ids never seen before all count
 *   up; none of them is served by recency.
 * - hotspot: how far the hottest tenth of the window's ids draws more than a tenth of its requests: (share - 0.1) / 0.9.
 * - temporal: the share that is not sequential and whose id was requested within the last eighth of the window, times
 *   1 - hotspot: what is merely popular always comes back soon.
 * - random: the share that is neither sequential nor requested so lately, times 1 - hotspot: spread, and without order.
 *
 * `observe` O(1) and free of allocation, `analyse` O(window). 12 bytes an id and 9 a request of the window.
 */
export class PatternAnalyser {
  private readonly window: Uint32Array;
  /** For each request of the window: `SEQUENTIAL`, `TEMPORAL`, or 0. */
  private readonly kinds: Uint8Array;
  /** When each id was requested last, as a request number. */
  private lastSeen: Float64Array;
  /** How often each id occurs in the window. */
  private countOf: Uint32Array;
  /** How many ids occur n times in the window. */
  private readonly idsWithCount: Uint32Array;
  private readonly lately: number;
  private now = 0;
  private distinctInWindow = 0;
  private sequential = 0;
  private temporal = 0;

  /**
   * @param distinct ids to expect: there is room for them from the start, and made for others as they come
   * @param window how many requests the ratios are taken over
   * @throws RangeError when the window is shorter than 128 requests, too few to tell a scan from a hot set
   */
  constructor(distinct: number, window: number = DEFAULT_WINDOW) {
    if (!Number.isSafeInteger(window) || window < 2 * SEQUENTIAL_ABSENCE) {
      throw new RangeError(
        `window is ${window}, expected a whole number of at least ${2 * SEQUENTIAL_ABSENCE} requests`,
      );
    }
    this.window = new Uint32Array(window);
    this.kinds = new Uint8Array(window);
    this.lastSeen = new Float64Array(distinct).fill(NEVER);
    this.countOf = new Uint32Array(distinct);
    this.idsWithCount = new Uint32Array(window + 1);
    this.lately = Math.floor(window * LATELY_SHARE);
  }

  /** Takes note of a request. */
  observe(id: number): void {
    if (id >= this.lastSeen.length) this.grow(id);
    const slot = this.now % this.window.length;
    if (this.now >= this.window.length) this.forget(slot);
    this.window[slot] = id;
    const kind = this.kindOf(id);
    this.kinds[slot] = kind;
    if (kind === SEQUENTIAL) this.sequential++;
    else if (kind === TEMPORAL) this.temporal++;
    this.count(id);
    this.lastSeen[id] = this.now;
    this.now++;
  }

  /** What the window looks like. */
  analyse(): PatternAnalysis {
    const requests = Math.min(this.now, this.window.length);
    const per = 1 / Math.max(1, requests);
    const hotspot = this.hotspotRatio(requests);
    const distribution = {
      sequential: this.sequential * per,
      random: (requests - this.sequential - this.temporal) * per * (1 - hotspot),
      hotspot,
      temporal: this.temporal * per * (1 - hotspot),
    };
    let type: AccessPattern = accessPatterns[0];
    for (const pattern of accessPatterns) if (distribution[pattern] > distribution[type]) type = pattern;
    return { type, confidence: distribution[type], distribution, requests };
  }

  private grow(id: number): void {
    const length = Math.max(id + 1, 2 * this.lastSeen.length);
    const lastSeen = new Float64Array(length).fill(NEVER, this.lastSeen.length);
    lastSeen.set(this.lastSeen);
    this.lastSeen = lastSeen;
    const countOf = new Uint32Array(length);
    countOf.set(this.countOf);
    this.countOf = countOf;
  }

  private kindOf(id: number): number {
    const absence = this.lastSeen[id] === NEVER ? Number.POSITIVE_INFINITY : this.now - this.lastSeen[id];
    if (absence > SEQUENTIAL_ABSENCE && this.followsScan(id)) return SEQUENTIAL;
    return absence <= this.lately ? TEMPORAL : 0;
  }

  private followsScan(id: number): boolean {
    return this.wasJustSeen(id - 1) || this.wasJustSeen(id + 1);
  }

  private wasJustSeen(id: number): boolean {
    if (id < 0 || id >= this.lastSeen.length || this.lastSeen[id] === NEVER) return false;
    return this.now - this.lastSeen[id] <= STREAMS;
  }

  private count(id: number): void {
    const before = this.countOf[id]++;
    if (before === 0) this.distinctInWindow++;
    else this.idsWithCount[before]--;
    this.idsWithCount[before + 1]++;
  }

  private forget(slot: number): void {
    const kind = this.kinds[slot];
    if (kind === SEQUENTIAL) this.sequential--;
    else if (kind === TEMPORAL) this.temporal--;
    const before = this.countOf[this.window[slot]]--;
    this.idsWithCount[before]--;
    if (before === 1) this.distinctInWindow--;
    else this.idsWithCount[before - 1]++;
  }

  private hotspotRatio(requests: number): number {
    if (requests === 0) return 0;
    const hotIds = Math.ceil(this.distinctInWindow * HOT_SHARE);
    // With less than ten ids the hottest one is more than a tenth of them: it has to draw more than its own share.
    const evenShare = hotIds / this.distinctInWindow;
    if (evenShare === 1) return 1;
    let left = hotIds;
    let drawn = 0;
    for (let count = requests; left > 0; count--) {
      const ids = Math.min(left, this.idsWithCount[count]);
      drawn += ids * count;
      left -= ids;
    }
    return (drawn / requests - evenShare) / (1 - evenShare);
  }
}
