import { existsSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { HistoryInUseError } from "#dist/src/index.js";
import { Histogram } from "#dist/src/metrics/index.js";
import { FIGURE_NAMES, type Figures } from "#dist/src/monitor/figures.js";
import { HistoryFile, parseHistory, readHistory } from "#dist/src/monitor/history-file.js";
import { headerLine, lineOf } from "#dist/src/monitor/history-line.js";
import { type Interval, joinIntervals } from "#dist/src/monitor/interval.js";
import { GRAINS, KEPT, RollUp } from "#dist/src/monitor/roll-up.js";
import { runsOr, seedOr } from "../given.js";

const seed = seedOr((Math.random() * 2 ** 32) >>> 0);
const folder = mkdtempSync(join(tmpdir(), "engram-history-"));
afterAll(() => rmSync(folder, { recursive: true }));
let files = 0;
const newPath = () => join(folder, `${files++}.jsonl`);

const NOON = Date.UTC(2026, 0, 1, 12);
const SECOND = 1000;

function second(n: number, known: Partial<Figures> = {}, latencies: [string, number[]][] = []): Interval {
  const histograms = latencies.map(([operation, values]) => {
    const histogram = new Histogram();
    for (const value of values) histogram.record(value);
    return [operation, histogram] as const;
  });
  return {
    at: NOON + (n + 1) * SECOND,
    ms: SECOND,
    figures: { ...(Object.fromEntries(FIGURE_NAMES.map((name) => [name, null])) as unknown as Figures), ...known },
    latencies: new Map(histograms),
  };
}

/** What can be compared: histograms by their counts. */
function plain(intervals: readonly Interval[]) {
  return intervals.map(({ latencies, ...rest }) => ({
    ...rest,
    latencies: [...latencies].map(([operation, histogram]) => [operation, histogram.max, histogram.toPairs()]),
  }));
}

describe("joining intervals", () => {
  it("takes means over time of rates, the hit rate over look-ups, and percentiles from all samples", () => {
    const joined = joinIntervals([
      second(0, { gets: 9000, hitRate: 100, utilisation: 10 }, [["get", new Array(90).fill(100)]]),
      second(1, { gets: 1000, hitRate: 0, utilisation: 30 }, [["get", new Array(10).fill(200)]]),
    ]);
    expect(joined).toMatchObject({ ms: 2 * SECOND, at: NOON + 2 * SECOND });
    expect(joined.figures).toMatchObject({
      gets: 5000,
      hitRate: 90,
      utilisation: 20,
      getP50: 100,
      getP95: 200,
      setP50: null,
    });
  });
});

describe("a roll-up", () => {
  it("gives each second, the minute once it has ended, and the hour", () => {
    const rollUp = new RollUp();
    const closed = Array.from({ length: 3 * 3600 }, (_, n) => rollUp.add(second(n, { entries: n }))).flat();
    const of = (grain: string) => closed.filter(([one]) => one === grain).map(([, interval]) => interval);
    expect([of("tick").length, of("minute").length, of("hour").length]).toEqual([10800, 179, 2]);
    expect(of("minute")[0]).toMatchObject({ at: NOON + 60 * SECOND, ms: 60 * SECOND, figures: { entries: 29.5 } });
    expect(of("hour")[1]).toMatchObject({ at: NOON + 2 * 3600 * SECOND, figures: { entries: 5399.5 } });
  });

  it("never joins what lies apart, wherever the clock is set", () => {
    const rollUp = new RollUp();
    for (const n of [0, 1, 7200, 7201, 30, 31]) rollUp.add(second(n, { entries: n }));
    const [, minute] = rollUp.add(second(500, { entries: 0 }));
    expect(minute[1].figures.entries).toBe(30.5);
  });
});

describe("a history file", () => {
  const some = [
    second(0, { gets: 5, hitRate: 99.5 }, [["get", [80, 90, 4_000_000]]]),
    second(1, { gets: 7 }),
    second(60, {}),
  ];

  it("is read as it was written", () => {
    const path = newPath();
    const file = HistoryFile.open(path, NOON);
    for (const one of some) file.append([["tick", one]]);
    const { intervals, damage } = readHistory(path);
    expect(damage).toBeNull();
    expect(plain(intervals.tick)).toEqual(plain(some));
  });

  it("goes on after a restart", () => {
    const path = newPath();
    for (const one of some.slice(0, 2)) {
      const file = HistoryFile.open(path, NOON);
      file.append([["tick", one]]);
      file.close();
    }
    expect(plain(readHistory(path).intervals.tick)).toEqual(plain(some.slice(0, 2)));
  });

  it("loses only the line that a crash has cut off", () => {
    const path = newPath();
    const before = HistoryFile.open(path, NOON);
    before.append(some.map((one) => ["tick", one]));
    before.close();
    const whole = readFileSync(path);
    const lastLine = whole.lastIndexOf("\n", whole.length - 2) + 1;
    for (const end of [lastLine + 1, whole.length - 1]) {
      writeFileSync(path, whole.subarray(0, end));
      const file = HistoryFile.open(path, NOON);
      expect(file.damage).toBeNull();
      file.append([["tick", some[2]]]);
      file.close();
      expect(plain(readHistory(path).intervals.tick)).toEqual(plain(some));
      expect(existsSync(`${path}.damaged`)).toBe(false);
    }
  });

  it("is read up to its damage, which is told, and the damaged file is kept", () => {
    const path = newPath();
    const text = `${headerLine(NOON) + lineOf("tick", some[0])}{ no line }\n${lineOf("tick", some[1])}`;
    writeFileSync(path, text);
    const { intervals, damage } = readHistory(path);
    expect(plain(intervals.tick)).toEqual(plain(some.slice(0, 1)));
    expect(damage).toMatchObject({ line: 3, byte: text.indexOf("{ no line }") });
    const file = HistoryFile.open(path, NOON);
    expect(file.damage).toMatch(
      /was damaged from line 3, byte \d+ on \(.*\): what came before it is kept, the damaged file is .*\.damaged/,
    );
    expect(readFileSync(`${path}.damaged`, "utf8")).toBe(text);
    file.append([["tick", some[2]]]);
    expect(plain(readHistory(path).intervals.tick)).toEqual(plain([some[0], some[2]]));
  });

  it.each([
    ["another kind of file", '{"schemaVersion":2}\n', /line 1: it is no monitor history/],
    ["text", "hello\n", /line 1: /],
    ["an empty file", "", /line 1: /],
    ["a later version", '{"engramHistory":2}\n', /line 1: it is a history of version 2; this build reads version 1/],
  ])("refuses %s by name, and leaves it as it is", (_, text, message) => {
    const path = newPath();
    writeFileSync(path, text);
    expect(() => readHistory(path)).toThrow(message);
    expect(() => HistoryFile.open(path, NOON)).toThrow(message);
    expect(readFileSync(path, "utf8")).toBe(text);
  });

  it("is one monitor's to write, under whatever name the other asks for it, until that one is done", () => {
    const path = newPath();
    const first = HistoryFile.open(path, NOON);
    const other = `${path}.link`;
    symlinkSync(path, other);
    for (const name of [path, other]) {
      let refused: unknown;
      try {
        HistoryFile.open(name, NOON);
      } catch (error) {
        refused = error;
      }
      expect(refused).toBeInstanceOf(HistoryInUseError);
      expect(refused).toMatchObject({ code: "HISTORY_IN_USE", holder: { pid: process.pid } });
      expect((refused as Error).message).toContain(
        `the history ${name} is written by another monitor, of process ${process.pid}`,
      );
    }
    first.close();
    const second = HistoryFile.open(other, NOON);
    second.append([["tick", some[0]]]);
    second.close();
    expect(plain(readHistory(path).intervals.tick)).toEqual(plain(some.slice(0, 1)));
  });

  it("is not taken by who is refused it", () => {
    const path = newPath();
    writeFileSync(path, "hello\n");
    for (let i = 0; i < 2; i++) expect(() => HistoryFile.open(path, NOON)).toThrow(/line 1: /);
  });

  it("names what is missing or cannot be written", () => {
    expect(() => readHistory(join(folder, "none.jsonl"))).toThrow(/none\.jsonl: no such file; expected a monitor/);
    expect(() => HistoryFile.open(join(folder, "no-folder", "h.jsonl"), NOON)).toThrow(
      /the history .* cannot be written/,
    );
  });

  it("never grows beyond twice what the grains keep", () => {
    const path = newPath();
    const kept = GRAINS.reduce((sum, grain) => sum + KEPT[grain], 0);
    writeFileSync(path, headerLine(NOON) + lineOf("tick", second(0)).repeat(2 * kept));
    const file = HistoryFile.open(path, NOON);
    for (const n of [1, 2]) file.append([["tick", second(n)]]);
    const { intervals, damage, lines } = readHistory(path);
    expect([lines <= kept + 2, damage, intervals.tick.length]).toEqual([true, null, KEPT.tick + 1]);
    expect(intervals.tick.at(-1)?.at).toBe(second(2).at);
  });

  it(`reads any text to its end or its damage, or refuses it by name (seed ${seed})`, () => {
    const line = fc.oneof(
      fc.constantFrom(
        lineOf("tick", some[0]),
        lineOf("hour", some[1]),
        headerLine(NOON),
        "{}\n",
        "\n",
        "null\n",
        '{"at":1}\n',
      ),
      fc.string(),
      fc.json().map((text) => `${text}\n`),
    );
    fc.assert(
      fc.property(fc.array(line), fc.boolean(), (lines, headed) => {
        const text = (headed ? headerLine(NOON) : "") + lines.join("");
        try {
          const { intervals, damage } = parseHistory("h", text);
          const read = GRAINS.reduce((sum, grain) => sum + intervals[grain].length, 0);
          expect(read).toBe((damage === null ? text.split("\n").length : damage.line) - 2);
        } catch (error) {
          expect((error as { code?: string }).code).toBe("INVALID_ARGUMENT");
        }
      }),
      { seed, numRuns: runsOr(300) },
    );
  });
});
