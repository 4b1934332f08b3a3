import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { type Limits, runBatched, runOpen, runSampled, runSpan } from "#dist/harness/measure/passes.js";
import { type AgentStream, countKinds, operationsOf } from "#dist/harness/measure/stream.js";
import { Tally } from "#dist/harness/measure/tally.js";
import type { SubjectAgent } from "#dist/harness/subjects/subject.js";
import {
  OP_APPEND,
  OP_BORROW,
  OP_DELETE,
  OP_GET,
  OP_GET_OR_SET,
  OP_HAND_OFF,
  OP_INCREMENT,
  OP_INSERT,
  OP_OTHER,
  OP_READ_MODIFY_WRITE,
  OP_RECEIVE,
  OP_SCAN,
  OP_SEND,
  OP_SET,
  OP_WATCH,
} from "#dist/workloads/index.js";

type Operation = readonly [kind: number, key: number, size: number];

function streamOf(operations: readonly Operation[]): AgentStream {
  return {
    length: operations.length,
    kinds: Uint8Array.from(operations, ([kind]) => kind),
    keys: Uint32Array.from(operations, ([, key]) => key),
    sizes: Uint32Array.from(operations, ([, , size]) => size),
    ttls: null,
    labels: null,
  };
}

/** Keeps sizes by key and logs every call; throws on keys that are divisible by `fails`. */
class RecordingAgent implements SubjectAgent {
  readonly sizes = new Map<number, number>();
  readonly calls: string[] = [];
  readonly #fails: number;

  constructor(fails = Number.POSITIVE_INFINITY) {
    this.#fails = fails;
  }

  get(key: number): number {
    this.#log("get", key);
    return this.sizes.get(key) ?? -1;
  }
  set(key: number, size: number): void {
    this.#log("set", key);
    this.sizes.set(key, size);
  }
  delete(key: number): boolean {
    this.#log("delete", key);
    return this.sizes.delete(key);
  }
  increment(key: number): void {
    this.#log("increment", key);
  }
  async close(): Promise<void> {}

  #log(name: string, key: number): void {
    this.calls.push(`${name} ${key}`);
    if (key % this.#fails === 0) throw Object.assign(new Error("full"), { code: "OUT_OF_MEMORY" });
  }
}

function limits(changes: Partial<Limits> = {}): Limits {
  return {
    operations: Number.POSITIVE_INFINITY,
    milliseconds: Number.POSITIVE_INFINITY,
    once: false,
    stopped: () => false,
    progress: () => {},
    ...changes,
  };
}

const operation: fc.Arbitrary<Operation> = fc.tuple(
  fc.constantFrom(OP_GET, OP_SET, OP_DELETE, OP_INCREMENT, OP_READ_MODIFY_WRITE, OP_INSERT, OP_GET_OR_SET),
  fc.integer({ min: 1, max: 20 }),
  fc.integer({ min: 0, max: 100 }),
);
const operations = fc.array(operation, { minLength: 1, maxLength: 60 });

describe("a span of operations", () => {
  it("does what each code says", () => {
    const agent = new RecordingAgent();
    const tally = new Tally();
    const stream = streamOf([
      [OP_GET, 1, 0],
      [OP_SET, 1, 10],
      [OP_READ_MODIFY_WRITE, 1, 20],
      [OP_GET_OR_SET, 1, 30],
      [OP_GET_OR_SET, 2, 30],
      [OP_INSERT, 3, 40],
      [OP_DELETE, 3, 0],
      [OP_INCREMENT, 4, 0],
      [OP_OTHER, 5, 0],
    ]);
    runSpan(agent, stream, 0, stream.length, tally);
    expect(agent.calls).toEqual([
      ...["get 1", "set 1", "get 1", "set 1", "get 1", "get 2", "set 2", "set 3", "delete 3", "increment 4"],
    ]);
    expect([...agent.sizes]).toEqual([
      [1, 20],
      [2, 30],
    ]);
    expect([tally.operations, tally.hits, tally.misses]).toEqual([9, 2, 2]);
  });

  it("does what the codes of scenarios alone say, and counts what they do", () => {
    const calls: unknown[][] = [];
    const answers: Record<string, unknown[]> = {
      borrow: [6144, -1],
      scan: [7],
      send: [true, false],
      receive: [3, 0],
      handOff: [1, 0, -1],
      watch: [1, 0, -1],
    };
    const agent = new RecordingAgent();
    for (const [name, answered] of Object.entries(answers)) {
      Object.assign(agent, {
        [name]: (...args: unknown[]) => {
          calls.push([name, ...args]);
          return answered.shift();
        },
      });
    }
    const stream = streamOf([
      [OP_BORROW, 1, 0],
      [OP_BORROW, 2, 0],
      [OP_SCAN, 3, 50],
      [OP_APPEND, 4, 10],
      [OP_SEND, 5, 32],
      [OP_SEND, 5, 33],
      [OP_RECEIVE, 5, 0],
      [OP_RECEIVE, 5, 0],
      [OP_HAND_OFF, 6, 64],
      [OP_HAND_OFF, 6, 64],
      [OP_HAND_OFF, 6, 64],
      [OP_WATCH, 7, 0],
      [OP_WATCH, 7, 0],
      [OP_WATCH, 8, 0],
    ]);
    const tally = new Tally();
    runSpan(agent, stream, 0, stream.length, tally);
    expect(calls).toEqual([
      ["borrow", 1],
      ["borrow", 2],
      ["scan", 3, 50],
      ["send", 5, 32],
      ["send", 5, 33],
      ["receive", 5],
      ["receive", 5],
      ["handOff", 6, 64],
      ["handOff", 6, 64],
      ["handOff", 6, 64],
      ["watch", 7],
      ["watch", 7],
      ["watch", 8],
    ]);
    expect(agent.calls).toEqual(["set 4"]);
    expect({ ...tally, errors: tally.errors.size }).toMatchObject({
      operations: 14,
      hits: 3,
      misses: 2,
      scanned: 7,
      received: 4,
      refused: 2,
      changes: 1,
      errors: 0,
    });
  });

  it("counts what throws by its code and goes on with the next", () => {
    fc.assert(
      fc.property(operations, fc.integer({ min: 2, max: 5 }), (list, fails) => {
        const agent = new RecordingAgent(fails);
        const tally = new Tally();
        const stream = streamOf(list);
        runSpan(agent, stream, 0, stream.length, tally);
        const failing = list.filter(([, key]) => key % fails === 0).length;
        expect(tally.errors.get("OUT_OF_MEMORY") ?? 0).toBe(failing);
        expect([tally.operations, tally.failed]).toEqual([list.length - failing, failing]);
        const lookups = list.filter(
          ([kind, key]) =>
            key % fails !== 0 && (kind === OP_GET || kind === OP_READ_MODIFY_WRITE || kind === OP_GET_OR_SET),
        );
        expect(tally.hits + tally.misses).toBe(lookups.length);
      }),
    );
  });
});

describe("the passes", () => {
  const passes = {
    batched: (agent: SubjectAgent, stream: AgentStream, cursor: { position: number }, limit: Limits, tally: Tally) =>
      runBatched(agent, stream, cursor, limit, tally, () => {}),
    sampled: (agent: SubjectAgent, stream: AgentStream, cursor: { position: number }, limit: Limits, tally: Tally) =>
      runSampled(agent, stream, cursor, limit, tally, 7, () => {}),
    open: (agent: SubjectAgent, stream: AgentStream, cursor: { position: number }, limit: Limits, tally: Tally) =>
      runOpen(
        agent,
        stream,
        cursor,
        limit,
        tally,
        () => 0,
        () => true,
        () => {},
      ),
  };

  for (const [name, pass] of Object.entries(passes)) {
    it(`${name}: does exactly the operations asked for, in the stream's order, round and round`, async () => {
      await fc.assert(
        fc.asyncProperty(operations, fc.integer({ min: 1, max: 200 }), fc.nat(), async (list, count, start) => {
          const stream = streamOf(list);
          const cursor = { position: start % list.length };
          const agent = new RecordingAgent();
          const expected = new RecordingAgent();
          const tally = new Tally();
          for (let i = 0; i < count; i++) {
            const at = (cursor.position + i) % list.length;
            runSpan(expected, stream, at, at + 1, new Tally());
          }
          const end = (cursor.position + count) % list.length;
          await pass(agent, stream, cursor, limits({ operations: count }), tally);
          expect(agent.calls).toEqual(expected.calls);
          expect(tally.operations).toBe(count);
          expect(cursor.position).toBe(end);
        }),
      );
    });

    it(`${name}: goes through the stream once when told to`, async () => {
      await fc.assert(
        fc.asyncProperty(operations, async (list) => {
          const tally = new Tally();
          await pass(new RecordingAgent(), streamOf(list), { position: 0 }, limits({ once: true }), tally);
          expect(tally.operations).toBe(list.length);
        }),
      );
    });

    it(`${name}: ends when stopped, and has told how far it came`, async () => {
      const tally = new Tally();
      let told = 0;
      const limit = limits({
        stopped: () => told > 0,
        progress: (done) => {
          told = done;
        },
      });
      await pass(new RecordingAgent(), streamOf([[OP_GET, 1, 0]]), { position: 0 }, limit, tally);
      expect(told).toBe(tally.operations);
      expect(told).toBeGreaterThan(0);
    });
  }

  it("batched: no batch is shorter than 60 us, and batches add up to no more than was done", async () => {
    const tally = new Tally();
    const batches: Array<[number, number]> = [];
    const stream = streamOf([
      [OP_GET, 1, 0],
      [OP_SET, 2, 1],
    ]);
    const agent = new RecordingAgent();
    await runBatched(
      agent,
      stream,
      { position: 0 },
      limits({ operations: 20_000 }),
      tally,
      (_start, elapsed, count) => {
        batches.push([elapsed, count]);
      },
    );
    expect(batches.length).toBeGreaterThan(0);
    for (const [elapsed] of batches) expect(elapsed).toBeGreaterThanOrEqual(0.06);
    expect(batches.reduce((sum, [, count]) => sum + count, 0)).toBeLessThanOrEqual(tally.operations);
  });

  it("batched: waits for a subject that queues its writes before a batch ends", async () => {
    let settled = 0;
    const agent = Object.assign(new RecordingAgent(), {
      settle: async () => {
        settled++;
      },
    });
    await runBatched(
      agent,
      streamOf([[OP_SET, 1, 1]]),
      { position: 0 },
      limits({ operations: 500 }),
      new Tally(),
      () => {},
    );
    expect(settled).toBeGreaterThan(0);
  });

  it("sampled: about one operation in 64 is timed, each under its own kind, a hit of getOrSet as a get too", async () => {
    const stream = streamOf(
      Array.from({ length: 512 }, (_, i): Operation => [i % 2 === 0 ? OP_GET_OR_SET : OP_SET, 1, 1]),
    );
    const seen = new Map<number, number>();
    await runSampled(
      new RecordingAgent(),
      stream,
      { position: 0 },
      limits({ operations: 64_000 }),
      new Tally(),
      3,
      (kind) => {
        seen.set(kind, (seen.get(kind) ?? 0) + 1);
      },
    );
    const getOrSets = seen.get(OP_GET_OR_SET) ?? 0;
    const samples = getOrSets + (seen.get(OP_SET) ?? 0);
    // 64,000 / 64 = 1,000 on average; the generator is seeded, so the count is always the same.
    expect(samples).toBeGreaterThan(800);
    expect(samples).toBeLessThan(1250);
    expect(Math.abs((seen.get(OP_GET) ?? 0) - getOrSets)).toBeLessThanOrEqual(1);
  });

  it("open loop: time from the intended start is never less than time from the actual one", async () => {
    const times: Array<[number, number]> = [];
    await runOpen(
      new RecordingAgent(),
      streamOf([[OP_GET, 1, 0]]),
      { position: 0 },
      limits({ operations: 300 }),
      new Tally(),
      (index) => index * 0.001,
      (until) => {
        while (performance.now() < until);
        return true;
      },
      (_kind, _label, fromIntended, fromActual) => times.push([fromIntended, fromActual]),
    );
    expect(times).toHaveLength(300);
    for (const [fromIntended, fromActual] of times) expect(fromIntended).toBeGreaterThanOrEqual(fromActual);
  });
});

describe("an operation that fails", () => {
  /** Half of the operations are to keys that fail. */
  const half = streamOf([
    [OP_GET, 1, 0],
    [OP_SET, 2, 1],
  ]);
  const refusing = () => new RecordingAgent(2);

  it("batched: is no throughput, and a batch with one in it tells no cost", async () => {
    // Every one: on a busy machine a batch may be a single operation.
    const bad = streamOf([[OP_SET, 2, 1]]);
    const tally = new Tally();
    let told = [0, 0];
    let batches = 0;
    const limit = limits({
      operations: 20_000,
      progress: (done, failed) => {
        told = [done, failed];
      },
    });
    await runBatched(refusing(), bad, { position: 0 }, limit, tally, () => batches++);
    expect([tally.operations, tally.failed, batches]).toEqual([0, 20_000, 0]);
    expect(tally.spoiltBatches).toBeGreaterThan(0);
    expect(told).toEqual([0, 20_000]);
  });

  it("batched: those in which nothing failed tell their cost all the same", async () => {
    const tally = new Tally();
    const counts: number[] = [];
    const long = streamOf(Array.from({ length: 50_000 }, (_, i): Operation => [OP_GET, i < 10 ? 2 : 1, 0]));
    const limit = limits({ operations: 50_000 });
    await runBatched(refusing(), long, { position: 0 }, limit, tally, (_start, _elapsed, count) => counts.push(count));
    expect(tally.failed).toBe(10);
    expect(counts.length).toBeGreaterThan(0);
    expect(counts.reduce((sum, count) => sum + count, 0)).toBeLessThanOrEqual(tally.operations);
  });

  it("sampled and open: has no latency, neither as itself nor as the get of a getOrSet", async () => {
    const stream = streamOf([
      [OP_GET_OR_SET, 2, 1],
      [OP_GET, 1, 0],
    ]);
    const kinds: number[] = [];
    await runSampled(refusing(), stream, { position: 0 }, limits({ operations: 12_800 }), new Tally(), 3, (kind) => {
      kinds.push(kind);
    });
    const tally = new Tally();
    await runOpen(
      ...([refusing(), stream, { position: 0 }, limits({ operations: 100 }), tally] as const),
      () => 0,
      () => true,
      (kind) => kinds.push(kind),
    );
    expect(kinds.length).toBeGreaterThan(0);
    expect(new Set(kinds)).toEqual(new Set([OP_GET]));
    expect([tally.operations, tally.failed]).toEqual([50, 50]);
  });

  it("is counted by the label it has, so that a role's rate is of what was done", () => {
    const tally = new Tally();
    const stream = { ...half, labels: Uint8Array.of(0, 3) };
    runSpan(refusing(), stream, 0, 2, tally);
    expect(tally.failedByLabel[3]).toBe(1);
    expect(tally.failedByLabel[0] ?? 0).toBe(0);
  });
});

describe("streams", () => {
  it("split by kind keep order and lose nothing", () => {
    fc.assert(
      fc.property(operations, (list) => {
        const stream = streamOf(list);
        const counts = countKinds(stream);
        for (const [kind, count] of counts.entries()) {
          const own = operationsOf(stream, (one) => one === kind);
          expect(own.length).toBe(count);
          expect([...own.keys]).toEqual(list.filter(([k]) => k === kind).map(([, key]) => key));
          expect([...own.sizes]).toEqual(list.filter(([k]) => k === kind).map(([, , size]) => size));
        }
      }),
    );
  });
});
