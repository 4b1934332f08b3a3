/** Values of command-line options, checked before anything starts. Each throws InvalidArgumentError with one line. */
import { InvalidArgumentError } from "../../src/store/errors.js";
import { MOST_WORKERS, parseDuration as parseUnit } from "../../workloads/index.js";

const LONGEST_MS = 24 * 3_600_000;
const MOST_OPERATIONS = 1e12;
const HIGHEST_SEED = 0xffff_ffff;
/** A clock read takes 60 ns: beyond this nothing can be timed one by one. */
const HIGHEST_RATE = 1e8;

/** One number of workers, or several separated by commas, each once, ascending. */
export function parseWorkerCounts(text: string): number[] {
  const counts = text.split(",").map((part) => wholeNumber("--workers", part, 1, MOST_WORKERS));
  return [...new Set(counts)].sort((a, b) => a - b);
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
