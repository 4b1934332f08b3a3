import { JSDOM } from "jsdom";
import { describe, expect, test } from "vitest";
import { renderEviction } from "#dist/reports/pages.js";
import { fixtureOverTime as rows } from "./fixture-over-time.js";

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
