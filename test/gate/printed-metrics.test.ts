/** What benchmarks print, as metrics: real output of the tools, our own line, and what is wrong with either. */
import { readFileSync } from "node:fs";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { FORMATS, type MetricFormat, readMetrics } from "#dist/harness/gate/benchmark/printed-metrics.js";
import { cpuIn } from "#dist/harness/gate/benchmark/processor-time.js";
import { RunFailedError } from "#dist/harness/gate/errors.js";
import { runsOr, seedOr } from "../given.js";

const seed = seedOr((Math.random() * 2 ** 32) >>> 0);
const printed = JSON.parse(readFileSync(new URL("fixtures/benchmarks/printed.json", import.meta.url), "utf8"));
const read = (text: string, format: MetricFormat = "auto") => readMetrics(text, format, "the benchmark", "printed");
const own = (...metrics: object[]) => JSON.stringify({ metrics });

describe("metrics of the tools", () => {
  it.each([
    ["tinybench 6 table", "tinybench", ["parse (median)", "big one (median)"], "ns"],
    ["tinybench 6 tasks", "tinybench", ["parse (median)", "big one (median)"], "ms"],
    ["tinybench 2 table", "tinybench", ["parse (mean)", "big one (mean)"], "ns"],
    ["tinybench 2 tasks", "tinybench", ["parse (mean)", "big one (mean)"], "ms"],
    ["mitata 1", "mitata", ["parse (median)", "with 1 (median)", "with 2 (median)"], "ns"],
    ["vitest 4", "vitest", ["a.bench.js > json > parse (median)"], "ms"],
    ["hyperfine 1", "hyperfine", ["node bench.js (median)"], "s"],
  ] as const)(
    "%s: named by what is measured, in the tool's unit, found with and without its name",
    (tool, form, names, unit) => {
      // Pretty, in one line, and behind other words: as it may be printed.
      for (const text of [JSON.stringify(printed[tool]), JSON.stringify(printed[tool], null, 2)]) {
        for (const before of ["", "> bench\n[warm-up] done\n"]) {
          const metrics = read(before + text);
          expect(metrics?.map(({ name }) => name)).toEqual(names);
          for (const metric of metrics ?? []) {
            expect(metric).toMatchObject({ unit, better: "lower" });
            expect(metric.value).toBeGreaterThan(0);
          }
          expect(read(before + text, form)).toEqual(metrics);
        }
      }
    },
  );

  it("of a tool other than the named one are none", () => {
    expect(() => read(JSON.stringify(printed["mitata 1"]), "hyperfine")).toThrow(
      /^the benchmark: no metrics of the form hyperfine printed; expected what hyperfine/,
    );
  });
});

describe("our own lines", () => {
  it("are read among others, in several of them, with what is left out filled in", () => {
    const text = `starting\n${own({ name: "a", value: 2 })}\n{"other":1}\n${own({ name: "b", value: 3, unit: "ops/s", better: "higher" })}\n`;
    expect(read(text)).toEqual([
      { name: "a", value: 2, unit: "", better: "lower" },
      { name: "b", value: 3, unit: "ops/s", better: "higher" },
    ]);
  });

  it.each([
    [own({ name: "a", value: Number.NaN }), /metric "a": the value is null \(what JSON makes of NaN and Infinity\)/],
    ['{"metrics":[{"name":"a","value":NaN}]}', /line 1 has metrics and is no JSON: /],
    [own({ name: "a", value: "12" }), /metric "a": the value is "12", expected a number/],
    [own({ name: "a" }), /metric "a": the value is missing, expected a number/],
    [own({ name: "a", value: 0 }), /metric "a": the value is 0, and ratios need one above 0/],
    [own({ name: "a", value: -1 }), /the value is -1/],
    [own({ value: 1 }), /metric 1 has no name/],
    [own({ name: " ", value: 1 }), /metric " ": expected a name/],
    [own({ name: "a", value: 1, better: "faster" }), /better is "faster", expected "lower" or "higher"/],
    [own({ name: "a", value: 1 }, { name: "a", value: 2 }), /metric "a" is there twice/],
    [own(...Array.from({ length: 501 }, (_, i) => ({ name: `${i}`, value: 1 }))), /501 metrics, more than 500/],
    [JSON.stringify({ results: [{ command: "x", mean: null }] }), /metric "x \(mean\)": the value is null/],
  ])("%s: refused in one line", (text, message) => {
    expect(() => read(text)).toThrow(RunFailedError);
    expect(() => read(text)).toThrow(message);
    expect(() => read(text)).toThrow(/^the benchmark printed: [^\n]*$/);
  });

  it("that are not there are no error, unless they were asked for", () => {
    expect(read("took 3 s\n")).toBeNull();
    expect(read('{"a":1}\n')).toBeNull();
    expect(read(own({ name: "a", value: 2 }), "time")).toBeNull();
    expect(() => read("took 3 s\n", "json")).toThrow(/no metrics of the form json printed; expected a line such as/);
  });

  it(`whatever is printed, it is read or refused by name (seed ${seed})`, () => {
    const value = fc.oneof(fc.double(), fc.constantFrom(null, "1", -1, 0, 1, 1e308), fc.jsonValue());
    const metric = fc.record(
      { name: fc.oneof(fc.string(), fc.jsonValue()), value, unit: fc.jsonValue(), better: fc.jsonValue() },
      { requiredKeys: [] },
    );
    const text = fc.oneof(
      fc.string(),
      fc.json(),
      fc.array(metric).map((metrics) => JSON.stringify({ metrics })),
      fc.constantFrom(...Object.values(printed)).chain((one) => {
        const whole = JSON.stringify(one);
        return fc
          .tuple(fc.nat(whole.length), fc.string({ maxLength: 3 }))
          .map(([at, put]) => whole.slice(0, at) + put + whole.slice(at + put.length));
      }),
      fc.array(fc.constantFrom("[", "{", '{"metrics":[', "\n", "]", "}", "1")).map((parts) => parts.join("")),
    );
    fc.assert(
      fc.property(text, fc.constantFrom(...FORMATS), (output, format) => {
        let metrics: ReturnType<typeof read>;
        try {
          metrics = read(output, format);
        } catch (error) {
          expect(error).toBeInstanceOf(RunFailedError);
          return;
        }
        for (const one of metrics ?? []) {
          expect(one.value > 0 && Number.isFinite(one.value)).toBe(true);
          expect(typeof one.name).toBe("string");
        }
      }),
      { seed, numRuns: runsOr(300) },
    );
  });
});

describe("processor time as shells tell it", () => {
  it("is the children's, in bash's form, dash's, and one with commas", () => {
    expect(cpuIn("0m0.007s 0m0.003s\n0m0.135s 0m0.060s\n")).toBeCloseTo(195, 9);
    expect(cpuIn("0m0.000000s 0m0.000000s\n1m0.140000s 0m0.070000s\n")).toBeCloseTo(60_210, 9);
    expect(cpuIn("0m0,007s 0m0,003s\n0m0,135s 0m0,060s\n")).toBeCloseTo(195, 9);
    expect(cpuIn("")).toBeNull();
    expect(cpuIn("0m0.007s 0m0.003s\n")).toBeNull();
  });
});
