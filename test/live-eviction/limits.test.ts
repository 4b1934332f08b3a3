import { describe, expect, it } from "vitest";
import { policyNames } from "#dist/src/eviction/index.js";
import { InvalidArgumentError, type LivePolicyName, Store, type StoreOptions } from "#dist/src/index.js";
import { openStore, settle, until } from "./live-store.js";

const VALUE = new Uint8Array(8);

const every = policyNames.filter((name): name is LivePolicyName => name !== "clock" && name !== "opt");

describe("Store.create({ eviction })", () => {
  it.each(every)("runs %s, and keeps maxEntries", async (eviction) => {
    const store = await openStore({ eviction, maxEntries: 50 });
    const ns = store.namespace("n");
    for (let i = 0; i < 2000; i++) {
      ns.set(`key:${i}`, VALUE);
      if (i % 3 === 0) ns.get(`key:${i >> 1}`);
      if (i % 20 === 0) store.maintain();
    }
    settle(store);
    expect(store.stats()).toMatchObject({ entries: 50, eviction: { policy: eviction, residents: 50, maxEntries: 50 } });
  });

  it("takes the snippet of the contract", async () => {
    if (!(policyNames as readonly string[]).includes("adaptive")) {
      console.log("skipped: adaptive is not among the policies yet");
      return;
    }
    const options = { capacity: "64MiB", maxWorkers: 8, eviction: "adaptive" as LivePolicyName };
    const store = await openStore({ ...options, maintenance: true });
    store.namespace("n").set("key", VALUE);
    expect(store.stats().eviction.policy).toBe("adaptive");
  });

  it.each<[string, object, RegExp]>([
    ["opt, which needs the future", { eviction: "opt" }, /option eviction is "opt".*future/],
    ["an unknown policy", { eviction: "magic" }, /option eviction is "magic"; expected one of none, clock, lru/],
    ["a policy that is no name", { eviction: 3 }, /option eviction is 3; expected one of/],
    ["a limit of nothing", { eviction: "lru", maxEntries: 0 }, /option maxEntries is 0; expected a whole number/],
    ["a limit in words", { eviction: "lru", maxEntries: "1k" }, /option maxEntries is "1k"/],
    ["a broken limit", { eviction: "lru", maxEntries: 1.5 }, /option maxEntries is 1.5/],
    [
      "a limit that CLOCK cannot keep",
      { maxEntries: 10 },
      /option maxEntries is 10, which eviction "clock" cannot keep/,
    ],
    ["a limit with no eviction at all", { eviction: "none", maxEntries: 10 }, /eviction "none" cannot keep/],
  ])("refuses %s", async (_, options, message) => {
    const making = Store.create(options as StoreOptions);
    await expect(making).rejects.toThrow(InvalidArgumentError);
    await expect(making).rejects.toThrow(message);
  });

  it("has logs only where a policy asks for them", async () => {
    for (const eviction of ["none", "clock"] as const) {
      const store = await openStore({ eviction });
      const ns = store.namespace("n");
      ns.set("key", VALUE);
      ns.get("key");
      expect(store.maintain().evicted).toBe(0);
      expect(store.stats().eviction).toMatchObject({ policy: eviction, logged: 0, backlog: 0, capacityEntries: 0 });
    }
  });
});

describe("maxEntries", () => {
  it("counts the entries of users alone: namespaces, grants and channels stay", async () => {
    const store = await openStore({ eviction: "lru", maxEntries: 4 });
    for (let i = 0; i < 50; i++) store.namespace(`n${i}`);
    store.grant("7", "n3", ["read"]);
    store.channel("work").send(VALUE);
    for (let i = 0; i < 300; i++) store.namespace(`n${i % 50}`).set(`key:${i}`, VALUE);
    settle(store);
    expect(store.namespaces().length).toBe(50);
    expect(store.as("7").namespace("n3").get("key:3")).toBeUndefined();
    expect(store.channel("work").receive()).toEqual(VALUE);
    expect(store.stats().entries).toBe(4);
  });

  it("holds in private memory without anyone maintaining it", async () => {
    const store = await openStore({ eviction: "lru", maxEntries: 100, shared: false });
    const ns = store.namespace("n");
    for (let i = 0; i < 20_000; i++) {
      ns.set(`key:${i}`, VALUE);
      ns.get("key:0");
    }
    expect(store.stats().entries).toBeLessThanOrEqual(100 + 1024);
    expect(store.stats().eviction.logDrops).toBe(0);
    expect(ns.has("key:0")).toBe(true);
  });

  it("holds while a maintenance thread is all there is", async () => {
    const store = await openStore({ eviction: "sieve", maxEntries: 200, maintenance: true });
    const ns = store.namespace("n");
    for (let i = 0; i < 5000; i++) ns.set(`key:${i}`, VALUE);
    await until(() => store.stats().entries <= 200, "the maintenance thread to keep the limit");
    expect(store.maintain().evicted).toBe(0); // the policy is the maintenance thread's
    expect(store.stats().eviction.residents).toBeGreaterThan(0);
  });
});
