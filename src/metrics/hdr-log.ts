/**
 * Histograms as HdrHistogram's V2 encoding and interval log (.hlog), which the common viewers read. The bucket layout of this room is
 * that of an HdrHistogram of two significant digits (256 sub-buckets), so counts go over one to one.
 * Source: HdrHistogram's EncodableHistogram and HistogramLogWriter, log format 1.3.
 */
import { deflateSync } from "node:zlib";
import type { Histogram } from "./histogram.js";

/** Encoding cookies: version 2, word size in the second-lowest digit. */
const PLAIN_COOKIE = 0x1c849303 | 0x10;
const COMPRESSED_COOKIE = 0x1c849304 | 0x10;
const HEADER_BYTES = 40;
const SIGNIFICANT_DIGITS = 2;
const LOWEST = 1n;
const HIGHEST = 0xffff_ffffn;
const NS_PER_MS = 1e6;

/** One line of the log: an interval of one distribution. */
export interface LogInterval {
  /** Told apart by readers; it must hold no comma and no white space, and others are replaced. */
  readonly tag: string;
  /** Milliseconds since 1970. */
  readonly startMs: number;
  readonly seconds: number;
  readonly histogram: Histogram;
}

/** The whole log, values in nanoseconds; the maxima of its lines are in milliseconds, as readers expect. */
export function hdrLog(intervals: readonly LogInterval[]): string {
  const startMs = Math.min(...intervals.map((one) => one.startMs));
  const base = intervals.length === 0 ? 0 : startMs / 1000;
  const lines = [
    "#[Histogram log format version 1.3]",
    `#[StartTime: ${base.toFixed(3)} (seconds since epoch), ${new Date(base * 1000).toISOString()}]`,
    '"StartTimestamp","Interval_Length","Interval_Max","Interval_Compressed_Histogram"',
    ...intervals.map(({ tag, startMs: start, seconds, histogram }) =>
      [
        `Tag=${tag.replace(/[\s,]+/g, "-")}`,
        (start / 1000 - base).toFixed(3),
        seconds.toFixed(3),
        (histogram.max / NS_PER_MS).toFixed(3),
        encodeHistogram(histogram).toString("base64"),
      ].join(","),
    ),
  ];
  return `${lines.join("\n")}\n`;
}

/** The compressed V2 encoding. */
export function encodeHistogram(histogram: Histogram): Buffer {
  const counts = encodeCounts(histogram.toPairs());
  const plain = Buffer.alloc(HEADER_BYTES + counts.length);
  plain.writeInt32BE(PLAIN_COOKIE, 0);
  plain.writeInt32BE(counts.length, 4);
  // No normalising offset.
  plain.writeInt32BE(0, 8);
  plain.writeInt32BE(SIGNIFICANT_DIGITS, 12);
  plain.writeBigInt64BE(LOWEST, 16);
  plain.writeBigInt64BE(HIGHEST, 24);
  // Ratio of integer to double values.
  plain.writeDoubleBE(1, 32);
  plain.set(counts, HEADER_BYTES);
  const deflated = deflateSync(plain);
  const header = Buffer.alloc(8);
  header.writeInt32BE(COMPRESSED_COOKIE, 0);
  header.writeInt32BE(deflated.length, 4);
  return Buffer.concat([header, deflated]);
}

/** ZigZag LEB128: a count, or the negative number of empty buckets before the next. */
function encodeCounts(pairs: ReadonlyArray<readonly [number, number]>): Uint8Array {
  const bytes: number[] = [];
  let next = 0;
  for (const [index, count] of pairs) {
    if (index > next) writeZigZag(bytes, BigInt(next - index));
    writeZigZag(bytes, BigInt(count));
    next = index + 1;
  }
  return Uint8Array.from(bytes);
}

function writeZigZag(bytes: number[], value: bigint): void {
  let rest = BigInt.asUintN(64, (value << 1n) ^ (value >> 63n));
  // Nine bytes at most: the ninth carries eight bits.
  for (let at = 0; at < 8 && rest >= 0x80n; at++) {
    bytes.push(Number(rest & 0x7fn) | 0x80);
    rest >>= 7n;
  }
  bytes.push(Number(rest));
}
