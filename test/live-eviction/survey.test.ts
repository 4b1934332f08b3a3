import { describe, expect, it } from "vitest";
import { layout } from "#dist/src/core/index.js";
import type { Store } from "#dist/src/index.js";
import { openStore } from "./live-store.js";

const VALUE = new Uint8Array(8);

interface Inside {
  engine: { survey(from: number, target: number, room: number): bigint };
  slot: number;
  bucketCount: number;
  manyWords: Int32Array;
  elapsed(): number;
  tick(): void;
}

function inside(store: Store): Inside {
  return (store as unknown as { connection: { worker: Inside } }).connection.worker;
}

/** Surveys the whole table, `room` records at a time: the addresses listed, with repetitions. */
function survey(store: Store, room: number): number[] {
  const { engine, slot, bucketCount, manyWords } = inside(store);
  const addresses: number[] = [];
  for (let bucket = 0; bucket < bucketCount; ) {
    const result = engine.survey(bucket, slot + layout.S_MANY, room);
    const next = Number(result & 0xffffffffn);
    const listed = Number(result >> 32n);
    expect(next > bucket || listed > 0).toBe(true);
    expect(listed).toBeLessThanOrEqual(room);
    for (let i = 0; i < listed; i++) addresses.push((manyWords[i * 4 + 1] & ~layout.LOG_BITS) >>> 0);
    bucket = next;
  }
  return addresses;
}

describe("a survey of the table", () => {
  it("lists every entry once, whatever the room, as long as it holds the longest chain", async () => {
    const store = await openStore({ eviction: "lru", expectedEntries: 1 });
    for (let i = 0; i < 3000; i++) store.namespace(`n${i % 3}`).set(`key:${i}`, VALUE);
    for (const room of [16, 17, 40, 2048]) {
      const addresses = survey(store, room);
      expect(addresses.length).toBe(3000);
      expect(new Set(addresses).size).toBe(3000);
    }
  });

  it("comes to its end even when a single chain fills the room", async () => {
    const store = await openStore({ eviction: "lru", expectedEntries: 1 });
    const ns = store.namespace("n");
    for (let i = 0; i < 3000; i++) ns.set(`key:${i}`, VALUE);
    const addresses = survey(store, 1);
    expect(new Set(addresses).size).toBe(addresses.length);
    expect(addresses.length).toBeGreaterThan(500);
  });

  it("leaves out what readers do not find: the store's own entries, expired ones, cleared namespaces", async () => {
    const store = await openStore({ eviction: "lru" });
    const worker = inside(store);
    let now = 1000;
    worker.elapsed = () => now;
    store.grant("7", "n", ["read"]);
    store.channel("work");
    const cleared = store.namespace("cleared");
    cleared.set("key", VALUE);
    cleared.clear();
    const ns = store.namespace("n");
    ns.set("short", VALUE, { ttl: 100 });
    ns.set("long", VALUE, { ttl: 100_000 });
    ns.set("stays", VALUE);
    now += 1000;
    worker.tick();
    expect(survey(store, 2048).length).toBe(2);
  });
});
