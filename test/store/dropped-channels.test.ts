/** Channels that are dropped: nothing of them stays, nobody waits for them, and what is made under their name is another's. */
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { describe, expect, it } from "vitest";
import { AccessDeniedError, ClosedError, InvalidArgumentError, Store } from "#dist/src/index.js";
import { bytesOf, openStore } from "./fixture.js";

const DROPPED = /channel "c" was dropped/;

/** Chunks in use and slabs cut: what a store holds, to the byte. */
function held(store: Store) {
  const { usedBytes, slabBytes } = store.stats().memory;
  return { usedBytes, slabBytes };
}

describe.each([
  ["shared memory", true],
  ["private memory", false],
])("a channel dropped in %s", (_, shared) => {
  it("is gone for every handle, and its name is free", async () => {
    const store = await openStore({ shared });
    const old = store.channel("c", { capacity: 4, encoding: "json" });
    const same = store.channel("c", { encoding: "json" });
    old.sendMany([1, 2, 3]);
    expect(store.dropChannel("c")).toBe(true);
    expect([store.dropChannel("c"), store.channels()]).toEqual([false, []]);
    const made = store.channel("c", { capacity: 16, kind: "spsc", whenFull: "drop", encoding: "json" });
    made.trySend("new");
    for (const channel of [old, same]) {
      expect(() => channel.trySend(4)).toThrow(ClosedError);
      expect(() => channel.sendMany([4])).toThrow(DROPPED);
      expect(() => channel.tryReceive()).toThrow(DROPPED);
      expect(() => channel.receiveMany()).toThrow(DROPPED);
      expect(() => channel.length).toThrow(DROPPED);
      expect(() => channel.dropped).toThrow(DROPPED);
      await expect(channel.receiveWait()).rejects.toThrow(DROPPED);
      await expect(channel.sendWait(4)).rejects.toThrow(ClosedError);
      for await (const message of channel) expect(message).toBe("none");
      channel.release();
    }
    expect([made.capacity, made.length, made.tryReceive(), made.tryReceive()]).toEqual([16, 1, "new", undefined]);
    expect(store.channels()).toEqual(["c"]);
    expect((await store.verify()).violations).toEqual([]);
  });

  it("wakes who waits for a message or for room, and ends iterations, at once", async () => {
    const store = await openStore({ shared });
    const channel = store.channel("c", { capacity: 2, encoding: "json" });
    const receiving = channel.receiveWait();
    const iterated = (async () => {
      for await (const message of channel) expect(message).toBe("none");
      return "ended";
    })();
    const full = store.channel("full", { capacity: 2, encoding: "json" });
    full.sendMany([1, 2]);
    const sending = full.sendWait(3);
    store.dropChannel("c");
    store.dropChannel("full");
    await expect(receiving).rejects.toThrow(DROPPED);
    await expect(sending).rejects.toThrow(/channel "full" was dropped/);
    expect(await iterated).toBe("ended");
  });

  it("leaves the memory as it was, two thousand times, its messages freed", async () => {
    const store = await openStore({ shared, capacity: "16MiB" });
    const life = (i: number) => {
      const channel = store.channel(`c${i % 3}`, { capacity: 2 ** (1 + (i % 10)) });
      for (let n = 0; n < 5; n++) channel.trySend(new Uint8Array((i * 37 + n * 997) % 4000));
      channel.tryReceive();
      expect(store.dropChannel(channel.name)).toBe(true);
    };
    for (let i = 0; i < 200; i++) life(i);
    store.maintain();
    const before = held(store);
    for (let i = 0; i < 2000; i++) life(i);
    store.maintain();
    expect(held(store)).toEqual(before);
    expect([store.channels(), store.stats().memory.entryBytes]).toEqual([[], expect.any(Number)]);
    expect((await store.verify()).violations).toEqual([]);
  });

  it("goes on working for others that share its place", async () => {
    const store = await openStore({ shared, capacity: "16MiB" });
    const kept = Array.from({ length: 100 }, (_v, i) => store.channel(`kept ${i}`, { capacity: 2, encoding: "json" }));
    const receiving = kept.map((channel) => channel.receiveWait());
    for (let i = 0; i < 100; i++) {
      store.channel("c");
      store.dropChannel("c");
    }
    kept.forEach((channel, i) => {
      channel.trySend(i);
    });
    expect(await Promise.all(receiving)).toEqual(kept.map((_v, i) => i));
  });
});

it("wakes a thread that blocks in it", async () => {
  const store = await openStore();
  const channel = store.channel("c", { capacity: 2 });
  channel.sendMany([bytesOf("1"), bytesOf("2")]);
  const code = `
    const { workerData, parentPort } = require("node:worker_threads");
    import(workerData.engram).then(async ({ Store }) => {
      const store = await Store.attach(workerData.store);
      const channel = store.channel("c");
      try {
        parentPort.postMessage("blocks");
        if (workerData.verb === "send") channel.sendSync(new Uint8Array(3));
        else channel.receiveSync();
      } catch (error) {
        parentPort.postMessage(error.name + ": " + error.message);
      }
      await store.close();
    });`;
  const engram = new URL("../../dist/src/index.js", import.meta.url).href;
  for (const verb of ["send", "receive"]) {
    const worker = new Worker(code, { eval: true, workerData: { store: store.handle, engram, verb } });
    const gone = once(worker, "exit");
    expect(await once(worker, "message")).toEqual(["blocks"]);
    const told = once(worker, "message");
    store.dropChannel("c");
    expect((await told)[0]).toMatch(/^ClosedError: channel "c" was dropped/);
    await gone;
    store.channel("c", { capacity: 2 });
  }
});

it("is not freed while another thread's slot says that an operation is in it", async () => {
  const store = await openStore();
  const other = await Store.attach(store.handle);
  const channel = store.channel("c", { encoding: "json" });
  channel.sendMany([1, 2, 3]);
  const used = held(store);
  // what an operation does first: its entry's address into the slot
  const { worker } = (other as unknown as { connection: { worker: { slot: number; currentBuffer(): ArrayBuffer } } })
    .connection;
  const { ring } = channel as unknown as { ring: { entry: number } };
  const { S_RING } = await import("#dist/src/core/layout.js");
  const word = new Int32Array(worker.currentBuffer(), worker.slot + S_RING, 1);
  Atomics.store(word, 0, ring.entry);
  store.dropChannel("c");
  expect(held(store)).toEqual(used);
  expect(() => channel.tryReceive()).toThrow(DROPPED);
  Atomics.store(word, 0, 0);
  store.channel("d");
  store.dropChannel("d");
  expect(held(store).usedBytes).toBeLessThan(used.usedBytes);
  expect((await store.verify()).violations).toEqual([]);
  await other.close();
});

describe("dropChannel", () => {
  it("is refused to an agent without admin there, and a closed store", async () => {
    const store = await openStore();
    const view = store.as("7");
    store.channel("c");
    store.grant("7", "c", ["read", "write", "delete"]);
    expect(() => view.dropChannel("c")).toThrow(AccessDeniedError);
    expect(() => view.dropChannel("other")).toThrow(AccessDeniedError);
    store.grant("7", "c", ["admin"]);
    expect(view.dropChannel("c")).toBe(true);
    const own = view.channel("agent_7_in");
    expect([view.dropChannel("agent_7_in"), view.dropChannel("agent_7_in")]).toEqual([true, false]);
    expect(() => own.tryReceive()).toThrow(ClosedError);
    await view.close();
    expect(() => view.dropChannel("c")).toThrow(/view of agent "7" is closed/);
    expect(() => store.dropChannel("")).toThrow(InvalidArgumentError);
    expect(() => store.dropChannel(7 as never)).toThrow(InvalidArgumentError);
    await store.close();
    expect(() => store.dropChannel("c")).toThrow(ClosedError);
  });
});
