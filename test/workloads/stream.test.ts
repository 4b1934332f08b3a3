import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type Assignment,
  agentsOf,
  assignmentOf,
  createPreload,
  createStream,
  keyName,
  loadTrace,
  OP_APPEND,
  OP_DELETE,
  OP_GET,
  OP_GET_OR_SET,
  OP_HAND_OFF,
  OP_INSERT,
  OP_SCAN,
  OP_SEND,
  OP_SET,
  type Phase,
} from "#dist/workloads/index.js";
import { loadScenario, parseScenario } from "#dist/workloads/scenarios.js";
import { temporaryFolder } from "./temporary-folder.js";

const files = temporaryFolder();

function phase(text: string): Phase {
  return parseScenario(`title: T\nstory: S\nphases:\n  - { duration: 1s, ${text} }\n`, "t.yaml").phases[0];
}

/** Every worker is one agent. */
function solo(workers: number): Assignment {
  return assignmentOf({ agents: workers, groups: [{ name: null, first: 0, count: workers }], workers: null }, workers);
}

const MIXED = phase(
  "mix: { get: 6, set: 2, delete: 1, insert: 1 }, keys: { distribution: latest, count: 50 }, values: { distribution: uniform, min: 10, max: 20 }, ttl: { min: 50ms, max: 1s }",
);

describe("an operation stream", () => {
  it("is the same for the same name and different by seed, worker and phase", () => {
    const base = { seed: 1, worker: 0, assignment: solo(3), count: 500, phase: 0 };
    const first = createStream(MIXED, base);
    expect({ ...createStream(MIXED, base), keyName: null }).toEqual({ ...first, keyName: null });
    for (const other of [{ seed: 2 }, { worker: 1 }, { phase: 1 }]) {
      expect(createStream(MIXED, { ...base, ...other }).ops).not.toEqual(first.ops);
    }
  });

  it("follows the mix, and has sizes and times to live where something is written, only there", () => {
    const { ops, sizes, ttls, count } = createStream(MIXED, { seed: 9, worker: 0, assignment: solo(1), count: 20_000 });
    const share = (op: number) => ops.filter((each) => each === op).length / count;
    expect(share(OP_GET)).toBeCloseTo(0.6, 1);
    expect(share(OP_SET)).toBeCloseTo(0.2, 1);
    expect(share(OP_DELETE)).toBeCloseTo(0.1, 1);
    for (let i = 0; i < count; i++) {
      const written = ops[i] === OP_SET || ops[i] === OP_INSERT;
      expect(written ? sizes[i] >= 10 && sizes[i] <= 20 : sizes[i] === 0).toBe(true);
      expect(written ? (ttls?.[i] ?? 0) >= 50 && (ttls?.[i] ?? 0) <= 1000 : ttls?.[i] === 0).toBe(true);
    }
  });

  it("inserts keys that no other worker inserts, after the existing ones, and reads only what exists", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 5 }), fc.nat(), (workers, seed) => {
        const inserted = new Set<number>();
        for (let worker = 0; worker < workers; worker++) {
          const { ops, keys, keySpace, count } = createStream(MIXED, {
            seed,
            worker,
            assignment: solo(workers),
            count: 200,
          });
          const own = new Set<number>();
          for (let i = 0; i < count; i++) {
            expect(keys[i]).toBeLessThan(keySpace);
            if (ops[i] === OP_INSERT) {
              expect(inserted.has(keys[i]) || keys[i] < 50).toBe(false);
              inserted.add(keys[i]);
              own.add(keys[i]);
            } else {
              expect(keys[i] < 50 || own.has(keys[i])).toBe(true);
            }
          }
        }
      }),
      { numRuns: 30 },
    );
  });

  it("keeps agents apart when every agent has keys of its own", () => {
    const own = phase("mix: { get: 1 }, keys: { distribution: uniform, count: 10, scope: agent }");
    for (const worker of [0, 1, 2]) {
      const { keys, keySpace } = createStream(own, { seed: 1, worker, assignment: solo(3), count: 300 });
      expect([...new Set(keys)].sort((a, b) => a - b)).toEqual(Array.from({ length: 10 }, (_, i) => worker * 10 + i));
      expect(keySpace).toBe(30);
    }
  });

  it("moves the working set by its offset and at every shift", () => {
    const moving = phase(
      "mix: { get: 1 }, keys: { distribution: hotspot, count: 100, hotKeys: 10%, hotOperations: 100% }, offset: 50%, shift: { every: 1000, by: 20% }",
    );
    const { keys } = createStream(moving, { seed: 1, worker: 0, assignment: solo(1), count: 3000 });
    [50, 70, 90].forEach((from, part) => {
      const drawn = keys.subarray(part * 1000, part * 1000 + 1000);
      expect([Math.min(...drawn), Math.max(...drawn)]).toEqual([from, from + 9]);
    });
  });

  it("starts workers of a scan apart", () => {
    const scan = phase("mix: { get: 1 }, keys: { distribution: sequential, count: 100 }");
    const starts = [0, 1, 2, 3].map(
      (worker) => createStream(scan, { seed: 1, worker, assignment: solo(4), count: 1 }).keys[0],
    );
    expect(starts).toEqual([0, 25, 50, 75]);
  });

  it("names keys in 16 bytes", () => {
    expect([0, 1234, 4294967295].map(keyName)).toEqual(["user000000000000", "user000000001234", "user004294967295"]);
  });

  it("refuses a worker that does not exist and a stream of nothing", () => {
    expect(() => createStream(MIXED, { seed: 1, worker: 2, assignment: solo(2), count: 1 })).toThrow(/worker 2 of 2/);
    expect(() => createStream(MIXED, { seed: 1, worker: 0, assignment: solo(2), count: 0 })).toThrow(/stream of 0/);
  });
});

describe("a preload", () => {
  it("covers every key once over all workers", () => {
    const scenario = loadScenario("blackboard");
    for (const workers of [1, 3, 70]) {
      const keys = Array.from({ length: workers }, (_, worker) => [
        ...createPreload(scenario, { seed: 1, worker, assignment: solo(workers) }).map(({ key }) => key),
      ]).flat();
      expect(keys.sort((a, b) => a - b)).toEqual(Array.from({ length: 64 }, (_, i) => i));
    }
    const sizes = createPreload(scenario, { seed: 1, worker: 0, assignment: solo(1) }).map(({ size }) => size);
    expect(Math.min(...sizes)).toBeGreaterThanOrEqual(64);
    expect(Math.max(...sizes)).toBeLessThanOrEqual(512);
  });
});

describe("agents that share threads", () => {
  const scenario = parseScenario(
    `title: T
story: S
agents: { left: 3, right: 4 }
workers: 2
preload: 50%
phases:
  - duration: 1s
    roles:
      - agents: left
        weight: 3
        mix: { get: 1, insert: 1 }
        keys: { distribution: latest, count: 20 }
      - agents: left
        mix: { append: 1 }
        keys: { distribution: uniform, count: 4, scope: agent }
      - agents: right
        to: left
        mix: { send: 1 }
        values: { distribution: uniform, min: 32, max: 40 }
      - mix: { scan: 1, handOff: 1 }
        keys: { distribution: uniform, count: 30 }
        scan: { min: 2, max: 5 }
`,
    "t.yaml",
  );
  const [first] = scenario.phases;
  const COUNT = 4200;

  /** What every agent does, in its order. */
  function byAgent(workers: number): string[][] {
    const assignment = assignmentOf(scenario, workers);
    const done = Array.from({ length: assignment.agents }, (): string[] => []);
    for (let worker = 0; worker < assignment.workers; worker++) {
      const stream = createStream(first, { seed: 3, worker, assignment, count: COUNT / assignment.workers });
      for (let i = 0; i < stream.count; i++) {
        const agent = stream.agents === null ? worker : stream.agents[i];
        done[agent].push([stream.ops[i], stream.keys[i], stream.sizes[i], stream.roles?.[i]].join());
      }
    }
    return done;
  }

  it("do the same however many threads they share", () => {
    const alone = byAgent(1);
    for (const workers of [2, 3, 7]) {
      byAgent(workers).forEach((own, agent) => {
        const length = Math.min(own.length, alone[agent].length);
        expect(length).toBeGreaterThan(100);
        expect(own.slice(0, length), `agent ${agent} of ${workers} workers`).toEqual(alone[agent].slice(0, length));
      });
    }
  });

  it("take turns, each the same number of times, on never more threads than there are agents", () => {
    const assignment = assignmentOf(scenario, 99);
    expect(assignment).toMatchObject({ agents: 7, workers: 7 });
    expect(assignmentOf(scenario, null).workers).toBe(2);
    expect([0, 1].map((worker) => agentsOf(worker, assignmentOf(scenario, 2)))).toEqual([
      [0, 2, 4, 6],
      [1, 3, 5],
    ]);
    expect(byAgent(1).map(({ length }) => length)).toEqual(new Array(7).fill(COUNT / 7));
  });

  it("have the roles of their group and of all, by weight, over keys, mailboxes and lengths that are theirs", () => {
    const assignment = assignmentOf(scenario, 1);
    const stream = createStream(first, { seed: 3, worker: 0, assignment, count: COUNT });
    const roles = Array.from({ length: 7 }, () => [0, 0, 0, 0]);
    const appended = Array.from({ length: 3 }, (): number[] => []);
    for (let i = 0; i < stream.count; i++) {
      const agent = stream.agents?.[i] ?? -1;
      const [op, key, size] = [stream.ops[i], stream.keys[i], stream.sizes[i]];
      roles[agent][stream.roles?.[i] ?? -1]++;
      if (op === OP_APPEND) appended[agent].push(key);
      // 4 senders to 3 receivers: neighbours together.
      if (op === OP_SEND) expect([key, size >= 32 && size <= 40]).toEqual([[0, 0, 1, 2][agent - 3], true]);
      if (op === OP_SCAN) expect(size >= 2 && size <= 5 && key < 30).toBe(true);
      if (op === OP_HAND_OFF) expect(key).toBe(agent);
    }
    for (const [agent, [one, two, three, all]] of roles.entries()) {
      if (agent < 3) {
        expect(one / (one + two + all)).toBeCloseTo(0.6, 1);
        expect([two > 0, three]).toEqual([true, 0]);
      } else expect([one, two, three > 0, all > 0]).toEqual([0, 0, true, true]);
    }
    appended.forEach((keys, agent) => {
      expect(keys).toEqual(keys.map((_, nth) => agent * 4 + (nth % 4)));
    });
  });

  it("find half of what they read there, and no log", () => {
    const preloaded = [0, 1].flatMap((worker) =>
      createPreload(scenario, { seed: 3, worker, assignment: assignmentOf(scenario, 2) }),
    );
    const of = (role: number) => preloaded.filter((one) => one.role === role).map(({ key }) => key);
    expect(of(0).sort((a, b) => a - b)).toEqual(Array.from({ length: 10 }, (_, i) => i));
    expect(of(3)).toHaveLength(15);
    expect([of(1), of(2)]).toEqual([[], []]);
  });
});

describe("replaying a trace", () => {
  const [replay] = loadScenario("replay").phases;

  it("deals the requests out in order, cache-aside, sizes and keys from the trace", async () => {
    const trace = await loadTrace(
      files.file("t.csv", "id,size,op\na,10,get\nb,20000,get\nc,5,delete\na,11,set\nd,7,get\n"),
    );
    const [even, odd] = [0, 1].map((worker) =>
      createStream(replay, { seed: 1, worker, assignment: solo(2), count: 1, trace }),
    );
    expect([...even.keys].map((key) => even.keyName(key))).toEqual(["a", "c", "d"]);
    expect([...odd.keys].map((key) => odd.keyName(key))).toEqual(["b", "a"]);
    expect([...even.ops]).toEqual([OP_GET_OR_SET, OP_DELETE, OP_GET_OR_SET]);
    expect([...odd.ops]).toEqual([OP_GET_OR_SET, OP_SET]);
    expect([...even.sizes]).toEqual([10, 0, 7]);
    expect([...odd.sizes]).toEqual([8192, 11]);
  });

  it("without a trace says what is missing", () => {
    expect(() => createStream(replay, { seed: 1, worker: 0, assignment: solo(1), count: 1 })).toThrow(/--trace FILE/);
  });
});
