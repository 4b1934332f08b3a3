/** Real threads on few keys: what each sees and does must add up. The seed decides the operations; their interleaving is the machine's. */
import { afterEach, describe, expect, it } from "vitest";
import { Store, type StoreOptions } from "#dist/src/index.js";
import { SEED } from "../core/seeded-random.js";
import { runTogether } from "./crew.js";

let store: Store;
const open = async (options: StoreOptions = {}) => {
  store = await Store.create({ capacity: "16MiB", maxWorkers: 6, ...options });
  return store;
};

afterEach(async () => {
  const { violations } = await store.verify();
  await store.close();
  expect(violations).toEqual([]);
});

const agents = (task: string, count: number, options: object) =>
  Array.from({ length: count }, (_, i) => ({ task, seed: SEED + i + 1, options }));

describe(`values under churn (seed ${SEED})`, () => {
  it.each([
    ["one key", { keys: 1, operations: 5000, maxLength: 300, ttl: 20 }, {}],
    ["few keys of all sizes", { keys: 8, operations: 5000, maxLength: 15_000, ttl: 20 }, {}],
    [
      "few keys, and the namespace cleared again and again",
      { keys: 20, operations: 12_000, maxLength: 500, ttl: 20, clears: true },
      {},
    ],
    ["more than fits: eviction", { keys: 6000, operations: 9000, maxLength: 3000, ttl: 1000 }, { capacity: "8MiB" }],
    [
      "a memory that grows meanwhile",
      { keys: 3000, operations: 8000, maxLength: 8000, ttl: 1000 },
      { capacity: "6MiB", maxCapacity: "48MiB" },
    ],
    ["no maintenance thread", { keys: 50, operations: 5000, maxLength: 1000, ttl: 20 }, { maintenance: false }],
  ])("are always whole, and of their key: %s", async (_, options, storeOptions) => {
    await open(storeOptions);
    const results = await runTogether<{ seen: number; written: number }>(store, agents("churn", 3, options));
    for (const { seen, written } of results) {
      expect(written).toBeGreaterThan(1000);
      expect(seen).toBeGreaterThan(500);
    }
  });
});

it.each([
  [12_000, 40_000],
  [1000, 80_000],
])("values of %d bytes are never seen half replaced", async (length, operations) => {
  await open();
  const ns = store.namespace("halves");
  // there from the beginning: readers may be done before the writer's first turn
  for (const key of ["key0", "key1"]) ns.set(key, Buffer.alloc(length, 1));
  const results = await runTogether<{ seen: number }>(store, [
    { task: "halves", seed: 1, options: { keys: 2, operations, length, writes: 3 } },
    { task: "halves", seed: 2, options: { keys: 2, operations, length, writes: 0 } },
    { task: "halves", seed: 3, options: { keys: 2, operations, length, writes: 0 } },
  ]);
  for (const { seen } of results.slice(1)) expect(seen).toBeGreaterThan(operations / 10);
});

describe("writes that depend on what is there", () => {
  it.each(["binary", "string", "json", "msgpack"])("increments add up exactly, in %s", async (encoding) => {
    await open();
    const operations = encoding === "binary" ? 6000 : 1500;
    const results = await runTogether<{ added: number[] }>(
      store,
      agents("increment", 3, { keys: 3, operations, encoding }),
    );
    const ns = store.namespace("counters", { encoding: encoding as "string" });
    for (let key = 0; key < 3; key++) {
      const sum = results.reduce((total, { added }) => total + added[key], 0);
      expect(ns.increment(`counter${key}`, 0n)).toBe(BigInt(sum));
    }
  });

  it("ifAbsent has one winner a key", async () => {
    await open();
    const keys = 8000;
    const results = await runTogether<{ won: number[] }>(store, agents("claim", 3, { keys }));
    const ns = store.namespace("claims", { encoding: "string" });
    expect(results.reduce((sum, { won }) => sum + won.length, 0)).toBe(keys);
    results.forEach(({ won }, i) => {
      for (const key of won) expect(ns.get(`claim${key}`)).toBe(`agent ${SEED + i + 1}`);
    });
    expect(ns.size).toBe(keys);
  });

  it("ifVersion loses no update", async () => {
    await open();
    const operations = 300;
    const results = await runTogether<{ lost: number }>(store, agents("append", 3, { keys: 2, operations }));
    const ns = store.namespace("lists", { encoding: "json" });
    const all = ["list0", "list1"].flatMap((key) => ns.get(key) as string[]);
    const expected = [1, 2, 3].flatMap((i) => Array.from({ length: operations }, (_, j) => `${SEED + i}:${j}`));
    expect([...all].sort()).toEqual(expected.sort());
    // per list, what one agent appended is in its order
    for (const key of ["list0", "list1"]) {
      for (let i = 1; i <= 3; i++) {
        const own = (ns.get(key) as string[])
          .filter((item) => item.startsWith(`${SEED + i}:`))
          .map((item) => Number(item.split(":")[1]));
        expect(own).toEqual([...own].sort((a, b) => a - b));
      }
    }
    expect(results).toHaveLength(3);
  });

  it("a delete that succeeds took the one entry there was", async () => {
    await open();
    const ns = store.namespace("tokens", { encoding: "string" });
    for (let i = 0; i < 5; i++) ns.set(`token${i}`, "start");
    const results = await runTogether<{ held: number; moved: number }>(
      store,
      agents("take", 3, { keys: 8, operations: 60_000 }),
    );
    const held = results.reduce((sum, result) => sum + result.held, 0);
    expect(held + ns.size).toBe(5);
    // whoever comes last may find that the others have kept them all
    expect(results.reduce((sum, { moved }) => sum + moved, 0)).toBeGreaterThan(0);
  });
});
