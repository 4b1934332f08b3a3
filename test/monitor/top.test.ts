import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EventParser } from "#dist/harness/monitor/event-stream.js";
import { figureText, ORDERS, screen, sparkline } from "#dist/harness/monitor/screen.js";
import { Store } from "#dist/src/index.js";
import { runsOr, seedOr } from "../given.js";

const seed = seedOr((Math.random() * 2 ** 32) >>> 0);

describe("the event parser", () => {
  it(`finds the events wherever the text is cut (seed ${seed})`, () => {
    const text =
      ': a comment\n\nretry: 2000\n\nevent: start\ndata: {"a":1}\n\nevent: tick\r\ndata: x\r\ndata:y\r\n\r\nid: 3\n\n';
    fc.assert(
      fc.property(fc.array(fc.nat(text.length)), (cuts) => {
        const parser = new EventParser();
        const at = [0, ...cuts.sort((a, b) => a - b), text.length];
        const events = at.slice(1).flatMap((end, i) => [...parser.push(text.slice(at[i], end))]);
        expect(events).toEqual([
          { event: "start", data: '{"a":1}' },
          { event: "tick", data: "x\ny" },
        ]);
      }),
      { seed, numRuns: runsOr(100) },
    );
  });
});

describe("a figure", () => {
  it.each([
    ["getP95", 94, "94 ns"],
    ["getP95", 12_345, "12.3 µs"],
    ["getP95", 2_500_000, "2.5 ms"],
    ["operations", 1_234_567, "1.23 M ops/s"],
    ["operations", 9_999, "10000 ops/s"],
    ["hitRate", 99.95, "100 %"],
    ["usedBytes", 3 * 2 ** 20, "3 MiB"],
    ["entries", 12, "12"],
    ["getP50", null, "-"],
  ] as const)("%s of %s is %s", (name, value, text) => {
    expect(figureText(name, value)).toBe(text);
  });

  it("over time is a line of bars, with gaps where nothing is known", () => {
    expect(sparkline([0, 1, null, 4, 8], 4)).toBe("▂ ▅█");
    expect(sparkline([0, 0], 10)).toBe("▁▁");
    expect(sparkline([1, 2], 0)).toBe("");
  });
});

describe("the screen", () => {
  it("fits any terminal, in any order, whatever the namespaces are called", async () => {
    const store = await Store.create({ capacity: "8MiB", maintenance: false });
    const monitor = await store.monitor();
    for (const name of ["b", "a", "c\u001b[2J", "long".repeat(60), "日本語"]) {
      store.namespace(name).set("k", new Uint8Array(name.length * 10));
    }
    const watched = { figures: new Map([["operations" as const, [1, 2, 3]]]), snapshot: monitor.snapshot() };
    for (const order of Object.values(ORDERS)) {
      for (const [columns, rows] of [
        [80, 24],
        [20, 5],
        [1, 1],
        [300, 100],
      ]) {
        const lines = screen(watched, order, { columns, rows }, "http://x");
        expect(lines.length).toBeLessThanOrEqual(rows);
        expect(Math.max(...lines.map((line) => [...line].length))).toBeLessThanOrEqual(columns);
        // biome-ignore lint/suspicious/noControlCharactersInRegex: that is what must not be there
        expect(lines.join("\n")).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
      }
    }
    const named = screen(watched, "name", { columns: 80, rows: 60 }, "").filter((line) => /^[abc]/.test(line));
    expect(named.map((line) => line[0])).toEqual(["a", "a", "b", "c"]); // "alerts: none", then the namespaces
    await store.close();
  });
});
