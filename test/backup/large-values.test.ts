/** Backups of values that lie in spans: every generation has them whole, as they were at its cut, and a damaged one loses only its own. */
import { copyFileSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { describe, expect, it } from "vitest";
import { load, parse, write } from "#dist/harness/backup/interchange.js";
import { readBackup, SnapshotEntries } from "#dist/src/backup/index.js";
import { type Namespace, OutOfMemoryError, restore, Store } from "#dist/src/index.js";
import { temporaryDirectories } from "./directory.js";

const temporary = temporaryDirectories();

function bytesOf(length: number, seed: number): Uint8Array {
  return Uint8Array.from({ length }, (_, i) => (i * 7 + seed * 31 + (i >>> 8)) & 0xff);
}

function expectAll(ns: Namespace, model: ReadonlyMap<string, Uint8Array>): void {
  for (const [key, value] of model) expect(Buffer.compare(ns.get(key) ?? new Uint8Array(), value), key).toBe(0);
  expect(ns.size).toBe(model.size);
}

function encodedIn(ns: Namespace<unknown>): Uint8Array {
  const bytes = new Uint8Array(400_000);
  return bytes.subarray(0, ns.getInto("stays", bytes));
}

async function backedUp(): Promise<{ directory: string; model: Map<string, Uint8Array> }> {
  const directory = temporary();
  const store = await Store.create({ capacity: "16MiB", maintenance: false });
  const ns = store.namespace("n");
  const model = new Map<string, Uint8Array>();
  const set = (key: string, value: Uint8Array) => {
    ns.set(key, value);
    model.set(key, value);
  };
  const backups = await store.backup({ directory });
  for (let round = 0; round < 5; round++) {
    for (let i = 0; i < 6; i++)
      set(`k${(round * 4 + i) % 12}`, bytesOf(16_400 + ((round * 7 + i * 13) % 20) * 9000, round * 16 + i));
    for (let i = 0; i < 20; i++) set(`small ${i}`, bytesOf(100 + round, i));
    ns.delete(`k${round}`);
    model.delete(`k${round}`);
    await backups.now();
  }
  await backups.close();
  await store.close();
  return { directory, model };
}

describe("large values in backups", () => {
  it("come back from incremental generations, into stores of other sizes and without shared memory", async () => {
    const { directory, model } = await backedUp();
    for (const options of [{}, { threads: 2 }, { store: { capacity: "64MiB" } }, { store: { shared: false } }]) {
      const restored = await restore(directory, options);
      expectAll(restored.store.namespace("n"), model);
      expect(restored.entries).toBe(model.size);
      expect((await restored.store.verify()).violations).toEqual([]);
      await restored.store.close();
    }
    await expect(restore(directory, { store: { capacity: "2MiB", eviction: "none" } })).rejects.toThrow(
      OutOfMemoryError,
    );
  });

  it.each(["jsonl", "msgpack"] as const)("go out as %s and come back the same, in every encoding", async (format) => {
    const directory = temporary();
    const store = await Store.create({ capacity: "16MiB", maintenance: false });
    const brief = Array.from({ length: 5000 }, (_, i) => ({ turn: i, said: `ответ ${i}` }));
    const values = [
      ["binary", bytesOf(200_000, 1)],
      ["string", "контекст ".repeat(6000)],
      ["json", brief],
      ["msgpack", { brief, raw: Buffer.from(bytesOf(40_000, 2)) }],
    ] as const;
    for (const [encoding, value] of values) {
      const ns = store.namespace(encoding, { encoding }) as unknown as Namespace<unknown>;
      ns.set("stays", value);
      ns.set("fleeting", value, { ttl: 1e8 });
    }
    const backups = await store.backup({ directory });
    const { file } = await backups.now();
    await backups.close();
    const image = readBackup(file);
    const counts = { entries: 0, expired: 0 };
    const out = Buffer.concat([...write(new SnapshotEntries(image), image.header.takenMs, format, Date.now(), counts)]);
    const again = await Store.create({ capacity: "16MiB", maintenance: false });
    expect([counts, load(again, parse("out", out, format))]).toEqual(Array(2).fill({ entries: 8, expired: 0 }));
    for (const [encoding, value] of values) {
      const ns = again.namespace(encoding) as unknown as Namespace<unknown>;
      const was = store.namespace(encoding) as unknown as Namespace<unknown>;
      expect(Buffer.compare(encodedIn(ns), encodedIn(was)), encoding).toBe(0);
      expect(typeof ns.get("stays"), encoding).toBe(typeof value);
      expect(ns.getEntry("fleeting")?.expiresAt).toBeGreaterThan(Date.now() + 9e7);
    }
    expect(again.stats().memory.spanBytes).toBe(store.stats().memory.spanBytes);
    await again.close();
    await store.close();
  });

  it("of a file that is damaged in one of them are kept but for that one, which is named", async () => {
    const { directory, model } = await backedUp();
    const file = join(temporary(), "one.engram");
    const newest = ["a", "b"]
      .map((name) => join(directory, `generation-${name}.engram`))
      .sort((x, y) => {
        return readBackup(y).header.generation - readBackup(x).header.generation;
      })[0];
    copyFileSync(newest, file);
    const bytes = readFileSync(file);
    const [key, value] = [...model].find(([name]) => name.startsWith("k")) as [string, Uint8Array];
    const at = bytes.indexOf(value.subarray(0, 5000));
    expect(at).toBeGreaterThan(0);
    bytes[at + 4500] ^= 0xff;
    writeFileSync(file, bytes);
    await expect(restore(file)).rejects.toThrow(/checksum/);
    const { store, losses } = await restore(file, { partial: true });
    expect(losses.map(({ what }) => what).join("\n")).toContain(
      `the value of key "${key}" reaches into a damaged region`,
    );
    model.delete(key);
    expectAll(store.namespace("n"), model);
    await store.close();
  });
});
