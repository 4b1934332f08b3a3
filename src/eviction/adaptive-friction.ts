/** What a price is multiplied by. */
const LEAST_FRICTION = 1;
const MOST_FRICTION = 8;
/** Requests an entry of the miniature without a change, after which friction is halved. */
const CALM = 256;

/**
 * What going back and forth costs more than going: a factor on the price of a change.
 *
 * Every change back to a policy that was left doubles it, so that a workload on which policies lead in turn, faster than entries
 * can be exchanged, comes to rest. Where a change brings no history, every change doubles it. Calm, that is a time without a change, halves
 * it; back at 1, what was left is forgotten.
 */
export class Friction {
  factor = LEAST_FRICTION;
  /** Candidates that were followed and left. */
  private readonly left = new Set<number>();
  /** Requests of the sample since the last change or halving. */
  private calm = 0;

  constructor(private readonly keepsHistory: boolean) {}

  change(from: number, to: number): void {
    this.left.add(from);
    if (!this.keepsHistory || this.left.has(to)) this.factor = Math.min(MOST_FRICTION, this.factor * 2);
    this.calm = 0;
  }

  /** So many requests of the sample without a change; `entries` is what a miniature holds. */
  relax(requests: number, entries: number): void {
    this.calm += requests;
    if (this.calm < CALM * entries) return;
    this.factor = Math.max(LEAST_FRICTION, this.factor / 2);
    if (this.factor === LEAST_FRICTION) this.left.clear();
    this.calm = 0;
  }
}
