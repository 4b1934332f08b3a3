import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadSubject, type SubjectAgent, type SubjectPlan } from "#dist/harness/subjects/index.js";

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

async function withAgent(name: string, use: (agent: SubjectAgent) => Promise<void>): Promise<void> {
  const subject = await loadSubject(name);
  const shared = await subject.create(plan());
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
});
