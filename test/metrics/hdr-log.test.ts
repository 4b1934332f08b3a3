import fc from "fast-check";
import * as hdr from "hdr-histogram-js";
import { describe, expect, it } from "vitest";
import { encodeHistogram, hdrLog } from "#dist/src/metrics/hdr-log.js";
import { Histogram } from "#dist/src/metrics/index.js";

const values = fc.array(fc.oneof(fc.nat(300), fc.nat(1_000_000), fc.integer({ min: 0, max: 0xffff_fff0 })), {
  minLength: 1,
  maxLength: 300,
});

function histogramOf(all: readonly number[]): Histogram {
  const histogram = new Histogram();
  for (const value of all) histogram.record(value);
  return histogram;
}

describe("an .hlog", () => {
  it("is decoded by hdr-histogram-js to the same counts and percentiles", () => {
    fc.assert(
      fc.property(values, (all) => {
        const own = histogramOf(all);
        const decoded = hdr.decodeFromCompressedBase64(encodeHistogram(own).toString("base64"));
        expect(decoded.totalCount).toBe(all.length);
        const oracle = hdr.build({
          lowestDiscernibleValue: 1,
          highestTrackableValue: 0xffff_ffff,
          numberOfSignificantValueDigits: 2,
        });
        for (const value of all) oracle.recordValue(value);
        for (const percent of [0, 50, 90, 99, 99.9, 100]) {
          expect(decoded.getValueAtPercentile(percent)).toBe(oracle.getValueAtPercentile(percent));
        }
      }),
      { numRuns: 60 },
    );
  });

  it("is read line by line, with tag, time and maximum", () => {
    const start = Date.UTC(2026, 0, 1);
    const log = hdrLog([
      { tag: "ycsb-a engram get", startMs: start, seconds: 1, histogram: histogramOf([100, 2_000_000]) },
      { tag: "ycsb-a,engram,set", startMs: start + 1000, seconds: 1.5, histogram: histogramOf([5000]) },
    ]);
    const lines = log.split("\n");
    expect(lines[3]).toMatch(/^Tag=ycsb-a-engram-get,0\.000,1\.000,2\.000,/);
    const reader = new hdr.HistogramLogReader(log);
    const read = [reader.nextIntervalHistogram(), reader.nextIntervalHistogram()] as hdr.Histogram[];
    expect(read.map(({ tag, totalCount }) => [tag, totalCount])).toEqual([
      ["ycsb-a-engram-get", 2],
      ["ycsb-a-engram-set", 1],
    ]);
    expect(read[0].startTimeStampMsec).toBe(start);
    expect(reader.nextIntervalHistogram()).toBeNull();
  });
});
