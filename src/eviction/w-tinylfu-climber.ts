/** Requests between two steps, an entry of capacity: as many as the sketch counts before it ages. */
const SAMPLE_FACTOR = 10;
/** The first step, downwards, so that the window stays at its least until hits are lost, and each step after a jump: this share of the capacity. */
const STEP_SHARE = 0.0625;
/** Steps shrink by this, so that the window comes to rest. */
const STEP_DECAY = 0.98;
/** A change of the hit ratio by so much says that the workload has changed: steps are long again. */
const JUMP = 0.05;
/** The window's bounds: the fixed one's share, and what the main cache's protected segment would have. */
const LEAST_SHARE = 0.01;
const MOST_SHARE = 0.8;

/**
 * How large W-TinyLFU's window is, by hill climbing: after each sample of requests the window grows or shrinks by a step; when the hit
 * ratio rose, the next step goes the same way, else the other (Einziger, Eytan, Friedman, Manes: "Adaptive software cache management",
 * Middleware 2018; lengths, decay and restart of the steps as in Caffeine, which the paper's authors maintain).
 *
 * Nothing but a few numbers; O(1).
 */
export class WindowClimber {
  private step: number;
  private target: number;
  private requests = 0;
  private hits = 0;
  private formerRatio = 0;

  /** @param capacity in the unit the window is to be in */
  constructor(private readonly capacity: number) {
    this.step = -STEP_SHARE * capacity;
    this.target = LEAST_SHARE * capacity;
  }

  /** The window's size in the capacity's unit, at least 1. */
  get window(): number {
    return Math.max(1, Math.floor(this.target));
  }

  /**
   * Counts a request. True when the window has another size now.
   *
   * @param entries what the cache holds when full: a sample is ten requests of each
   */
  count(hit: boolean, entries: number): boolean {
    if (hit) this.hits++;
    if (++this.requests < SAMPLE_FACTOR * entries) return false;
    const before = this.window;
    this.climb(this.hits / this.requests);
    this.requests = 0;
    this.hits = 0;
    return this.window !== before;
  }

  private climb(ratio: number): void {
    const gained = ratio - this.formerRatio;
    const amount = gained >= 0 ? this.step : -this.step;
    const wanted = this.target + amount;
    this.target = Math.min(MOST_SHARE * this.capacity, Math.max(LEAST_SHARE * this.capacity, wanted));
    this.step = Math.abs(gained) >= JUMP ? Math.sign(amount) * STEP_SHARE * this.capacity : STEP_DECAY * amount;
    this.formerRatio = ratio;
  }
}
