import type { Policy } from "./policy.js";
import { Weights } from "./weights.js";

/** The policies that compete, in the order their numbers name them. */
export const candidates = ["lru", "clock", "arc", "lirs", "lfu", "s3-fifo", "sieve", "2q", "w-tinylfu"] as const;

/** The policies that an adaptive one chooses from. */
export type CandidateName = (typeof candidates)[number];

/** Builds a candidate for ids 0 to distinct - 1. */
export type BuildCandidate = (name: CandidateName, capacity: number, distinct: number) => Policy;

/** Windows remembered: the longest stretch a challenger may take to prove a small gain. A power of two. */
const HISTORY = 256;
/** Length of the ring of sums: a stretch is the difference of two, so it holds one more than HISTORY. A power of two. */
const RING = 2 * HISTORY;
/** Standard errors between the estimated gain and its lower bound, to begin with. See `confidence`. */
const CONFIDENCE = 3;
/** Judgements before the bound begins to tighten: a short stream has no time to be careful. */
const FREE_JUDGEMENTS = 512;
/** From so many windows on their spread counts as well as the spread of single requests. */
const BLOCKS_FOR_SPREAD = 8;

/**
 * Miniature caches of all candidates, which all see the same requests, and the judgement which of them does better than the
 * incumbent, and how surely.
 *
 * Requests are grouped in windows. For each window and challenger two numbers are kept: the paired difference in hits to the
 * incumbent, and the requests on which the two differ at all. A gain is estimated over the last 1, 2, 4 ... 256 windows, so
 * that a great one shows at once and a small one in time, and a shift in the workload needs no detector of its own. Its standard error
 * is the greater of two: that of a paired test of single requests (McNemar 1947), and that of the windows as blocks, which knows that
 * neighbouring requests depend on each other.
 *
 * Time a request: one request of each candidate. Nothing is allocated after construction, except by `restart`.
 */
export class Contest {
  readonly miniatures: Policy[];
  /** The number of the candidate that the others are measured against. */
  incumbent: number;
  /** The highest lower bound a challenger reached at the last judgement, as a hit ratio, by number. */
  readonly lowerBounds = new Float64Array(candidates.length);
  /** Hits each challenger has gained on the incumbent since it was last behind: what a change would have been worth. */
  readonly lead = new Float64Array(candidates.length);
  /** Windows judged since the last change of incumbent. */
  windows = 0;
  /** Hits of each miniature in the last complete window. */
  readonly windowHits = new Int32Array(candidates.length);
  private readonly hits = new Int32Array(candidates.length);
  private readonly differing = new Int32Array(candidates.length);
  /**
   * By challenger and window, sums over all windows up to it: incumbent's misses less the challenger's, their squares, and on how many requests
   * the two differ. Whole numbers, so differences of sums are exact.
   */
  private readonly gains = new Float64Array(candidates.length * RING);
  private readonly squares = new Float64Array(candidates.length * RING);
  private readonly differences = new Float64Array(candidates.length * RING);
  private inWindow = 0;
  private judgements = 0;
  /** By bytes: what each id weighs, and what each miniature holds. */
  private readonly weights: Weights;
  private readonly used = new Float64Array(candidates.length);

  constructor(
    private readonly build: BuildCandidate,
    readonly capacity: number,
    private readonly distinct: number,
    readonly windowLength: number,
    incumbent: number,
    private readonly byBytes: boolean,
  ) {
    this.weights = new Weights(distinct, byBytes);
    this.incumbent = incumbent;
    this.miniatures = candidates.map((name) => build(name, capacity, distinct));
  }

  /** Plays a request to all but the incumbent, whose result is `incumbentHit`. True when that completed a window. */
  play(id: number, incumbentHit: boolean): boolean {
    const { miniatures, incumbent, hits, differing } = this;
    for (let i = 0; i < miniatures.length; i++) {
      if (i === incumbent) continue;
      const hit = this.playTo(i, id);
      if (hit) hits[i]++;
      if (hit !== incumbentHit) differing[i]++;
    }
    if (incumbentHit) hits[incumbent]++;
    if (++this.inWindow < this.windowLength) return false;
    this.closeWindow();
    return true;
  }

  /** One request of one miniature: true for a hit. */
  playTo(number: number, id: number): boolean {
    const miniature = this.miniatures[number];
    if (miniature.lookup(id)) return true;
    if (this.byBytes) {
      this.admitBytes(number, id);
    } else {
      while (miniature.size >= this.capacity && miniature.evict() >= 0);
      miniature.insert(id);
    }
    return false;
  }

  /** By bytes: what the id weighs from now on. */
  weigh(id: number, weight: number): void {
    const before = this.weights.of(id);
    const grown = this.weights.set(id, weight) - before;
    if (grown === 0) return;
    for (let i = 0; i < this.miniatures.length; i++) {
      if (!this.miniatures[i].has(id)) continue;
      this.used[i] += grown;
      this.miniatures[i].resize?.(id, weight);
    }
  }

  private admitBytes(number: number, id: number): void {
    const miniature = this.miniatures[number];
    const weight = this.weights.of(id);
    if (weight > this.capacity) return;
    while (this.used[number] + weight > this.capacity) {
      const victim = miniature.evict();
      if (victim < 0) break;
      this.used[number] -= this.weights.of(victim);
    }
    miniature.insert(id, weight);
    this.used[number] += weight;
  }

  /** An id's owner deleted it. */
  remove(id: number): void {
    for (let i = 0; i < this.miniatures.length; i++) {
      if (this.miniatures[i].remove(id)) this.used[i] -= this.weights.of(id);
    }
  }

  /** Holds the miniatures to as many entries as their cache has been left with. */
  shrinkTo(size: number): void {
    for (let i = 0; i < this.miniatures.length; i++) {
      const miniature = this.miniatures[i];
      while (miniature.size > size && miniature.evict() >= 0);
    }
  }

  /** From now on the others are measured against this one: what was measured before counts no more. */
  appoint(incumbent: number): void {
    this.incumbent = incumbent;
    this.windows = 0;
    for (let row = 0; row < this.gains.length; row += RING) {
      this.gains[row] = 0;
      this.squares[row] = 0;
      this.differences[row] = 0;
    }
    this.inWindow = 0;
    this.hits.fill(0);
    this.differing.fill(0);
    this.lowerBounds.fill(0);
    this.lead.fill(0);
  }

  /** Empty miniatures, for another sample of ids. */
  restart(): void {
    for (let i = 0; i < candidates.length; i++) {
      this.miniatures[i] = this.build(candidates[i], this.capacity, this.distinct);
    }
    this.used.fill(0);
    this.appoint(this.incumbent);
  }

  /**
   * Who asks often enough is told by chance what is not so. The square of the standard errors grows with the logarithm of the number of
   * judgements, as a union bound over Gaussian tails has it.
   */
  private get confidence(): number {
    return Math.sqrt(CONFIDENCE * CONFIDENCE + 2 * Math.log(Math.max(1, this.judgements / FREE_JUDGEMENTS)));
  }

  private closeWindow(): void {
    this.judgements++;
    const before = this.windows++ & (RING - 1);
    const at = this.windows & (RING - 1);
    const incumbentHits = this.hits[this.incumbent];
    for (let i = 0; i < candidates.length; i++) {
      const gain = this.hits[i] - incumbentHits;
      const row = i * RING;
      this.gains[row + at] = this.gains[row + before] + gain;
      this.squares[row + at] = this.squares[row + before] + gain * gain;
      this.lead[i] = Math.max(0, this.lead[i] + gain);
      this.differences[row + at] = this.differences[row + before] + this.differing[i];
      this.lowerBounds[i] = i === this.incumbent ? 0 : this.lowerBound(i, at);
    }
    this.windowHits.set(this.hits);
    this.hits.fill(0);
    this.differing.fill(0);
    this.inWindow = 0;
  }

  /** The best of the lower bounds over the last 1, 2, 4 ... windows that end at ring position `last`. */
  private lowerBound(challenger: number, last: number): number {
    const { gains, squares, differences, windowLength, confidence } = this;
    const row = challenger * RING;
    const known = Math.min(this.windows, HISTORY);
    let best = Number.NEGATIVE_INFINITY;
    for (let n = 1; n <= known; n *= 2) {
      const from = row + ((last - n) & (RING - 1));
      const gain = gains[row + last] - gains[from];
      const spread = squares[row + last] - squares[from] - (gain * gain) / n;
      const differing = differences[row + last] - differences[from];
      let variance = differing;
      if (n >= BLOCKS_FOR_SPREAD) variance = Math.max(variance, (spread * n) / (n - 1));
      const bound = (gain - confidence * Math.sqrt(variance)) / (n * windowLength);
      if (bound > best) best = bound;
    }
    return best;
  }
}
