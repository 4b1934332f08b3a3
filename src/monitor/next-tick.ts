/** When the next look is due. */

/** Of the time between two looks: a timer that fires by less than this before its time was early, and has had its turn. */
const EARLY = 1 / 4;

/**
 * Milliseconds until the next look: in step with the clock, so that what a look takes does not add up. Timers go by a time that the event
 * loop has noted, whole milliseconds of it, and fire some milliseconds early in a thread that is busy: the look that was due then is over,
 * and the next is that of the step after.
 *
 * @param now by a clock that never goes back, ms
 */
export function untilNextTick(now: number, every: number): number {
  const left = every - (now % every);
  return left < every * EARLY ? left + every : left;
}
