/**
 * A cache that changes its eviction policy to whichever would do best.
 *
 * No policy is best for every workload, and a workload changes while it runs. So nine policies are tried all the time, on a small scale,
 * and the cache does as the one that does best. Most of what follows is about not changing too soon: a change costs misses, and
 * what looks better may have been luck.
 *
 * ## Miniatures
 *
 * The nine policies are the *candidates*. Each of them runs a cache in simulation, its *miniature*, which holds ids and no values, and all of
 * them see the same requests. The *incumbent* is the candidate that the cache follows at present; the other eight are its *challengers*.
 *
 * Simulating a large cache nine times would be dear. So the miniatures of a large cache are smaller than it, by a power of two, and
 * see only the requests of as small a part of the ids, which a hash picks: the *sample*. It is changed from time to time, so that ids that
 * are no fair likeness of the rest do not decide for ever; the miniatures begin empty then, and nothing is decided until they have filled. A
 * cache of less than 2048 entries has miniatures of its own size, whose sample is all ids. (adaptive-scale.ts, adaptive-sample.ts)
 *
 * ## What is better, and how surely
 *
 * Requests of the sample are grouped in *windows*. After each of them it is asked by how much a challenger's hit ratio is above the
 * incumbent's, over the last 1, 2, 4 ... 256 windows. From each such gain its uncertainty is taken off; the greatest of what remains is the
 * challenger's *lower bound*, a gain that is as good as proven. Its *lead* is another number: the hits it has gained since it
 * was last behind the incumbent, that is, what it has cost so far to stay. (adaptive-contest.ts)
 *
 * ## Following
 *
 * The cache does not run a miniature, it has to do as one does. What makes it do so is its *follower*, of which there are two kinds. Where
 * miniatures have the cache's own size, the follower imitates: its victims are what the incumbent's miniature does not hold.
 * Elsewhere the cache is run by a policy of full size, which on a change is made anew and starts with the entries that are there. Either
 * way a change evicts nothing by itself. (adaptive-follower.ts, adaptive-imitating.ts, adaptive-full-size.ts)
 *
 * The *price* of a change is the hits it will cost. For an imitating follower those can be counted: entries that the challenger's
 * miniature holds and the cache does not. For a policy of full size, which starts without its history, it is put at half of a miniature's
 * entries.
 *
 * ## Deciding
 *
 * The *governor* decides, after each window. A challenger's lower bound must be above a *hurdle* in two windows in a row, its lead
 * must have reached the price (staying has cost as much as changing will), and the incumbent must have had its *dwell*, a least time in
 * office. *Friction* multiplies prices: it doubles with each change back to a policy that was left, or with each change at all where history
 * is lost, and halves in calm. So a workload on which policies lead in turn, faster than entries can be exchanged, comes to rest.
 *
 * A change is on *probation*. Should the cache not reach the hit ratio that the new incumbent's miniature forecasts, the change is taken
 * back, and that candidate *barred* for a time, twice as long with each failure. (adaptive-governor.ts, adaptive-friction.ts,
 * adaptive-probation.ts)
 *
 * ## A capacity in bytes
 *
 * What a missed entry weighs is known only when it is inserted. So a miss is played to the miniatures then, and a policy of full size runs
 * every cache. Miniatures are scaled by the number of ids, since bytes do not tell how many entries fit. What is compared is the hit
 * ratio of objects all the same.
 *
 * ## What it costs
 *
 * Every operation O(1) amortised, but a change O(capacity) and, with a policy of full size, O(ids) memory anew; windows cost O(candidates)
 * each. With R the part of the ids that is in the sample, a request costs ten requests of other policies where R = 1, else 1 + 9 R. About 130
 * bytes an id for R = 1, else about 35 and the same 130 for each id of the sample.
 *
 * ## Sources
 *
 * Waldspurger, Saemundsson, Ahmad, Park: "Cache modeling and optimization using miniature simulations", USENIX ATC 2017; Subramanian,
 * Smaragdakis, Loh: "Adaptive caches: effective shaping of cache behavior to workloads", MICRO 2006; M-007. How close it comes to the best
 * candidate, and what was tried and not kept: docs/decisions/0022-how-close-adaptive-comes.md.
 */
import { type BuildCandidate, type CandidateName, Contest, candidates } from "./adaptive-contest.js";
import type { Follower } from "./adaptive-follower.js";
import { FullSize } from "./adaptive-full-size.js";
import { Governor, type Verdict } from "./adaptive-governor.js";
import { Imitating } from "./adaptive-imitating.js";
import { Sample } from "./adaptive-sample.js";
import { Scale } from "./adaptive-scale.js";
import { Links } from "./links.js";
import type { Policy } from "./policy.js";
import { Weights } from "./weights.js";

/** A change of the incumbent. */
export interface AdaptiveDecision {
  /** Look-ups so far. */
  request: number;
  /** The policy that was followed before. */
  from: CandidateName;
  /** The one that is followed since. */
  to: CandidateName;
  /** Lower bound of the gain in hit ratio that decided; for a roll-back, what the hit ratio fell short of its forecast. */
  gain: number;
  /** Whether more was to be gained, or a change is taken back. */
  reason: Verdict["reason"];
}

/** What a new cache begins with: the candidate that loses least against the best on the reference traces. */
const FIRST_INCUMBENT: CandidateName = "lirs";
/** A sample is kept for so many requests an entry of the miniature, and judged from so many on. */
const SAMPLE_LIFE = 512;
const SAMPLE_WARM_UP = 8;
const DECISIONS_KEPT = 1024;

/** The policy `adaptive`: see above. It passes requests on to follower and contest, and the governor's verdicts to both. */
export class Adaptive implements Policy {
  readonly name = "adaptive";
  size = 0;
  /** The latest 1024 changes, oldest first. */
  readonly decisions: AdaptiveDecision[] = [];
  /** Changes in all. */
  changes = 0;
  /** Residents by when they were last seen. */
  private readonly residents: Links;
  private readonly recency: number;
  /** By bytes: what a resident weighs. */
  private readonly weights: Weights;
  private readonly scale: Scale;
  private readonly sample: Sample;
  private readonly contest: Contest;
  private readonly follower: Follower;
  private readonly governor: Governor;
  private requests = 0;
  /** The cache's hits on the requests of this window. */
  private windowHits = 0;
  /** Requests of the present sample, and whether it is not the first. */
  private sampleAge = 0;
  private resampled = false;

  constructor(
    distinct: number,
    capacity: number,
    build: BuildCandidate,
    private readonly byBytes = false,
  ) {
    const scale = new Scale(distinct, capacity, byBytes);
    const residents = new Links(distinct, 1);
    const weights = new Weights(distinct, byBytes);
    const sample = new Sample(distinct, scale.shift);
    const first = candidates.indexOf(FIRST_INCUMBENT);
    const contest = new Contest(build, scale.capacity, sample.distinct, scale.windowLength, first, byBytes);
    this.follower = scale.isFull
      ? new Imitating(contest, residents, distinct)
      : new FullSize(contest, residents, weights, scale, build, capacity, distinct);
    this.governor = new Governor(candidates.length, this.follower.keepsHistory);
    this.residents = residents;
    this.recency = residents.list(0);
    this.weights = weights;
    this.scale = scale;
    this.sample = sample;
    this.contest = contest;
  }

  /** The candidate the cache follows at present. */
  get incumbent(): CandidateName {
    return candidates[this.contest.incumbent];
  }

  has(id: number): boolean {
    return this.residents.has(id);
  }

  lookup(id: number): boolean {
    this.requests++;
    const hit = this.residents.has(id);
    if (hit) this.residents.moveToHead(this.recency, id);
    this.follower.lookup(id, hit);
    // by bytes, a miniature's turn comes when the weight is known
    if (hit || !this.byBytes) this.observe(id, hit);
    return hit;
  }

  insert(id: number, weight = 1): void {
    this.residents.pushHead(this.recency, id);
    this.size++;
    if (this.byBytes) this.weigh(id, weight);
    this.follower.insert(id, weight);
    // last, for it may change the policy, and the new one starts with all residents, this one among them
    if (this.byBytes) this.observe(id, false);
  }

  evict(): number {
    if (this.size === 0) return -1;
    const victim = this.follower.evict();
    if (victim >= 0) this.forget(victim);
    return victim;
  }

  remove(id: number): boolean {
    const image = this.sample.image(id);
    if (image >= 0) this.contest.remove(image);
    if (!this.residents.has(id)) return false;
    this.follower.remove(id);
    this.forget(id);
    return true;
  }

  resize(id: number, weight: number): void {
    if (!this.byBytes) return;
    this.weigh(id, weight);
    this.follower.resize?.(id, weight);
  }

  private weigh(id: number, weight: number): void {
    this.weights.set(id, weight);
    const image = this.sample.image(id);
    if (image >= 0) this.contest.weigh(image, weight);
  }

  private forget(id: number): void {
    this.residents.unlink(id);
    this.size--;
  }

  /** Plays a request to the miniatures, if its id is in the sample. */
  private observe(id: number, hit: boolean): void {
    const image = this.sample.image(id);
    if (image < 0) return;
    if (this.byBytes && hit) this.contest.weigh(image, this.weights.of(id)); // the sample may be new
    const incumbentHit = this.follower.play(image);
    if (hit) this.windowHits++;
    if (this.contest.play(image, incumbentHit)) this.closeWindow();
  }

  private closeWindow(): void {
    const { contest, governor, scale, size } = this;
    const miniatureEntries = scale.miniatureEntries(size);
    governor.passWindow();
    this.sampleAge += contest.windowLength;
    // the miniatures and the cache start together; with each other sample, the miniatures start again empty
    if (!this.resampled || this.sampleAge > SAMPLE_WARM_UP * miniatureEntries) {
      const entries = scale.cacheEntries(size);
      const account = { hits: this.windowHits, requests: this.requests, entries, miniatureEntries };
      const verdict = governor.judge(contest, account, this.follower);
      if (verdict !== null) this.change(verdict);
    }
    this.windowHits = 0;
    if (this.sampleAge > SAMPLE_LIFE * miniatureEntries) this.changeSample();
  }

  private change({ to, gain, reason }: Verdict): void {
    this.changes++;
    if (this.decisions.length === DECISIONS_KEPT) this.decisions.shift();
    this.decisions.push({ request: this.requests, from: this.incumbent, to: candidates[to], gain, reason });
    this.contest.appoint(to);
    this.follower.change(to);
  }

  private changeSample(): void {
    this.sampleAge = 0;
    if (this.sample.shift === 0) return;
    this.resampled = true;
    this.sample.rotate();
    this.contest.restart();
    this.governor.restart();
  }
}
