/** The long-term memory against the peer's own InMemoryStore, by random programs; and what that one has not: ttl, threads. */
import { Worker } from "node:worker_threads";
import { InMemoryStore, InvalidNamespaceError, type Item, type Operation } from "@langchain/langgraph-checkpoint";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { EngramStore } from "#dist/src/adapters/langgraph.js";
import { ClosedError, InvalidArgumentError, ValueTooLargeError } from "#dist/src/index.js";
import { SEED } from "../core/seeded-random.js";
import { runsOr } from "../given.js";
import { HandClock, openStore } from "../store/fixture.js";

const label = fc.constantFrom("a", "b", "ab", "a/b", "%2F", "ü");
const namespace = fc.array(label, { minLength: 1, maxLength: 3 });
const key = fc.constantFrom("k", "k/1", "k%2F1", "a", ":");
const field = fc.oneof(fc.constantFrom(1, 2, 3), fc.constantFrom("x", "2", null, true));
const value = fc.record({ f: field, g: field }, { requiredKeys: ["f"] });
const operator = fc.constantFrom("$eq", "$ne", "$gt", "$gte", "$lt", "$lte");
const filter = fc.dictionary(
  fc.constantFrom("f", "g", "h"),
  fc.oneof(
    field,
    fc.dictionary(operator, field, { maxKeys: 2 }),
    fc.record({ $in: fc.array(field) }),
    fc.record({ $nin: fc.array(field) }),
  ),
  { maxKeys: 2 },
);
const wildPath = fc.array(fc.oneof(label, fc.constant("*")), { minLength: 1, maxLength: 2 });
const condition = fc.record({ matchType: fc.constantFrom("prefix" as const, "suffix" as const), path: wildPath });
const operation: fc.Arbitrary<Operation> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({
      namespace,
      key,
      value: fc.oneof({ weight: 4, arbitrary: value }, { weight: 1, arbitrary: fc.constant(null) }),
    }),
  },
  { weight: 3, arbitrary: fc.record({ namespace, key }) },
  {
    weight: 3,
    arbitrary: fc.record({
      namespacePrefix: fc.array(label, { maxLength: 2 }),
      filter: fc.option(filter, { nil: undefined }),
      limit: fc.constant(1000),
    }),
  },
  {
    weight: 2,
    arbitrary: fc.record({
      matchConditions: fc.option(fc.array(condition, { maxLength: 2 }), { nil: undefined }),
      maxDepth: fc.option(fc.integer({ min: 1, max: 3 }), { nil: undefined }),
      limit: fc.constant(1000),
      offset: fc.constant(0),
    }),
  },
);

/** What two stores must agree on: not the clocks, and not the order of what was made in the same millisecond. */
function plain(result: unknown): unknown {
  const shown = ({ namespace, key, value }: Item) => JSON.stringify([namespace, key, value]);
  if (!Array.isArray(result)) return result === null || result === undefined ? null : shown(result as Item);
  return result.map((one) => (Array.isArray(one) ? JSON.stringify(one) : shown(one as Item))).sort();
}

describe("EngramStore", () => {
  it(`answers as the peer's own store does (seed ${SEED})`, async () => {
    const engram = await openStore();
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(operation, { minLength: 1, maxLength: 4 }), { maxLength: 20 }),
        async (batches) => {
          engram.namespace("langgraph:store", { encoding: "msgpack" }).clear();
          const store = new EngramStore(engram);
          const model = new InMemoryStore();
          let before: Item[] = []; // what the model holds ahead of a batch: its reads come ahead of its puts
          for (const batch of batches) {
            const expected = await model.batch(structuredClone(batch));
            const found = await store.batch(structuredClone(batch));
            for (const [i, one] of batch.entries()) {
              if ("matchConditions" in one) {
                // the model goes on to list namespaces whose last item is gone
                const living = (expected[i] as unknown as string[][]).filter((listed) =>
                  before.some(({ namespace }) => matches(one, namespace, listed)),
                );
                expect(plain(found[i])).toEqual(plain(living));
              } else expect(plain(found[i])).toEqual(plain(expected[i]));
            }
            before = await model.search([], { limit: 1000 });
          }
        },
      ),
      { numRuns: runsOr(100), seed: SEED },
    );
  });

  it("filters by each operator as the peer's own store does", async () => {
    const [store, model] = [new EngramStore(await openStore()), new InMemoryStore()];
    const values = [1, 2, 3, "2", "x", null, true];
    for (const [i, f] of values.entries()) for (const one of [store, model]) await one.put(["n"], `k${i}`, { f });
    const filters = values.flatMap((f) => [
      f,
      ...["$eq", "$ne", "$gt", "$gte", "$lt", "$lte", "$in", "$nin", "$unknown"].map((name) => ({ [name]: f })),
      ...[{ $in: [f] }, { $nin: [f, 1] }, { $gte: f, $ne: 2 }, {}],
    ]);
    for (const f of filters) {
      const found = await store.search(["n"], { filter: { f } });
      expect(plain(found), JSON.stringify(f)).toEqual(plain(await model.search(["n"], { filter: { f } })));
    }
  });

  it("gives pages that fit together, in the order in which items were made", async () => {
    const store = new EngramStore(await openStore());
    for (let i = 0; i < 25; i++) await store.put(["n", `${i % 3}`], `k${i}`, { i, even: i % 2 === 0 });
    await store.put(["n", "0"], "k0", { i: 0, even: true, again: true });
    const whole = await store.search(["n"], { limit: 100 });
    expect(whole.length).toBe(25);
    const pages = [];
    for (let offset = 0; offset < 30; offset += 10) pages.push(...(await store.search(["n"], { offset })));
    expect(pages).toEqual(whole);
    expect(whole.map(({ createdAt }) => createdAt.getTime())).toEqual(
      whole.map(({ createdAt }) => createdAt.getTime()).sort(),
    );
    expect((await store.search(["n"], { filter: { even: true }, limit: 5 })).length).toBe(5);
    expect(await store.search(["n"], { limit: 0 })).toEqual([]);
    expect(await store.listNamespaces({ prefix: ["n"], limit: 2, offset: 1 })).toEqual([
      ["n", "1"],
      ["n", "2"],
    ]);
    const first = await store.get(["n", "0"], "k0");
    expect(first?.value.again).toBe(true);
    expect(first?.updatedAt.getTime()).toBeGreaterThanOrEqual(first?.createdAt.getTime() ?? Number.NaN);
  });

  it("lets items expire: by the store's ttl, by their own, and anew at each read where that is asked for", async () => {
    const engram = await openStore();
    const clock = new HandClock(engram);
    const store = new EngramStore(engram, { ttl: "10s", refreshOnRead: true });
    await store.put(["n"], "read", { x: 1 });
    await store.put(["n"], "unread", { x: 1 });
    await store.put(["n"], "short", { x: 1 }, undefined, { ttl: 1000 });
    await store.batch([{ namespace: ["n"], key: "long", value: { x: 1 }, ttl: "1h" } as Operation]);
    clock.advance(5000);
    expect(await store.get(["n"], "short")).toBeNull();
    expect((await store.get(["n"], "read"))?.value).toEqual({ x: 1 });
    clock.advance(6000);
    expect((await store.search(["n"])).map((item) => item.key).sort()).toEqual(["long", "read"]);
    clock.advance(6000);
    expect((await store.search(["n"])).map((item) => item.key)).toEqual(["long"]);
    expect(await store.listNamespaces()).toEqual([["n"]]);
  });

  it("refuses by name what it cannot do, and changes nothing then", async () => {
    const engram = await openStore();
    const store = new EngramStore(engram);
    await store.put(["n"], "k", { x: 1 });
    expect(() => new EngramStore(engram, { index: { dims: 3, embeddings: {} as never } })).toThrow(
      /index.embeddings is an object .* expected LangChain's Embeddings/,
    );
    await expect(store.search(["n"], { query: "what is it?" })).rejects.toThrow(
      /"what is it\?".* give EngramStore an index/,
    );
    await expect(store.put([], "k", {})).rejects.toThrow(InvalidNamespaceError);
    await expect(store.put(["langgraph"], "k", {})).rejects.toThrow(InvalidNamespaceError);
    await expect(store.put(["a.b"], "k", {})).rejects.toThrow(InvalidNamespaceError);
    await expect(store.put(["n"], "", { x: 2 })).rejects.toThrow(InvalidArgumentError);
    await expect(store.put(["n"], "k", [] as never)).rejects.toThrow(InvalidArgumentError);
    await expect(store.put(["n"], "k", { f: () => 1 })).rejects.toThrow(/f is a function/);
    await expect(store.put(["n"], "k", { x: 2 }, undefined, { ttl: -1 })).rejects.toThrow(InvalidArgumentError);
    await expect(store.put(["n"], "k", { x: 2 }, undefined, { tll: 5 } as never)).rejects.toThrow(
      'did you mean "ttl"?',
    );
    await expect(store.put(["n"], "k", { x: "x".repeat(20 * 2 ** 20) })).rejects.toThrow(ValueTooLargeError);
    expect((await store.get(["n"], "k"))?.value).toEqual({ x: 1 });
    for (const wrong of [{ nam: 1 }, { ttl: "soon" }, { ttl: 0 }, { refreshOnRead: 1 }] as never[]) {
      expect(() => new EngramStore(engram, wrong)).toThrow(InvalidArgumentError);
    }
    expect(() => new EngramStore(null as never)).toThrow("EngramStore is over a store");
    await engram.close();
    await expect(store.get(["n"], "k")).rejects.toThrow(ClosedError);
  });

  it("is shared by threads: an item keeps the time of its making, whoever writes it next", async () => {
    const engram = await openStore();
    const store = new EngramStore(engram);
    await store.put(["shared"], "one", { by: "main" });
    const made = (await store.get(["shared"], "one"))?.createdAt;
    const threads = [0, 1, 2].map(
      (thread) =>
        new Worker(new URL("./store-worker.mjs", import.meta.url), { workerData: { store: engram.handle, thread } }),
    );
    await Promise.all(
      threads.map((thread) => new Promise((done, fail) => thread.once("message", done).once("error", fail))),
    );
    await Promise.all(threads.map((thread) => thread.terminate()));
    expect((await store.get(["shared"], "one"))?.createdAt).toEqual(made);
    expect((await store.search(["shared"], { limit: 1000, filter: { i: { $gte: 0 } } })).length).toBe(3 * 50);
    expect(await store.listNamespaces({ suffix: ["notes"] })).toEqual(
      [0, 1, 2].map((n) => ["shared", `${n}`, "notes"]),
    );
  });
});

/** Whether a namespace that the model lists comes from one that holds an item. */
function matches(
  { matchConditions = [], maxDepth }: { matchConditions?: { matchType: string; path: string[] }[]; maxDepth?: number },
  namespace: string[],
  listed: string[],
): boolean {
  if (JSON.stringify(namespace.slice(0, maxDepth)) !== JSON.stringify(listed)) return false;
  return matchConditions.every(({ matchType, path }) => {
    const part = matchType === "prefix" ? namespace.slice(0, path.length) : namespace.slice(-path.length);
    return part.length === path.length && path.every((each, i) => each === "*" || each === part[i]);
  });
}
