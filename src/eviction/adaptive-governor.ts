import { Friction } from "./adaptive-friction.js";
import { Probation } from "./adaptive-probation.js";
import type { Standing } from "./adaptive-standing.js";

/** A gain in hit ratio below this is not worth a change. */
export const MARGIN = 0.002;
/** The same once there has been a change: policies that come so close are not worth going back and forth between. */
export const LATER_MARGIN = 0.0075;
/** A change costs the misses of a share of the entries, to be earned back in as many requests as have been seen, at least 16 x capacity. */
const MIGRATION_SHARE = 0.25;
const HORIZON = 16;
/** A challenger must be better in this many windows in a row. */
export const WINDOWS_IN_A_ROW = 2;
/** Windows an incumbent stays at least. */
export const DWELL = 4;
/** Windows a challenger that failed is barred for; doubled with each failure, up to 2^10 times. */
export const BACK_OFF = 32;
const MOST_DOUBLINGS = 10;

/** How the cache itself fares. */
export interface Account {
  /** Its hits on the requests of the window. */
  readonly hits: number;
  /** Requests so far. */
  readonly requests: number;
  /** Entries it has room for. */
  readonly entries: number;
  /** Entries a miniature has room for. */
  readonly miniatureEntries: number;
}

/** What it costs to follow a challenger. */
export interface Prices {
  /** In hits, of the requests that miniatures see. Not counted further than the first number above `limit`. */
  price(challenger: number, limit: number): number;
}

/** A change to make. */
export interface Verdict {
  readonly to: number;
  /** Lower bound of the gain in hit ratio that decided; for a roll-back, what the hit ratio fell short of its forecast. */
  readonly gain: number;
  readonly reason: "better" | "rolled back";
}

/**
 * Decides when to follow another candidate. It knows numbers only: no cache, no ids, no policies. The essay at the head of
 * adaptive.ts says what the words mean.
 *
 * A challenger is followed when all of this holds, after a window:
 *
 *   its proven gain is above the hurdle, in this window and the one before   (the hurdle: `MARGIN` and what a change costs)
 *   the incumbent has had its dwell                                          (`DWELL`)
 *   it is not barred for having failed                                       (`BACK_OFF`)
 *   its lead is worth its price times friction                               (`Friction`)
 *
 * Of several, the one with the greatest proven gain. A change is on probation, and taken back when it does not keep its promise
 * (`Probation`); no other is made in a window that does so.
 *
 * O(candidates) a window, and what the prices asked for take.
 */
export class Governor {
  private readonly candidates: number;
  private readonly friction: Friction;
  private readonly probation = new Probation();
  /** Whether there has been a change. */
  private hasChanged = false;
  /** Windows since construction, and in the present incumbent's time. */
  private windows = 0;
  private tenure = 0;
  /** By candidate: windows in a row above the hurdle, the window from which it may be followed again, and how often it has failed. */
  private readonly passes: Int32Array;
  private readonly barredUntil: Float64Array;
  private readonly failures: Int32Array;

  /** @param keepsHistory whether the policy that a change brings has a history */
  constructor(candidates: number, keepsHistory: boolean) {
    this.candidates = candidates;
    this.friction = new Friction(keepsHistory);
    this.passes = new Int32Array(candidates);
    this.barredUntil = new Float64Array(candidates);
    this.failures = new Int32Array(candidates);
  }

  /** A window has passed, whether or not it is judged. */
  passWindow(): void {
    this.windows++;
    this.tenure++;
  }

  /** Judges the window that has passed. A change it returns is taken for made. */
  judge(standing: Standing, account: Account, prices: Prices): Verdict | null {
    const verdict = this.takeBack(standing, account) ?? this.promote(standing, account, prices);
    if (verdict === null) return null;
    this.friction.change(standing.incumbent, verdict.to);
    this.hasChanged = true;
    this.passes.fill(0);
    this.tenure = 0;
    if (verdict.reason === "better") this.probation.begin(standing.incumbent);
    return verdict;
  }

  /** The miniatures start anew: what was seen of them in windows before does not count. */
  restart(): void {
    this.passes.fill(0);
    this.probation.end();
  }

  private takeBack(standing: Standing, { hits, miniatureEntries }: Account): Verdict | null {
    const { former } = this.probation;
    if (former < 0) return null;
    const shortfall = this.probation.pass(standing, this.tenure, hits, miniatureEntries);
    if (shortfall === 0) return null;
    const failed = standing.incumbent;
    this.barredUntil[failed] = this.windows + BACK_OFF * 2 ** Math.min(MOST_DOUBLINGS, this.failures[failed]++);
    return { to: former, gain: shortfall, reason: "rolled back" };
  }

  private promote(standing: Standing, account: Account, prices: Prices): Verdict | null {
    const { lowerBounds, lead } = standing;
    const { passes, friction } = this;
    friction.relax(standing.windowLength, account.miniatureEntries);
    const hurdle = this.hurdle(account);
    let best = -1;
    for (let i = 0; i < this.candidates; i++) {
      passes[i] = lowerBounds[i] > hurdle ? passes[i] + 1 : 0;
      if (passes[i] < WINDOWS_IN_A_ROW || this.windows < this.barredUntil[i] || this.tenure < DWELL) continue;
      if (best >= 0 && lowerBounds[i] <= lowerBounds[best]) continue;
      const affordable = lead[i] / friction.factor;
      if (prices.price(i, affordable) <= affordable) best = i;
    }
    return best < 0 ? null : { to: best, gain: lowerBounds[best], reason: "better" };
  }

  private hurdle({ requests, entries }: Account): number {
    const horizon = Math.max(requests, HORIZON * entries);
    return (this.hasChanged ? LATER_MARGIN : MARGIN) + (MIGRATION_SHARE * entries) / horizon;
  }
}
