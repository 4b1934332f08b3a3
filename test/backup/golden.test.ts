/** Backups that earlier versions wrote: every later one reads them, or refuses them by their version. */
import { readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { gunzipSync } from "node:zlib";
import { describe, expect, it } from "vitest";
import { readBackup, SnapshotEntries } from "#dist/src/backup/index.js";
import { layout } from "#dist/src/core/index.js";
import { restore } from "#dist/src/index.js";
import {
  ENCODING_NUMBERS,
  EVICTION_NUMBERS,
  HASH_NUMBERS,
  PERMISSION_BITS,
  WHEN_FULL_NUMBERS,
} from "#dist/src/store/index.js";
import { temporaryDirectories } from "./directory.js";

const temporary = temporaryDirectories();

function golden(name: string): string {
  const file = join(temporary(), "generation-a.engram");
  writeFileSync(file, gunzipSync(readFileSync(new URL(`golden/${name}.engram.gz`, import.meta.url))));
  return file;
}

describe("a backup of format version 1", () => {
  it("written incrementally, with every encoding, limits, grants, a channel and a ttl", async () => {
    const file = golden("incremental");
    const image = readBackup(file);
    expect(image.header).toMatchObject({
      kind: "incremental",
      generation: 3,
      epoch: 3,
      createdMs: 1_795_860_040_793,
      takenMs: 1_795_860_040_960,
      eviction: 2,
      maxEntries: 500,
      hashKind: 3,
      slabCount: 8,
      entriesAndOne: 0, // they were not counted yet
    });
    const snapshot = new SnapshotEntries(image);
    expect([...snapshot.namespaces.values()].map(({ id: _, ...rest }) => rest).sort(byName)).toEqual([
      { name: "bytes", encoding: "binary", whenFull: "refuse", maxEntries: 0, maxBytes: 0 },
      { name: "documents", encoding: "json", whenFull: "refuse", maxEntries: 0, maxBytes: 100_000 },
      { name: "packed", encoding: "msgpack", whenFull: "refuse", maxEntries: 0, maxBytes: 0 },
      { name: "text", encoding: "string", whenFull: "evict", maxEntries: 10, maxBytes: 0 },
    ]);
    expect([...snapshot.grants].sort((a, b) => (a.agent + a.namespace < b.agent + b.namespace ? -1 : 1))).toEqual([
      { agent: "alice", namespace: "documents", permissions: ["write", "delete"] },
      { agent: "alice", namespace: "text", permissions: ["read"] },
      { agent: "bob", namespace: "bytes", permissions: ["read", "write", "delete", "admin"] },
    ]);
    expect(snapshot.channels).toEqual(["mail"]);
    const short = [...snapshot].find(({ key }) => Buffer.from(key).toString() === "short-lived");
    expect(short?.expiresAt).toBeGreaterThanOrEqual(1_795_860_040_960 + 3_600_000 - 20);
    expect(short?.expiresAt).toBeLessThanOrEqual(1_795_860_040_960 + 3_600_000 + 20);

    const { store, entries, expired, channels } = await restore(file, { store: { maintenance: false } });
    expect(entries + expired).toBe(41);
    expect(channels).toBe(1);
    expect(store.stats().eviction).toMatchObject({ policy: "lru", maxEntries: 500 });
    const bytes = store.namespace("bytes");
    expect(bytes.usage().entries).toBe(32);
    for (let i = 0; i < 10; i++) expect(bytes.get(`key-${i}`)).toBeUndefined();
    expect(bytes.get("key-10")).toEqual(new Uint8Array(12_000).fill(10));
    for (let i = 11; i < 40; i++) expect(bytes.get(`key-${i}`)).toEqual(new Uint8Array(i * 50).fill(i));
    expect(bytes.get(Uint8Array.of(0xff, 0xfe))).toEqual(Uint8Array.of(1, 2, 3));
    expect(bytes.increment("counter")).toBe(8n);
    const text = store.namespace("text", { encoding: "string" });
    for (let i = 0; i < 6; i++) expect(text.get(`line ${i}`)).toBe("ä".repeat(i));
    expect(store.namespace("documents", { encoding: "json" }).get("one")).toEqual({ a: [1, 2.5, null, "x"] });
    expect(store.namespace("packed", { encoding: "msgpack" }).get("one")).toEqual({ a: [1, 2.5, null, "x"], n: -5 });
    expect(store.as("alice").namespace("text").get("line 1")).toBe("ä");
    expect(() => store.as("alice").namespace("bytes").get("key-11")).toThrow("may not read");
    expect((await store.verify()).violations).toEqual([]);
    await store.close();
  });

  it("written in full, under another policy and hash", async () => {
    const file = golden("full");
    expect(readBackup(file).header).toMatchObject({ kind: "full", eviction: 17, hashKind: 2, maxEntries: 0 });
    const { store, entries } = await restore(file, { store: { maintenance: false } });
    expect(entries).toBe(30);
    expect(store.stats().eviction.policy).toBe("w-tinylfu-climbing");
    const n = store.namespace("n", { encoding: "string" });
    for (let i = 0; i < 300; i++) expect(n.get(`key-${i}`)).toBe(i % 10 === 0 ? `value ${i}` : undefined);
    await store.close();
  });
});

describe("a backup of format version 2", () => {
  it("written incrementally, with large values that were replaced and deleted", async () => {
    const file = golden("large");
    expect(readBackup(file).header).toMatchObject({ kind: "incremental", valueMax: 262_144, generation: 3 });
    const { store, entries, expired, losses } = await restore(file, { store: { maintenance: false } });
    expect(entries + expired).toBe(14);
    expect(losses).toEqual([]);
    const bytes = store.namespace("bytes");
    for (const [key, length, byte] of [
      ["large 0", 17_000, 1],
      ["large 1", 70_001, 9],
      ["large 3", 167_000, 4],
    ] as const) {
      expect(Buffer.compare(bytes.get(key) ?? new Uint8Array(), new Uint8Array(length).fill(byte))).toBe(0);
    }
    expect(bytes.has("large 2")).toBe(false);
    for (let i = 0; i < 10; i++) expect(bytes.get(`small ${i}`)).toEqual(new Uint8Array(i * 10).fill(i));
    expect(() => bytes.set("k", new Uint8Array(262_145))).toThrow("the limit is 262144");
    expect((await store.verify()).violations).toEqual([]);
    await store.close();
  });
});

describe("the numbers in headers and backups", () => {
  it("are what they have always been", () => {
    expect(EVICTION_NUMBERS).toEqual({
      none: 0,
      clock: 1,
      lru: 2,
      fifo: 3,
      arc: 5,
      lirs: 6,
      lfu: 7,
      ttl: 8,
      random: 9,
      "2q": 10,
      "s3-fifo": 11,
      sieve: 12,
      "w-tinylfu": 13,
      hybrid: 15,
      adaptive: 16,
      "w-tinylfu-climbing": 17,
    });
    expect(ENCODING_NUMBERS).toEqual({ binary: 0, string: 1, json: 2, msgpack: 3 });
    expect(WHEN_FULL_NUMBERS).toEqual({ refuse: 0, evict: 256 });
    expect(HASH_NUMBERS).toEqual({ xxhash32: 0, fnv1a: 1, murmur3: 2, adaptive: 3 });
    expect(PERMISSION_BITS).toEqual({ read: 1, write: 2, delete: 4, admin: 8 });
  });

  it("are those of the engine where it has its own", () => {
    const { HASH_XX, HASH_FNV, HASH_MURMUR, HASH_ADAPTIVE } = layout;
    expect(Object.values(HASH_NUMBERS)).toEqual([HASH_XX, HASH_FNV, HASH_MURMUR, HASH_ADAPTIVE]);
  });
});

function byName(a: { name: string }, b: { name: string }): number {
  return a.name < b.name ? -1 : 1;
}
