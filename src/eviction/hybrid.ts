import { DenseSet } from "./dense-set.js";
import { Links } from "./links.js";
import type { Policy } from "./policy.js";
import { SplitMix } from "./split-mix.js";

/** Entries looked at for a victim. Redis samples 5, and finds 10 close to exact LRU; four scores ask for more. */
const SAMPLE = 16;
const SCORES = 4;
const LRU = 0;
const CLOCK = 1;
const ARC = 2;
const LIRS = 3;
/** How hard a regretted eviction weighs, and what is left of that after as many more evictions as there are entries: LeCaR's. */
const LEARNING_RATE = 0.45;
const DISCOUNT = 0.005;
/** Victims remembered for each entry. */
const GHOSTS_AN_ENTRY = 2;
/** No score loses its say altogether: one that has been wrong may be right in the next phase. */
const LEAST_WEIGHT = 0.01;

const NOWHERE = 0;
/** Requested once since it came in, or more often: what ARC keeps in T1 and T2. */
const ONCE = 1;
const OFTEN = 2;
/** Evicted not long ago, from either. */
const ONCE_GHOST = 3;
const OFTEN_GHOST = 4;
/** No two requests of the entry are remembered, so nothing is known of its inter-reference recency. */
const UNKNOWN = -1;

/**
 * Hybrid scoring (M-007): of a random sample of 16 entries the victim is the one with the highest weighted sum of four scores, each from
 * 0 (keep) to 1 (evict), each what one of the ADR's policies would think of it:
 *
 * - lru: time since its last request, over the longest in the sample;
 * - clock: 0 if it was requested since it was last considered (which uses up that mark and makes it new again), else the time since it
 *   came in or was spared so, over the longest in the sample;
 * - arc: half for lying in the list that is over its target (requested once, or more often; the target moves with ghost hits as ARC's
 *   does), and half the lru score;
 * - lirs: nine tenths for reach: half the greater of the time between its last two requests and the time since the last, over the
 *   greatest in the sample, and 1 if but one request is known; and a tenth for being new, as LIRS keeps the established entry of two
 *   that are alike.
 *
 * The weights follow recent performance: an entry requested again after its eviction was a mistake, and every score loses weight in
 * proportion to how much more it was for that victim than for the average of the sample, the more the sooner the request comes
 * (multiplicative weights, as in Vietri et al.: "Driving cache replacement with ML-based LeCaR", HotStorage 2018). Twice as many
 * victims are remembered as there are entries; a loop longer than that teaches it nothing.
 *
 * Times count requests. The same seed gives the same victims. Nothing depends on sizes or the capacity, so bytes are served as objects.
 * `lookup`, `insert`, `remove` O(1), `evict` O(16 x 4). 82 bytes an id.
 */
export class Hybrid implements Policy {
  readonly name = "hybrid";
  private readonly random: SplitMix;
  private readonly residents: DenseSet;
  private readonly state: Uint8Array;
  /** Request numbers: of the last request, and of what made the entry new to clock. */
  private readonly lastRequest: Float64Array;
  private readonly placed: Float64Array;
  /** Requests between the last two of the id, or `UNKNOWN`. */
  private readonly gap: Float64Array;
  private readonly referenced: Uint8Array;
  /** Of ghosts: by how much each score was for the eviction more than on average, and the number of the eviction. */
  private readonly verdict: Float32Array;
  private readonly evictedAs: Float64Array;
  private readonly links: Links;
  private readonly ghosts: number;
  private onceSize = 0;
  private onceGhosts = 0;
  private oftenGhosts = 0;
  /** How many entries should be of those requested once, 0 to size. */
  private target = 0;
  private readonly weights = new Float64Array(SCORES).fill(1 / SCORES);
  private now = 0;
  private evictions = 0;
  /** The id that was missed last, when it had a ghost; else -1. */
  private remembered = -1;
  private readonly sampled = new Int32Array(SAMPLE);
  private readonly scores = new Float64Array(SAMPLE * SCORES);

  constructor(distinct: number, seed: number) {
    this.random = new SplitMix(seed);
    this.state = new Uint8Array(distinct);
    this.residents = new DenseSet(distinct);
    this.lastRequest = new Float64Array(distinct);
    this.placed = new Float64Array(distinct);
    this.gap = new Float64Array(distinct);
    this.referenced = new Uint8Array(distinct);
    this.verdict = new Float32Array(SCORES * distinct);
    this.evictedAs = new Float64Array(distinct);
    this.links = new Links(distinct, 1);
    this.ghosts = this.links.list(0);
  }

  get size(): number {
    return this.residents.size;
  }

  /** What lru, clock, arc and lirs weigh at present, in this order; they add up to 1. */
  get currentWeights(): number[] {
    return [...this.weights];
  }

  has(id: number): boolean {
    return this.residents.has(id);
  }

  lookup(id: number): boolean {
    this.now++;
    if (!this.residents.has(id)) {
      this.remembered = -1;
      if (this.state[id] !== NOWHERE) this.regret(id);
      return false;
    }
    this.gap[id] = this.now - this.lastRequest[id];
    this.lastRequest[id] = this.now;
    this.referenced[id] = 1;
    if (this.state[id] === ONCE) {
      this.state[id] = OFTEN;
      this.onceSize--;
    }
    return true;
  }

  insert(id: number): void {
    const returns = id === this.remembered;
    this.gap[id] = returns ? this.now - this.lastRequest[id] : UNKNOWN;
    this.lastRequest[id] = this.now;
    this.placed[id] = this.now;
    this.referenced[id] = 0;
    this.state[id] = returns ? OFTEN : ONCE;
    if (!returns) this.onceSize++;
    this.residents.add(id);
    this.remembered = -1;
  }

  evict(): number {
    if (this.size === 0) return -1;
    const count = this.drawSample();
    this.scoreByRecency(count);
    this.scoreByClock(count);
    this.scoreByLists(count);
    this.scoreByInterReference(count);
    const chosen = this.highestScore(count);
    const victim = this.sampled[chosen];
    const ghost = this.state[victim] === ONCE ? ONCE_GHOST : OFTEN_GHOST;
    this.remove(victim);
    this.remember(victim, ghost, chosen, count);
    return victim;
  }

  remove(id: number): boolean {
    if (!this.residents.delete(id)) return false;
    if (this.state[id] === ONCE) this.onceSize--;
    this.state[id] = NOWHERE;
    return true;
  }

  /** All entries when there are no more than the sample takes, else draws, which may repeat. */
  private drawSample(): number {
    const { residents } = this;
    const all = residents.size <= SAMPLE;
    const count = all ? residents.size : SAMPLE;
    for (let i = 0; i < count; i++) this.sampled[i] = all ? residents.at(i) : residents.draw(this.random);
    return count;
  }

  private scoreByRecency(count: number): void {
    let longest = 1;
    for (let i = 0; i < count; i++) longest = Math.max(longest, this.now - this.lastRequest[this.sampled[i]]);
    for (let i = 0; i < count; i++) {
      this.scores[i * SCORES + LRU] = (this.now - this.lastRequest[this.sampled[i]]) / longest;
    }
  }

  private scoreByClock(count: number): void {
    for (let i = 0; i < count; i++) {
      const id = this.sampled[i];
      if (this.referenced[id] === 1) this.placed[id] = this.now;
      this.referenced[id] = 0;
    }
    let longest = 1;
    for (let i = 0; i < count; i++) longest = Math.max(longest, this.now - this.placed[this.sampled[i]]);
    for (let i = 0; i < count; i++) {
      this.scores[i * SCORES + CLOCK] = (this.now - this.placed[this.sampled[i]]) / longest;
    }
  }

  private scoreByLists(count: number): void {
    const over = this.onceSize > this.target ? ONCE : OFTEN;
    for (let i = 0; i < count; i++) {
      const at = i * SCORES;
      this.scores[at + ARC] = (this.state[this.sampled[i]] === over ? 0.5 : 0) + 0.5 * this.scores[at + LRU];
    }
  }

  private scoreByInterReference(count: number): void {
    let greatest = 1;
    for (let i = 0; i < count; i++) {
      if (this.gap[this.sampled[i]] !== UNKNOWN) greatest = Math.max(greatest, this.interReference(this.sampled[i]));
    }
    for (let i = 0; i < count; i++) {
      const id = this.sampled[i];
      const at = i * SCORES;
      const newness = 1 - this.scores[at + LRU];
      const reach = this.gap[id] === UNKNOWN ? 1 : (0.5 * this.interReference(id)) / greatest;
      this.scores[at + LIRS] = 0.9 * reach + 0.1 * newness;
    }
  }

  private interReference(id: number): number {
    return Math.max(this.gap[id], this.now - this.lastRequest[id]);
  }

  private highestScore(count: number): number {
    let chosen = 0;
    let highest = -1;
    for (let i = 0; i < count; i++) {
      let score = 0;
      for (let j = 0; j < SCORES; j++) score += this.weights[j] * this.scores[i * SCORES + j];
      if (score > highest) {
        highest = score;
        chosen = i;
      }
    }
    return chosen;
  }

  private remember(id: number, ghost: number, chosen: number, count: number): void {
    for (let j = 0; j < SCORES; j++) {
      let mean = 0;
      for (let i = 0; i < count; i++) mean += this.scores[i * SCORES + j];
      this.verdict[id * SCORES + j] = Math.max(0, this.scores[chosen * SCORES + j] - mean / count);
    }
    this.evictedAs[id] = this.evictions++;
    this.state[id] = ghost;
    this.links.pushHead(this.ghosts, id);
    if (ghost === ONCE_GHOST) this.onceGhosts++;
    else this.oftenGhosts++;
    // Counting the entry that is about to take the victim's place.
    while (this.onceGhosts + this.oftenGhosts > GHOSTS_AN_ENTRY * (this.size + 1))
      this.forgetGhost(this.links.newer(this.ghosts));
  }

  private forgetGhost(id: number): void {
    if (this.state[id] === ONCE_GHOST) this.onceGhosts--;
    else this.oftenGhosts--;
    this.links.unlink(id);
    this.state[id] = NOWHERE;
  }

  /** Learns from an entry that is requested again after its eviction. */
  private regret(id: number): void {
    const { onceGhosts, oftenGhosts } = this;
    if (this.state[id] === ONCE_GHOST) {
      this.target = Math.min(this.target + Math.max(oftenGhosts / onceGhosts, 1), this.size);
    } else {
      this.target = Math.max(this.target - Math.max(onceGhosts / oftenGhosts, 1), 0);
    }
    const regret = LEARNING_RATE * DISCOUNT ** ((this.evictions - this.evictedAs[id]) / (this.size + 1));
    let total = 0;
    for (let j = 0; j < SCORES; j++) {
      this.weights[j] = Math.max(LEAST_WEIGHT, this.weights[j] * Math.exp(-regret * this.verdict[id * SCORES + j]));
      total += this.weights[j];
    }
    for (let j = 0; j < SCORES; j++) this.weights[j] /= total;
    this.forgetGhost(id);
    this.remembered = id;
  }
}
