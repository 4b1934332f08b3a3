/** The unit of a trace's times: asked for, in a column's name, or told by the times themselves where they count from 1970. */
import { InvalidArgumentError } from "../../src/errors.js";

export type TimeUnit = "s" | "ms" | "us" | "ns";

const UNITS: readonly TimeUnit[] = ["s", "ms", "us", "ns"];

/** Units of time a second has. */
const A_SECOND: Readonly<Record<TimeUnit, number>> = { s: 1, ms: 1e3, us: 1e6, ns: 1e9 };

/** 1990 to 2060 in seconds since 1970: in these years the four units do not overlap, and nothing else is likely to. */
const EARLIEST = 631_152_000;
const LATEST = 2_840_140_800;
/** A time that is none since 1970 and more than this (a century) is no number of seconds. */
const LONGEST = 3_155_760_000;

const SPELLINGS: Readonly<Record<TimeUnit, string>> = {
  s: "s|secs?|seconds?",
  ms: "ms|msecs?|millis|milliseconds?",
  us: "us|µs|usecs?|micros|microseconds?",
  ns: "ns|nsecs?|nanos|nanoseconds?",
};

/** @throws InvalidArgumentError naming the option */
export function parseTimeUnit(option: string, text: string): TimeUnit {
  const unit = UNITS.find((name) => name === text.toLowerCase());
  if (unit !== undefined) return unit;
  throw new InvalidArgumentError(`${option} ${JSON.stringify(text)}: expected s, ms, us or ns`);
}

/** A time in seconds. */
export function seconds(time: number, unit: TimeUnit): number {
  return unit === "s" ? time : time / A_SECOND[unit];
}

/** Splits a unit off a column's name: `time_ms`, `timestamp (us)`, `ttl[s]`. */
export function unitOfName(name: string): { stem: string; unit: TimeUnit | null } {
  for (const unit of UNITS) {
    const match = new RegExp(`^(.+?)[_ ]*[_ ([](?:in[_ ])?(?:${SPELLINGS[unit]})[)\\]]?$`, "i").exec(name);
    if (match !== null) return { stem: match[1], unit };
  }
  return { stem: name, unit: null };
}

export interface JudgedUnit {
  readonly unit: TimeUnit;
  readonly why: string;
  /** Set where nothing tells. */
  readonly warning?: string;
}

/** Judges by the greatest of some times. */
export function judgeUnit(greatest: number): JudgedUnit {
  for (const unit of UNITS) {
    const since1970 = greatest / A_SECOND[unit];
    if (since1970 >= EARLIEST && since1970 <= LATEST) {
      return { unit, why: `they count from 1970 to ${new Date(since1970 * 1000).toISOString().slice(0, 10)}` };
    }
  }
  if (Math.abs(greatest) <= LONGEST)
    return { unit: "s", why: "taken for that, since nothing tells; --time-unit decides" };
  const warning = `times of ${greatest} are taken for seconds, of which that would be more than a century, since nothing tells their unit: expected --time-unit ms, us or ns`;
  return { unit: "s", why: "taken for that, since nothing tells", warning };
}
