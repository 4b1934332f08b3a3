import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { JSDOM } from "jsdom";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { html } from "#dist/reports/html.js";
import { readInputs } from "#dist/reports/measurements.js";
import { backupsSection } from "#dist/reports/sections/backups.js";
import { linearizabilitySection } from "#dist/reports/sections/linearizability.js";
import { judgeAll } from "#dist/src/monitor/index.js";
import { InvalidArgumentError } from "#dist/src/store/errors.js";
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

const BENCH = {
  config: { rounds: 9 },
  groups: [
    {
      name: "hash",
      judgements: [
        { id: "xxhash32-16", what: "xxHash32 of 16 bytes", value: 14, unit: "ns", suspect: false },
        { id: "xxhash32-64", what: "xxHash32 of 64 bytes", value: 0.1, unit: "ns", suspect: true },
        { id: "of no document", what: "x", value: 1, unit: "ns", suspect: false },
      ],
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
    const rows = [{ target: "m005-full-backup", value: 130, unit: "ms", method: "64 MiB, mapped", rounds: 9 }];
    const backups = await put("backups.json", [...rows, speed("mapped", 40)]);
    const { files, results } = await readInputs([folder, bench, backups]);
    expect(files).toEqual([folder]);
    const of = (id: string) => results[0].targets.find((target) => target.id === id);
    expect(of("m004-hash-16b")).toMatchObject({
      verdict: "met",
      measured: 14,
      method: "npm run bench, group hash: xxHash32 of 16 bytes, median of 9 rounds",
    });
    expect(of("m005-full-backup")).toMatchObject({ verdict: "missed", measured: 130, distance: expect.closeTo(0.3) });
    expect(of("m005-full-backup")?.method).toBe("64 MiB, mapped, 9 rounds");
    // Probably optimised away, so not measured.
    expect(of("m004-hash-64b")?.verdict).toBe("not measured");
    expect(results[0].backups).toEqual([speed("mapped", 40)]);
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
      ["full", "the process", "20 ms (40)", "40 ms (80)", "0.5 ×", "400"],
      ["recovery 5 ms (6)", "–", "–", "–", "–", "–"],
    ]);
    expect(backupsSection([])).toBeNull();
  });

  test.each([
    [[{ target: "m005-no-such", value: 1, unit: "ms", method: "x" }], /row 1: "m005-no-such" is no documented target$/],
    [[{ target: "m005-recovery", value: 1, unit: "s", method: "x" }], /row 1: m005-recovery is in ms, not in s$/],
    [[speed("mapped", 1), { what: "full" }], /row 2: writing: /],
    [{ ...CHECK, outcome: "perhaps" }, /: outcome: /],
    [{ ...BENCH, groups: 3 }, /: groups: /],
  ])("%j is refused in one line", async (document, message) => {
    const refused = readInputs([folder, await put("bad.json", document)]);
    await expect(refused).rejects.toThrow(InvalidArgumentError);
    await expect(refused).rejects.toThrow(message);
  });

  test("they go beside one results file, not none and not two", async () => {
    const bench = await put("bench.json", BENCH);
    await expect(readInputs([bench])).rejects.toThrow(
      /bench.json: goes beside the results of one run, and there is none$/,
    );
    await expect(readInputs([folder, folder, bench])).rejects.toThrow(/and there are 2$/);
  });
});
