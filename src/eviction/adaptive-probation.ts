import type { Standing } from "./adaptive-standing.js";

/** Windows of probation, after as many requests of the sample as a miniature has entries to settle in. */
export const PROBATION = 16;
/** How far the hit ratio on probation may fall short of the miniature's. */
export const SHORTFALL = 0.05;

/** Whether a change has kept its promise: for a time the cache's hits are held against those of the new incumbent's miniature. */
export class Probation {
  /** Whom a failure brings back; -1 = no probation under way. */
  former = -1;
  private hits = 0;
  private forecast = 0;
  private formerHits = 0;

  begin(former: number): void {
    this.former = former;
    this.hits = 0;
    this.forecast = 0;
    this.formerHits = 0;
  }

  /** Ends without a verdict. */
  end(): void {
    this.former = -1;
  }

  /**
   * A window has passed, the `tenure`th of the new incumbent, in which the cache had `hits`.
   *
   * @returns how far the hit ratio fell short of the forecast, when probation ends with it in failure; else 0
   */
  pass(standing: Standing, tenure: number, hits: number, entries: number): number {
    const { incumbent, windowHits, windowLength } = standing;
    const settling = Math.ceil(entries / windowLength);
    if (tenure <= settling) return 0;
    this.hits += hits;
    this.forecast += windowHits[incumbent];
    this.formerHits += windowHits[this.former];
    if (tenure < settling + PROBATION) return 0;
    this.former = -1;
    const shortfall = (this.forecast - this.hits) / (PROBATION * windowLength);
    // going back is no help where the former policy does no better
    return shortfall < SHORTFALL || this.formerHits <= this.hits ? 0 : shortfall;
  }
}
