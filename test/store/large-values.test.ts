/** Values that do not fit a chunk: everything that a small one can do, against a model, at every edge, and in a store that is full. */
import { once } from "node:events";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  InvalidArgumentError,
  type Namespace,
  OutOfMemoryError,
  type Store,
  type StoreOptions,
  ValueTooLargeError,
} from "#dist/src/index.js";
import { HandClock, openStore } from "./fixture.js";

const KIB = 1024;
const SLAB = 64 * KIB;
/** The longest value that lies in a chunk with a key of up to 16 bytes, and lengths about every edge there is. */
const IN_A_CHUNK = 16_336;
const EDGES = [IN_A_CHUNK, IN_A_CHUNK + 1, 20_000, SLAB - 1, SLAB, SLAB + 1, 200_000, 3 * SLAB, 1_000_001];

function bytesOf(length: number, seed: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let i = 0; i < length; i++) bytes[i] = (i * 7 + seed * 31 + (i >>> 8)) & 0xff;
  return bytes;
}

const same = (a: Uint8Array | undefined, b: Uint8Array) => a !== undefined && Buffer.compare(a, b) === 0;

describe.each([{ shared: true }, { shared: false }])("a large value (shared: $shared)", ({ shared }) => {
  const open = (options: StoreOptions = {}) => openStore({ shared, capacity: "32MiB", ...options });

  it.each(EDGES)(
    "of %d bytes comes back by every way of reading, and is replaced, deleted and listed",
    async (length) => {
      const store = await open();
      const ns = store.namespace("n");
      const first = bytesOf(length, 1);
      expect(ns.set("k", first)).toBe(true);
      readEachWay(store, ns, first);
      const second = bytesOf(length, 2);
      ns.set(ns.key("k"), second);
      readEachWay(store, ns, second);
      const small = Uint8Array.of(1, 2, 3);
      ns.set("k", small);
      expect(ns.get("k")).toEqual(small);
      ns.set("k", first);
      expect([...ns.entries()].map(([key, value]) => [key, same(value, first)])).toEqual([["k", true]]);
      expect([...ns.keys()]).toEqual(["k"]);
      expect(ns.delete("k")).toBe(true);
      expect(ns.get("k")).toBeUndefined();
      expect(store.stats().memory.spanBytes).toBe(0);
    },
  );

  it("is text, JSON or MessagePack as well, and what is in it is exactly what was", async () => {
    const store = await open();
    const texts = ["a".repeat(100_000), "é€😀".repeat(40_000), "x".repeat(16_400), "\u{10ffff}".repeat(4100)];
    const text = store.namespace("text", { encoding: "string" });
    for (const [i, value] of texts.entries()) {
      text.set(`t${i}`, value);
      expect(text.get(`t${i}`)).toBe(value);
      expect(text.getEntry(`t${i}`)?.value).toBe(value);
    }
    const value = { list: Array.from({ length: 20_000 }, (_, i) => ({ i, name: `entry ${i}` })), long: texts[1] };
    for (const encoding of ["json", "msgpack"] as const) {
      const ns = store.namespace(encoding, { encoding });
      ns.set("k", value);
      expect(ns.get("k")).toEqual(value);
      expect([...ns.values()]).toEqual([value]);
    }
    const binary = store.namespace("in msgpack", { encoding: "msgpack" });
    binary.set("k", { floats: new Float32Array(50_000).fill(1.5) });
    expect(binary.get("k")).toEqual({ floats: new Float32Array(50_000).fill(1.5) });
  });

  it("obeys conditions and expires, and a condition that fails evicts nothing", async () => {
    const store = await open({ capacity: "8MiB", maxValue: "1MiB" });
    const ns = store.namespace("n");
    const value = bytesOf(400_000, 3);
    expect(ns.set("k", value, { ifAbsent: true })).toBe(true);
    expect(ns.set("k", bytesOf(400_000, 4), { ifAbsent: true })).toBe(false);
    const { version } = ns.getEntry("k")!;
    for (let i = 0; ns.size === i + 1; i++) ns.set(`fill ${i}`, bytesOf(400_000, i));
    const { evictions } = store.stats().operations;
    expect(ns.set("never", value, { ifVersion: version })).toBe(false);
    expect(store.stats().operations.evictions).toBe(evictions);
    ns.clear();
    ns.set("k", value);
    const entry = ns.getEntry("k")!;
    expect(ns.set("k", bytesOf(300_000, 5), { ifVersion: entry.version })).toBe(true);
    expect(ns.set("k", value, { ifVersion: entry.version })).toBe(false);
    expect(same(ns.get("k"), bytesOf(300_000, 5))).toBe(true);
    ns.set("brief", value, { ttl: 1 });
    const soon = performance.now() + 60_000;
    while (ns.has("brief") && performance.now() < soon);
    expect(ns.get("brief")).toBeUndefined();
    expect(ns.getInto("brief", new Uint8Array(1))).toBe(-1);
  });

  it("is refused by increment, and comes in batches", async () => {
    const store = await open();
    const ns = store.namespace("n");
    const values = EDGES.map((length, i) => bytesOf(length, i));
    ns.setMany(values.map((value, i) => [`k${i}`, value] as [string, Uint8Array]));
    const read = ns.getMany([...values.map((_, i) => `k${i}`), "absent"]);
    expect(values.every((value, i) => same(read[i], value))).toBe(true);
    expect(read.at(-1)).toBeUndefined();
    expect(() => ns.increment("k5")).toThrow(InvalidArgumentError);
    const bytes = EDGES.reduce(
      (sum, length) => sum + (length > IN_A_CHUNK ? 64 + Math.ceil(length / SLAB) * SLAB : 16_384),
      0,
    );
    expect(ns.usage()).toMatchObject({ entries: EDGES.length, bytes });
  });

  it("is written from, and read into, bytes of the store's own, with not a byte more", async () => {
    const store = await open();
    const ns = store.namespace("n");
    const buffer = store.buffer(300_001);
    buffer.set(bytesOf(300_001, 9));
    ns.set("k", buffer);
    const target = store.buffer(400_000);
    target.fill(0xee);
    expect(ns.getInto("k", target)).toBe(300_001);
    expect(same(target.subarray(0, 300_001), bytesOf(300_001, 9))).toBe(true);
    expect(target.subarray(300_001).every((byte) => byte === 0xee)).toBe(true);
    expect(() => ns.getInto("k", target.subarray(0, 300_000))).toThrow("does not fit");
    expect(() => ns.getInto("k", new Uint8Array(300_000))).toThrow("does not fit");
    store.returnBuffer(buffer);
    store.returnBuffer(target);
    ns.delete("k");
    expect(store.stats().memory).toMatchObject({ spanBytes: 0, bufferBytes: 0 });
  });

  it("goes through a channel, in any encoding, and a full channel takes no memory for it", async () => {
    const store = await open();
    const channel = store.channel("c", { capacity: 2 });
    const [first, second] = [bytesOf(100_000, 1), bytesOf(16_353, 2)];
    expect([channel.trySend(first), channel.trySend(second)]).toEqual([true, true]);
    const { spanBytes } = store.stats().memory;
    expect(channel.trySend(first)).toBe(false);
    expect(store.stats().memory.spanBytes).toBe(spanBytes);
    expect([same(channel.tryReceive(), first), same(channel.tryReceive(), second)]).toEqual([true, true]);
    expect(store.stats().memory.spanBytes).toBe(0);
    const json = store.channel("j", { encoding: "json" });
    json.trySend(Array.from({ length: 30_000 }, (_, i) => i));
    expect(json.tryReceive()).toHaveLength(30_000);
    json.trySend("never received".repeat(10_000));
    store.dropChannel("j");
    expect(store.stats().memory.spanBytes).toBe(0);
    expect(() => channel.trySend(new Uint8Array(20_000_000))).toThrow(ValueTooLargeError);
  });

  it("is a message of a work queue: delivered, given back, a dead letter, done, and its memory free again", async () => {
    const store = await open();
    const queue = store.queue("q", { capacity: 2, maxBytes: 300_000, maxAttempts: 2 });
    const [first, second] = [bytesOf(200_000, 1), bytesOf(16_353, 2)];
    expect([queue.trySend(first), queue.trySend(second)]).toEqual([true, true]);
    const { spanBytes } = store.stats().memory;
    expect([queue.trySend(second), queue.stats().bytes]).toEqual([false, 216_353]);
    expect(store.stats().memory.spanBytes).toBe(spanBytes);
    const delivered = queue.tryReceive();
    expect([same(delivered?.value, first), delivered?.attempts]).toEqual([true, 1]);
    expect([delivered?.nack(), queue.tryReceive()?.nack()]).toEqual([true, true]);
    expect(queue.deadLetters().map(({ value, attempts }) => [same(value, first), attempts])).toEqual([[true, 2]]);
    expect(queue.retryDeadLetters()).toBe(1);
    const back = queue.tryReceive();
    expect([same(back?.value, first), back?.ack()]).toEqual([true, true]);
    expect(same(queue.tryReceive()?.value, second)).toBe(true);
    const json = store.queue("j", { encoding: "json", capacity: 1 });
    const brief = Array.from({ length: 30_000 }, (_, i) => i);
    expect([json.trySend(brief), json.tryReceive()?.value]).toEqual([true, brief]);
    store.dropQueue("j");
    expect(() => queue.trySend(bytesOf(300_001, 1))).toThrow("made with maxBytes 300000");
    expect(() => json.trySend([])).toThrow("was dropped");
    expect(() => store.queue("r").trySend(new Uint8Array(20_000_000))).toThrow(ValueTooLargeError);
    store.dropQueue("q");
    expect(store.stats().memory.spanBytes).toBe(0);
    expect((await store.verify()).violations).toEqual([]);
  });

  it("is another taker's message when the first is paused while it copies it, and that one gets the next", async () => {
    const store = await open();
    const clock = new HandClock(store);
    const queue = store.queue("q", { lease: 100 });
    const [first, second, third] = [1, 2, 3].map((seed) => bytesOf(100_000, seed));
    for (const message of [first, second]) queue.trySend(message);
    const { worker } = queue as unknown as { worker: { bufferHolding(end: number): ArrayBufferLike } };
    worker.bufferHolding = (end) => {
      Reflect.deleteProperty(worker, "bufferHolding");
      clock.now += 1000;
      const other = queue.tryReceive();
      expect([same(other?.value, first), other?.attempts, other?.ack()]).toEqual([true, 2, true]);
      expect(queue.trySend(third)).toBe(true); // where the first lay
      return worker.bufferHolding(end);
    };
    const paused = queue.tryReceive();
    expect([same(paused?.value, second), paused?.attempts, paused?.ack()]).toEqual([true, 1, true]);
    expect(same(queue.tryReceive()?.value, third)).toBe(true);
    expect((await store.verify()).violations).toEqual([]);
  });

  it("is told to who watches, with its value, and waited for", async () => {
    const store = await open();
    const ns = store.namespace("n", { encoding: "json" });
    const brief = (i: number) => Array.from({ length: 10_000 }, (_, n) => n * i);
    ns.set("there", brief(1));
    const changes = ns.watch({}, { initial: true });
    const next = async () => {
      const { value } = await changes.next();
      return [value?.type, value?.key, value?.value];
    };
    expect(await next()).toEqual(["set", "there", brief(1)]);
    ns.set("there", brief(2));
    ns.delete("there");
    ns.set("new", brief(3));
    expect(await next()).toEqual(["set", "there", undefined]); // gone by the time that it is asked for
    expect(await next()).toEqual(["delete", "there", undefined]);
    expect(await next()).toEqual(["set", "new", brief(3)]);
    await changes.return?.();
    const version = ns.getEntry("new")?.version;
    const waited = ns.waitFor("new", { version });
    ns.set("new", brief(4));
    expect((await waited)?.value).toEqual(brief(4));
  });

  it("gets another time to live, is looked at, updated and loaded once, as a small one", async () => {
    const store = await open();
    const ns = store.namespace("n", { encoding: "json" });
    const brief = (i: number) => Array.from({ length: 10_000 }, (_, n) => n * i);
    expect(await ns.getOrSet("a", () => brief(1))).toEqual(brief(1));
    const before = ns.getEntry("a");
    const { spanBytes, operations } = { ...store.stats().memory, ...store.stats() };
    expect([ns.touch("a", 100_000), ns.touch("absent", 5)]).toEqual([true, false]);
    const after = ns.getEntry("a");
    expect([after?.value, (after?.expiresAt ?? 0) > Date.now() + 90_000]).toEqual([brief(1), true]);
    expect(after?.version).not.toEqual(before?.version);
    const { hits } = store.stats().operations;
    expect([ns.peek("a"), ns.peek("absent")]).toEqual([brief(1), undefined]);
    expect([store.stats().operations.hits, operations.hits < hits]).toEqual([hits, true]);
    expect(store.stats().memory.spanBytes).toBe(spanBytes);
    expect(ns.update("a", (value) => [...(value as number[]), 7])).toHaveLength(10_001);
    expect(ns.set("a", brief(2), { ifVersion: after?.version })).toBe(false);
    expect((ns.get("a") as number[]).at(-1)).toBe(7);
    expect(ns.touch("a")).toBe(true);
    expect(ns.getEntry("a")?.expiresAt).toBeUndefined();
    expect(() => ns.readCounter("a")).toThrow(InvalidArgumentError);
    ns.delete("a");
    expect(store.stats().memory.spanBytes).toBe(0);
    expect((await store.verify()).violations).toEqual([]);
  });

  it("is iterated over, by prefix too, and only its key where that is all that is asked for", async () => {
    const store = await open();
    const ns = store.namespace("n");
    const values = new Map(EDGES.map((length, i) => [`${i % 2 === 0 ? "even" : "odd"} ${i}`, bytesOf(length, i)]));
    ns.setMany(values);
    const hold = (entries: Iterable<[string, Uint8Array]>) =>
      [...entries].every(([key, value]) => same(value, values.get(key) ?? new Uint8Array()));
    expect([hold(ns.entries()), [...ns.entries()].length]).toEqual([true, EDGES.length]);
    expect([hold(ns.entries({ prefix: "odd" })), ns.count({ prefix: "odd" })]).toEqual([true, 4]);
    expect([...ns.keys({ prefix: "even" })].sort()).toEqual([0, 2, 4, 6, 8].map((i) => `even ${i}`));
    expect([ns.deleteMany({ prefix: "odd" }), ns.size]).toEqual([4, 5]);
    ns.clear();
    expect([...ns.keys()]).toEqual([]);
  });

  it("counts against the limits of its namespace, which evicts for it or refuses", async () => {
    const store = await open();
    const strict = store.namespace("strict", { maxBytes: 300_000 });
    strict.set("a", bytesOf(100_000, 1));
    expect(() => strict.set("b", bytesOf(200_000, 2))).toThrow("is at its limit");
    strict.set("a", bytesOf(200_000, 2));
    const cache = store.namespace("cache", { maxBytes: 600_000, whenFull: "evict" });
    for (let i = 0; i < 10; i++) cache.set(`k${i}`, bytesOf(100_000, i));
    expect(cache.usage().bytes).toBeLessThanOrEqual(600_000);
    expect(same(cache.get("k9"), bytesOf(100_000, 9))).toBe(true);
    expect(() => cache.set("too large", bytesOf(700_000, 1))).toThrow("is at its limit");
  });

  it("stays as it is while it is borrowed, whatever becomes of its key", async () => {
    const store = await open();
    const ns = store.namespace("n");
    const value = bytesOf(150_000, 1);
    ns.set("k", value);
    ns.borrow("k", (view) => {
      expect(view.length).toBe(150_000);
      ns.delete("k");
      for (let i = 0; i < 40; i++) ns.set("other", bytesOf(150_000, i));
      expect(same(view, value)).toBe(true);
      ns.set("k", value);
      expect(same(ns.get("k"), value)).toBe(true); // a read inside a borrow has a pin of its own
    });
  });

  it("agrees with a Map over any sequence of writes", async () => {
    const lengths = fc.constantFrom(...EDGES.slice(0, 7), 0, 100, 5000);
    const command = fc.tuple(
      fc.constantFrom("set", "delete", "get"),
      fc.integer({ min: 0, max: 5 }),
      lengths,
      fc.nat(200),
    );
    await fc.assert(
      fc.asyncProperty(fc.array(command, { maxLength: 40 }), async (commands) => {
        const store = await openStore({ shared, capacity: "16MiB", eviction: "none" });
        const ns = store.namespace("n");
        const model = new Map<number, Uint8Array>();
        for (const [what, key, length, seed] of commands) {
          const value = bytesOf(length, seed);
          if (what === "delete") expect(ns.delete(`k${key}`)).toBe(model.delete(key));
          else if (what === "get") expect(ns.get(`k${key}`)).toEqual(model.get(key));
          else {
            ns.set(`k${key}`, value);
            model.set(key, value);
          }
        }
        for (const [key, value] of model) expect(same(ns.get(`k${key}`), value)).toBe(true);
        expect(ns.size).toBe(model.size);
        await store.close();
      }),
      { numRuns: 12 },
    );
  });
});

function readEachWay(store: Store, ns: Namespace, value: Uint8Array): void {
  const { length } = value;
  expect(same(ns.get("k"), value)).toBe(true);
  expect(same(ns.get(ns.key("k")), value)).toBe(true);
  expect(same(ns.getEntry("k")?.value, value)).toBe(true);
  expect(same(ns.getMany(["k"])[0], value)).toBe(true);
  expect(ns.has("k")).toBe(true);
  const target = new Uint8Array(length + 1).fill(0xee);
  expect(ns.getInto("k", target)).toBe(length);
  expect(same(target.subarray(0, length), value)).toBe(true);
  expect(target[length]).toBe(0xee);
  expect(ns.borrow("k", (view) => same(view, value))).toBe(true);
  expect(store.stats().operations.readFallbacks).toBe(0);
}

describe("how large a value may be", () => {
  it("is 16 MiB, what was asked for, or a quarter of the pool, and the error says which and both numbers", async () => {
    const large = await openStore({ capacity: "128MiB" });
    expect(() => large.namespace("n").set("k", new Uint8Array(16 * KIB * KIB + 1))).toThrow(
      /a value has 16777217 bytes; the limit is 16777216, the store's maxValue/,
    );
    const asked = await openStore({ capacity: "32MiB", maxValue: "100KiB" });
    expect(asked.namespace("n").set("k", new Uint8Array(102_400))).toBe(true);
    expect(() => asked.namespace("n").set("k", new Uint8Array(102_401))).toThrow(
      /a value has 102401 bytes; the limit is 102400, the store's maxValue/,
    );
    const small = await openStore({ capacity: "8MiB", maxValue: "4MiB" });
    const quarter = Math.floor(small.stats().memory.poolBytes / 4);
    expect(() => small.namespace("n").set("k", new Uint8Array(quarter + 1))).toThrow(
      new RegExp(`a value has ${quarter + 1} bytes; the limit is ${quarter}, a quarter of the pool of ${quarter * 4}`),
    );
    for (const encoding of ["string", "json", "msgpack"] as const) {
      const ns = asked.namespace(encoding, { encoding }) as Namespace<unknown>;
      expect(() => ns.set("k", "x".repeat(102_401))).toThrow(ValueTooLargeError);
      expect(ns.get("k")).toBeUndefined();
    }
    expect(asked.stats().memory.spanBytes).toBe(131_072);
  });

  it.each([-1, 0, 16_383, "1KiB", "lots", Number.NaN, {}])("cannot be set to %s", async (maxValue) => {
    await expect(openStore({ maxValue: maxValue as number })).rejects.toThrow(InvalidArgumentError);
  });

  it("is what there is room for: in a store that may not evict, the error says what the slabs are", async () => {
    const store = await openStore({ capacity: "8MiB", eviction: "none" });
    const ns = store.namespace("n");
    expect(() => {
      for (let i = 0; ; i++) ns.set(`k${i}`, bytesOf(500_000, i));
    }).toThrow(OutOfMemoryError);
    expect(() => ns.set("more", bytesOf(500_000, 0))).toThrow(
      /no 8 slabs of 64 KiB lie free side by side for a value of 500000 bytes: of the pool's \d+, .* \d+ are cut for small values, which they stay, \d+ hold large values/,
    );
    for (let i = 0; same(ns.get(`k${i}`), bytesOf(500_000, i)); i++) expect(i).toBeLessThan(100);
    ns.delete("k0");
    ns.set("more", bytesOf(500_000, 0));
  });
});

describe("a store that is full", () => {
  it("of large values evicts those that nobody read lately", async () => {
    const store = await openStore({ capacity: "16MiB" });
    const ns = store.namespace("n");
    const hot = ["h0", "h1", "h2"];
    for (const key of hot) ns.set(key, bytesOf(200_000, 1));
    for (let i = 0; i < 300; i++) {
      ns.set(`k${i}`, bytesOf(100_000 + (i % 3) * 60_000, i));
      for (const key of hot) for (let n = 0; n < 3; n++) ns.borrow(key, () => 0);
    }
    expect(store.stats().operations.evictions).toBeGreaterThan(200);
    expect(hot.filter((key) => ns.has(key)).length).toBeGreaterThanOrEqual(2);
    expect(store.stats().memory.utilisation).toBeGreaterThan(0.7);
  });

  it("of small values has kept room for large ones, as much as was asked for", async () => {
    for (const [maxValue, length] of [
      [undefined, 1_500_000],
      ["4MiB", 4 * KIB * KIB],
    ] as const) {
      const store = await openStore({ capacity: "64MiB", ...(maxValue === undefined ? {} : { maxValue }) });
      const ns = store.namespace("n");
      const small = new Uint8Array(2000);
      for (let i = 0; store.stats().operations.evictions < 1000; i++) ns.set(`small ${i}`, small);
      for (let i = 0; i < 5; i++) {
        ns.set(`large ${i}`, bytesOf(length, i));
        expect(same(ns.get(`large ${i}`), bytesOf(length, i))).toBe(true);
      }
      // and what large values give back stays theirs
      for (let i = 0; i < 20_000; i++) ns.set(`small again ${i}`, small);
      ns.set("large", bytesOf(length, 9));
      expect(same(ns.get("large"), bytesOf(length, 9))).toBe(true);
      await store.close();
    }
  });

  it("of large values still takes small ones", async () => {
    const store = await openStore({ capacity: "8MiB", maxValue: "1MiB" });
    const ns = store.namespace("n");
    for (let i = 0; store.stats().operations.evictions < 20; i++) ns.set(`k${i}`, bytesOf(100_000, i));
    for (const length of [1, 100, 1000, 5000, 16_000]) {
      for (let i = 0; i < 100; i++) ns.set(`small ${length} ${i}`, bytesOf(length, i));
      expect(same(ns.get(`small ${length} 99`), bytesOf(length, 99))).toBe(true);
    }
  });

  it("gives back what a value had at once, when it is replaced or deleted", async () => {
    const store = await openStore({ capacity: "8MiB", eviction: "none" });
    const ns = store.namespace("n");
    for (let i = 0; i < 200; i++) ns.set("k", bytesOf(900_000, i));
    for (let i = 0; i < 200; i++) {
      ns.set(`k${i}`, bytesOf(900_000, i));
      ns.delete(`k${i}`);
    }
    expect(store.stats().memory).toMatchObject({ spanBytes: 14 * SLAB, bySpan: [{ slabs: 14, values: 1 }] });
  });

  it("under a policy evicts by what the values take", async () => {
    const store = await openStore({ capacity: "32MiB", eviction: "lru" });
    const ns = store.namespace("n");
    for (let i = 0; i < 400; i++) {
      ns.set(`k${i}`, bytesOf(120_000, i));
      if (i % 10 === 0) store.maintain();
    }
    store.maintain();
    expect(store.stats().memory.utilisation).toBeLessThan(0.91);
    expect(store.stats().eviction.victims).toBeGreaterThan(0);
    expect(same(ns.get("k399"), bytesOf(120_000, 399))).toBe(true);
  });
});

describe("a thread that dies with a large value in hand", () => {
  it("leaks nothing, and what it was writing is there whole or not at all", async () => {
    const store = await openStore({ capacity: "32MiB", maintenance: false });
    const ns = store.namespace("n");
    for (let round = 0; round < 6; round++) {
      const worker = store.spawn(new URL("threads/large-writer.mjs", import.meta.url), { workerData: { round } });
      await once(worker, "message");
      await worker.terminate();
      for (const [key, value] of ns.entries()) {
        expect(
          value.every((byte) => byte === value[0]),
          `${key} in round ${round}`,
        ).toBe(true);
      }
    }
  });
});
