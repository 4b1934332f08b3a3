import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { JSDOM } from "jsdom";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { html } from "#dist/reports/html.js";
import type { BenchResults } from "#dist/reports/measurement-files.js";
import { readInputs } from "#dist/reports/measurements.js";
import { renderReport } from "#dist/reports/page.js";
import { backupsSection } from "#dist/reports/sections/backups.js";
import { benchSection } from "#dist/reports/sections/bench.js";
import { linearizabilitySection } from "#dist/reports/sections/linearizability.js";
import { judgeAll } from "#dist/reports/targets/index.js";
import { InvalidArgumentError } from "#dist/src/errors.js";
import { fixtureResults } from "./fixture.js";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "engram-measurements-"));
  await put("results.json", { ...fixtureResults(), targets: judgeAll(new Map(), "not here") });
});
afterAll(() => rm(folder, { recursive: true, force: true }));

async function put(name: string, document: unknown): Promise<string> {
  await writeFile(join(folder, name), JSON.stringify(document));
  return join(folder, name);
}

/** The rows of every table of a section, cell by cell. */
function cells(body: unknown): string[][] {
  const { document } = new JSDOM(html`${body as string}`.text).window;
  return [...document.querySelectorAll("tbody tr")].map((row) =>
    [...row.children].map((cell) => cell.textContent ?? ""),
  );
}

const answer = (target: string, value: number, unit = "ns") => ({
  target,
  value,
  unit,
  method: "npm run bench: it",
  rounds: 9,
});
const BENCH: BenchResults = {
  ...{ schemaVersion: 3, engram: "1", createdAt: "2026-01-02T03:04:05Z", loadAverageAfter: [0] },
  environment: fixtureResults().environment,
  config: { rounds: 9, turnMs: 30, quick: false, seed: 1, groups: ["hash"] },
  groups: [
    {
      ...{ name: "hash", title: "hashes <all>", reference: null, notes: ["a note"], profiles: [] },
      figures: [
        {
          ...{ id: "x", label: "xxHash32 & more", returns: null, unit: "ns", median: 14, lowerQuartile: 13 },
          ...{ upperQuartile: 15, ratio: null, documented: 28, suspect: false },
        },
      ],
      judgements: [],
      answers: [answer("m004-hash-16b", 14)],
    },
  ],
};
const CHECK = {
  outcome: "illegal",
  model: "ttl",
  operations: 30,
  elapsedMs: 12.4,
  partitions: [
    { key: "a", operations: 10, unanswered: 0, steps: 9, outcome: "ok" },
    { key: "<b>", operations: 20, unanswered: 0, steps: 9, outcome: "illegal", violation: {} },
  ],
};
const speed = (writing: string, medianMs: number) => ({
  ...{ what: "full", writing, durability: "process", medianMs, worstMs: 2 * medianMs, regions: 400 },
});

describe("measurements beside the results", () => {
  test("judge the targets the run left open, and say how they were measured", async () => {
    const bench = await put("bench.json", BENCH);
    const figures = [{ target: "m005-full-backup", value: 130, unit: "ms", method: "64 MiB, mapped", rounds: 9 }];
    const backups = await put("backups.json", { rows: [speed("mapped", 40)], figures });
    const { files, results, beside } = await readInputs([folder, bench, backups]);
    expect(beside).toBeNull();
    expect(files).toEqual([folder]);
    const of = (id: string) => results[0].targets.find((target) => target.id === id);
    expect(of("m004-hash-16b")).toMatchObject({
      verdict: "met",
      measured: 14,
      method: "npm run bench: it, 9 rounds",
    });
    expect(of("m005-full-backup")).toMatchObject({ verdict: "missed", measured: 130, distance: expect.closeTo(0.3) });
    expect(of("m005-full-backup")?.method).toBe("64 MiB, mapped, 9 rounds");
    expect(results[0].backups).toEqual([speed("mapped", 40)]);
    expect(html`${benchSection(results[0].bench ?? [])?.body as string}`.text).toContain("hashes &lt;all&gt;");
    expect(cells(benchSection(results[0].bench ?? [])?.body)).toEqual([
      ["xxHash32 & more", "14 ns", "13 – 15", "28 ns"],
    ]);
  });

  test("a quick bench is shown and judges nothing", async () => {
    const quick = await put("quick.json", { ...BENCH, config: { ...BENCH.config, quick: true } });
    const [results] = (await readInputs([folder, quick])).results;
    expect(results.targets.every(({ verdict }) => verdict === "not measured")).toBe(true);
    expect(results.bench?.[0].notes[0]).toContain("quick");
  });

  test("of two figures of one target the worse one counts", async () => {
    const files = await Promise.all(
      [14, 41, 20].map((value, at) =>
        put(`bench-${at}.json`, {
          ...BENCH,
          groups: [{ ...BENCH.groups[0], answers: [answer("m004-hash-16b", value)] }],
        }),
      ),
    );
    const { results } = await readInputs([folder, ...files]);
    expect(results[0].targets.find(({ id }) => id === "m004-hash-16b")).toMatchObject({ measured: 41 });
  });

  test("simulated policies tell what adaptive gains over LRU, as the mean over the capacities", async () => {
    const rows = fixtureResults().evictions!.slice(0, 1);
    const row = (policy: string, capacity: number, missRatio: number) => ({ ...rows[0], policy, capacity, missRatio });
    const given = [row("lru", 1, 0.5), row("adaptive", 1, 0.4), row("lru", 2, 0.2), row("adaptive", 2, 0.2)];
    const { results } = await readInputs([folder, await put("evictions.json", given)]);
    const gain = results[0].targets.find(({ id }) => id === "m007-adaptive-gain");
    expect(gain).toMatchObject({ measured: expect.closeTo(10), verdict: "missed" });
    expect(gain?.method).toMatch(/mean of 2 capacities on 1 trace$/);
    expect(results[0].evictions?.slice(-4)).toMatchObject(given);
  });

  test("a figure of the run itself stays", async () => {
    const own = judgeAll(new Map([["m004-hash-16b", { measured: 99, method: "own" }]]), "not here");
    const results = await put("own.json", { ...fixtureResults(), targets: own });
    const joined = await readInputs([results, await put("bench.json", BENCH)]);
    expect(joined.results[0].targets.find(({ id }) => id === "m004-hash-16b")?.measured).toBe(99);
  });

  test("a checked history becomes a panel that names the keys no order explains", async () => {
    const { results } = await readInputs([await put("check.json", CHECK), folder]);
    const check = results[0].checks?.[0];
    expect(check).toMatchObject({
      outcome: "illegal",
      model: "ttl",
      operations: 30,
      keys: { ok: 1, illegal: 1, unknown: 0 },
    });
    expect(cells(linearizabilitySection(results[0].checks ?? []).body)).toEqual([
      [join(folder, "check.json"), "not linearizable", "ttl", "30", "2", "12 ms"],
      ['"<b>"', "not linearizable", "20", join(folder, "check.json")],
    ]);
    expect(html`${linearizabilitySection([]).body as string}`.text).toContain("Not measured");
  });

  test("backups stand side by side, mapped against positioned", () => {
    const recovery = { what: "recovery", writing: "read", durability: "", medianMs: 5, worstMs: 6, regions: 0 };
    expect(cells(backupsSection([speed("mapped", 20), speed("positioned", 40), recovery])?.body)).toEqual([
      ["full", "the end of the process", "20 ms (40)", "40 ms (80)", "0.5 ×", "400"],
      ["recovery", "5 ms", "6 ms"],
    ]);
    expect(backupsSection([])).toBeNull();
  });

  const figure = (target: string, unit: string) => ({ target, value: 1, unit, method: "x" });
  test.each([
    [
      { rows: [speed("mapped", 1)], figures: [figure("m005-no-such", "ms")] },
      /"m005-no-such" is no documented target$/,
    ],
    [{ rows: [speed("mapped", 1)], figures: [figure("m005-recovery", "s")] }, /m005-recovery is in ms, not in s$/],
    [
      { rows: [speed("mapped", 1), { what: "full" }], figures: [] },
      /: line 1: rows\[1\]\.writing: expected string, it is missing \(and 4 more\)$/,
    ],
    [{ rows: [], figures: [] }, /: rows: /],
    [[], /the document: /],
    [[{ trace: 3 }], /\[0\]\.trace: expected string, found 3 \(and \d+ more\)$/],
    [{ ...CHECK, outcome: "perhaps" }, /: line 1: outcome: expected "ok", "illegal" or "unknown", found "perhaps"$/],
    [{ ...BENCH, groups: 3 }, /: line 1: groups: expected array, found 3$/],
    [{ ...BENCH, schemaVersion: 2 }, /schemaVersion is 2; of the bench's files this version of engram reads 3 only/],
    [{ hello: 1 }, /expected results.json of engram run, or the JSON of npm run bench/],
  ])("%j is refused in one line", async (document, message) => {
    const refused = readInputs([folder, await put("bad.json", document)]);
    await expect(refused).rejects.toThrow(InvalidArgumentError);
    await expect(refused).rejects.toThrow(message);
  });

  test("they go beside results, and beside several they have a column and panels of their own", async () => {
    const bench = await put("bench.json", BENCH);
    await expect(readInputs([bench])).rejects.toThrow(
      /bench.json: goes beside the results of a run, and there are none$/,
    );
    const given = [folder, folder, bench, await put("check.json", CHECK)];
    const { results, beside } = await readInputs(given);
    expect(results.map(({ targets }) => targets.some(({ verdict }) => verdict !== "not measured"))).toEqual([
      false,
      false,
    ]);
    const page = renderReport(results, beside);
    const { document } = new JSDOM(page).window;
    const heads = [...document.querySelectorAll("#verdict thead th")].map((head) => head.textContent);
    expect(heads.at(-1)).toBe("measured beside them");
    expect(document.querySelector("#verdict tbody")?.textContent).toContain("xxHash32 of 16 bytes");
    expect(document.querySelector("#bench")?.textContent).toContain("hashes <all>");
    expect(document.querySelector("#linearizability")?.textContent).toContain("not linearizable");
  });
});
