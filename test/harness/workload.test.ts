import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { runBatched } from "#dist/harness/measure/passes.js";
import { type AgentStream, countLabels } from "#dist/harness/measure/stream.js";
import { Tally } from "#dist/harness/measure/tally.js";
import { FreshKeys } from "#dist/harness/runner/fresh-keys.js";
import { phaseLengths } from "#dist/harness/runner/phase-lengths.js";
import { makeWorkload } from "#dist/harness/runner/workload.js";
import type { SubjectAgent } from "#dist/harness/subjects/subject.js";
import {
  assignmentOf,
  MAILBOX_OPERATIONS,
  replaysTrace,
  STREAM_OPERATIONS,
  WRITES_VALUE,
} from "#dist/workloads/index.js";
import { listScenarios, loadScenario, parseScenario } from "#dist/workloads/scenarios.js";

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
    const scenario = loadScenario("blackboard");
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
    const workload = await makeWorkload({ ...asked, scenario: loadScenario("session") });
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
    const workload = await makeWorkload({ ...asked, scenario: loadScenario(file) });
    expect(workload.keys).toHaveLength(20);
    expect(new Set(workload.keys).size).toBe(20);
    expect(workload.namespaces).toEqual([{ name: "left", maxEntries: 5 }, { name: "right" }]);
    expect([...(workload.namespaceOf ?? [])].filter((index) => index === 1)).toHaveLength(10);
  });

  it("is made of every scenario of the package: something to do in every phase, on keys and values that are known", async () => {
    for (const { name, phases, assignment } of listScenarios()
      .filter((scenario) => !replaysTrace(scenario))
      .map((scenario) => ({ ...scenario, assignment: assignmentOf(scenario, null) }))) {
      const workload = await makeWorkload({
        ...asked,
        scenario: loadScenario(name),
        workers: assignment.workers,
        ops: 3000,
      });
      expect(workload.phases, name).toHaveLength(phases.length);
      const sizes = new Set(workload.valueSizes);
      for (const { name: phase, streams } of workload.phases) {
        expect(
          streams.reduce((sum, { length }) => sum + length, 0),
          `${name}, ${phase}`,
        ).toBeGreaterThan(0);
        for (const { kinds, keys, sizes: own, length } of streams) {
          for (let i = 0; i < length; i++) {
            const operation = STREAM_OPERATIONS[kinds[i]];
            const known = MAILBOX_OPERATIONS.includes(operation)
              ? workload.mailboxes?.used.includes(keys[i])
              : workload.keys[keys[i]] !== undefined;
            const sized =
              WRITES_VALUE[kinds[i]] === 0 || (sizes.has(own[i]) && own[i] <= workload.largestValues[keys[i]]);
            if (!known || !sized) throw new Error(`${name}, ${phase}: operation ${i}, ${operation} of ${keys[i]}`);
          }
        }
      }
    }
  });

  it("is refused where more workers than the scenario has leave less than its values take, or a trace names a larger one", async () => {
    const file = join(folder, "large.yaml");
    const text = (keys: string, values: string) => `title: T
story: S
store: { capacity: 32MiB }
phases:
  - { mix: { set: 1 }, keys: ${keys}, values: ${values}, operations: 100 }
`;
    await writeFile(file, text("{ distribution: uniform, count: 4 }", "{ distribution: constant, size: 1MiB }"));
    expect((await makeWorkload({ ...asked, scenario: loadScenario(file) })).valueSizes).toEqual(
      Uint32Array.of(2 ** 20),
    );
    await expect(makeWorkload({ ...asked, scenario: loadScenario(file), workers: 16 })).rejects.toThrow(
      `${file}: it writes values of 1048576 bytes; on 16 workers expected at most 589824 bytes, for the read buffers of 16 workers`,
    );

    const replayed = text("{ distribution: trace }", "{ distribution: trace }").replace(", operations: 100", "");
    await writeFile(file, replayed);
    const path = join(folder, "large.csv");
    await writeFile(path, "time,key,size\n1,a,100000\n2,b,9000000\n");
    const trace = { path, format: "csv", limit: null };
    await expect(makeWorkload({ ...asked, trace, scenario: loadScenario(file) })).rejects.toThrow(
      /large\.yaml: the trace large.* writes values of 9000000 bytes; on 2 workers expected values: \{ distribution: trace, max: … \} of at most \d+ bytes, for the read buffers/,
    );
  });

  it("gives agents namespaces of their own with the limits of all, and mailboxes to those who get messages", async () => {
    const swarm = await makeWorkload({ ...asked, scenario: loadScenario("swarm-593"), ops: 60_000 });
    expect(swarm.namespaces).toHaveLength(593 * 2 + 1);
    expect(swarm.namespaces).toContainEqual({ name: "agent_7_qtable", maxEntries: undefined, maxBytes: 16 * 1024 });
    expect(swarm.namespaces).toContainEqual({ name: "federated", maxEntries: undefined, maxBytes: undefined });
    for (const [key, name] of swarm.keys.entries()) {
      const namespace = swarm.namespaces[swarm.namespaceOf?.[key] ?? -1].name;
      if (!name.startsWith(`${namespace}/`)) throw new Error(`${name} in ${namespace}`);
    }
    const { mailboxes } = await makeWorkload({ ...asked, scenario: loadScenario("mailboxes"), ops: 20_000 });
    // Two collectors, and the ring of eight behind sixteen senders.
    expect(mailboxes?.used).toEqual([0, 1, 18, 19, 20, 21, 22, 23, 24, 25]);
    expect([...(mailboxes?.next ?? [])].slice(18)).toEqual([19, 20, 21, 22, 23, 24, 25, 18]);
    expect((await makeWorkload({ ...asked, scenario: loadScenario("blackboard") })).mailboxes).toBeUndefined();
  });

  it("has labels, ramps that last as long as asked for, and the backups of the scenario", async () => {
    const { labels, phases } = await makeWorkload({
      ...asked,
      scenario: loadScenario("backup-under-load"),
      ops: null,
      durationMs: 400,
    });
    expect(labels).toEqual([
      { name: null, role: null },
      ...["board", "qtable", "trajectory"].map((role) => ({ name: null, role })),
      ...["board", "qtable", "trajectory"].map((role) => ({
        ...{ name: "with backups", role: `${role} (with backups)` },
      })),
    ]);
    expect(phases.map(({ backupEveryMs }) => backupEveryMs)).toEqual([null, 1000, null, 1000]);
    expect(phases.map(({ streams }) => new Set(streams[0].labels ?? [0]))).toEqual(
      [0, 1, 0, 1].map((backups) => new Set([1, 2, 3].map((label) => label + 3 * backups))),
    );
    expect(phases.map(({ milliseconds, rampMs }) => [milliseconds, rampMs])).toEqual(new Array(4).fill([100, 100]));
    const [burst] = (await makeWorkload({ ...asked, scenario: loadScenario("burst"), rate: 500 })).phases;
    expect(burst.rate).toEqual({ shape: "constant", rate: 500 });
  });

  it("counts what was done of each label from where a pass began, however often it went round", () => {
    const labels = fc.array(fc.nat(3), { minLength: 1, maxLength: 20 });
    fc.assert(
      fc.property(labels, fc.nat(100), fc.nat(100), (list, start, operations) => {
        const length = list.length;
        const stream = { length, labels: Uint8Array.from(list) } as AgentStream;
        const wanted = [0, 0, 0, 0];
        for (let i = 0; i < operations; i++) wanted[list[(start + i) % length]]++;
        expect(countLabels(stream, start % length, operations, 4)).toEqual(wanted);
        expect(countLabels({ ...stream, labels: null }, 0, operations, 2)).toEqual([operations, 0]);
      }),
    );
  });

  it("inserts keys that no worker, phase or round has named before, and reads those that it inserted", async () => {
    const file = join(folder, "inserts.yaml");
    const phase = "{ duration: 1s, mix: { insert: 9, get: 1 }, keys: { distribution: latest, count: 100 } }";
    await writeFile(file, `title: I\nstory: I.\npreload: 100%\nphases:\n  - ${phase}\n  - ${phase}\n`);
    const workload = await makeWorkload({ ...asked, ops: null, scenario: loadScenario(file) });
    const inserted = new Set<string>();
    let [inserts, repeated, missed] = [0, 0, 0];
    for (const { streams, freshKeys } of workload.phases) {
      for (const [worker, stream] of streams.entries()) {
        const keys = [...workload.keys];
        const fresh = new FreshKeys(keys, freshKeys[worker] ?? new Uint32Array(0), workload.freshStride);
        const own = new Set<string>();
        const agent = {
          get: (key: number) => {
            if (!own.has(keys[key]) && Number(keys[key].slice(4)) >= 100) missed++;
            return 1;
          },
          set: (key: number) => {
            inserts++;
            if (inserted.has(keys[key])) repeated++;
            inserted.add(keys[key]);
            own.add(keys[key]);
          },
        } as unknown as SubjectAgent;
        const limits = {
          ...{ operations: 3 * stream.length, milliseconds: Number.POSITIVE_INFINITY, once: false },
          ...{ stopped: () => false, progress: () => {} },
        };
        const cursor = {
          position: 0,
          nextRound: () => {
            fresh.next();
            return 5;
          },
        };
        const tally = new Tally();
        await runBatched(agent, stream, cursor, limits, tally, () => {});
        expect(tally.operations).toBe(3 * stream.length);
        // What naming takes is the driver's own time.
        expect(tally.pausedMs).toBe(15);
        expect([fresh.restart(), fresh.restart()]).toEqual([true, false]);
        expect(keys).toEqual(workload.keys);
      }
    }
    expect({ repeated, missed, entries: inserted.size }).toEqual({ repeated: 0, missed: 0, entries: inserts });
  });

  it("deals a trace's requests to the workers in turn, every request to exactly one", async () => {
    const path = join(folder, "requests.txt");
    const requests = Array.from({ length: 101 }, (_, i) => (i * 7) % 13);
    await writeFile(path, `${requests.join("\n")}\n`);
    const trace = { path, format: "txt", limit: null };
    const workload = await makeWorkload({ ...asked, ops: null, workers: 3, scenario: loadScenario("replay"), trace });
    const dealt = workload.phases[0].streams.map(({ keys }) => [...keys].map((key) => workload.keys[key]));
    for (const [i, request] of requests.entries()) expect(dealt[i % 3][Math.floor(i / 3)]).toBe(String(request));
    expect(dealt.map(({ length }) => length)).toEqual([34, 34, 33]);
    expect(workload.phases[0].once).toBe(true);
  });
});
