import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { phaseLengths } from "#dist/harness/runner/phase-lengths.js";
import { makeWorkload } from "#dist/harness/runner/workload.js";
import { loadScenario, parseScenario } from "#dist/workloads/index.js";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "engram-workload-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const asked = { trace: null, workers: 2, seed: 5, durationMs: null, ops: 1000, rate: null };

describe("lengths of phases", () => {
  it("add up to the operations and the time asked for", () => {
    const scenario = loadScenario("churn");
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 1e9 }), fc.double({ min: 1, max: 1e6, noNaN: true }), (ops, durationMs) => {
        const lengths = phaseLengths(scenario, { ops, durationMs });
        expect(lengths.reduce((sum, { operations }) => sum + (operations ?? 0), 0)).toBe(ops);
        expect(lengths.reduce((sum, { milliseconds }) => sum + (milliseconds ?? 0), 0)).toBeCloseTo(durationMs, 4);
      }),
    );
  });

  it("are the scenario's own when nothing is asked for", () => {
    const lengths = phaseLengths(loadScenario("tool-cache"), { ops: null, durationMs: null });
    expect(lengths.map(({ milliseconds, operations }) => milliseconds ?? operations)).toEqual([2000, 40_000, 2000]);
  });
});

describe("a workload", () => {
  it("is the same for the same seed and another for another", async () => {
    const scenario = "blackboard";
    const [first, same, other] = await Promise.all([
      makeWorkload({ ...asked, scenario }),
      makeWorkload({ ...asked, scenario }),
      makeWorkload({ ...asked, scenario, seed: 6 }),
    ]);
    expect(same.phases).toEqual(first.phases);
    expect(other.phases[0].streams[0].keys).not.toEqual(first.phases[0].streams[0].keys);
    expect(first.phases[0].streams[0].keys).not.toEqual(first.phases[0].streams[1].keys);
  });

  it("knows of every key how large its value can get", async () => {
    const workload = await makeWorkload({ ...asked, scenario: "session" });
    const largest = new Int32Array(workload.keys.length).fill(-1);
    for (const { keys, sizes } of workload.preloads) {
      for (let i = 0; i < keys.length; i++) largest[keys[i]] = Math.max(largest[keys[i]], sizes[i]);
    }
    for (const { streams } of workload.phases) {
      for (const { kinds, keys, sizes, length } of streams) {
        // get 0, delete 2 write nothing
        for (let i = 0; i < length; i++)
          if (kinds[i] !== 0 && kinds[i] !== 2) largest[keys[i]] = Math.max(largest[keys[i]], sizes[i]);
      }
    }
    expect(workload.largestValues).toEqual(largest);
    expect(new Set(workload.keys).size).toBe(workload.keys.length);
  });

  it("keeps equal keys of several namespaces apart", async () => {
    const file = join(folder, "two.yaml");
    const phase = (namespace: string) =>
      `{ operations: 50, mix: { set: 1 }, keys: { distribution: sequential, count: 10 }, namespace: ${namespace} }`;
    const text = `title: Two\nstory: Two.\nnamespaces: [{ name: left, maxEntries: 5 }, { name: right }]\nphases:\n  - ${phase("left")}\n  - ${phase("right")}\n`;
    parseScenario(text, file);
    await writeFile(file, text);
    const workload = await makeWorkload({ ...asked, scenario: file });
    expect(workload.keys).toHaveLength(20);
    expect(new Set(workload.keys).size).toBe(20);
    expect(workload.namespaces).toEqual([{ name: "left", maxEntries: 5 }, { name: "right" }]);
    expect([...(workload.namespaceOf ?? [])].filter((index) => index === 1)).toHaveLength(10);
  });

  it("deals a trace's requests to the workers in turn, every request to exactly one", async () => {
    const path = join(folder, "requests.txt");
    const requests = Array.from({ length: 101 }, (_, i) => (i * 7) % 13);
    await writeFile(path, `${requests.join("\n")}\n`);
    const trace = { path, format: "txt", limit: null };
    const workload = await makeWorkload({ ...asked, ops: null, workers: 3, scenario: "replay", trace });
    const dealt = workload.phases[0].streams.map(({ keys }) => [...keys].map((key) => workload.keys[key]));
    for (const [i, request] of requests.entries()) expect(dealt[i % 3][Math.floor(i / 3)]).toBe(String(request));
    expect(dealt.map(({ length }) => length)).toEqual([34, 34, 33]);
    expect(workload.phases[0].once).toBe(true);
  });
});
