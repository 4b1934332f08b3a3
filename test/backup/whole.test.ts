import { readFileSync, writeFileSync } from "node:fs";
import { crc32 } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { decodeHeader, encodeHeader, isFault, layoutOf, REGION } from "#dist/src/backup/format.js";
import { readBackup } from "#dist/src/backup/index.js";
import { LoadingThread } from "#dist/src/backup/loading-thread.js";
import { BackupReader } from "#dist/src/backup/read.js";
import { layout } from "#dist/src/core/index.js";
import { InvalidArgumentError, OutOfMemoryError, type RestoreOptions, restore, Store } from "#dist/src/index.js";
import { seedOr } from "../given.js";
import { temporaryDirectories } from "./directory.js";
import { contentsOf } from "./image.js";
import { sessionOf } from "./session.js";

const seed = seedOr(20_261_121);
const temporary = temporaryDirectories();
const options = { capacity: "4MiB", maxWorkers: 3, eviction: "none", maintenance: false } as const;

/** What a restored store holds, by `namespace/key`, after it was found whole. */
async function restored(
  file: string,
  how: RestoreOptions = {},
): Promise<{ contents: Map<string, string>; store: Store }> {
  const { store, entries } = await restore(file, { ...how, store: { maintenance: false, ...how.store } });
  const contents = new Map<string, string>();
  for (const name of store.namespaces()) {
    for (const [key, value] of store.namespace(name))
      contents.set(`${name}/${key}`, Buffer.from(value).toString("latin1"));
  }
  expect((await store.verify()).violations).toEqual([]);
  expect(contents.size).toBe(entries);
  return { contents, store };
}

const write = fc.record({
  space: fc.integer({ min: 0, max: 2 }),
  key: fc.integer({ min: 0, max: 300 }),
  size: fc.oneof(fc.integer({ min: 0, max: 200 }), fc.integer({ min: 0, max: 16_000 })),
  times: fc.integer({ min: 1, max: 40 }),
  kind: fc.constantFrom("set", "set", "set", "delete"),
});

describe("a whole backup in a new store", () => {
  it.each([1, 3])("holds the same entries and is whole, loaded by %i threads", async (threads) => {
    await fc.assert(
      fc.asyncProperty(fc.array(fc.array(write, { maxLength: 40 }), { minLength: 1, maxLength: 4 }), async (rounds) => {
        const store = await Store.create(options);
        const session = sessionOf(store, temporary());
        let file = "";
        for (const round of rounds) {
          for (const { space, key, size, times, kind } of round) {
            const ns = store.namespace(`n${space}`);
            whileThereIsRoom(times, (i) => {
              if (kind === "delete") ns.delete(`k${key + i}`);
              else ns.set(`k${key + i}`, Buffer.alloc(size, key + i));
            });
          }
          file = session.backup("incremental").file;
        }
        session.close();
        await store.close();
        const { contents, store: again } = await restored(file, { threads });
        expect(contents).toEqual(contentsOf(readBackup(file)));
        // and goes on: what is free can be used, and what is used can be freed
        const ns = again.namespace("n0");
        for (const key of [...ns.keys()]) ns.delete(key);
        whileThereIsRoom(200, (i) => ns.set(`after${i}`, Buffer.alloc(i * 20, i)));
        expect((await again.verify()).violations).toEqual([]);
        await again.close();
      }),
      { seed, numRuns: threads === 1 ? 25 : 8 },
    );
  });

  it("fits into a store of the same size when the old one was full to the last chunk", async () => {
    const store = await Store.create(options);
    const ns = store.namespace("full");
    const value = Buffer.alloc(90);
    let n = 0;
    expect(() => {
      for (;;) ns.set(`k${n++}`, value);
    }).toThrow(OutOfMemoryError);
    const session = sessionOf(store, temporary());
    const { file } = session.backup("full");
    session.close();
    await store.close();
    const { contents, store: again } = await restored(file);
    expect(contents.size).toBe(n - 1);
    expect(() => again.namespace("full").set("one more", value)).toThrow(OutOfMemoryError);
    await again.close();
  });

  it("packs slabs that were mostly free, and leaves no trace of what was free in them", async () => {
    const store = await Store.create(options);
    const ns = store.namespace("n");
    for (let i = 0; i < 10_000; i++) ns.set(`k${i}`, Buffer.alloc(64, i));
    for (let i = 0; i < 10_000; i++) if (i % 10 > 0) ns.delete(`k${i}`);
    const session = sessionOf(store, temporary());
    const { file } = session.backup("full");
    session.close();
    const before = store.stats().memory.slabBytes;
    await store.close();
    const { contents, store: again } = await restored(file);
    expect(contents.size).toBe(1000);
    expect(again.stats().memory.slabBytes).toBeLessThan(before / 5);
    const next = sessionOf(again, temporary());
    expect(contentsOf(readBackup(next.backup("full").file)).size).toBe(1000);
    next.close();
    await again.close();
  });

  it("has a key once that the cut has twice", async () => {
    const store = await Store.create(options);
    const ns = store.namespace("n");
    for (let i = 0; i < 900; i++) ns.set(`k${i}`, Buffer.alloc(64, i));
    const session = sessionOf(store, temporary());
    session.backup("full");
    ns.set("x00", Buffer.from("one"));
    ns.set("x01", Buffer.from("two"));
    const { file } = session.backup("full");
    session.close();
    await store.close();
    for (const older of [false, true]) {
      makeDouble(file, older);
      for (const threads of [1, 3]) {
        const { contents, store: again } = await restored(file, { threads });
        expect(contents.size).toBe(901);
        expect(["one", "two"]).toContain(contents.get("n/x00"));
        expect(contents.has("n/x01")).toBe(false);
        await again.close();
      }
    }
  });

  it("is refused when another thread comes upon damage while this one still reads", async () => {
    const store = await Store.create(options);
    const ns = store.namespace("n");
    for (let i = 0; i < 12_000; i++) ns.set(`k${i}`, Buffer.alloc(64, i));
    const session = sessionOf(store, temporary());
    const { file } = session.backup("full");
    session.close();
    await store.close();
    const bytes = readFileSync(file);
    const header = decodeHeader(bytes.subarray(0, 1024));
    if (isFault(header)) throw new Error(header.what);
    bytes[layoutOf(header.slabCapacity).regions + header.slabCount * layout.SLAB_SIZE - 77] ^= 1;
    writeFileSync(file, bytes);
    const { end } = LoadingThread.prototype;
    const { fetch } = BackupReader.prototype;
    onTestFinished(() => void vi.restoreAllMocks());
    const failed = new Promise<void>((resolve) => {
      vi.spyOn(LoadingThread.prototype, "end").mockImplementation(async function (this: LoadingThread) {
        await end.call(this);
        setImmediate(resolve);
      });
    });
    vi.spyOn(BackupReader.prototype, "fetch").mockImplementation(async function (this: BackupReader, slab, into) {
      await failed;
      return fetch.call(this, slab, into);
    });
    // a rejection that no one hears yet would end the process: vitest counts it as a failure
    await expect(restore(file, { threads: 2 })).rejects.toThrow(/region \d+ has checksum/);
  });

  it("refuses threads that are no number of threads", async () => {
    for (const threads of [0, 65, 1.5, Number.NaN, "2"]) {
      await expect(restore(".", { threads: threads as number })).rejects.toThrow(InvalidArgumentError);
    }
  });
});

function whileThereIsRoom(times: number, write: (i: number) => void): void {
  try {
    for (let i = 0; i < times; i++) write(i);
  } catch (error) {
    if (!(error instanceof OutOfMemoryError)) throw error;
  }
}

/** Gives x01 the key x00, one of the two born in the cut's own epoch and the other, if asked for, in the epoch before. */
function makeDouble(file: string, older: boolean): void {
  const bytes = readFileSync(file);
  const header = decodeHeader(bytes.subarray(0, 1024));
  if (isFault(header)) throw new Error(header.what);
  const { regions, checksums } = layoutOf(header.slabCapacity);
  for (const key of ["x00", "x01"]) {
    const at = bytes.indexOf(`${key}\0`, regions);
    if (at < 0) continue;
    const entry = at - layout.E_KEY;
    bytes.write("x00", at);
    if (key === "x00") bytes.writeUInt32LE(older ? header.epoch - 1 : header.epoch, entry + layout.E_BIRTH);
    const region = Math.floor((at - regions) / REGION);
    bytes.writeUInt32LE(
      crc32(bytes.subarray(regions + region * REGION, regions + (region + 1) * REGION)),
      checksums + region * 4,
    );
  }
  const table = bytes.subarray(checksums, checksums + header.slabCount * (layout.SLAB_SIZE / REGION) * 4);
  encodeHeader({ ...header, checksumTableChecksum: crc32(table) }).copy(bytes);
  writeFileSync(file, bytes);
}
