/** How a trace is read, and why: every command that reads one says it, since nearly every file can be read in a wrong way that looks right. */
import type { Compression } from "./compression/magic.js";

export type FoundBy = "option" | "name" | "content";

export interface TraceReading {
  readonly format: string;
  /** How the format was found. */
  readonly by: FoundBy;
  readonly compression: Compression | null;
  /** Formats with columns: which is what, and how that was found. Told from the first batch on. */
  readonly columns: string | null;
  /** The unit of its times, and how that was found; null: it has no times, or the format fixes the unit. */
  readonly times: string | null;
  /** A size of 0 is one that the trace does not know (see unknown-sizes.ts). */
  readonly unknownSizes: boolean;
  /** What makes it doubtful that this is how it is meant. Complete when all has been read. */
  readonly warnings: readonly string[];
}

const BY: Readonly<Record<FoundBy, string>> = {
  option: "as --format says",
  name: "by its name",
  content: "by its content",
};

/** One line for people. */
export function describeReading({ format, by, compression, columns, times }: TraceReading): string {
  const parts = [`${format} (${BY[by]})`];
  if (compression !== null) parts[0] += ` in ${compression}`;
  if (columns !== null) parts.push(columns);
  if (times !== null) parts.push(times);
  return parts.join("; ");
}

/** Fewer repeats than this share of the requests are hardly any. */
const HARDLY = 0.05;
const ENOUGH = 100;

/** Why the key may not be what was taken for it; none where enough is asked for twice. */
export function repeatWarnings(requests: number, distinct: number): string[] {
  const doubt =
    "no cache hits that, and it may be that something else than the key was read; --format and --columns decide";
  if (requests > 1 && distinct === requests) {
    return [`all ${requests.toLocaleString("en-US")} requests name different keys: ${doubt}`];
  }
  const repeats = requests - distinct;
  if (requests < ENOUGH || repeats >= requests * HARDLY) return [];
  const share = ((100 * repeats) / requests).toFixed(1);
  return [`only ${share} % of the requests name a key that was requested before: ${doubt}`];
}
