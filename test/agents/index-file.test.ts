import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { crc32 } from "node:zlib";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { buildVectorIndex, openIndexFile, VectorIndex } from "#dist/src/agents/index.js";
import { Random } from "#dist/src/random.js";
import { runsOr, seedOr } from "../given.js";
import { bareMemory } from "./bare-memory.js";
import { bytesOf, clustered, countedMemory, vectorAt } from "./index-vectors.js";

const D = 20;
const COUNT = 300;
const base = clustered(COUNT, D, 8);
const ids = Array.from({ length: COUNT }, (_, i) => `note ${i}`);
const WORDS = {
  version: 2,
  m: 7,
  count: 10,
  placed: 11,
  entry: 12,
  links: 16,
  table: 17,
  upper: 18,
  ids: 20,
  bodyChecksum: 24,
  headerChecksum: 25,
};

let folder: string;
let whole: Buffer;
let path: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "engram-index-"));
  path = join(folder, "knowledge.index");
  const arena = bareMemory();
  const index = new VectorIndex(
    arena,
    await buildVectorIndex(arena, { dimensions: D, graph: true, threads: 0, ids }, base),
  );
  await index.save(path);
  whole = await readFile(path);
});
afterAll(() => rm(folder, { recursive: true }));

/** With its checksums made good again: what somebody makes who knows the format. */
function forged(change: (bytes: Buffer, word: (at: number) => number) => void): Buffer {
  const bytes = Buffer.from(whole);
  change(bytes, (at) => bytes.readUInt32LE(at * 4));
  bytes.writeUInt32LE(crc32(bytes.subarray(128)), WORDS.bodyChecksum * 4);
  bytes.writeUInt32LE(crc32(bytes.subarray(0, 100)), WORDS.headerChecksum * 4);
  return bytes;
}

async function opened(bytes: Uint8Array): Promise<unknown> {
  const file = join(folder, "other.index");
  await writeFile(file, bytes);
  const arena = countedMemory(1 << 20);
  const end = await openIndexFile(arena, file).catch((error: unknown) => error);
  if (typeof end !== "number") expect(arena.held.size).toBe(0);
  return end;
}

describe("an index that was saved", () => {
  it.each([true, false])("is what it was when it is opened, in memory that is shared: %s", async (shared) => {
    const arena = countedMemory(1 << 20, shared);
    const address = await openIndexFile(arena, path);
    const index = new VectorIndex(arena, address);
    expect(bytesOf(arena, address, index.bytes).equals(whole)).toBe(true);
    await index.verify();
    expect(index.search(vectorAt(base, 7, D), { k: 1 })[0].id).toBe("note 7");
    expect(index).toMatchObject({ size: COUNT, dimensions: D, kind: "f32", metric: "cosine", m: 16 });
    expect(await readdir(folder)).not.toContainEqual(expect.stringMatching(/tmp$/));
  });

  it("is known to be damaged in memory, too", async () => {
    const arena = bareMemory(1 << 20);
    const address = await openIndexFile(arena, path);
    const index = new VectorIndex(arena, address);
    new Uint8Array(arena.memory.buffer)[address + 5000] ^= 4;
    await expect(index.verify()).rejects.toMatchObject({ code: "CORRUPT_INDEX" });
  });

  const seed = seedOr(20_261_128);
  it(`is refused when a bit of it is another, wherever that is (seed ${seed})`, async () => {
    const random = new Random(seed);
    const bits = [...Array.from({ length: 128 * 8 }, (_, bit) => bit).filter((bit) => bit % 7 === 0)];
    for (let i = 0; i < runsOr(100); i++) bits.push(random.below(whole.length * 8));
    for (const bit of bits) {
      const bytes = Buffer.from(whole);
      bytes[bit >> 3] ^= 1 << (bit & 7);
      // zeros of the header, which nobody reads
      if (bit >> 3 >= 104 && bit >> 3 < 128) continue;
      expect(await opened(bytes), `bit ${bit}`).toMatchObject({ code: "CORRUPT_INDEX" });
    }
  });

  it(`is refused when it was cut, or goes on (seed ${seed})`, async () => {
    const random = new Random(seed, 1);
    const lengths = [
      0,
      1,
      127,
      128,
      whole.length - 1,
      ...Array.from({ length: runsOr(30) }, () => random.below(whole.length)),
    ];
    for (const length of lengths) {
      expect(await opened(whole.subarray(0, length)), `${length} bytes`).toMatchObject({ code: "CORRUPT_INDEX" });
    }
    expect(await opened(Buffer.concat([whole, Buffer.alloc(1)]))).toMatchObject({ code: "CORRUPT_INDEX" });
  });

  it.each([
    [
      "another version",
      /version 2; this Engram reads version 1/,
      forgedLater((bytes) => bytes.writeUInt32LE(2, WORDS.version * 4)),
    ],
    ["a foreign file", /is no vector index/, () => Buffer.from("PK\x03\x04".padEnd(500, "x"))],
    ["one that was not finished", /still being built/, forgedLater((bytes) => bytes.writeUInt32LE(0, 12))],
    [
      "an entry that is none",
      /numbers that no index has/,
      forgedLater((bytes) => bytes.writeUInt32LE(COUNT, WORDS.entry * 4)),
    ],
    [
      "another number of vectors",
      /the header says that/,
      forgedLater((bytes) => {
        bytes.writeUInt32LE(COUNT - 1, WORDS.count * 4);
        bytes.writeUInt32LE(COUNT - 1, WORDS.placed * 4);
      }),
    ],
    [
      "a link out of the graph",
      /links of vector 3 lead out/,
      forgedLater((bytes, word) => bytes.writeUInt32LE(COUNT, word(WORDS.links) + 3 * 33 * 4 + 4)),
    ],
    [
      "more links than there is room",
      /links of vector 4 lead out/,
      forgedLater((bytes, word) => bytes.writeUInt32LE(33, word(WORDS.links) + 4 * 33 * 4)),
    ],
    [
      "a table of levels that goes down",
      /table of levels/,
      forgedLater((bytes, word) => bytes.writeUInt32LE(7, word(WORDS.table) + 4)),
    ],
    [
      "a table of ids that leads away",
      /table of ids/,
      forgedLater((bytes, word) => bytes.writeUInt32LE(1 << 30, word(WORDS.ids) + 8)),
    ],
  ])("is refused when somebody has made it with checksums that hold: %s", async (_, message, make) => {
    expect(await opened(make())).toMatchObject({ code: "CORRUPT_INDEX", message: expect.stringMatching(message) });
  });

  function forgedLater(change: Parameters<typeof forged>[0]): () => Buffer {
    return () => forged(change);
  }

  it("is not there, or is a folder: said as of every file", async () => {
    const arena = countedMemory(1 << 20);
    await expect(openIndexFile(arena, join(folder, "none"))).rejects.toThrow(/no such file; expected a vector index/);
    await expect(openIndexFile(arena, folder)).rejects.toThrow(/it is a folder\); expected a vector index/);
    const index = new VectorIndex(arena, await openIndexFile(arena, path));
    await expect(index.save(folder)).rejects.toThrow(/is a folder/);
    await expect(index.save(`${path}.gz`)).rejects.toThrow(/not compressed/);
  });

  it("finds no room: the arena says so, and has nothing of it", async () => {
    const arena = countedMemory(65_536);
    await expect(openIndexFile(arena, path)).rejects.toThrow(/bytes left/);
    expect(arena.held.size).toBe(0);
  });
});

describe("an index file of version 1", () => {
  const query = Float32Array.from({ length: 12 }, (_, i) => Math.sin(i));
  it.each([
    ["graph-f32-texts.index", { kind: "f32", metric: "cosine", m: 4 }, ["knot 0", "knot 8", "knot 16"]],
    ["rows-int8-numbers.index", { kind: "int8", metric: "l2", m: 0 }, [100, 108, 116]],
  ])("is read as it was written: %s", async (name, shape, found) => {
    const arena = bareMemory(1 << 20);
    const index = new VectorIndex(
      arena,
      await openIndexFile(arena, new URL(`golden/${name}`, import.meta.url).pathname),
    );
    expect(index).toMatchObject({ size: 60, dimensions: 12, ...shape });
    expect(index.search(query, { k: 3 }).map(({ id }) => id)).toEqual(found);
  });
});
