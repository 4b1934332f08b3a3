/**
 * One metric, as every part behind the parsers sees it, and the line of the journal that it is.
 *
 * A time series database keeps one value a series and instant: of two events of a series in one millisecond, one would be lost there
 * without a word. So a time says how fine it is. To the nanosecond (`belowMs` is a number), it is the sender's and kept as it is: the same
 * event sent twice is then the same point. To the millisecond only (`belowMs` is null), the number of the journal's line goes below it
 * (`pointTime`), which is the same each time that line is read.
 */
import { MS_TEXT, parseTimeText } from "./time.js";

/** One number that a client sends, of one time. */
export interface Metric {
  /** Who sends it: what is limited, and what messages are keyed by. */
  readonly client: string;
  /** What it is of, such as "cpu_percent". */
  readonly name: string;
  /** Finite. */
  readonly value: number;
  /** Unix time, whole ms. */
  readonly ms: number;
  /** 0 to 999,999 ns; null where the sender said no more than the ms, or nothing. */
  readonly belowMs: number | null;
  /** As the sender said it; undefined when it did not. */
  readonly unit?: string;
  /** Without a prototype, so that no name is special. */
  readonly tags: Readonly<Record<string, string>>;
}

const NS_IN_MS = 1_000_000;

/** A line of the journal, its end included; the first three names are the source's. RFC 3339 with 3 digits, or 9 where the sender said them. */
export function lineOf({ client, name, value, ms, belowMs, unit, tags }: Metric): string {
  const below = belowMs === null ? "" : String(belowMs).padStart(6, "0");
  let line = `{"timestamp":"${MS_TEXT.of(ms)}${below}Z","name":${JSON.stringify(name)},"value":${value},"client_id":${JSON.stringify(client)}`;
  if (unit !== undefined) line += `,"unit":${JSON.stringify(unit)}`;
  for (const _ in tags) {
    line += `,"tags":${JSON.stringify(tags)}`;
    break;
  }
  return `${line}}\n`;
}

/** The metric of a line, with or without its end; null when it is none: damaged, or something else's. */
export function metricOf(line: string): Metric | null {
  let read: unknown;
  try {
    read = JSON.parse(line);
  } catch {
    return null;
  }
  if (read === null || typeof read !== "object" || Array.isArray(read)) return null;
  const { timestamp, name, value, client_id: client = "", unit, tags } = read as Record<string, unknown>;
  const time = typeof timestamp === "string" ? parseTimeText(timestamp) : null;
  if (time === null || typeof name !== "string" || name === "" || typeof client !== "string") return null;
  if (typeof value !== "number" || !Number.isFinite(value)) return null;
  if (unit !== undefined && typeof unit !== "string") return null;
  const own = tagsOf(tags);
  if (own === null) return null;
  return { client, name, value, ...time, ...(unit === undefined ? {} : { unit }), tags: own };
}

function tagsOf(read: unknown): Record<string, string> | null {
  const tags: Record<string, string> = Object.create(null);
  if (read === undefined) return tags;
  if (read === null || typeof read !== "object" || Array.isArray(read)) return null;
  for (const [tag, value] of Object.entries(read)) {
    if (typeof value !== "string") return null;
    tags[tag] = value;
  }
  return tags;
}

/**
 * The instant of a metric's point, Unix time in ns as decimal digits. Lines of one series that come within one ms are apart by their
 * numbers, as long as there are not a million lines between them.
 *
 * @param line the number of its line in the journal
 */
export function pointTime({ ms, belowMs }: Metric, line: number): string {
  return `${ms}${String(belowMs ?? line % NS_IN_MS).padStart(6, "0")}`;
}
