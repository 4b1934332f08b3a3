/** Sizes and durations are written one way in every option. */
import { describe, expect, it } from "vitest";
import { InvalidArgumentError } from "#dist/src/index.js";
import { durationIn, milliseconds, sizeIn } from "#dist/src/units.js";
import { openStore } from "./fixture.js";

describe("durations and sizes", () => {
  it.each([
    ["200ms", 200],
    ["5s", 5000],
    [" 1.5 s ", 1500],
    ["2m", 120_000],
    ["2min", 120_000],
    ["1H", 3_600_000],
    ["1d", 86_400_000],
    [7, 7],
  ])("%j is %d ms", (text, ms) => {
    expect(durationIn(text)).toBe(ms);
    expect(milliseconds("x", text, 0)).toBe(ms);
  });

  it.each(["5", "", "s", "5 parsecs", "-1s", "1e3s", "5sconstructor", "1constructor", null, {}, Number.NaN])(
    "%j is no duration",
    (text) => {
      expect(() => milliseconds("option x", text, 0)).toThrow(
        /option x is .*expected milliseconds, 0 or more, or text/,
      );
    },
  );

  it.each([
    ["1MiB", 2 ** 20],
    ["10 kB", 10_000],
    [5, 5],
    ["1 mile", "1 mile"],
  ])("%j is a size of %j", (text, bytes) => {
    expect(sizeIn(text)).toBe(bytes);
  });

  it("are taken by what the store is asked for", async () => {
    const store = await openStore();
    const ns = store.namespace("n", { encoding: "string", maxBytes: "64KiB" });
    expect(ns.usage().maxBytes).toBe(65536);
    ns.limit({ maxBytes: "1MiB" });
    expect(ns.usage().maxBytes).toBe(2 ** 20);
    const left = (key: string) => Math.round(((ns.getEntry(key)?.expiresAt ?? 0) - Date.now()) / 60_000);
    ns.set("set", "v", { ttl: "10m" });
    ns.setMany([["many", "v"]], { ttl: "10m" });
    ns.update("update", () => "v", { ttl: "10m" });
    await ns.getOrSet("load", () => "v", { ttl: "10m", lease: "1s", timeout: "10s" });
    for (const key of ["set", "many", "update", "load"]) expect([key, left(key)]).toEqual([key, 10]);
    expect(store.region("r", { bytes: "1KiB" }).bytes.length).toBe(1024);
    expect(await store.channel("c").receiveWait({ timeout: "1ms" })).toBeUndefined();
    expect(await store.channel("c").receiveWait("1ms")).toBeUndefined();
    expect(store.dropIdleNamespaces("1h")).toEqual([]);
  });

  it("are refused by name where they are none, and nothing is changed", async () => {
    const store = await openStore();
    const ns = store.namespace("n", { encoding: "string" });
    expect(() => ns.set("k", "v", { ttl: "soon" })).toThrow(/ttl is "soon"; expected milliseconds .*such as "5s"/);
    expect(() => ns.set("k", "v", { ttl: "0s" })).toThrow(InvalidArgumentError);
    expect(() => ns.limit({ maxBytes: "much" })).toThrow(/maxBytes is "much"; .*such as "1MiB"/);
    expect(() => store.region("r", { bytes: "5GiB" })).toThrow(/region bytes is 5368709120/);
    expect(() => store.dropIdleNamespaces("never")).toThrow(/idle is "never"/);
    expect(() => store.dropIdleNamespaces(undefined as never)).toThrow(/idle is undefined/);
    expect(ns.size).toBe(0);
  });
});

describe("setMany", () => {
  it("says how many were written, in batches and one by one", async () => {
    const store = await openStore();
    const ns = store.namespace("n", { encoding: "string" });
    const pairs = (from: number, to: number) =>
      Array.from({ length: to - from }, (_, i) => [`k${from + i}`, "v"] as const);
    expect(ns.setMany(pairs(0, 100))).toBe(100);
    expect(ns.setMany(pairs(50, 3000), { ifAbsent: true })).toBe(2900);
    expect(ns.setMany(new Set(pairs(2990, 3010)), { ifAbsent: true })).toBe(10);
    expect(ns.setMany(new Map(pairs(3000, 3020)), { ifAbsent: true })).toBe(10);
    expect(ns.setMany([["large", "v".repeat(16_000)], ...pairs(0, 3)], { ifAbsent: true })).toBe(1);
    expect(ns.setMany([])).toBe(0);
    const { version } = ns.getEntry("k1") ?? { version: 0n };
    expect(ns.setMany(pairs(0, 3), { ifVersion: version })).toBe(1);
    expect(ns.size).toBe(3021);
  });
});
