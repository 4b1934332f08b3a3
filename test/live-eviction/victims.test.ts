import { once } from "node:events";
import { describe, expect, it } from "vitest";
import { Store } from "#dist/src/index.js";
import { openStore, settle, until } from "./live-store.js";

const VALUE = new Uint8Array(8);
const thread = (name: string) => new URL(`./threads/${name}.mjs`, import.meta.url);

function inside(store: Store): { elapsed(): number; tick(): void } {
  return (store as unknown as { connection: { worker: { elapsed(): number; tick(): void } } }).connection.worker;
}

describe("a victim", () => {
  it("that another thread has just rewritten is spared, and goes on as that entry", async () => {
    const store = await openStore({ eviction: "lru", maxEntries: 10 });
    const ns = store.namespace("n");
    for (let i = 0; i < 10; i++) ns.set(`key:${i}`, VALUE);
    settle(store);
    const worker = store.spawn(thread("rewrite"), { workerData: { namespace: "n", key: "key:0", value: "rewritten" } });
    await once(worker, "message");
    ns.set("key:10", VALUE); // in our log, which is read first: the victim is key:0, as we know it
    store.maintain();
    expect(store.stats().eviction).toMatchObject({ spared: 1, victims: 1, residents: 10 });
    expect(Buffer.from(ns.get("key:0") as Uint8Array).toString()).toBe("rewritten");
    expect(ns.has("key:1")).toBe(false); // the next in line, once the rewriting was read
    worker.postMessage("close");
    await once(worker, "exit");
  });

  it("that has expired meanwhile is no eviction", async () => {
    const store = await openStore({ eviction: "lru", maxEntries: 10 });
    const worker = inside(store);
    let now = 1000;
    worker.elapsed = () => now;
    const ns = store.namespace("n");
    for (let i = 0; i < 10; i++) ns.set(`key:${i}`, VALUE, { ttl: 500 });
    settle(store);
    now += 1000;
    for (let i = 10; i < 20; i++) ns.set(`key:${i}`, VALUE);
    settle(store);
    expect(store.stats()).toMatchObject({ entries: 10, eviction: { victims: 0, residents: 10 } });
  });

  it("is never what was deleted or cleared: the policy forgets it", async () => {
    const store = await openStore({ eviction: "arc", maxEntries: 100 });
    const ns = store.namespace("n");
    for (let i = 0; i < 60; i++) ns.set(`key:${i}`, VALUE);
    settle(store);
    for (let i = 0; i < 30; i++) ns.delete(`key:${i}`);
    settle(store);
    expect(store.stats().eviction.residents).toBe(30);
    ns.clear();
    settle(store);
    expect(store.stats()).toMatchObject({ entries: 0, eviction: { residents: 0, victims: 0, spared: 0 } });
  });
});

/** Two connections of one thread: `early`'s log is read before `late`'s, whatever happened first. */
async function twoLogs(): Promise<{ early: Store; late: Store }> {
  const early = await openStore({ eviction: "lru", maxEntries: 10 });
  return { early, late: await Store.attach(early.handle) };
}

describe("records that are read in another order than they were written in", () => {
  it("do not bring back an entry that was evicted before its hit is read", async () => {
    const { early, late } = await twoLogs();
    const ns = early.namespace("n");
    for (let i = 0; i < 10; i++) ns.set(`key:${i}`, VALUE);
    settle(early);
    late.namespace("n").get("key:0");
    ns.set("key:10", VALUE);
    settle(early);
    expect(early.stats()).toMatchObject({ entries: 10, eviction: { victims: 1, residents: 10 } });
    expect(ns.has("key:1")).toBe(true);
    await late.close();
  });

  it("do not take on an entry that was deleted before its insertion is read", async () => {
    const { early, late } = await twoLogs();
    late.namespace("n").set("key", VALUE);
    early.namespace("n").delete("key");
    settle(early);
    expect(early.stats().eviction.residents).toBe(0);
    await late.close();
  });

  it("do not keep an entry whose replacement was deleted before the replacing is read", async () => {
    const { early, late } = await twoLogs();
    early.namespace("n").set("key", VALUE);
    settle(early);
    late.namespace("n").set("key", VALUE);
    early.namespace("n").delete("key");
    settle(early);
    expect(early.stats().eviction).toMatchObject({ residents: 0, spared: 0 });
    await late.close();
  });

  it("do not lose an entry that was deleted and written again", async () => {
    const { early, late } = await twoLogs();
    late.namespace("n").set("key", VALUE);
    settle(early);
    late.namespace("n").delete("key");
    early.namespace("n").set("key", VALUE);
    settle(early);
    expect(early.stats()).toMatchObject({ entries: 1, eviction: { residents: 1 } });
    await late.close();
  });
});

describe("a log that overflows", () => {
  it("drops and counts, and the walk that follows finds every entry it lost", async () => {
    const store = await openStore({ eviction: "lru", maxEntries: 10_000 });
    const ns = store.namespace("n");
    for (let i = 0; i < 5000; i++) ns.set(`key:${i}`, VALUE);
    const { logged, logDrops, backlog } = store.stats().eviction;
    expect(logDrops).toBeGreaterThan(0);
    expect(logged + logDrops).toBe(5000);
    expect(backlog).toBe(logged);
    for (let i = 0; i < 5000; i++) expect(ns.get(`key:${i}`)).toEqual(VALUE);
    settle(store);
    expect(store.stats().eviction).toMatchObject({ residents: 5000, backlog: 0, victims: 0 });
  });

  it("loses removals the same way, and the entries that are gone are found out", async () => {
    const store = await openStore({ eviction: "lirs", maxEntries: 10_000 });
    const ns = store.namespace("n");
    for (let i = 0; i < 5000; i++) {
      ns.set(`key:${i}`, VALUE);
      if (i % 500 === 0) store.maintain();
    }
    settle(store);
    const before = store.stats().eviction.logDrops;
    for (let i = 0; i < 4000; i++) ns.delete(`key:${i}`);
    expect(store.stats().eviction.logDrops).toBeGreaterThan(before);
    settle(store);
    expect(store.stats()).toMatchObject({ entries: 1000, eviction: { residents: 1000, victims: 0 } });
  });

  it("keeps the limit all the same", async () => {
    const store = await openStore({ eviction: "s3-fifo", maxEntries: 300 });
    const ns = store.namespace("n");
    for (let i = 0; i < 6000; i++) ns.set(`key:${i}`, VALUE);
    settle(store);
    expect(store.stats().entries).toBe(300);
  });

  it("leaves out hits, not insertions, while it fills up", async () => {
    const store = await openStore({ eviction: "lru", maxEntries: 100 });
    const ns = store.namespace("n");
    ns.set("key", VALUE);
    for (let i = 0; i < 5000; i++) ns.get("key");
    for (let i = 0; i < 99; i++) ns.set(`key:${i}`, VALUE);
    const { hitsNotLogged, logDrops, logged } = store.stats().eviction;
    expect(logDrops).toBe(0);
    expect(hitsNotLogged).toBeGreaterThan(3000);
    expect(logged).toBeGreaterThan(512);
    settle(store);
    expect(store.stats().eviction.residents).toBe(100);
  });
});

describe("the evictor", () => {
  it("is one thread at a time, and another takes over when that one detaches", async () => {
    const store = await openStore({ eviction: "lru", maxEntries: 10 });
    const first = await Store.attach(store.handle);
    const ns = store.namespace("n");
    for (let i = 0; i < 30; i++) ns.set(`key:${i}`, VALUE);
    expect(first.maintain().evicted).toBe(20);
    for (let i = 30; i < 60; i++) ns.set(`key:${i}`, VALUE);
    expect(store.maintain().evicted).toBe(0);
    expect(store.stats().entries).toBe(40);
    await first.close();
    settle(store);
    expect(store.stats()).toMatchObject({ entries: 10, eviction: { residents: 10 } });
  });

  it("outlives agents that are killed in the middle of logging, and loses track of nothing", async () => {
    const store = await openStore({ eviction: "lru", maxEntries: 500, maintenance: true });
    for (let kill = 1; kill <= 4; kill++) {
      const before = store.stats().eviction.logged;
      const worker = store.spawn(thread("write-on"), { workerData: { namespace: "n", keys: 2000, seed: kill } });
      await until(() => store.stats().eviction.logged > before + 3000, "the agent to be at work");
      await worker.terminate();
      await until(() => store.stats().workers.reaped === kill, "the dead agent's slot to be taken back");
    }
    await until(() => {
      const { entries, eviction } = store.stats();
      return eviction.backlog === 0 && entries <= 500 && eviction.residents === entries;
    }, "the policy to know every entry again");
    expect(store.stats().eviction.walks).toBeGreaterThan(0);
    expect(store.health().reliability.reapedWorkers).toBe(4);
  });
});
