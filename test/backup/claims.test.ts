/** What a file claims, in its header or its heads, costs neither an older whole generation nor memory that the file is not worth. */
import { execFileSync } from "node:child_process";
import {
  copyFileSync,
  mkdirSync,
  openSync,
  readFileSync,
  rmSync,
  symlinkSync,
  truncateSync,
  writeFileSync,
} from "node:fs";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import { type BackupHeader, encodeHeader, HEADER_CHECKSUM, layoutOf, offsetOf } from "#dist/src/backup/format.js";
import { chooseImage, readBackup } from "#dist/src/backup/index.js";
import { BackupReader } from "#dist/src/backup/read.js";
import { CorruptBackupError, CorruptValueError, restore, Store } from "#dist/src/index.js";
import { readMsgpackAll } from "#dist/src/store/index.js";
import { seedOr } from "../given.js";
import { temporaryDirectories } from "./directory.js";
import { sessionOf } from "./session.js";

const seed = seedOr(20_261_128);
const temporary = temporaryDirectories();
const [older, newer] = ["generation-a.engram", "generation-b.engram"];

/** Two generations: `old` 1 to 40 in the older one, and 1 to 50 in the newer. */
let source: string;
let header: BackupHeader;

beforeAll(async () => {
  source = temporary();
  const store = await Store.create({ capacity: "3MiB", maxWorkers: 0, eviction: "none", maintenance: false });
  const session = sessionOf(store, source);
  const ns = store.namespace("n");
  for (let i = 1; i <= 40; i++) ns.set(`k${i}`, Buffer.alloc(i * 20, i));
  session.backup("full");
  for (let i = 41; i <= 50; i++) ns.set(`k${i}`, Buffer.alloc(i * 20, i));
  session.backup("full");
  session.close();
  await store.close();
  header = readBackup(join(source, newer)).header;
});

/** A copy of both, with the newer one's bytes changed and its header's checksum set right. */
function withHeader(change: (bytes: Buffer) => void): string {
  const directory = temporary();
  copyFileSync(join(source, older), join(directory, older));
  const bytes = readFileSync(join(source, newer));
  change(bytes);
  bytes.writeUInt32LE(crc32(bytes.subarray(0, HEADER_CHECKSUM)), HEADER_CHECKSUM);
  writeFileSync(join(directory, newer), bytes);
  return directory;
}

/** What comes out is one of the two generations, right to the byte. */
async function expectOneOfBoth(directory: string): Promise<number> {
  const { store, entries } = await restore(directory, { store: { maintenance: false } });
  try {
    expect([40, 50]).toContain(entries);
    const ns = store.namespace("n");
    for (let i = 1; i <= entries; i++) expect(ns.get(`k${i}`)).toEqual(new Uint8Array(i * 20).fill(i));
    return entries;
  } finally {
    await store.close();
  }
}

const U32 = [
  "layoutVersion",
  "regionCount",
  "slabCount",
  "slabCapacity",
  "epoch",
  "hashKind",
  "eviction",
  "slotCount",
  "idCount",
  "bucketCount",
  "slabMax",
  "pool",
  "kind",
  "maxEntries",
  "entriesAndOne",
] as const;
const F64 = ["takenMs", "createdMs", "generation", "capacity"] as const;

describe("a field of the newest header that cannot be", () => {
  it.each(U32)("%s: the older generation is found", async (field) => {
    const at = offsetOf(field);
    for (const value of [0xffffffff, 0x7fffffff, 0x12345]) {
      await expectOneOfBoth(withHeader((bytes) => bytes.writeUInt32LE(value, at)));
    }
  });

  it.each(F64)("%s: the older generation is found", async (field) => {
    const at = offsetOf(field);
    for (const value of [Number.NaN, Number.POSITIVE_INFINITY, -1, 1e300]) {
      expect(await expectOneOfBoth(withHeader((bytes) => bytes.writeDoubleLE(value, at)))).toBe(40);
    }
  });

  it("is named with the format version when it is a number of a later one", async () => {
    for (const field of ["eviction", "hashKind", "kind"] as const) {
      const directory = withHeader((bytes) => bytes.writeUInt32LE(99, offsetOf(field)));
      expect(() => readBackup(join(directory, newer))).toThrow(
        `byte ${offsetOf(field)}: ${field} is 99; expected one that format version 2 knows`,
      );
    }
  });

  it("is the count of entries: what holds others is no whole generation", async () => {
    const counted = header.entriesAndOne - 1;
    expect(counted).toBe(51); // and the namespace
    const directory = withHeader((bytes) => bytes.writeUInt32LE(counted, offsetOf("entriesAndOne")));
    expect(() => readBackup(join(directory, newer))).toThrow(
      `byte ${offsetOf("entriesAndOne")}: 50 entries were counted when it was written; there are 51`,
    );
    const { store, entries, refused } = await restore(directory);
    expect(entries).toBe(40);
    expect(refused[0]).toContain("50 entries were counted");
    await store.close();
    // files of before say nothing, and are read
    expect(await expectOneOfBoth(withHeader((bytes) => bytes.writeUInt32LE(0, offsetOf("entriesAndOne"))))).toBe(50);
  });
});

describe("a file that claims more than it has", () => {
  it("gets no more memory than its size, in part, and says what is missing", async () => {
    const file = join(temporary(), "claims.engram");
    const slabCount = 65_000;
    const claim = {
      ...header,
      slabCount,
      slabCapacity: slabCount,
      slabMax: slabCount,
      pool: 300_000 * 8,
      entriesAndOne: 0,
    };
    const bytes = Buffer.alloc(layoutOf(slabCount).regions + 9000);
    encodeHeader({ ...claim, slabTableChecksum: crc32(new Uint8Array(slabCount)) }).copy(bytes);
    writeFileSync(file, bytes);
    expect(bytes.length).toBeLessThan(80_000);
    const { image } = chooseImage(file, true);
    expect(image.pool.length).toBe(0);
    expect(image.missing).toBe(slabCount);
    const { store, entries, losses } = await restore(file, { partial: true, store: { capacity: "3MiB" } });
    expect(entries).toBe(0);
    expect(losses).toHaveLength(1);
    expect(losses[0].what).toBe("the last 65000 slabs: the file ends before their checksums");
    await store.close();
  });

  it("keeps, in part, the slabs whose checksums it still has", async () => {
    const file = join(temporary(), "cut.engram");
    copyFileSync(join(source, newer), file);
    truncateSync(file, layoutOf(header.slabCapacity).checksums + 64 + 10);
    const { image } = chooseImage(file, true);
    expect(image.slabClasses).toHaveLength(1);
    expect(image.missing).toBe(header.slabCount - 1);
  });
});

describe("a newest generation that cannot be read", () => {
  it.each<[string, (path: string) => void]>([
    ["a folder in its place", (path) => mkdirSync(path)],
    ["a link that leads nowhere", (path) => symlinkSync("nowhere", path)],
    ["a link to itself", (path) => symlinkSync(path, path)],
    ["a pipe", (path) => execFileSync("mkfifo", [path])],
  ])("%s: the older one is found, and it is said why", async (_what, put) => {
    const directory = temporary();
    copyFileSync(join(source, older), join(directory, older));
    put(join(directory, newer));
    expect(await expectOneOfBoth(directory)).toBe(40);
    const { store, refused } = await restore(directory);
    expect(refused).toHaveLength(1);
    expect(refused[0]).toContain(newer);
    await store.close();
    expect(chooseImage(directory, false).image.header.generation).toBe(1);
    rmSync(join(directory, older));
    await expect(restore(directory)).rejects.toThrow(newer);
  });

  it("is damaged where the file system refuses its bytes", () => {
    const reader = new BackupReader(join(source, older));
    const fd = openSync(temporary(), "r"); // a folder: reading it fails
    const broken = new BackupReader({ ...reader.opened, fd });
    expect(() => broken.read(0, new Uint8Array(65536))).toThrow(CorruptBackupError);
    expect(() => broken.read(0, new Uint8Array(65536))).toThrow(
      /generation-a\.engram: byte \d+: cannot be read: EISDIR/,
    );
    broken.close();
    reader.close();
  });
});

describe("MessagePack objects in a row", () => {
  const readAll = (file: Uint8Array) => [...readMsgpackAll(Buffer.from(file))];

  it("are refused where they claim what is not there, however deep", () => {
    const array32 = Buffer.from([0xdd, 0x01, 0xff, 0xff, 0xff]);
    for (const depth of [1, 3, 10_000]) {
      expect(() => readAll(Buffer.concat(Array(depth).fill(array32)))).toThrow(CorruptValueError);
    }
    expect(() => readAll(Buffer.alloc(1_000_000, 0x91))).toThrow(/nest deeper than 2000/);
    for (const bytes of [
      [0xdf, 0xff, 0xff, 0xff, 0xff],
      [0xdb, 0xff, 0xff, 0xff, 0xff, 0x61],
      [0xc6, 0, 0, 1, 0],
      [0xdd, 0],
      [0xc1],
    ]) {
      expect(() => readAll(Uint8Array.from(bytes))).toThrow(CorruptValueError);
    }
  });

  it("are refused or read to the end for any bytes, in little time", () => {
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
        try {
          const starts = readAll(bytes).map(({ start }) => start);
          expect(starts).toEqual([...starts].sort((a, b) => a - b));
          if (bytes.length > 0) expect(starts[0]).toBe(0);
        } catch (error) {
          expect(error).toBeInstanceOf(CorruptValueError);
        }
      }),
      { seed, numRuns: 500 },
    );
  });
});
