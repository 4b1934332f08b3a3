import { type BuildCandidate, type CandidateName, Contest, candidates } from "./adaptive-contest.js";
import { Sample } from "./adaptive-sample.js";
import { Links } from "./links.js";
import type { Policy } from "./policy.js";
import { Weights } from "./weights.js";

/** A change of the incumbent. */
export interface AdaptiveDecision {
  /** Look-ups so far. */
  request: number;
  from: CandidateName;
  to: CandidateName;
  /** Lower bound of the gain in hit ratio that decided; for a roll-back, what the hit ratio fell short of its forecast. */
  gain: number;
  reason: "better" | "rolled back";
}

/** Miniatures hold fewer than this; a cache that does so itself has miniatures of its own size. */
const MINIATURE_LIMIT = 2048;
/** By bytes: ids from which on a sample is taken, to see between as many and twice as many. */
const IDS_BY_BYTES = 8192;
/** What a new cache begins with: the candidate that loses least against the best on the reference traces. */
const FIRST_INCUMBENT: CandidateName = "lirs";
/** Requests of the sample in a window: a share of the miniature's entries, within bounds. */
const WINDOW_SHARE = 1 / 8;
const SHORTEST_WINDOW = 32;
const LONGEST_WINDOW = 256;
/** A gain in hit ratio below this is not worth a change. */
const MARGIN = 0.002;
/** The same once there has been a change: policies that come so close are not worth going back and forth between. */
const LATER_MARGIN = 0.0075;
/** A change costs the misses of a share of the entries, to be earned back in as many requests as have been seen, at least 16 x capacity. */
const MIGRATION_SHARE = 0.25;
const HORIZON = 16;
/** A challenger must be better in this many windows in a row. */
const WINDOWS_IN_A_ROW = 2;
/** Windows an incumbent stays at least. */
const DWELL = 4;
/** Windows of probation, after as many requests of the sample as a miniature has entries to settle in. */
const PROBATION = 16;
/** How far the hit ratio on probation may fall short of the miniature's. */
const SHORTFALL = 0.05;
/** Windows a challenger that failed is barred for; doubled with each failure, up to 2^10 times. */
const BACK_OFF = 32;
/** A sample is kept for so many requests an entry of the miniature, and judged from so many on. */
const SAMPLE_LIFE = 512;
const SAMPLE_WARM_UP = 8;
/**
 * Hits a challenger must have gained before a change, in units of its price: a change is made when staying has cost as much. The price is
 * the entries that have to be fetched: where the cache becomes the miniature, those it holds and the cache does not; else, where it
 * is made anew without its history, a share of all. Every change back to a policy that was left (anew: every
 * change, for history is lost) doubles it, so that a workload on which policies lead in turn, faster than entries can be exchanged, comes to
 * rest; so many requests an entry without a change halve it.
 */
const LEAST_FRICTION = 1;
const MOST_FRICTION = 8;
const SEEDED_PRICE = 0.5;
const CALM = 256;
const DECISIONS_KEPT = 1024;
const MOST_COUNTED = 3;

/**
 * Adaptive: plays the requests to miniatures of nine policies at once, and is whichever of them does best. See `Contest` for
 * how a gain is established, and the constants above for what it takes to change. Sources: Waldspurger, Saemundsson, Ahmad, Park:
 * "Cache modeling and optimization using miniature simulations", USENIX ATC 2017; Subramanian, Smaragdakis, Loh: "Adaptive
 * caches: effective shaping of cache behavior to workloads", MICRO 2006; M-007.
 *
 * A cache of less than 2048 entries: the miniatures have its size (R = 1) and the cache imitates the incumbent's. Its victims are its
 * strays, the entries that the incumbent does not hold, the one seen longest ago when it strayed first. So a change
 * flushes nothing, and brings with it what the new incumbent has learned, ghosts included. A larger cache: miniatures of 1024 to
 * 2047 entries see a hash sample of the ids; the cache is run by a policy of full size, which on a change starts with all entries,
 * in the order they were last seen, hit as often as a 2-bit counter tells. The sample changes with time.
 *
 * A change is on probation: should the cache not reach what the new incumbent's miniature does, it is taken back, and that
 * challenger barred, for twice as long each time.
 *
 * Complexity: every operation O(1) amortised, but a change O(capacity) and, in a large cache, O(ids) memory anew; windows cost
 * O(candidates) each. For R = 1 a request costs ten requests of other policies; else 1 + 9 R. About 130 bytes an id for R = 1, else
 * about 35 and the same 130 for each id of the sample.
 *
 * By bytes a policy of full size runs every cache, since what a missed entry weighs is known only when it is inserted; miniatures see
 * 8192 to 16383 ids, or all if there are fewer. What is compared is the hit ratio of objects either way.
 */
export class Adaptive implements Policy {
  readonly name = "adaptive";
  size = 0;
  /** The latest 1024 changes, oldest first. */
  readonly decisions: AdaptiveDecision[] = [];
  /** Changes in all. */
  changes = 0;
  private readonly sample: Sample;
  private readonly contest: Contest;
  /** The policy that runs the cache: of full size, or the incumbent's miniature where that has full size. */
  private running: Policy;
  private readonly imitates: boolean;
  /** Residents by last access. */
  private readonly links: Links;
  private readonly recency: number;
  /** Residents that the incumbent does not hold. */
  private readonly strays: Links;
  private readonly strayed: number;
  private strayCount = 0;
  /** Hits of a resident since it came, 0 to 3. */
  private readonly counters: Uint8Array;
  private requests = 0;
  /** Windows since construction, and in the present incumbent's time: the contest forgets, these do not. */
  private windows = 0;
  private reign = 0;
  private readonly passes = new Int32Array(candidates.length);
  private readonly barredUntil = new Float64Array(candidates.length);
  private readonly failures = new Int32Array(candidates.length);
  /** Whom a failed probation brings back; -1 = no probation under way. */
  private former = -1;
  private probationHits = 0;
  private forecastHits = 0;
  private formerHits = 0;
  private windowHits = 0;
  private sampleAge = 0;
  private resampled = false;
  private friction = LEAST_FRICTION;
  /** Candidates that were followed and left. */
  private readonly left = new Set<number>();
  private calm = 0;
  /** By bytes: what a resident weighs. */
  private readonly weights: Weights;

  constructor(
    private readonly distinct: number,
    private readonly capacity: number,
    private readonly build: BuildCandidate,
    private readonly byBytes = false,
  ) {
    const shift = byBytes ? powersAbove(distinct, IDS_BY_BYTES) : powersAbove(capacity, MINIATURE_LIMIT / 2);
    const miniature = Math.max(1, Math.round(capacity / 2 ** shift));
    this.sample = new Sample(distinct, shift);
    this.imitates = shift === 0 && !byBytes;
    const share = Math.round((byBytes ? MINIATURE_LIMIT : miniature) * WINDOW_SHARE);
    const window = Math.min(LONGEST_WINDOW, Math.max(SHORTEST_WINDOW, share));
    const first = candidates.indexOf(FIRST_INCUMBENT);
    this.contest = new Contest(build, miniature, this.sample.distinct, window, first, byBytes);
    this.weights = new Weights(distinct, byBytes);
    this.running = this.imitates ? this.contest.miniatures[first] : build(FIRST_INCUMBENT, capacity, distinct);
    this.links = new Links(distinct, 1);
    this.recency = this.links.list(0);
    this.strays = new Links(this.imitates ? distinct : 0, 1);
    this.strayed = this.strays.list(0);
    this.counters = new Uint8Array(this.imitates ? 0 : distinct);
  }

  /** The candidate the cache follows at present. */
  get incumbent(): CandidateName {
    return candidates[this.contest.incumbent];
  }

  has(id: number): boolean {
    return this.links.has(id);
  }

  lookup(id: number): boolean {
    this.requests++;
    const hit = this.links.has(id);
    if (hit) this.links.moveToHead(this.recency, id);
    if (this.imitates) {
      this.observe(id, hit, this.follow(id));
      return hit;
    }
    this.running.lookup(id);
    if (hit && this.counters[id] < MOST_COUNTED) this.counters[id]++;
    // by bytes, a miniature's turn comes when the weight is known
    if (hit || !this.byBytes) this.observeSampled(id, hit);
    return hit;
  }

  insert(id: number, weight = 1): void {
    this.links.pushHead(this.recency, id);
    this.size++;
    if (this.byBytes) this.weigh(id, weight);
    if (!this.imitates) {
      this.running.insert(id, weight);
      this.counters[id] = 0;
    } else if (!this.running.has(id)) {
      this.stray(id);
    }
    // last, for it may change the policy, and the new one starts with all residents, this one among them
    if (this.byBytes) this.observeSampled(id, false);
  }

  evict(): number {
    if (this.size === 0) return -1;
    const victim = this.imitates ? this.evictStray() : this.running.evict();
    if (victim >= 0) this.leave(victim);
    return victim;
  }

  remove(id: number): boolean {
    const image = this.sample.image(id);
    if (image >= 0) this.contest.remove(image);
    if (!this.links.has(id)) return false;
    if (!this.imitates) this.running.remove(id);
    else if (this.strays.has(id)) this.unstray(id);
    this.leave(id);
    return true;
  }

  resize(id: number, weight: number): void {
    if (!this.byBytes) return;
    this.weigh(id, weight);
    this.running.resize?.(id, weight);
  }

  private weigh(id: number, weight: number): void {
    this.weights.set(id, weight);
    const image = this.sample.image(id);
    if (image >= 0) this.contest.weigh(image, weight);
  }

  private leave(id: number): void {
    this.links.unlink(id);
    this.size--;
  }

  // ---------------------------------------------------------------- imitation

  /** The request of the incumbent of full size, with what it changes about who is a stray. */
  private follow(id: number): boolean {
    const { running } = this;
    if (running.lookup(id)) return true;
    while (running.size >= this.capacity) {
      const victim = running.evict();
      if (victim < 0) break;
      if (this.links.has(victim)) this.stray(victim);
    }
    running.insert(id);
    if (this.strays.has(id)) this.unstray(id);
    return false;
  }

  /** A stray if there is one; else what the incumbent holds is more than the cache may keep, and all miniatures shrink with it. */
  private evictStray(): number {
    if (this.strayCount > 0) {
      const victim = this.strays.newer(this.strayed);
      this.unstray(victim);
      return victim;
    }
    let victim: number;
    do victim = this.running.evict();
    while (victim >= 0 && !this.links.has(victim));
    this.contest.shrinkTo(this.running.size);
    return victim;
  }

  private stray(id: number): void {
    this.strays.pushHead(this.strayed, id);
    this.strayCount++;
  }

  private unstray(id: number): void {
    this.strays.unlink(id);
    this.strayCount--;
  }

  private findStrays(): void {
    while (this.strayCount > 0) this.unstray(this.strays.newer(this.strayed));
    for (let id = this.links.newer(this.recency); id !== this.recency; id = this.links.newer(id)) {
      if (!this.running.has(id)) this.stray(id);
    }
  }

  // ---------------------------------------------------------------- contest

  private observeSampled(id: number, hit: boolean): void {
    const image = this.sample.image(id);
    if (image < 0) return;
    if (this.byBytes && hit) this.contest.weigh(image, this.weights.of(id)); // the sample may be new
    this.observe(image, hit, this.contest.playTo(this.contest.incumbent, image));
  }

  /** Entries a miniature holds, or would: what changes are measured by. */
  private get entries(): number {
    if (!this.byBytes) return this.contest.capacity;
    return Math.max(SHORTEST_WINDOW, this.size / 2 ** this.sample.shift);
  }

  private observe(image: number, hit: boolean, incumbentHit: boolean): void {
    if (hit) this.windowHits++;
    if (!this.contest.play(image, incumbentHit)) return;
    this.windows++;
    this.reign++;
    this.sampleAge += this.contest.windowLength;
    if (this.isWarm()) this.judge();
    this.windowHits = 0;
    if (this.sampleAge > SAMPLE_LIFE * this.entries) this.changeSample();
  }

  /** Whether the miniatures have come as far as the cache: they start together, and again empty with each other sample. */
  private isWarm(): boolean {
    return !this.resampled || this.sampleAge > SAMPLE_WARM_UP * this.entries;
  }

  private judge(): void {
    if (this.former >= 0 && this.failsProbation()) return;
    this.relax();
    const { contest, passes } = this;
    const entries = this.byBytes ? this.size : this.capacity;
    const horizon = Math.max(this.requests, HORIZON * entries);
    const margin = this.decisions.length === 0 ? MARGIN : LATER_MARGIN;
    const hurdle = margin + (MIGRATION_SHARE * entries) / horizon;
    let best = -1;
    for (let i = 0; i < candidates.length; i++) {
      passes[i] = contest.lowerBounds[i] > hurdle ? passes[i] + 1 : 0;
      if (passes[i] < WINDOWS_IN_A_ROW || this.windows < this.barredUntil[i] || this.reign < DWELL) continue;
      if (best >= 0 && contest.lowerBounds[i] <= contest.lowerBounds[best]) continue;
      if (this.isPaidFor(i)) best = i;
    }
    if (best < 0) return;
    const { incumbent } = contest;
    this.change(best, contest.lowerBounds[best], "better");
    this.former = incumbent;
  }

  /** Whether a challenger's lead is worth the price of following it. What it holds and the cache does not is as much as the reverse. */
  private isPaidFor(challenger: number): boolean {
    let affordable = this.contest.lead[challenger] / this.friction;
    if (!this.imitates) return affordable >= SEEDED_PRICE * this.entries;
    const miniature = this.contest.miniatures[challenger];
    for (let id = this.links.newer(this.recency); id !== this.recency; id = this.links.newer(id)) {
      if (!miniature.has(id) && --affordable < 0) return false;
    }
    return true;
  }

  private relax(): void {
    this.calm += this.contest.windowLength;
    if (this.calm < CALM * this.entries) return;
    this.friction = Math.max(LEAST_FRICTION, this.friction / 2);
    if (this.friction === LEAST_FRICTION) this.left.clear();
    this.calm = 0;
  }

  /** Compares what the cache hits with what the miniature does, once the entries have settled. True when it took the change back. */
  private failsProbation(): boolean {
    const { contest } = this;
    const settling = Math.ceil(this.entries / contest.windowLength);
    if (this.reign <= settling) return false;
    this.probationHits += this.windowHits;
    this.forecastHits += contest.windowHits[contest.incumbent];
    this.formerHits += contest.windowHits[this.former];
    if (this.reign < settling + PROBATION) return false;
    const { former } = this;
    this.former = -1;
    const requests = PROBATION * contest.windowLength;
    const shortfall = (this.forecastHits - this.probationHits) / requests;
    if (shortfall < SHORTFALL || this.formerHits <= this.probationHits) return false;
    const failed = contest.incumbent;
    this.barredUntil[failed] = this.windows + BACK_OFF * 2 ** Math.min(10, this.failures[failed]++);
    this.change(former, shortfall, "rolled back");
    return true;
  }

  private change(to: number, gain: number, reason: AdaptiveDecision["reason"]): void {
    const { contest } = this;
    this.changes++;
    if (this.decisions.length === DECISIONS_KEPT) this.decisions.shift();
    this.decisions.push({ request: this.requests, from: this.incumbent, to: candidates[to], gain, reason });
    this.left.add(contest.incumbent);
    if (!this.imitates || this.left.has(to)) this.friction = Math.min(MOST_FRICTION, this.friction * 2);
    contest.crown(to);
    this.passes.fill(0);
    this.reign = 0;
    this.calm = 0;
    this.former = -1;
    this.probationHits = 0;
    this.forecastHits = 0;
    this.formerHits = 0;
    if (this.imitates) {
      this.running = contest.miniatures[to];
      this.findStrays();
    } else {
      this.running = this.seeded(candidates[to]);
    }
  }

  /** A policy of full size that holds the residents, as if they had come in the order they were last seen. */
  private seeded(name: CandidateName): Policy {
    const policy = this.build(name, this.capacity, this.distinct);
    for (let id = this.links.newer(this.recency); id !== this.recency; id = this.links.newer(id)) {
      policy.lookup(id);
      policy.insert(id, this.weights.of(id));
      for (let hits = this.counters[id]; hits > 0; hits--) policy.lookup(id);
    }
    return policy;
  }

  /** Another sample, so that ids that are no fair likeness of the rest do not decide for ever. */
  private changeSample(): void {
    this.sampleAge = 0;
    if (this.sample.shift === 0) return;
    this.resampled = true;
    this.sample.rotate();
    this.contest.restart();
    this.passes.fill(0);
    this.former = -1;
  }
}

/** The powers of two by which `value` is greater than `unit`, at least 0. */
function powersAbove(value: number, unit: number): number {
  return Math.max(0, Math.floor(Math.log2(value / unit)));
}
