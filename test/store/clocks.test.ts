/** Whose clock an expiry is judged by, and what becomes of a clock that jumps. */
import { performance } from "node:perf_hooks";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { Store } from "#dist/src/index.js";
import { SEED } from "../core/seeded-random.js";
import { HandClock, inside, openStore, until } from "./fixture.js";

const one = Uint8Array.of(1);
const DAY = 24 * 3600 * 1000;
const TICK_WORD = 128 / 4;
const SLEEPS_WORD = 3136 / 4;

describe.each([
  ["shared memory", true],
  ["private memory", false],
])("an expiry in %s", (_, shared) => {
  it("is judged by the reader's clock at that moment, though nobody has told the time since", async () => {
    const store = await openStore({ shared });
    const ns = store.namespace("n", { encoding: "string" });
    const clock = new HandClock(store);
    ns.set("k", "v", { ttl: 50 });
    const values = ns.values();
    ns.set("other", "v", { ttl: 50 });
    for (const value of values) {
      expect(value).toBe("v");
      break;
    }
    clock.now += 60; // and nothing else happens: no tick, no operation
    expect(ns.has("k")).toBe(false);
    expect([ns.get("k"), ns.getMany(["k"]), ns.borrow("k", () => 1), [...ns.keys()]]).toEqual([
      undefined,
      [undefined],
      undefined,
      [],
    ]);
  });

  it("is noticed by an iteration that was begun before", async () => {
    const store = await openStore({ shared });
    const ns = store.namespace("n", { encoding: "string" });
    const clock = new HandClock(store);
    for (let i = 0; i < 10; i++) ns.set(`k${i}`, "v", { ttl: 50 });
    let seen = 0;
    for (const _key of ns.keys()) if (++seen === 3) clock.now += 60;
    expect(seen).toBe(3);
  });

  it("means the same after the ticks have wrapped around, once and twice", async () => {
    for (const days of [1, 248, 249, 496, 498, 995, 4000]) {
      const store = await openStore({ shared });
      const ns = store.namespace("n");
      const clock = new HandClock(store);
      clock.now = days * DAY;
      ns.set("short", one, { ttl: 1000 });
      ns.set("long", one, { ttl: 200 * DAY });
      const { createdMs } = inside(store);
      expect(ns.getEntry("short")?.expiresAt).toBe(createdMs + days * DAY + 1000);
      expect(ns.getEntry("long")?.expiresAt).toBe(createdMs + (days + 200) * DAY);
      clock.now += 1000;
      expect([ns.has("short"), ns.has("long"), ns.size]).toEqual([false, true, 1]);
      clock.now += 200 * DAY - 1010;
      expect(ns.has("long")).toBe(true);
      clock.now += 10;
      expect([ns.has("long"), ns.size]).toEqual([false, 0]);
    }
  });
});

describe("a clock that jumps", () => {
  it("is not performance.now, whoever replaces it", async () => {
    const store = await openStore();
    const ns = store.namespace("n");
    const real = performance.now;
    try {
      performance.now = () => real.call(performance) + 30 * DAY;
      store.maintain();
      ns.set("k", one, { ttl: 60_000 });
      expect(ns.has("k")).toBe(true);
      expect(inside(store).elapsed()).toBeLessThan(DAY);
    } finally {
      performance.now = real;
    }
    expect(ns.has("k")).toBe(true);
    ns.set("soon", one, { ttl: 1 });
    await until(() => !ns.has("soon"), "a ttl of 1 ms");
  });

  it("harms its own thread alone, and that only while it does", async () => {
    const store = await openStore();
    const other = await Store.attach(store.handle);
    const [ns, its] = [store.namespace("n"), other.namespace("n")];
    const clock = inside(other);
    const { elapsed } = clock;
    ns.set("k", one, { ttl: 60_000 });
    clock.elapsed = () => elapsed.call(clock) + 30 * DAY;
    expect(its.has("k")).toBe(false);
    other.maintain();
    ns.set("k", one, { ttl: 60_000 });
    expect([its.has("k"), ns.has("k")]).toEqual([false, true]);
    clock.elapsed = elapsed;
    expect([its.has("k"), ns.has("k")]).toEqual([true, true]);
    ns.set("soon", one, { ttl: 1 });
    await until(() => !ns.has("soon"), "a ttl of 1 ms");
    expect(its.has("soon")).toBe(false);
    await other.close();
  });

  it(`leaves a shared tick that is put back (seed ${SEED})`, async () => {
    const store = await openStore();
    const ns = store.namespace("n");
    const clock = new HandClock(store);
    const { words: header } = inside(store).header;
    fc.assert(
      fc.property(fc.integer({ min: 101, max: 2 ** 31 - 1 }), fc.integer({ min: 1, max: 10_000 }), (ahead, ttl) => {
        ns.set("k", one, { ttl });
        const now = Math.floor(clock.now / 10);
        header[TICK_WORD] = now + ahead;
        expect(ns.has("k")).toBe(true);
        expect(header[TICK_WORD]).toBe(now);
        clock.now += ttl + 10;
        expect(ns.has("k")).toBe(false);
      }),
      { seed: SEED, numRuns: 200 },
    );
  });

  it("of two that differ a little the later counts, so that what one thread has seen gone is gone", async () => {
    const store = await openStore();
    const other = await Store.attach(store.handle);
    const ahead = new HandClock(other);
    const behind = new HandClock(store);
    const ns = store.namespace("n");
    ns.set("k", one, { ttl: 50 });
    ahead.now = behind.now + 60;
    expect(ns.has("k")).toBe(true);
    expect(other.namespace("n").has("k")).toBe(false);
    expect(ns.has("k")).toBe(false);
    await other.close();
  });
});

describe("the maintenance thread", () => {
  it("sleeps when there is nothing to do, and is woken by what expires, what is cleared and what is logged", async () => {
    for (const eviction of ["none", "lru"] as const) {
      const store = await openStore({ maintenance: true, eviction });
      const sleeps = () => Atomics.load(inside(store).header.words, SLEEPS_WORD) === 1;
      await until(sleeps, "it to sleep");
      const ns = store.namespace("n");
      for (let i = 0; i < 100; i++) ns.set(`k${i}`, one, { ttl: 20 });
      await until(() => store.stats().operations.expired === 100, "the sweep of what has expired");
      await until(sleeps, "it to sleep again");
      for (let i = 0; i < 100; i++) ns.set(`k${i}`, one);
      if (eviction === "lru") await until(() => store.stats().eviction.residents === 100, "the policy to hear of them");
      await until(sleeps, "it to sleep again");
      ns.clear();
      await until(() => store.stats().operations.swept === 100, "the sweep of what was cleared");
      await until(sleeps, "it to sleep again");
      expect(await store.verify()).toMatchObject({ ok: true });
    }
  });
});
