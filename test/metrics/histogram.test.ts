import { Worker } from "node:worker_threads";
import fc from "fast-check";
import * as hdr from "hdr-histogram-js";
import { describe, expect, it } from "vitest";
import {
  BUCKET_COUNT,
  bucketHigh,
  bucketIndex,
  bucketLow,
  Histogram,
  HistogramReader,
  HistogramRecorder,
  MAX_VALUE,
  RECORDER_BYTES,
} from "#dist/src/metrics/histogram.js";

// Values over the whole range, small ones as likely as large ones.
const value = fc
  .tuple(fc.integer({ min: 0, max: 31 }), fc.nat({ max: MAX_VALUE }))
  .map(([bits, raw]) => (bits === 0 ? 0 : raw % 2 ** bits));
const values = fc.array(value, { minLength: 1, maxLength: 400 });
// Not 0: there HdrHistogram answers with the low edge of the bucket, we with the high one as everywhere else.
const quantiles = [0.1, 0.5, 0.9, 0.95, 0.99, 0.999, 1];

function histogramOf(list: number[]): Histogram {
  const histogram = new Histogram();
  for (const one of list) histogram.record(one);
  return histogram;
}

function oracleOf(list: number[]): hdr.Histogram {
  const oracle = hdr.build({
    lowestDiscernibleValue: 1,
    highestTrackableValue: 2 ** 32,
    numberOfSignificantValueDigits: 2,
  });
  for (const one of list) oracle.recordValue(one);
  return oracle;
}

describe("bucket layout", () => {
  it("covers every u32 with 3,328 adjoining buckets", () => {
    expect(BUCKET_COUNT).toBe(3328);
    expect(bucketLow(0)).toBe(0);
    for (let index = 1; index < BUCKET_COUNT; index++) expect(bucketLow(index)).toBe(bucketHigh(index - 1) + 1);
    expect(bucketHigh(BUCKET_COUNT - 1)).toBe(MAX_VALUE);
    expect(bucketIndex(MAX_VALUE)).toBe(BUCKET_COUNT - 1);
  });

  it("puts a value into the bucket whose edges hold it, at most 1/128 of the value wide", () => {
    fc.assert(
      fc.property(value, (v) => {
        const index = bucketIndex(v);
        expect(bucketLow(index)).toBeLessThanOrEqual(v);
        expect(bucketHigh(index)).toBeGreaterThanOrEqual(v);
        expect(bucketHigh(index) - bucketLow(index)).toBeLessThanOrEqual(v / 128);
      }),
    );
  });
});

describe("percentiles", () => {
  it("are those of HdrHistogram at two significant digits, capped at the recorded maximum", () => {
    fc.assert(
      fc.property(values, (list) => {
        const histogram = histogramOf(list);
        const oracle = oracleOf(list);
        const max = Math.max(...list);
        expect(histogram.count).toBe(oracle.totalCount);
        expect(histogram.max).toBe(max);
        for (const quantile of quantiles) {
          expect(histogram.percentile(quantile)).toBe(Math.min(max, oracle.getValueAtPercentile(quantile * 100)));
        }
      }),
    );
  });

  it("are within 0.78 % of the exact order statistic", () => {
    fc.assert(
      fc.property(values, fc.double({ min: 0, max: 1, noNaN: true }), (list, quantile) => {
        const sorted = [...list].sort((a, b) => a - b);
        const exact = sorted[Math.max(1, Math.ceil(quantile * sorted.length)) - 1];
        const told = histogramOf(list).percentile(quantile);
        expect(told).toBeGreaterThanOrEqual(exact);
        expect(told - exact).toBeLessThanOrEqual(exact / 128);
      }),
    );
  });

  it("have a mean within 0.4 % of the exact one", () => {
    fc.assert(
      fc.property(values, (list) => {
        const exact = list.reduce((sum, one) => sum + one, 0) / list.length;
        expect(Math.abs(histogramOf(list).mean - exact)).toBeLessThanOrEqual(exact * 0.004 + 1e-9);
      }),
    );
  });

  it("have a spectrum that rises in both coordinates and ends at the maximum", () => {
    fc.assert(
      fc.property(values, (list) => {
        const spectrum = histogramOf(list).spectrum();
        for (let i = 1; i < spectrum.length; i++) {
          expect(spectrum[i][0]).toBeGreaterThan(spectrum[i - 1][0]);
          expect(spectrum[i][1]).toBeGreaterThanOrEqual(spectrum[i - 1][1]);
        }
        expect(spectrum.at(-1)).toEqual([1, Math.max(...list)]);
      }),
    );
  });

  it("are 0 for nothing recorded", () => {
    const empty = new Histogram();
    expect([empty.count, empty.mean, empty.max, empty.percentile(0.99), empty.spectrum()]).toEqual([0, 0, 0, 0, []]);
  });
});

describe("merging", () => {
  it("equals recording everything into one, and survives the trip through a message", () => {
    fc.assert(
      fc.property(values, values, (left, right) => {
        const merged = histogramOf(left);
        const other = histogramOf(right);
        merged.merge(Histogram.fromPairs(structuredClone(other.toPairs()), other.max));
        const whole = histogramOf([...left, ...right]);
        expect(merged.toPairs()).toEqual(whole.toPairs());
        expect(merged.max).toBe(whole.max);
      }),
    );
  });
});

describe("recorder and reader", () => {
  it("hand over every value exactly once, whatever the order of records and drains", () => {
    const step = fc.oneof({ weight: 4, arbitrary: value }, { weight: 1, arbitrary: fc.constant("drain" as const) });
    fc.assert(
      fc.property(fc.array(step, { maxLength: 300 }), (steps) => {
        const buffer = new SharedArrayBuffer(RECORDER_BYTES * 2);
        const recorder = new HistogramRecorder(buffer, RECORDER_BYTES);
        const reader = new HistogramReader(buffer, RECORDER_BYTES);
        const drained = new Histogram();
        const recorded: number[] = [];
        for (const one of steps) {
          if (one === "drain") reader.drain(drained);
          else {
            recorder.record(one);
            recorded.push(one);
          }
        }
        reader.drainStopped(drained);
        expect(drained.toPairs()).toEqual(histogramOf(recorded).toPairs());
        expect(drained.max).toBe(Math.max(0, ...recorded));
        expect(new Uint8Array(buffer, 0, RECORDER_BYTES).every((byte) => byte === 0)).toBe(true);
      }),
    );
  });

  it("counts values outside the range at its ends", () => {
    const buffer = new SharedArrayBuffer(RECORDER_BYTES);
    const recorder = new HistogramRecorder(buffer);
    for (const one of [-5, 0.9, MAX_VALUE, 1e12]) recorder.record(one);
    const drained = new Histogram();
    new HistogramReader(buffer).drainStopped(drained);
    expect(drained.toPairs()).toEqual([
      [0, 2],
      [BUCKET_COUNT - 1, 2],
    ]);
  });

  it("does not take a bank the writer may still be in", () => {
    const buffer = new SharedArrayBuffer(RECORDER_BYTES);
    const recorder = new HistogramRecorder(buffer);
    const reader = new HistogramReader(buffer);
    const drained = new Histogram();
    recorder.record(7);
    expect(reader.drain(drained)).toBe(true); // flips; the value is in the bank being left
    expect(drained.count).toBe(0);
    expect(reader.drain(drained)).toBe(false); // the writer has not noticed
    recorder.record(8);
    expect(reader.drain(drained)).toBe(true);
    expect(drained.toPairs()).toEqual([[7, 1]]);
  });

  it("loses nothing while another thread records and this one drains", async () => {
    const count = 400_000;
    const buffer = new SharedArrayBuffer(RECORDER_BYTES);
    const source = `
      import { workerData, parentPort } from "node:worker_threads";
      const { HistogramRecorder } = await import(workerData.module);
      const recorder = new HistogramRecorder(workerData.buffer);
      for (let i = 0; i < workerData.count; i++) recorder.record(i);
    `;
    const worker = new Worker(new URL(`data:text/javascript,${encodeURIComponent(source)}`), {
      workerData: { buffer, count, module: new URL("../../dist/src/metrics/histogram.js", import.meta.url).href },
    });
    const reader = new HistogramReader(buffer);
    const drained = new Histogram();
    let exited = false;
    const exit = new Promise<number>((resolve, reject) => {
      worker.once("error", reject);
      worker.once("exit", (code) => {
        exited = true;
        resolve(code);
      });
    });
    while (!exited) {
      reader.drain(drained);
      await new Promise((resolve) => setImmediate(resolve));
    }
    expect(await exit).toBe(0);
    reader.drainStopped(drained);
    expect(drained.count).toBe(count);
    expect(drained.max).toBe(count - 1);
  });
});
