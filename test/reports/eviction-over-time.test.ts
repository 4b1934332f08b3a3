import { JSDOM } from "jsdom";
import { describe, expect, test } from "vitest";
import { renderEviction } from "#dist/reports/index.js";
import type { EvictionResult } from "#dist/reports/results.js";

/** Ten parts of 100 requests: lru hits the first half, sieve the second, adaptive changes between them; one part of lru looks nothing up. */
function rows(): EvictionResult[] {
  const row = (policy: string, hits: (number | null)[]): EvictionResult => {
    const sum = hits.reduce<number>((total, hit) => total + (hit ?? 0) * 100, 0);
    const counts = { requests: 1000, hits: sum, misses: 1000 - sum, missRatio: 1 - sum / 1000 };
    return {
      trace: "t",
      policy,
      capacity: 10,
      by: "objects",
      ...counts,
      evictions: 0,
      nsPerRequest: 9,
      windowHitRatios: hits,
    };
  };
  const first = [1, 1, 1, 1, 1];
  const none = [0, 0, 0, 0, 0];
  const switching = [1, 2].map((switches) => ({
    switches,
    hitRatio: 1,
    regret: 0.1,
    schedule: [
      { from: 0, policy: "lru" },
      { from: 5, policy: "sieve" },
    ],
  }));
  return [
    row("lru", [...first, null, ...none.slice(1)]),
    row("sieve", [...none, ...first]),
    {
      ...row("adaptive", [...first, 0, 1, 1, 1, 1]),
      decisions: [{ request: 600, from: "lru", to: "sieve", gain: 0.25, reason: "better" }],
      regret: { best: "lru", hitRatio: 0.5, regret: -0.4, switching },
    },
  ];
}

describe("the eviction page of a sweep in parts", () => {
  const { document } = new JSDOM(renderEviction(rows())).window;

  test("draws hit ratio over time, a line a policy, and names adaptive's changes in words and in a table", () => {
    const drawing = document.querySelector("#over-time svg")!;
    expect(drawing.getAttribute("aria-label")).toBe(
      "Hit ratio over time on t, 10 objects: adaptive, lru, sieve; adaptive changes once",
    );
    expect(document.querySelector("#over-time figcaption p")?.textContent).toBe(
      "1,000 requests; adaptive made 1 change",
    );
    const cells = [...document.querySelectorAll("#over-time tbody tr > *")].map(({ textContent }) => textContent);
    expect(cells).toEqual(["600", "lru", "sieve", "better", "25.00"]);
  });

  test("leaves a gap where nothing was looked up", () => {
    const lines = [...document.querySelectorAll('#over-time svg g[data-mark="line"] path')];
    const moves = lines.map((line) => (line.getAttribute("d")?.match(/M/g) ?? []).length);
    expect(moves.sort()).toEqual([1, 1, 2]);
  });

  test("tells what adaptive lost, and what it won, in points", () => {
    const cells = [...document.querySelectorAll("#regret tbody tr > *")].map(({ textContent }) => textContent);
    expect(cells).toEqual(["t, 10 objects", "90.00 %", "1", "lru", "-40.00", "10.00", "10.00"]);
  });

  test("has neither section without parts", () => {
    const plain = rows().map(({ windowHitRatios, decisions, regret, ...row }) => row);
    const page = new JSDOM(renderEviction(plain)).window.document;
    expect(page.querySelector("#over-time")).toBeNull();
    expect(page.querySelector("#regret")).toBeNull();
  });
});
