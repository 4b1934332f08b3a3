import type { Prices } from "./adaptive-governor.js";

/**
 * What runs the cache of an adaptive policy: it names the victims, so that the cache does as the incumbent would. There are two ways to
 * do so, `Imitating` and `FullSize`; the essay at the head of adaptive.ts says when which, and what the words mean.
 *
 * Who is resident, and who was seen last, its owner keeps, and has noted before each call here. Except in `evict`: what that returns
 * is resident until it has returned.
 */
export interface Follower extends Prices {
  /** Whether the policy that a change brings has a history, and not the residents alone. */
  readonly keepsHistory: boolean;

  /** A request of the cache, which hit or missed. */
  lookup(id: number, hit: boolean): void;

  /** The same request as it meets the incumbent's miniature, under its number in the sample: true for a hit. After `lookup`. */
  play(image: number): boolean;

  /** The id has become a resident. */
  insert(id: number, weight: number): void;

  /** Names a victim among the residents, of which there is at least one. */
  evict(): number;

  /** A resident was deleted by its owner. */
  remove(id: number): void;

  /** A resident's bytes have changed. Absent where they are not looked at. */
  resize?(id: number, weight: number): void;

  /** Follows this candidate from now on, which has become the incumbent. */
  change(to: number): void;
}
