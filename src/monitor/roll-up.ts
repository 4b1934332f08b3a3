/**
 * History in three grains, each bounded: seconds for an hour, minutes for a day, hours for a year. What is older than a grain keeps is
 * in the next one. Pure; the wall clock's minutes and hours end a grain, and a clock that is set back or forth ends it early, never
 * joins what lies apart.
 */
import { type Interval, joinIntervals } from "./interval.js";

/** All of them, finest first. */
export const GRAINS = ["tick", "minute", "hour"] as const;
/** How coarse history is: an interval a look, a minute, or an hour. */
export type Grain = (typeof GRAINS)[number];

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const LENGTH_MS = { minute: MINUTE_MS, hour: HOUR_MS } as const;

/** How many of each grain are kept. */
export const KEPT: Readonly<Record<Grain, number>> = { tick: 3600, minute: 1440, hour: 8760 };

export class RollUp {
  private readonly open: Record<"minute" | "hour", Interval[]> = { minute: [], hour: [] };

  /** @returns what is to be kept now: the tick itself, and the minute and the hour that have ended by it. */
  add(tick: Interval): [Grain, Interval][] {
    const closed: [Grain, Interval][] = [["tick", tick]];
    const minute = this.next("minute", tick);
    if (minute === null) return closed;
    closed.push(["minute", minute]);
    const hour = this.next("hour", minute);
    if (hour !== null) closed.push(["hour", hour]);
    return closed;
  }

  /** Puts the interval to those of its minute or hour; those of the former one, joined, if it is of another. */
  private next(grain: "minute" | "hour", interval: Interval): Interval | null {
    const open = this.open[grain];
    const ended = open.length > 0 && partOf(grain, open[0]) !== partOf(grain, interval);
    const joined = ended ? joinIntervals(open) : null;
    if (ended) open.length = 0;
    open.push(interval);
    return joined;
  }
}

/** The number of the minute or hour that an interval began in. */
function partOf(grain: "minute" | "hour", { at, ms }: Interval): number {
  return Math.floor((at - ms) / LENGTH_MS[grain]);
}
