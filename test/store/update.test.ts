/** Changes by what is there: compare-and-set until nobody was faster. */
import { Worker } from "node:worker_threads";
import { describe, expect, it } from "vitest";
import { AccessDeniedError, ContentionError, InvalidArgumentError } from "#dist/src/index.js";
import { type Tap, tapStore } from "#dist/src/store/index.js";
import { openStore } from "./fixture.js";

describe("update", () => {
  it("writes what the function makes of what is there, and gives it back", async () => {
    const store = await openStore();
    const ns = store.namespace<number[]>("n", { encoding: "json" });
    expect(ns.update("k", (value) => [...(value ?? []), 1])).toEqual([1]);
    expect(ns.update("k", (value) => [...(value ?? []), 2])).toEqual([1, 2]);
    expect(ns.get("k")).toEqual([1, 2]);
  });

  it("leaves the entry alone when the function answers undefined, or throws", async () => {
    const store = await openStore();
    const ns = store.namespace("n", { encoding: "string" });
    expect(ns.update("k", () => undefined)).toBeUndefined();
    ns.set("k", "v");
    const before = ns.getEntry("k");
    expect(ns.update("k", () => undefined)).toBe("v");
    const broken = new Error("broken");
    expect(() =>
      ns.update("k", () => {
        throw broken;
      }),
    ).toThrow(broken);
    expect(ns.getEntry("k")).toEqual(before);
  });

  it("keeps the expiry, or sets one", async () => {
    const store = await openStore();
    const ns = store.namespace("n", { encoding: "string" });
    ns.set("k", "v", { ttl: 60_000 });
    const { expiresAt } = ns.getEntry("k") ?? {};
    ns.update("k", () => "w");
    expect(ns.getEntry("k")?.expiresAt).toBe(expiresAt);
    ns.update("k", () => "x", { ttl: 120_000 });
    expect(ns.getEntry("k")?.expiresAt).toBeGreaterThan((expiresAt ?? 0) + 50_000);
  });

  it("is called again with what is there when another was faster, also when the entry went or came", async () => {
    const store = await openStore();
    const ns = store.namespace("n", { encoding: "string" });
    const seen: (string | undefined)[] = [];
    const meanwhile = [() => ns.set("k", "other"), () => ns.delete("k"), () => ns.set("k", "new")];
    ns.update("k", (value) => {
      seen.push(value);
      meanwhile.shift()?.();
      return `${value}!`;
    });
    expect(seen).toEqual([undefined, "other", undefined, "new"]);
    expect(ns.get("k")).toBe("new!");
  });

  it("may use the namespace inside, also to update", async () => {
    const store = await openStore();
    const ns = store.namespace<number>("n", { encoding: "msgpack" });
    const sum = ns.update("sum", (value) => (value ?? 0) + (ns.update("part", (part) => (part ?? 0) + 1) ?? 0));
    expect([sum, ns.get("part")]).toEqual([1, 1]);
  });

  it("ends when its function writes the entry itself", async () => {
    const store = await openStore();
    const ns = store.namespace<number>("n", { encoding: "json" });
    const counting = () => Number(ns.increment("k"));
    const itself = () => ns.update("k", counting, { attempts: 5 });
    expect(itself).toThrow(ContentionError);
    expect(ns.get("k")).toBe(5);
  });

  it("refuses what is no function, a promise, and options it does not know; and agents that may not", async () => {
    const store = await openStore();
    const ns = store.namespace<unknown>("n", { encoding: "json" });
    expect(() => ns.update("k", 1 as never)).toThrow(InvalidArgumentError);
    expect(() => ns.update("k", async () => Promise.reject(new Error("x")))).toThrow(/promise/);
    expect(() => ns.update("k", () => 1, { tll: 1 } as never)).toThrow(/did you mean "ttl"/);
    expect(() => ns.update("k", () => 1, { attempts: 0 })).toThrow(/attempts is 0/);
    store.grant("a", "n", ["read"]);
    expect(() =>
      store
        .as("a")
        .namespace("n")
        .update("k", () => undefined),
    ).toThrow(AccessDeniedError);
    expect(ns.size).toBe(0);
  });

  it("is heard as what it does", async () => {
    const store = await openStore();
    const ns = store.namespace("n", { encoding: "string" });
    const heard: string[] = [];
    const tap: Tap = { operation: (_, operation, key) => heard.push(`${operation} ${String(key)}`) };
    const stop = tapStore(store, tap);
    ns.update("k", () => "v");
    stop();
    expect(heard).toEqual(["get k", "set k"]);
  });

  it("loses nothing between threads", async () => {
    const store = await openStore();
    const [threads, rounds] = [3, 2000];
    const work = `const { workerData } = require("node:worker_threads");
      import(workerData.engram).then(async ({ Store }) => {
        const store = await Store.attach(workerData.store);
        const ns = store.namespace("n", { encoding: "json" });
        for (let i = 0; i < ${rounds}; i++) ns.update("k", (list) => ({ sum: (list?.sum ?? 0) + 1 }));
        await store.close();
      });`;
    const engram = new URL("../../dist/src/index.js", import.meta.url).href;
    const workers = Array.from(
      { length: threads },
      () => new Worker(work, { eval: true, workerData: { store: store.handle, engram } }),
    );
    await Promise.all(workers.map((worker) => new Promise((done) => worker.once("exit", done))));
    expect(store.namespace("n", { encoding: "json" }).get("k")).toEqual({ sum: threads * rounds });
  });
});
