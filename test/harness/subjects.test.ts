import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type AgentContext, loadSubject, type SubjectAgent, type SubjectPlan } from "#dist/harness/subjects/index.js";
import { Store } from "#dist/src/index.js";

const KEYS = Array.from({ length: 12 }, (_, i) => `agent_${i}/state`);
const SIZES = [1, 16, 64, 333];
const MAX_VALUE = Math.max(...SIZES);

let directory: string;
beforeAll(async () => {
  directory = await mkdtemp(join(tmpdir(), "engram-subjects-"));
});
afterAll(() => rm(directory, { recursive: true, force: true }));

function plan(changes: Partial<SubjectPlan> = {}): SubjectPlan {
  return {
    workers: 1,
    keyBytes: Uint16Array.from(KEYS, (key) => Buffer.byteLength(key)),
    largestValues: new Int32Array(KEYS.length).fill(MAX_VALUE),
    entries: KEYS.length,
    footprintBytes: KEYS.length * (14 + MAX_VALUE),
    maxValueBytes: MAX_VALUE,
    maxKeyBytes: 14,
    capacityBytes: null,
    eviction: null,
    directory,
    ...changes,
  };
}

async function withAgent(
  name: string,
  use: (agent: SubjectAgent) => Promise<void>,
  context: Partial<AgentContext> = {},
): Promise<void> {
  const subject = await loadSubject(name);
  const shared = await subject.open(plan());
  const values: Array<Uint8Array | undefined> = [];
  for (const size of SIZES) values[size] = new Uint8Array(size).fill(7);
  const agent = await subject.attach(shared.attachment, {
    worker: 0,
    workers: 1,
    keys: KEYS,
    namespaces: [{ name: "bench" }],
    namespaceOf: null,
    values,
    maxValueBytes: MAX_VALUE,
    ...context,
  });
  try {
    await use(agent);
  } finally {
    await agent.close();
    expect((await shared.verify?.()) ?? []).toEqual([]);
    await shared.close();
  }
}

const key = fc.nat(KEYS.length - 1);
const step = fc.oneof(
  fc.record({ do: fc.constant("set" as const), key, size: fc.constantFrom(...SIZES) }),
  fc.record({ do: fc.constant("get" as const), key }),
  fc.record({ do: fc.constant("delete" as const), key }),
);

for (const name of ["engram", "engram-prepared", "map", "lmdb", "sharedmap", "lru-cache"]) {
  describe(`subject ${name}`, () => {
    it("answers as a map of sizes would, once its writes have settled", async () => {
      await fc.assert(
        fc.asyncProperty(fc.array(step, { maxLength: 60 }), (steps) =>
          withAgent(name, async (agent) => {
            const model = new Map<number, number>();
            for (const one of steps) {
              if (one.do === "set") {
                agent.set(one.key, one.size, 0);
                model.set(one.key, one.size);
              } else if (one.do === "delete") {
                const there = agent.delete(one.key);
                // lmdb queues the deletion and cannot tell.
                if (agent.settle === undefined) expect(there).toBe(model.has(one.key));
                model.delete(one.key);
              } else expect(agent.get(one.key)).toBe(model.get(one.key) ?? -1);
              await agent.settle?.();
            }
          }),
        ),
        { numRuns: 15 },
      );
    });

    it("increments, or says that it cannot", async () => {
      const subject = await loadSubject(name);
      await withAgent(name, async (agent) => {
        if (subject.cannot.includes("increment")) expect(() => agent.increment(3)).toThrow();
        else for (let i = 0; i < 3; i++) agent.increment(3);
        await agent.settle?.();
      });
    });
  });
}

describe("operations that only scenarios have", () => {
  it.each(["engram", "engram-prepared", "map", "lru-cache"])("%s borrows as it gets", async (name) => {
    expect((await loadSubject(name)).also).toContain("borrow");
    await withAgent(name, async (agent) => {
      expect(agent.borrow?.(3)).toBe(-1);
      agent.set(3, 64, 0);
      expect(agent.borrow?.(3)).toBe(64);
    });
  });

  it.each(["engram", "map", "lmdb"])(
    "%s scans as many entries as there are, and no more than asked for",
    async (name) => {
      await withAgent(name, async (agent) => {
        expect(agent.scan?.(0, 5)).toBe(0);
        for (let one = 0; one < KEYS.length; one++) agent.set(one, 16, 0);
        await agent.settle?.();
        for (const count of [1, 5, 7]) expect(agent.scan?.(0, count)).toBe(count);
        expect(agent.scan?.(0, 10_000)).toBeGreaterThanOrEqual(KEYS.length);
      });
    },
  );

  it("engram watches: what changed since the last look is told once", async () => {
    await withAgent("engram", async (agent) => {
      const looks = [agent.watch?.(1)];
      for (const write of [true, false, true]) {
        if (write) agent.set(1, 16, 0);
        looks.push(agent.watch?.(1));
      }
      agent.delete(1);
      looks.push(agent.watch?.(1));
      expect(looks).toEqual([-1, 1, 0, 1, -1]);
    });
  });

  it("engram sends, receives at most so many at once, refuses what is too much, and hands on", async () => {
    const mailboxes = { capacity: 128, used: [0, 1], next: Uint16Array.of(1, 0) };
    await withAgent(
      "engram",
      async (agent) => {
        const sent = Array.from({ length: 130 }, () => agent.send?.(0, 64));
        expect(sent.filter((one) => one)).toHaveLength(128);
        expect([agent.receive?.(0), agent.receive?.(0), agent.receive?.(0)]).toEqual([64, 64, 0]);
        // The first starts messages of its own; from then on there is something to hand on.
        expect([agent.handOff?.(0, 16), agent.handOff?.(0, 16)]).toEqual([0, 0]);
        agent.handOff?.(1, 16);
        expect([agent.handOff?.(1, 16), agent.receive?.(0), agent.receive?.(1)]).toEqual([1, 9, 7]);
      },
      { mailboxes },
    );
  });

  it("a subject that does not name an operation cannot do it, but whoever sets can append", async () => {
    const { canDo } = await import("#dist/harness/subjects/subject.js");
    expect(canDo({ cannot: [] }, "scan")).toBe(false);
    expect(canDo({ cannot: [], also: ["scan"] }, "scan")).toBe(true);
    expect(canDo({ cannot: [] }, "append")).toBe(true);
    expect(canDo({ cannot: ["set"] }, "append")).toBe(false);
    expect(canDo({ cannot: ["increment"] }, "increment")).toBe(false);
  });
});

describe("what engram tells of itself while it is measured", () => {
  it("pressure as it rises and when it is over, not that it is to and fro", async () => {
    const subject = await loadSubject("engram");
    const shared = await subject.open(plan({ capacityBytes: 8 * 1024 * 1024, eviction: "none" }));
    const keys = Array.from({ length: 12_000 }, (_, i) => `k${i}`);
    const values: Array<Uint8Array | undefined> = [];
    values[900] = new Uint8Array(900).fill(1);
    const agent = await subject.attach(shared.attachment, {
      ...{ worker: 0, workers: 1, keys, namespaceOf: null, values, maxValueBytes: 900 },
      namespaces: [{ name: "bench" }],
    });
    const told: string[] = [];
    const look = () => told.push(...(shared.observe?.() ?? []).map(({ kind, label }) => `${kind} ${label}`));
    look();
    let written = 0;
    try {
      for (; written < keys.length; written++) {
        agent.set(written, 900, 0);
        look();
      }
    } catch (error) {
      expect(error).toMatchObject({ code: "OUT_OF_MEMORY" });
    }
    // One level down and up again is not worth a word.
    const step = Math.floor(written * 0.06);
    for (let key = 0; key < step; key++) agent.delete(key);
    look();
    for (let key = 0; key < written; key++) agent.delete(key);
    look();
    look();
    expect(told).toEqual(["pressure medium", "pressure high", "pressure critical", "pressure low"]);
    await agent.close();
    await shared.close();
  });
});

describe("quotas", () => {
  it("are checked after a run: a namespace that holds more than its limit is a broken invariant", async () => {
    const subject = await loadSubject("engram");
    const limited = plan({ namespaces: [{ name: "bench", maxEntries: 3 }] });
    const shared = await subject.open(limited);
    const values: Array<Uint8Array | undefined> = [];
    values[16] = new Uint8Array(16).fill(1);
    const context = {
      ...{ worker: 0, workers: 1, keys: KEYS, namespaceOf: null, values, maxValueBytes: 16 },
    };
    const within = await subject.attach(shared.attachment, {
      ...context,
      namespaces: [{ name: "bench", maxEntries: 3 }],
    });
    for (const key of [0, 1, 2]) within.set(key, 16, 0);
    expect(() => within.set(3, 16, 0)).toThrow(expect.objectContaining({ code: "NAMESPACE_LIMIT" }));
    expect(await shared.verify?.()).toEqual([]);
    await within.close();
    // Attached without the limit, more gets in.
    const beyond = await subject.attach(shared.attachment, {
      ...context,
      namespaces: [{ name: "bench", maxEntries: 5 }],
    });
    beyond.set(3, 16, 0);
    expect(await shared.verify?.()).toEqual(["namespace bench holds 4 entries, its limit is 3"]);
    await beyond.close();
    await shared.close();
  });
});

describe("sizing of the store", () => {
  it("takes the scenario's capacity when it names one, else what all entries need", async () => {
    const { storeOptionsFor } = await import("#dist/harness/subjects/engram-sizing.js");
    expect(storeOptionsFor(plan({ capacityBytes: 16 * 1024 * 1024 })).capacity).toBe(16 * 1024 * 1024);
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 8000 }), { minLength: 1, maxLength: 200 }), (sizes) => {
        const { capacity } = storeOptionsFor(
          plan({ largestValues: Int32Array.from(sizes), keyBytes: new Uint16Array(sizes.length).fill(16) }),
        );
        const bytes = sizes.reduce((sum, size) => sum + 32 + 16 + size, 0);
        expect(capacity * 0.6).toBeGreaterThan(bytes);
        expect(capacity % (1024 * 1024)).toBe(0);
      }),
    );
  });

  it("has room for large values, and for the buffer that each worker reads one into", async () => {
    const { storeOptionsFor } = await import("#dist/harness/subjects/engram-sizing.js");
    const size = 200_000;
    const entries = 20;
    const large = plan({
      workers: 3,
      entries,
      keyBytes: new Uint16Array(entries).fill(16),
      largestValues: new Int32Array(entries).fill(size),
      maxValueBytes: size,
    });
    const { capacity, maxWorkers } = storeOptionsFor(large);
    // Nothing is evicted for want of room, so whatever does not fit is an error.
    const store = await Store.create({ capacity, maxWorkers, eviction: "none", maintenance: false });
    try {
      for (let worker = 0; worker < 3; worker++) store.buffer(size);
      const values = store.namespace("n", { encoding: "binary" });
      for (let round = 0; round < 3; round++)
        for (let key = 0; key < entries; key++) values.set(`user${key}`, new Uint8Array(size));
      expect(values.size).toBe(entries);
    } finally {
      await store.close();
    }
  });

  it("says of a subject what it cannot hold, before it is made", async () => {
    const sharedmap = await loadSubject("sharedmap");
    const engram = await loadSubject("engram");
    expect(sharedmap.cannotHold?.(plan())).toBeNull();
    expect(engram.cannotHold?.(plan())).toBeNull();
    expect(sharedmap.cannotHold?.(plan({ maxValueBytes: 200_000 }))).toContain("a value of 200000 bytes");
    expect(sharedmap.cannotHold?.(plan({ maxValueBytes: 90_000, entries: 20_000 }))).toMatch(/30064 entries .* MiB/);
    const many = { entries: 100_000, keyBytes: new Uint16Array(100_000), maxValueBytes: 90_000 };
    expect(engram.cannotHold?.(plan({ ...many, largestValues: new Int32Array(100_000).fill(90_000) }))).toContain(
      "expected store: { capacity: … }",
    );
  });
});
