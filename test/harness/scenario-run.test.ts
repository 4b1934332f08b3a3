import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { executeRun } from "#dist/harness/runner/execute-run.js";
import { withinPass } from "#dist/harness/runner/run-result.js";
import { type Run, runSchema } from "#dist/reports/results.js";
import { loadScenario } from "#dist/workloads/scenarios.js";

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "engram-scenario-runs-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

/** Runs a scenario over real worker threads in this process. */
async function run(text: string, subject: string, workers = 2): Promise<Run> {
  const scenario = join(folder, `${subject}-${Math.abs(hash(text))}.yaml`);
  await writeFile(scenario, `title: T\nstory: S\nstore: { capacity: 16MiB }\n${text}`);
  const directory = await mkdtemp(join(folder, "files-"));
  const asked = { subject, workers, directory, trace: null, durationMs: null, ops: null, rate: null, seed: 1 };
  const plan = { ...asked, scenario: loadScenario(scenario) };
  const outcome = await executeRun({ ...plan, hasty: true }, new AbortController().signal, () => {});
  return runSchema.parse(outcome.run);
}

function hash(text: string): number {
  return [...text].reduce((sum, letter) => (Math.imul(sum, 31) + letter.charCodeAt(0)) | 0, 7);
}

describe("a run of a scenario with roles", () => {
  it("tells latencies of a label apart, counts what a full quota refuses, and holds the quota", async () => {
    const result = await run(
      `agents: { flood: 1, tenant: 1 }
workers: 2
preload: 100%
namespaces: [{ name: flood, maxEntries: 10 }, { name: tenant }]
phases:
  - operations: 6000
    roles:
      - { agents: tenant, label: tenant, namespace: tenant, mix: { get: 1, set: 1 }, keys: { distribution: uniform, count: 100 } }
      - { agents: flood, namespace: flood, mix: { set: 1 }, keys: { distribution: uniform, count: 1000 } }
`,
      "engram",
    );
    // Of the flood hardly a set is done, and only what is done is timed.
    expect(Object.keys(result.latency)).toEqual(expect.arrayContaining(["get (tenant)", "set (tenant)"]));
    const failed = result.failed ?? 0;
    expect(result.ops + failed).toBe(6000);
    // Two agents on two workers, each its half; a role's latencies go by the operation's plain name.
    expect(result.roles?.map(({ name, ops }) => [name, ops])).toEqual([
      ["tenant", 3000],
      ["flood", 3000 - failed],
    ]);
    expect(Object.keys(result.roles?.[0].latency ?? {})).toEqual(["get", "set"]);
    for (const { ops, opsPerSecond } of result.roles ?? []) expect(opsPerSecond).toBeCloseTo(ops / result.seconds, 6);
    expect(result.hitRatio).toBe(1);
    // Ten of the flood's thousand keys get in, and stay: about one set in a hundred is to one of them.
    expect(result.errors.NAMESPACE_LIMIT).toBeGreaterThan(1000);
    expect(Object.keys(result.errors)).toEqual(["NAMESPACE_LIMIT"]);
  });

  it("passes messages between agents that share threads, and counts them", async () => {
    const text = `agents: { reader: 2, writer: 4, ring: 3 }
workers: 2
phases:
  - operations: 9000
    roles:
      - { agents: writer, to: reader, mix: { send: 1 }, values: { distribution: uniform, min: 32, max: 4KiB } }
      - { agents: reader, mix: { receive: 1 } }
  - operations: 900
    roles: [{ agents: ring, mix: { handOff: 1 } }]
`;
    const result = await run(text, "engram");
    expect(result.errors).toEqual({});
    expect(Object.keys(result.latency)).toEqual(["send (phase 1)", "receive (phase 1)", "handOff (phase 2)"]);
    expect(result.roles?.map(({ name, phase }) => [name, phase])).toEqual([
      ["writer", "phase 1"],
      ["reader", "phase 1"],
      ["ring", "phase 2"],
    ]);
    const [writer, reader, ring] = result.roles ?? [];
    expect(writer.ops + reader.ops).toBe(9000);
    // The ring is alone in the second phase: its rate is over that phase's time.
    expect(ring.ops).toBe(900);
    expect(ring.opsPerSecond).toBeGreaterThan(900 / result.seconds);
    for (const [name, latency] of Object.entries(result.latency)) {
      const own = (result.roles ?? []).flatMap((role) => role.latency[latency.operation ?? ""] ?? []);
      expect(
        own.reduce((sum, { count }) => sum + count, 0),
        name,
      ).toBe(latency.count);
    }
    const notes = result.notes?.join("\n") ?? "";
    expect(notes).toContain("9 agents (2 reader, 4 writer, 3 ring) take turns on 2 workers");
    expect(Number(/(\d+) messages were taken out/.exec(notes)?.[1])).toBeGreaterThan(1000);
    await expect(run(text, "map")).rejects.toMatchObject({
      code: "LEFT_OUT",
      message: expect.stringContaining("map can do none of the operations"),
    });
  });

  it("leaves out of a mix what a subject cannot do", async () => {
    const result = await run(
      "phases: [{ operations: 2000, mix: { get: 1, borrow: 1, watch: 1 }, keys: { distribution: uniform, count: 9 } }]\n",
      "lru-cache",
    );
    expect(Object.keys(result.latency)).toEqual(["get", "borrow"]);
    expect(result.roles).toBeUndefined();
    expect(result.notes).toContain("lru-cache cannot watch: left out");
  });
});

describe("a phase of which a subject can do too little", () => {
  const phase = (mix: string) => `{ operations: 900, mix: ${mix}, keys: { distribution: uniform, count: 9 } }`;

  it("is left out whole: what remains would be another workload", async () => {
    const result = await run(`phases: [${phase("{ get: 1 }")}, ${phase("{ watch: 9, set: 1 }")}]\n`, "map");
    expect(Object.keys(result.latency)).toEqual(["get (phase 1)"]);
    expect(result.leftOut).toEqual({ operations: ["watch"], phases: ["phase 2"] });
    expect(result.ops).toBe(900);
    expect(result.notes).toContain("map cannot do most of phase phase 2, which is left out whole");
  });

  it("leaves out the subject when there is no other", async () => {
    await expect(run(`phases: [${phase("{ watch: 9, set: 1 }")}]\n`, "map")).rejects.toMatchObject({
      code: "LEFT_OUT",
      message: "map can do too little of this scenario: it cannot watch",
    });
  });
});

describe("the time series", () => {
  it("goes on from pass to pass, whatever the thread that takes its points comes too late for", () => {
    const point = fc.record({ t: fc.double({ min: 0.001, max: 2, noNaN: true }), ops: fc.nat(1000) });
    fc.assert(
      fc.property(fc.uniqueArray(point, { selector: ({ t }) => t }), (drawn) => {
        const points = drawn.sort((a, b) => a.t - b.t);
        const own = withinPass(points, 1);
        expect(own.map(({ t }) => t)).toEqual([...new Set(own.map(({ t }) => t))].sort((a, b) => a - b));
        expect(own.at(-1)?.t ?? 0).toBeLessThanOrEqual(1);
        const sum = (list: typeof points) => list.reduce((total, { ops }) => total + ops, 0);
        expect(sum(own)).toBe(sum(points));
      }),
    );
  });
});

describe("what happens beside a run", () => {
  it("is told in order of time: phases, backups with what they did, garbage collections", async () => {
    const phase = "mix: { get: 1, set: 1 }, keys: { distribution: uniform, count: 500 }";
    const result = await run(
      `phases: [{ name: before, duration: 60ms, ${phase} }, { name: during, duration: 120ms, backups: { every: 50ms }, ${phase} }]\n`,
      "engram",
    );
    const times = (result.series ?? []).map(({ t }) => t);
    expect(times.length).toBeGreaterThan(1);
    expect(times).toEqual([...new Set(times)].sort((a, b) => a - b));
    expect(times.at(-1)).toBeLessThanOrEqual(result.seconds + 1e-9);
    const events = result.events ?? [];
    expect(events.map(({ t }) => t)).toEqual(events.map(({ t }) => t).sort((a, b) => a - b));
    const phases = events.filter(({ kind }) => kind === "phase");
    expect(phases.map(({ label }) => label)).toEqual(["before", "during"]);
    const backups = events.filter(({ kind }) => kind === "backup");
    expect(backups.length).toBeGreaterThan(0);
    for (const { t, label } of backups) {
      expect(label).toMatch(/^incremental, [\d.]+ ms$/);
      expect(t).toBeGreaterThanOrEqual(phases[1].t);
    }
    for (const { kind, label } of events) {
      if (kind === "gc") expect(label).toMatch(/^(minor|major|incremental|weak callbacks|other), [\d.]+ ms$/);
    }
    expect(Object.keys(result.latency).sort()).toEqual(
      ["get", "set"].flatMap((name) => [`${name} (before)`, `${name} (with backups, during)`]),
    );
    expect(Object.keys(result.cost ?? {})).toEqual(
      expect.arrayContaining(["mix (before)", "mix (with backups, during)"]),
    );
  });

  it("pressure is told when it changes", async () => {
    const result = await run(
      "phases: [{ operations: 40000, mix: { set: 1 }, keys: { distribution: sequential, count: 20000 }, values: { distribution: constant, size: 900 } }]\n",
      "engram",
    );
    const levels = (result.events ?? []).filter(({ kind }) => kind === "pressure").map(({ label }) => label);
    expect(levels.at(-1)).toBe("critical");
  });

  it("a subject without backups runs without, and says so", async () => {
    const result = await run(
      "phases: [{ operations: 1000, backups: { every: 1s }, mix: { get: 1 }, keys: { distribution: uniform, count: 5 } }]\n",
      "map",
    );
    expect(result.notes).toContain("map takes no backups: the phases with backups run without");
    expect((result.events ?? []).filter(({ kind }) => kind === "backup")).toEqual([]);
  });
});

describe("phases", () => {
  const mix = "mix: { get: 1, set: 1 }, keys: { distribution: uniform, count: 50 }";

  it("of a closed and of an open loop are told apart, whichever comes first: neither's latencies nor throughput hide the other's", async () => {
    const closed = `{ name: closed, operations: 3000, ${mix} }`;
    // Due in a thousandth of a second: all but the first wait.
    const open = `{ name: open, operations: 3000, rate: 3000000/s, ${mix} }`;
    for (const order of [`[${closed}, ${open}]`, `[${open}, ${closed}]`]) {
      const result = await run(`preload: 100%\nphases: ${order}\n`, "map");
      expect(result).toMatchObject({ loop: "mixed", opsPerSecond: null, ops: 6000 });
      const phases = new Map(result.phases?.map((phase) => [phase.name, phase]));
      expect([...phases.keys()].sort()).toEqual(["closed", "open"]);
      expect(phases.get("closed")).toMatchObject({ loop: "closed", rate: null, ops: 3000, failed: 0, hitRatio: 1 });
      expect(phases.get("open")).toMatchObject({ loop: "open", ops: 3000 });
      expect(phases.get("open")?.rate).toBeCloseTo(3_000_000, -3);
      expect(Object.keys(result.latency).sort()).toEqual(
        ["get", "set"].flatMap((name) => [
          `${name} (closed)`,
          `${name} (open)`,
          `${name} (open, from its actual start)`,
        ]),
      );
      const count = (name: string) => result.latency[`get (${name})`].count + result.latency[`set (${name})`].count;
      // About one in 64 of one, every single one of the other.
      expect(count("closed")).toBeLessThan(1000);
      expect([count("open"), count("open, from its actual start")]).toEqual([3000, 3000]);
      expect(result.latency["get (open)"]).toMatchObject({ operation: "get", phase: "open", from: "intended" });
      expect(result.latency["get (closed)"].from).toBeUndefined();
    }
  });

  it("of one name that ask for the same are one phase", async () => {
    const result = await run(
      `phases: [&a { name: a, operations: 300, ${mix} }, { name: b, operations: 200, mix: { set: 1 }, keys: { distribution: uniform, count: 5 } }, *a]\n`,
      "map",
    );
    expect(result.phases?.map(({ name, ops }) => [name, ops])).toEqual([
      ["a", 600],
      ["b", 200],
    ]);
    expect(Object.keys(result.latency).sort()).toEqual(["get (a)", "set (a)", "set (b)"]);
    expect(result.opsPerSecond).toBeCloseTo(800 / result.seconds, 6);
  });

  it("alone has no name in any figure", async () => {
    const result = await run(`phases: [{ name: only, operations: 500, ${mix} }]\n`, "map");
    expect(result.phases).toBeUndefined();
    expect(Object.keys(result.latency)).toEqual(["get", "set"]);
  });
});

describe("inserts", () => {
  it("name keys that no phase before has named: as many entries as operations", async () => {
    const phase = "operations: 500, mix: { insert: 1 }, keys: { distribution: uniform, count: 10 }";
    const values = "values: { distribution: constant, size: 16 }";
    const result = await run(
      `phases: [{ name: one, ${phase}, ${values} }, { name: two, ${phase}, ${values} }]\n`,
      "engram",
    );
    expect([result.ops, result.failed, result.errors]).toEqual([1000, 0, {}]);
    // 32 bytes of header, 16 of key, 16 of value; the directory of namespaces has a few entries of its own.
    const used = result.memory.bySizeClass?.find(({ size }) => size === 64)?.used ?? 0;
    expect(used).toBeGreaterThanOrEqual(1000);
    expect(used).toBeLessThan(1010);
  });
});

describe("an open loop", () => {
  it("lasts until the operation after its last is due: a low rate is not told as twice as much", async () => {
    const result = await run(
      "phases: [{ duration: 300ms, rate: 10/s, mix: { get: 1 }, keys: { distribution: uniform, count: 5 } }]\n",
      "noop",
    );
    expect(result.ops).toBe(3);
    expect(result.seconds).toBeGreaterThanOrEqual(0.299);
    expect(result.rate).toBeCloseTo(10, 6);
  });

  it("with a ramp does as many operations as lie under the line, and times all of them from both starts", async () => {
    const result = await run(
      "phases: [{ duration: 250ms, rate: { from: 1000/s, to: 3000/s }, mix: { get: 1 }, keys: { distribution: uniform, count: 5 } }]\n",
      "noop",
    );
    expect(result.loop).toBe("open");
    // 500 if all could be started in time; a machine that stalls stops after one and a half times the phase.
    expect(result.ops).toBeGreaterThan(0);
    expect(result.ops).toBeLessThanOrEqual(502);
    const { get: intended, "get (from its actual start)": actual } = result.latency;
    expect([intended.count, actual.count]).toEqual([result.ops, result.ops]);
    expect(intended.p99).toBeGreaterThanOrEqual(actual.p99);
  });
});
