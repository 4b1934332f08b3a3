/** Figures as a reader wants them: three significant digits, a unit, and no digit the measurement does not carry. */
import type { Latency } from "./results.js";

const NUMBER = new Intl.NumberFormat("en-US");

/** Three significant digits without an exponent: 1.23, 12.3, 123, 1,230. */
export function significant(value: number): string {
  if (!Number.isFinite(value)) return String(value);
  if (value === 0) return "0";
  const magnitude = Math.floor(Math.log10(Math.abs(value)));
  const digits = Math.min(20, Math.max(0, 2 - magnitude));
  return new Intl.NumberFormat("en-US", { maximumFractionDigits: digits, minimumFractionDigits: 0 }).format(value);
}

/** A count, exact, with thousands apart: 1,234,567. */
export function count(value: number): string {
  return NUMBER.format(value);
}

/** Nanoseconds in the unit that fits: 56 ns, 1.2 µs, 3.4 ms, 5 s. */
export function duration(ns: number): string {
  const size = Math.abs(ns);
  if (size < 1e3) return `${significant(ns)} ns`;
  if (size < 1e6) return `${significant(ns / 1e3)} µs`;
  if (size < 1e9) return `${significant(ns / 1e6)} ms`;
  return `${significant(ns / 1e9)} s`;
}

/**
 * One figure of a latency distribution. A sampled figure at or under the timer floor is only known to be no more than
 * the floor, and is written so; it is never 0.
 */
export function latencyFigure(latency: Latency, ns: number): string {
  const { floor } = latency;
  return latency.mode === "sampled" && floor !== undefined && ns <= floor ? `≤ ${duration(floor)}` : duration(ns);
}

/** Operations per second: 950, 12.3 K, 4.56 M, 1.2 G. */
export function magnitude(value: number): string {
  const size = Math.abs(value);
  if (size < 1e3) return significant(value);
  if (size < 1e6) return `${significant(value / 1e3)} K`;
  if (size < 1e9) return `${significant(value / 1e6)} M`;
  return `${significant(value / 1e9)} G`;
}

export function rate(operationsPerSecond: number): string {
  return `${magnitude(operationsPerSecond)}/s`;
}

const BYTE_UNITS = ["B", "KiB", "MiB", "GiB", "TiB", "PiB"];

export function bytes(value: number): string {
  let unit = 0;
  let size = value;
  while (size >= 1024 && unit < BYTE_UNITS.length - 1) {
    size /= 1024;
    unit += 1;
  }
  return `${significant(size)} ${BYTE_UNITS[unit]}`;
}

/** A share 0 to 1 as per cent with two decimals; exact ends stay bare (0 %, 100 %), near ends do not pose as ends. */
export function percent(share: number): string {
  if (share === 0 || share === 1) return `${share * 100} %`;
  const text = (share * 100).toFixed(2);
  if (text === "100.00") return "> 99.99 %";
  if (text === "0.00") return "< 0.01 %";
  return `${text} %`;
}

/** A ratio to a reference: 1.00 x, 0.125 x. */
export function factor(value: number): string {
  return `${value >= 0.995 && value < 100 ? value.toFixed(2) : significant(value)} ×`;
}

/** A point in time as one reads it, in UTC; what is no date is given back as it stands. */
export function moment(iso: string): string {
  const date = new Date(iso);
  return Number.isNaN(date.getTime()) ? iso : `${date.toISOString().slice(0, 16).replace("T", " ")} UTC`;
}

/** A commit as people quote it. */
export function shortCommit(commit: string | null): string {
  return commit === null ? "no commit" : commit.slice(0, 10);
}
