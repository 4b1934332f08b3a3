/**
 * A hybrid logical clock (Kulkarni et al., "Logical Physical Clocks", 2014): stamps near the wall clock that never go back, and that come after
 * everything this node has seen. They decide which of two versions stays; a wall clock alone would let a version lose to the one it was made from.
 *
 * Following every stamp, however far ahead, would let one node whose clock is ten minutes fast drag all others with it. So a stamp beyond `maxDriftMs`
 * ahead of the own wall clock is not followed, and counted. A version made over such a one is still stamped above it: the fault stays with the keys
 * that the fast node wrote.
 */

/** A moment of a hybrid clock. */
export interface Stamp {
  /** Wall-clock milliseconds since 1970, below 2^48. */
  readonly ms: number;
  /** Tells apart what was stamped within one of them, below 2^16. */
  readonly counter: number;
}

export const STAMP_MS_MAX = 2 ** 48 - 1;
export const STAMP_COUNTER_MAX = 2 ** 16 - 1;

/** Beyond what clocks differ by that somebody looks after, far below what makes expiry and conflicts visibly wrong. */
export const DEFAULT_MAX_DRIFT_MS = 60_000;

export function compareStamps(a: Stamp, b: Stamp): number {
  return a.ms - b.ms || a.counter - b.counter;
}

/** The least stamp after this one. */
function next({ ms, counter }: Stamp): Stamp {
  if (counter < STAMP_COUNTER_MAX) return { ms, counter: counter + 1 };
  return { ms: Math.min(ms + 1, STAMP_MS_MAX), counter: 0 };
}

export class HybridClock {
  /** Stamps of others that were too far ahead to be followed. */
  refused = 0;
  /** By how much the latest of them was ahead, ms; 0 before the first. */
  refusedByMs = 0;
  private last: Stamp = { ms: 0, counter: 0 };

  /** @param wall milliseconds since 1970, from a clock that may jump */
  constructor(
    private readonly wall: () => number,
    private readonly maxDriftMs = DEFAULT_MAX_DRIFT_MS,
  ) {}

  /** For something that happens now, after everything seen so far, and after `above` however far ahead that is. */
  issue(above?: Stamp): Stamp {
    const wallMs = this.wallMs();
    this.last = wallMs > this.last.ms ? { ms: wallMs, counter: 0 } : next(this.last);
    if (above === undefined || compareStamps(this.last, above) > 0) return this.last;
    const raised = next(above);
    if (above.ms - wallMs <= this.maxDriftMs) this.last = raised;
    return raised;
  }

  /** Notes a stamp of another node's: what is issued from now on comes after it. False when it was too far ahead. */
  witness(stamp: Stamp): boolean {
    const ahead = stamp.ms - this.wallMs();
    if (ahead > this.maxDriftMs) {
      this.refused++;
      this.refusedByMs = ahead;
      return false;
    }
    if (compareStamps(stamp, this.last) > 0) this.last = { ms: stamp.ms, counter: stamp.counter };
    return true;
  }

  /** The time that expiries are judged by: the wall clock's, and never before the last stamp. */
  nowMs(): number {
    return Math.max(this.wallMs(), this.last.ms);
  }

  private wallMs(): number {
    return Math.min(Math.max(0, Math.floor(this.wall())), STAMP_MS_MAX);
  }
}
