/**
 * Values of command-line options, checked before anything starts. Each throws InvalidArgumentError with one line. What several commands
 * take is read here alone: a value that one of them takes and hands on must not be refused by the next.
 */
import { InvalidArgumentError } from "../../src/errors.js";
import { MOST_WORKERS, parseDuration as parseUnit } from "../../workloads/index.js";

const LONGEST_MS = 24 * 3_600_000;
const MOST_OPERATIONS = 1e12;
const HIGHEST_SEED = 0xffff_ffff;
const MOST_MINUTES = 10_000;
/** A clock read takes 60 ns: beyond this nothing can be timed one by one. */
const HIGHEST_RATE = 1e8;

/** One number of workers, or several separated by commas, each once, ascending. */
export function parseWorkerCounts(text: string): number[] {
  const counts = text.split(",").map((part) => wholeNumber("--workers", part, 1, MOST_WORKERS));
  return [...new Set(counts)].sort((a, b) => a - b);
}

export function parseWorkers(text: string): number {
  return wholeNumber("--workers", text, 1, MOST_WORKERS);
}

export function parseOperations(text: string): number {
  return wholeNumber("--ops", text, 1, MOST_OPERATIONS);
}

export function parseLimit(text: string): number {
  return wholeNumber("--limit", text, 1, 2 ** 31);
}

export function parseSeed(text: string): number {
  return wholeNumber("--seed", text, 0, HIGHEST_SEED);
}

/** Milliseconds. */
export function parseDuration(text: string): number {
  const expected = `--duration ${shown(text)}: expected a time such as 5s, 500ms or 2m, above 0 and at most 24h`;
  let milliseconds: number;
  try {
    milliseconds = parseUnit(text);
  } catch (cause) {
    throw new InvalidArgumentError(expected, { cause });
  }
  if (!(milliseconds > 0 && milliseconds <= LONGEST_MS)) throw new InvalidArgumentError(expected);
  return milliseconds;
}

/** How long a campaign goes on, in minutes; parts of them too. */
export function parseMinutes(text: string): number {
  return minutesFrom(0, text);
}

export function minutesFrom(least: number, text: string): number {
  const minutes = /^(\d+(\.\d+)?|\.\d+)$/.test(text.trim()) ? Number(text) : Number.NaN;
  if (!(minutes > 0 && minutes >= least && minutes <= MOST_MINUTES)) {
    const from = least > 0 ? `from ${least} to` : "above 0 and at most";
    throw new InvalidArgumentError(`--minutes ${shown(text)}: expected minutes ${from} ${MOST_MINUTES}`);
  }
  return minutes;
}

/** Milliseconds: `10s`, `500ms`, or a number alone, which is milliseconds. */
export function parseTime(option: string, text: string, least: "above 0" | "from 0"): number {
  const milliseconds = /^\d+(\.\d+)?$/.test(text.trim()) ? Number(text) : unitOrNaN(text);
  if (!(least === "from 0" ? milliseconds >= 0 : milliseconds > 0)) {
    throw new InvalidArgumentError(`${option} ${shown(text)}: expected a time ${least}, such as 500ms, 10s or 2m`);
  }
  return milliseconds;
}

function unitOrNaN(text: string): number {
  try {
    return parseUnit(text);
  } catch {
    return Number.NaN;
  }
}

/** `1000/s` or `1000`: operations a second over all workers. */
export function parseRate(text: string): number {
  const match = /^(\d+(?:\.\d+)?) ?(?:\/ ?s)?$/.exec(text.trim());
  const rate = match === null ? Number.NaN : Number(match[1]);
  if (!(rate > 0 && rate <= HIGHEST_RATE)) {
    throw new InvalidArgumentError(
      `--rate ${shown(text)}: expected operations a second such as 10000/s, above 0 and at most ${HIGHEST_RATE}`,
    );
  }
  return rate;
}

/** Names separated by commas, each once. */
export function parseNames(option: string, text: string): string[] {
  const names = text.split(",").map((name) => name.trim());
  if (names.some((name) => name === "")) {
    throw new InvalidArgumentError(`${option} ${shown(text)}: expected names separated by commas`);
  }
  return [...new Set(names)];
}

/** A whole number, decimal digits alone. */
export function wholeNumber(option: string, text: string, least: number, most: number): number {
  const value = /^\d+$/.test(text.trim()) ? Number(text) : Number.NaN;
  if (!(value >= least && value <= most)) {
    throw new InvalidArgumentError(`${option} ${shown(text)}: expected a whole number from ${least} to ${most}`);
  }
  return value;
}

function shown(text: string): string {
  const plain = /^[\w.,:/%+-]{1,60}$/.test(text);
  return plain ? text : JSON.stringify(text.length > 60 ? `${text.slice(0, 60)}…` : text);
}
