import { JSDOM } from "jsdom";
import { describe, expect, test } from "vitest";
import { renderEviction, renderReport } from "#dist/reports/pages.js";
import { fixtureEvictions, fixtureResults } from "./fixture.js";

const results = fixtureResults();
const parse = (page: string) => new JSDOM(page).window.document;
const headings = (document: Document) =>
  [...document.querySelectorAll("h1, h2, h3, h4")].map(({ tagName }) => Number(tagName[1]));

describe("the report of one file", () => {
  const page = renderReport(results);
  const document = parse(page);

  test("begins with the verdict, then the environment, and ends with the raw data", () => {
    const ids = [...document.querySelectorAll("main > section")].map(({ id }) => id);
    expect(ids).toEqual([
      "verdict",
      "environment",
      "figures",
      "subjects",
      "latency",
      "cost",
      "time",
      "hit-ratio",
      "speed",
      "memory",
      "linearizability",
      "notices",
      "reading",
      "explore",
      "raw",
    ]);
    expect(document.querySelector("#verdict h2")?.textContent).toBe("5 of 16 measured targets are missed");
  });

  test("is one file under 2 MB that names no other", () => {
    expect(Buffer.byteLength(page)).toBeLessThan(2_000_000);
    expect(document.querySelectorAll("[src], link, [href]:not([href^='#'])")).toHaveLength(0);
    expect(page).not.toMatch(/@import|url\(/);
    const policy = document.querySelector("meta[http-equiv]")?.getAttribute("content");
    expect(policy).toContain("default-src 'none'");
  });

  test("names the command that opens it in a notebook, and links there only where it is served", () => {
    expect(document.querySelector("#explore code")?.textContent).toBe("engram notebook results.json");
    const served = parse(renderReport(results, null, "results.html"));
    expect(served.querySelector("#explore a")?.getAttribute("href")).toBe("results.html");
  });

  test("carries the results unchanged", () => {
    const embedded = JSON.parse(document.querySelector("script#results")?.textContent ?? "");
    expect(embedded).toEqual(JSON.parse(JSON.stringify(results)));
  });

  test("is the same page for the same results", () => {
    expect(renderReport(structuredClone(results))).toBe(page);
  });

  test("lists every target, measured or not, with the reason", () => {
    const text = document.querySelector("#verdict")?.textContent ?? "";
    for (const { metric } of results.targets) expect(text).toContain(metric);
    expect(text).toContain("this fixture does not measure it");
  });

  test("prints a sampled figure under the floor as no more than the floor, never as 0", () => {
    const latency = document.querySelector("#latency")?.textContent ?? "";
    expect(latency).toContain("≤ 56 ns");
    expect(latency).not.toMatch(/(?<![\d.,])0 ns/);
  });

  test("says of batched cost that it is made of batch means, and keeps it out of the latency section", () => {
    expect(document.querySelector("#cost")?.textContent).toContain("batch means");
    expect(document.querySelector("#latency")?.textContent).not.toMatch(/batch/i);
  });

  test("shows errors before other notices", () => {
    const notices = [...document.querySelectorAll(".notices li")].map((item) => item.textContent ?? "");
    expect(notices[0]).toContain("OUT_OF_MEMORY");
    expect(notices.join()).toContain("load average was 2.41");
    expect(notices.join()).toContain("positioned writes");
  });

  test("can be walked by headings, landmarks and table headers", () => {
    const levels = headings(document);
    expect(levels[0]).toBe(1);
    levels.forEach((level, index) => {
      if (index > 0) expect(level).toBeLessThanOrEqual(levels[index - 1] + 1);
    });
    for (const landmark of ["header", "nav[aria-label]", "main", "footer", "a.skip[href='#content']"]) {
      expect(document.querySelector(landmark), landmark).not.toBeNull();
    }
    expect(document.querySelectorAll("th:not([scope])")).toHaveLength(0);
    expect(document.querySelectorAll("svg:not([aria-label])")).toHaveLength(0);
    for (const link of document.querySelectorAll("nav a")) {
      expect(document.querySelector(link.getAttribute("href") ?? "")).not.toBeNull();
    }
  });
});

describe("reports of little", () => {
  test("a run without runs, targets or evictions is still a page", () => {
    const document = parse(
      renderReport({ ...results, runs: [], targets: [], evictions: undefined, notices: [], title: undefined }),
    );
    expect([...document.querySelectorAll("main > section")].map(({ id }) => id)).toEqual([
      "verdict",
      "environment",
      "linearizability",
      "notices",
      "reading",
      "explore",
      "raw",
    ]);
    expect(document.querySelector("h1")?.textContent).toBe("blackboard, tool-cache and 2 more");
  });

  test("an interrupted run says so", () => {
    expect(parse(renderReport({ ...results, interrupted: true })).querySelector(".notices li")?.textContent).toContain(
      "stopped early",
    );
  });

  test("a run without any reference subject is compared with the first", () => {
    const runs = results.runs.filter(({ subject }) => subject === "lmdb" || subject === "map");
    const text = parse(renderReport({ ...results, runs })).querySelector("#subjects")?.textContent;
    expect(text).toContain("× is to map");
  });

  test("no files make no report", () => {
    expect(() => renderReport([])).toThrow(RangeError);
  });
});

describe("the report of several files", () => {
  const other = fixtureResults({ title: "With the new hash", commit: "fedcba9876543210", speed: 1.13 });
  const machine = { ...other, environment: { ...other.environment, cpuModel: "Another CPU" } };

  test("stands them side by side by title and commit, with ratios to the first", () => {
    const document = parse(renderReport([results, other]));
    expect(document.querySelector("h1")?.textContent).toBe("2 results side by side");
    const text = document.querySelector("#subjects")?.textContent ?? "";
    expect(text).toContain("With the new hash · fedcba9876");
    expect(text).toContain("1.13 ×");
    expect(JSON.parse(document.querySelector("#results")?.textContent ?? "")).toHaveLength(2);
  });

  test("names files of one title by their commits", () => {
    const sibling = fixtureResults({ commit: "fedcba9876543210" });
    const heads = [...parse(renderReport([results, sibling])).querySelectorAll("#verdict h3")].map(
      (head) => head.textContent,
    );
    expect(heads).toEqual(["0123456789", "fedcba9876"]);
  });

  test("warns when they come from different machines", () => {
    expect(renderReport([results, machine])).toContain("not comparable");
    expect(renderReport([results, other])).not.toContain("not comparable");
  });

  test("numbers files that neither title nor commit tells apart", () => {
    expect(renderReport([results, results])).toContain("0123456789 (2)");
  });
});

describe("the eviction page", () => {
  const rows = fixtureEvictions();
  const document = parse(renderEviction(rows));

  test("names the winner of each capacity, the optimum aside, and how far it is from it", () => {
    const text = document.querySelector("#winners")?.textContent ?? "";
    const at = rows.filter(({ trace, capacity }) => trace === "cpp.lirs" && capacity === 1000);
    const best = at.filter(({ policy }) => policy !== "opt").reduce((a, b) => (b.misses < a.misses ? b : a));
    const optimum = at.find(({ policy }) => policy === "opt")!;
    const line = [...document.querySelectorAll("#winners tbody tr")].find((row) =>
      row.textContent?.includes("cpp.lirs 1 K"),
    );
    expect(text).not.toContain("opt1");
    expect(line?.textContent).toContain(best.policy);
    expect(line?.textContent).toContain(`${((best.missRatio - optimum.missRatio) * 100).toFixed(2)} points`);
  });

  test("gives LRU a relative miss ratio of one and others theirs", () => {
    const lru = [...document.querySelectorAll("#relative tr")].find(
      (row) => row.querySelector("th")?.textContent === "lru",
    );
    expect([...(lru?.querySelectorAll("td") ?? [])].map(({ textContent }) => textContent)).toEqual(
      Array(5).fill("1.000"),
    );
  });

  test("keeps every count exact", () => {
    const table = document.querySelector("#counts")?.textContent ?? "";
    for (const { misses } of rows) expect(table).toContain(misses.toLocaleString("en-US"));
    expect(document.querySelectorAll("#counts tbody tr")).toHaveLength(rows.length);
  });

  test("is a page even without rows", () => {
    expect(parse(renderEviction([])).querySelector("main")?.textContent).toContain("No row came in");
  });
});
