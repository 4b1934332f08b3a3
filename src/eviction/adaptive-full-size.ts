import { type BuildCandidate, type Contest, candidates } from "./adaptive-contest.js";
import type { Follower } from "./adaptive-follower.js";
import type { Scale } from "./adaptive-scale.js";
import type { Links } from "./links.js";
import type { Policy } from "./policy.js";
import type { Weights } from "./weights.js";

/** The price of a change, as a share of a miniature's entries: what a policy without its history loses cannot be counted beforehand. */
const SEEDED_PRICE = 0.5;
/** Hits of a resident that are counted. */
const MOST_COUNTED = 3;

/**
 * Runs a cache that is larger than its miniatures, or counts bytes: by a policy of full size of the incumbent's kind.
 *
 * Only the sample's requests have been played to a challenger, so a change has to build its policy anew. It is *seeded*: it starts with
 * all residents, as if they had come in the order they were last seen, each hit as often as a 2-bit counter tells. No resident is lost by
 * that, but what the policy would have learned from the requests before is.
 *
 * Invariant: the policy holds exactly the residents.
 *
 * O(1) amortised; `change` O(residents), and the memory of a policy for all ids. 1 byte an id beside the policy.
 */
export class FullSize implements Follower {
  readonly keepsHistory = false;
  private policy: Policy;
  private readonly recency: number;
  /** Hits of a resident since it came, 0 to 3. */
  private readonly counters: Uint8Array;

  /**
   * @param build builds a candidate for ids 0 to distinct - 1
   * @param residents by when they were last seen, in its list 0
   * @param weights of the residents
   */
  constructor(
    private readonly contest: Contest,
    private readonly residents: Links,
    private readonly weights: Weights,
    private readonly scale: Scale,
    private readonly build: BuildCandidate,
    private readonly capacity: number,
    private readonly distinct: number,
  ) {
    this.policy = build(candidates[contest.incumbent], capacity, distinct);
    this.recency = residents.list(0);
    this.counters = new Uint8Array(distinct);
  }

  lookup(id: number, hit: boolean): void {
    this.policy.lookup(id);
    if (hit && this.counters[id] < MOST_COUNTED) this.counters[id]++;
  }

  play(image: number): boolean {
    return this.contest.playTo(this.contest.incumbent, image);
  }

  insert(id: number, weight: number): void {
    this.policy.insert(id, weight);
    this.counters[id] = 0;
  }

  evict(): number {
    return this.policy.evict();
  }

  remove(id: number): void {
    this.policy.remove(id);
  }

  resize(id: number, weight: number): void {
    this.policy.resize?.(id, weight);
  }

  change(to: number): void {
    const { residents, recency } = this;
    const policy = this.build(candidates[to], this.capacity, this.distinct);
    for (let id = residents.newer(recency); id !== recency; id = residents.newer(id)) {
      policy.lookup(id);
      policy.insert(id, this.weights.of(id));
      for (let hits = this.counters[id]; hits > 0; hits--) policy.lookup(id);
    }
    this.policy = policy;
  }

  /** The same for every challenger. */
  price(): number {
    return SEEDED_PRICE * this.scale.miniatureEntries(this.policy.size);
  }
}
