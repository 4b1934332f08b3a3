/** `engram trace info` for people. */
import { accessPatterns } from "../../src/eviction/index.js";
import {
  describeReading,
  type NextAccessCheck,
  type Skipped,
  type TraceInfo,
  type TraceReading,
} from "../../workloads/index.js";
import type { Popularity } from "./popularity.js";
import type { ReuseDistances } from "./reuse-distances.js";
import type { PatternVerdict } from "./verdict.js";

/** What `engram trace info --json` prints. */
export interface FullInfo extends TraceInfo {
  readonly popularity: Popularity;
  readonly reuse: ReuseDistances;
  readonly pattern: PatternVerdict;
  /** How the file was read, and why, and what makes that doubtful. */
  readonly reading: TraceReading;
  /** Parts of the file that are not whole, which the figures leave out. */
  readonly skipped: readonly Skipped[];
  /** Whether the next accesses that the trace carries are right; null: it carries none. */
  readonly nextAccesses: NextAccessCheck | null;
}

export function renderInfo(info: FullInfo): string {
  const rows = [
    ["read as", describeReading(info.reading)] as const,
    ...info.reading.warnings.map((warning): Row => ["doubtful", warning]),
    ...contentRows(info),
    ...popularityRows(info),
    ...hottestRows(info),
    ...reuseRows(info),
    ...patternRows(info.pattern),
    ...nextRows(info),
    ...skippedRows(info),
  ];
  const width = Math.max(...rows.map(([label]) => label.length)) + 2;
  return `${info.name} (${info.format})\n${rows.map(([label, text]) => `  ${label.padEnd(width)}${text}\n`).join("")}`;
}

type Row = readonly [label: string, text: string];

function contentRows({ requests, distinct, once, coldMissRatio, sizes, time, operations }: FullInfo): Row[] {
  const rows: Row[] = [
    ["requests", count(requests)],
    ["distinct keys", `${count(distinct)} (${percent(coldMissRatio)} of the requests are first ones)`],
    ["one-hit wonders", `${count(once)} (${percent(once / distinct)} of the keys are requested once)`],
  ];
  if (sizes === null) rows.push(["footprint", `${count(distinct)} objects; the trace has no sizes`]);
  else {
    rows.push(["footprint", `${count(sizes.footprint)} bytes, each key at its largest`]);
    rows.push(["sizes", `${count(sizes.min)} to ${count(sizes.max)} bytes, mean ${figure(sizes.mean)} by request`]);
  }
  if (time !== null) rows.push(["time", `${figure(time.last - time.first)} s from the first request to the last`]);
  if (operations !== null) {
    rows.push([
      "operations",
      Object.entries(operations)
        .map(([name, times]) => `${name} ${count(times)}`)
        .join(", "),
    ]);
  }
  return rows;
}

/** The ten most requested keys; of one that only its hash is known of, what its owner has called it. */
function hottestRows({ hottest, format }: FullInfo): Row[] {
  const told = hottest.map(
    ({ key, requests, share, name }) => `${shortened(name ?? key)} ${count(requests)} (${percent(share)})`,
  );
  const hint =
    format === "oplog" && hottest.every(({ name }) => name === undefined)
      ? "; --names FILE tells whose hashes these are"
      : "";
  return [["hot keys", `${told.join(", ")}${hint}`]];
}

function popularityRows({ popularity, hottestKey, hottestShare }: FullInfo): Row[] {
  const { zipfExponent, hottest1Percent, hottest10Percent, hottest20Percent } = popularity;
  const shares = `of the keys draw ${percent(hottest1Percent)}, ${percent(hottest10Percent)}, ${percent(hottest20Percent)} of the requests`;
  return [
    ["popularity skew", zipfExponent === null ? "none, one key" : `Zipf exponent ${zipfExponent.toFixed(2)}`],
    ["hottest", `1 %, 10 %, 20 % ${shares}; key ${shortened(hottestKey)} ${percent(hottestShare)}`],
  ];
}

function reuseRows({ reuse: { distance, histogram } }: FullInfo): Row[] {
  if (distance === null) return [["reuse distances", "none, no key comes back"]];
  const { mean, p10, p50, p90, p99, max } = distance;
  const quantiles = [p10, p50, p90, p99, max].map(count).join(", ");
  const most = Math.max(...histogram.map(({ requests }) => requests));
  const ends = histogram.map(({ from, to }) => (from === to ? count(from) : `${count(from)}-${count(to)}`));
  const width = Math.max(...ends.map((text) => text.length));
  const digits = count(most).length;
  return [
    ["reuse distances", `p10, p50, p90, p99, max ${quantiles} distinct keys in between; mean ${figure(mean)}`],
    ...histogram.map(({ requests }, i): Row => {
      const bar = "█".repeat(Math.round((requests / most) * 40));
      return ["", `${ends[i].padStart(width)}  ${count(requests).padStart(digits)} ${bar}`.trimEnd()];
    }),
  ];
}

function patternRows({ type, confidence, distribution, windows, window, recommendation }: PatternVerdict): Row[] {
  const ratios = accessPatterns.map((pattern) => `${pattern} ${distribution[pattern].toFixed(2)}`).join(", ");
  const first = accessPatterns.map((pattern) => `${pattern} ${count(windows[pattern])}`).join(", ");
  return [
    ["access pattern", `${type} (${confidence.toFixed(2)}); mean ratios ${ratios}`],
    ["windows", `of ${count(window)} requests, by the pattern that comes first: ${first}`],
    ["start with", `${recommendation.policy}: ${recommendation.reason} (engram evict measures it)`],
  ];
}

function nextRows({ nextAccesses, requests, distinct }: FullInfo): Row[] {
  if (nextAccesses === null) return [];
  const { wrong, firstWrong, open } = nextAccesses;
  const cut =
    open === 0 ? "" : `; of ${count(open)} keys one is named that does not come, as in a part of a longer trace`;
  const told =
    firstWrong === null ? `right for all ${count(requests - distinct)} requests that have a predecessor` : "";
  const wrongs = `wrong for ${count(wrong)} requests, first for request ${count(firstWrong ?? 0)} (they are not used: what needs them computes them)`;
  return [["next accesses", `${firstWrong === null ? told : wrongs}${cut}`]];
}

function skippedRows({ skipped }: FullInfo): Row[] {
  if (skipped.length === 0) return [];
  const bytes = skipped.reduce((sum, stretch) => sum + stretch.bytes, 0);
  const places = skipped.length === 1 ? "in one place" : `in ${count(skipped.length)} places`;
  const [{ offset, reason }] = skipped;
  return [["skipped", `${count(bytes)} bytes ${places}, first at byte ${count(offset)}: ${reason}`]];
}

function count(value: number): string {
  return value.toLocaleString("en-US");
}

function figure(value: number): string {
  return value.toLocaleString("en-US", { maximumFractionDigits: 1 });
}

function percent(share: number): string {
  return `${(share * 100).toFixed(1)} %`;
}

/** Keys are whatever a file says: control characters stay out of the terminal. */
function shortened(key: string): string {
  const plain = /^[\x21-\x7e]{1,40}$/.test(key);
  return plain ? key : JSON.stringify(key.length > 40 ? `${key.slice(0, 40)}…` : key);
}
