import fc from "fast-check";
import { LRUCache } from "lru-cache";
import { afterEach, beforeEach, describe, expect, it, vi } from "vitest";
import { type Policy, policyNames } from "#dist/src/eviction/index.js";
import { Cache, type CachePolicyName } from "#dist/src/resources/index.js";

const NAMES = policyNames.filter((name): name is CachePolicyName => name !== "opt");

let now = 0;

beforeEach(() => {
  now = 1000;
  vi.spyOn(performance, "now").mockImplementation(() => now);
});

afterEach(() => {
  vi.restoreAllMocks();
});

type Act = readonly ["get" | "set" | "delete" | "has" | "peek", number, number] | readonly ["clear", number, number];

const acts = fc.array(
  fc.tuple(
    fc.constantFrom("get", "set", "get", "set", "delete", "has", "peek", "clear"),
    fc.nat({ max: 11 }),
    fc.integer({ min: 1, max: 6 }),
  ) as fc.Arbitrary<Act>,
  { maxLength: 120, size: "max" },
);

/** Does one thing to both, and compares what they say. */
function actOnBoth(ours: Cache<string, string>, theirs: LRUCache<string, string>, act: Act, withSizes: boolean): void {
  const [what, number, size] = act;
  const key = `k${number}`;
  if (what === "set") {
    const value = `${number}:${size}:${now}`;
    ours.set(key, value, withSizes ? { size } : undefined);
    theirs.set(key, value, withSizes ? { size } : undefined);
  } else if (what === "clear") {
    if (number > 0) return; // seldom
    ours.clear();
    theirs.clear();
  } else {
    expect(ours[what](key), `${what} ${key}`).toEqual(theirs[what](key));
  }
  expect(new Map(ours.entries())).toEqual(new Map([...theirs.keys()].map((held) => [held, theirs.peek(held)])));
}

describe("beside lru-cache, what both promise", () => {
  it("is the same by number of entries", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 8 }), acts, (max, all) => {
        const ours = new Cache<string, string>({ policy: "lru", maxEntries: max });
        const theirs = new LRUCache<string, string>({ max });
        for (const act of all) actOnBoth(ours, theirs, act, false);
      }),
    );
  });

  it("is the same by size, with and without a limit of entries", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 14 }), fc.constantFrom(undefined, 4), acts, (maxSize, max, all) => {
        const ours = new Cache<string, string>({ policy: "lru", maxBytes: maxSize, maxEntries: max });
        const theirs = new LRUCache<string, string>({ maxSize, max });
        for (const act of all) actOnBoth(ours, theirs, act, true);
        expect(ours.stats().bytes).toBe(theirs.calculatedSize);
      }),
    );
  });

  it("is the same in time, where nothing has to make room", () => {
    fc.assert(
      fc.property(fc.integer({ min: 1, max: 20 }), acts, (half, all) => {
        const ttl = 2 * half + 1; // never met to the millisecond, where the two differ: over at the end of it, or after
        const ours = new Cache<string, string>({ policy: "lru", maxEntries: 20, ttl });
        const theirs = new LRUCache<string, string>({ max: 20, ttl, ttlResolution: 0, perf: { now: () => now } });
        for (const act of all) {
          now += 2 * act[2];
          theirs.purgeStale();
          actOnBoth(ours, theirs, act, false);
        }
      }),
    );
  });
});

describe.each(NAMES)("with policy %s", (policy) => {
  it("keeps within its limits, gives what was set last, and holds what was just set", () => {
    fc.assert(
      fc.property(
        fc.constantFrom({ maxEntries: 3 }, { maxBytes: 9 }, { maxEntries: 4, maxBytes: 12 }),
        fc.constantFrom(undefined, 9),
        acts,
        (limits, ttl, all) => {
          const cache = new Cache<number, string>({
            policy,
            ttl,
            size: (value) => Number(value.split(":")[0]),
            ...limits,
          });
          const latest = new Map<number, string>();
          for (const [index, [what, key, size]] of all.entries()) {
            now += 1;
            if (what === "set") {
              const value = `${size}:${index}`;
              latest.set(key, value);
              expect(cache.set(key, value)).toBe(true);
              expect(cache.peek(key)).toBe(value);
            } else if (what === "get") {
              expect([undefined, latest.get(key)]).toContain(cache.get(key));
            } else if (what === "delete") {
              cache.delete(key);
              latest.delete(key);
              expect(cache.has(key)).toBe(false);
            } else if (what === "clear" && key === 0) {
              cache.clear();
              latest.clear();
            }
            const held = [...cache];
            const bytes = held.reduce((sum, [, value]) => sum + Number(value.split(":")[0]), 0);
            expect(held.length).toBeLessThanOrEqual(limits.maxEntries ?? Number.POSITIVE_INFINITY);
            expect(bytes).toBeLessThanOrEqual(limits.maxBytes ?? Number.POSITIVE_INFINITY);
            expect(cache.stats()).toMatchObject({
              entries: held.length,
              bytes: limits.maxBytes === undefined ? 0 : bytes,
            });
          }
        },
      ),
      { numRuns: 12 },
    );
  });

  it("grows past its first thousand ids without losing an entry", () => {
    const cache = new Cache<number, number>({ policy, maxBytes: 2500, size: () => 1 });
    for (let i = 0; i < 2500; i++) cache.set(i, i);
    expect(cache.size).toBe(2500);
    for (let i = 0; i < 2500; i++) expect(cache.peek(i)).toBe(i);
    for (let i = 0; i < 8000; i++) cache.set(i, -i);
    expect(cache.size).toBe(2500);
    for (const [key, value] of cache) expect(value).toBe(-key);
  });
});

it("a policy with a history finds again what it evicted: a scan does not cost arc its working set, as it costs lru's", () => {
  const hitsOf = (policy: CachePolicyName): number => {
    const cache = new Cache<string, number>({ policy, maxEntries: 100 });
    const read = (key: string): void => {
      if (cache.get(key) === undefined) cache.set(key, 1);
    };
    for (let round = 0; round < 30; round++) {
      for (let twice = 0; twice < 2; twice++) for (let i = 0; i < 50; i++) read(`hot-${i}`);
      for (let i = 0; i < 200; i++) read(`scan-${round}-${i}`);
    }
    return cache.stats().hits;
  };
  expect(hitsOf("lru")).toBe(30 * 50);
  expect(hitsOf("arc")).toBeGreaterThan(29 * 95);
});

it("ttl goes before alive ones have to, is not put off by reads, and a set without one ends it", () => {
  const cache = new Cache<string, number>({ maxEntries: 2 });
  cache.set("short", 1, { ttl: 10 });
  cache.set("long", 2);
  now += 5;
  expect(cache.get("short")).toBe(1);
  now += 5;
  cache.set("third", 3);
  expect([...cache.entries()]).toEqual([
    ["long", 2],
    ["third", 3],
  ]);
  expect(cache.stats()).toMatchObject({ expirations: 1, evictions: 0 });
  cache.set("third", 4, { ttl: "1s" });
  cache.set("third", 5);
  now += 2000;
  expect(cache.get("third")).toBe(5);
});

it("what is larger than the cache is not held, nor is what it was to replace", () => {
  const cache = new Cache<string, Uint8Array>({ maxBytes: 10 });
  expect(cache.set("a", new Uint8Array(10))).toBe(true);
  expect(cache.set("a", new Uint8Array(11))).toBe(false);
  expect(cache.has("a")).toBe(false);
  expect(cache.stats()).toMatchObject({ entries: 0, bytes: 0 });
});

describe("a policy of one's own", () => {
  /** Evicts the largest id. */
  class Largest implements Policy {
    readonly name = "largest";
    readonly held = new Set<number>();
    get size(): number {
      return this.held.size;
    }
    has(id: number): boolean {
      return this.held.has(id);
    }
    lookup(id: number): boolean {
      return this.held.has(id);
    }
    insert(id: number): void {
      this.held.add(id);
    }
    evict(): number {
      const victim = Math.max(-1, ...this.held);
      this.held.delete(victim);
      return victim;
    }
    remove(id: number): boolean {
      return this.held.delete(id);
    }
  }

  it("decides, made or to be made", () => {
    for (const policy of [new Largest(), () => new Largest()]) {
      const cache = new Cache<string, number>({ policy, maxEntries: 2 });
      for (const key of ["a", "b", "c", "d"]) cache.set(key, 1);
      expect([...cache].map(([key]) => key)).toEqual(["a", "d"]);
      expect(cache.stats().policy).toBe("largest");
    }
  });

  it("that names what is not held is an error, not a loop", () => {
    class Wrong extends Largest {
      override evict(): number {
        return -1;
      }
    }
    const cache = new Cache<string, number>({ policy: new Wrong(), maxEntries: 1 });
    cache.set("a", 1);
    expect(() => cache.set("b", 1)).toThrow(/policy largest named -1 as its victim, which is not held/);
  });
});

describe("getOrLoad", () => {
  it("loads once for all who ask meanwhile, then not again", async () => {
    const cache = new Cache<string, number>({ maxEntries: 10 });
    let loads = 0;
    const loader = async (): Promise<number> => {
      await new Promise(setImmediate);
      return ++loads;
    };
    const all = await Promise.all(Array.from({ length: 100 }, () => cache.getOrLoad("a", loader)));
    expect(new Set(all)).toEqual(new Set([1]));
    expect(await cache.getOrLoad("a", loader)).toBe(1);
    expect(cache.stats()).toMatchObject({ loads: 1, loadFailures: 0, hits: 1, misses: 100 });
  });

  it("keeps no failure: all who wait get it, and the next loads anew", async () => {
    const cache = new Cache<string, number>({ maxEntries: 10 });
    let fail = true;
    const loader = (): number => {
      if (fail) throw new Error("down");
      return 7;
    };
    const both = await Promise.allSettled([cache.getOrLoad("a", loader), cache.getOrLoad("a", loader)]);
    expect(both.map((result) => result.status === "rejected" && result.reason.message)).toEqual(["down", "down"]);
    fail = false;
    expect(await cache.getOrLoad("a", loader)).toBe(7);
    expect(cache.stats()).toMatchObject({ loads: 2, loadFailures: 1 });
  });

  it("lets one leave without the others, and tells the loader when all have", async () => {
    const cache = new Cache<string, number>({ maxEntries: 10 });
    const [first, second, third] = [new AbortController(), new AbortController(), new AbortController()];
    let told: AbortSignal | undefined;
    let land: (value: number) => void = () => {};
    const loader = (_: string, { signal }: { signal: AbortSignal }): Promise<number> => {
      told = signal;
      return new Promise((done) => {
        land = done;
      });
    };
    const one = cache.getOrLoad("a", loader, { signal: first.signal });
    const two = cache.getOrLoad("a", loader, { signal: second.signal });
    first.abort(new Error("enough"));
    await expect(one).rejects.toThrow("enough");
    expect(told?.aborted).toBe(false);
    land(5);
    expect(await two).toBe(5);
    cache.clear();
    const three = cache.getOrLoad("a", loader, { signal: third.signal });
    third.abort(new Error("enough too"));
    await expect(three).rejects.toThrow("enough too");
    expect(told?.aborted).toBe(true);
    land(6);
    await Promise.resolve();
    expect(cache.has("a")).toBe(false);
    await expect(cache.getOrLoad("a", loader, { signal: third.signal })).rejects.toThrow("enough too");
  });

  it("is overtaken by a set, and not kept after a delete or clear", async () => {
    for (const change of ["set", "delete", "clear"] as const) {
      const cache = new Cache<string, string>({ maxEntries: 10 });
      let land: (value: string) => void = () => {};
      let told: AbortSignal | undefined;
      const waits = cache.getOrLoad("a", (_, { signal }) => {
        told = signal;
        return new Promise((done) => {
          land = done;
        });
      });
      if (change === "set") cache.set("a", "set");
      else if (change === "delete") cache.delete("a");
      else cache.clear();
      land("loaded");
      expect(await waits).toBe(change === "set" ? "set" : "loaded");
      expect(told?.aborted).toBe(change === "set");
      expect(cache.get("a")).toBe(change === "set" ? "set" : undefined);
    }
  });

  it("gives what the loader itself has set meanwhile, and does not keep undefined", async () => {
    const cache = new Cache<string, string>({ maxEntries: 10 });
    const never = (): Promise<string> => {
      cache.set("a", "mine");
      return new Promise(() => {});
    };
    expect(await cache.getOrLoad("a", never)).toBe("mine");
    expect(await cache.getOrLoad("b", () => undefined as never)).toBeUndefined();
    expect(cache.has("b")).toBe(false);
  });
});

it("refuses options it does not know and values out of bounds, by name", () => {
  const wrong: [object, RegExp][] = [
    [{}, /without maxEntries and maxBytes grows for ever/],
    [{ maxEntries: 0 }, /option maxEntries is 0/],
    [{ max: 3 }, /a cache: unknown option "max"/],
    [{ maxBytes: "much" }, /option maxBytes is "much"/],
    [{ maxEntries: 1, policy: "lur" }, /option policy is "lur"; expected one of .*did you mean "lru"/],
    [{ maxEntries: 1, policy: "opt" }, /option policy is "opt"/],
    [{ maxEntries: 1, policy: {} }, /option policy is an object/],
    [{ maxEntries: 1, ttl: 0 }, /option ttl is 0/],
  ];
  for (const [options, message] of wrong) expect(() => new Cache(options as never)).toThrow(message);
  const cache = new Cache<string, string>({ maxBytes: 10 });
  expect(() => cache.set("a", "text")).toThrow(/what "text" takes is not known; pass the option size/);
  expect(() => cache.set("a", "text", { size: 0 })).toThrow(/the size of an entry is 0/);
  expect(() => cache.set("a", "text", { ttl: -1 })).toThrow(/option ttl is -1/);
});
