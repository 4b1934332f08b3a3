import { execFileSync } from "node:child_process";
import { copyFileSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { layoutOf } from "#dist/src/backup/format.js";
import { chooseImage, readBackup } from "#dist/src/backup/index.js";
import { CorruptBackupError, InvalidArgumentError, restore, Store } from "#dist/src/index.js";
import { seedOr } from "../given.js";
import { temporaryDirectories } from "./directory.js";
import { contentsOf } from "./image.js";
import { sessionOf } from "./session.js";

const seed = seedOr(20_240_929);
const temporary = temporaryDirectories();
const files = ["generation-a.engram", "generation-b.engram"];
const PAGE = 4096;

/** Two generations of one store, with entries from a few bytes to several regions. */
let source: string;
let whole: Map<string, string>[];

beforeAll(async () => {
  source = temporary();
  const store = await Store.create({ capacity: "3MiB", maxWorkers: 0, eviction: "none", maintenance: false });
  const ns = store.namespace("n");
  const session = sessionOf(store, source);
  for (let round = 0; round < 4; round++) {
    for (let i = 0; i < 60; i++) ns.set(`k${i}`, Buffer.alloc(1 + ((i * 97 + round) % 7000), 1 + round * 60 + i));
    session.backup(round < 2 ? "full" : "incremental");
  }
  session.close();
  await store.close();
  whole = files.map((file) => contentsOf(readBackup(join(source, file))));
  expect(whole[0]).not.toEqual(whole[1]);
});

const place = fc.double({ min: 0, max: 1, noNaN: true, maxExcluded: true });
const damage = fc.oneof(
  fc.record({ kind: fc.constant("flip" as const), at: place, bit: fc.integer({ min: 0, max: 7 }) }),
  fc.record({ kind: fc.constant("flip-in-header" as const), at: place, bit: fc.integer({ min: 0, max: 7 }) }),
  fc.record({ kind: fc.constant("truncate" as const), at: place }),
  fc.record({ kind: fc.constant("swap-pages" as const), at: place, with: place }),
  fc.record({ kind: fc.constant("zero-page" as const), at: place }),
  fc.record({ kind: fc.constant("other-file's-page" as const), at: place }),
  fc.record({ kind: fc.constant("noise" as const), at: place, bytes: fc.uint8Array({ minLength: 1, maxLength: 64 }) }),
  fc.record({ kind: fc.constant("foreign" as const), bytes: fc.uint8Array({ maxLength: 5000 }) }),
  fc.record({ kind: fc.constant("missing" as const) }),
);
type Damage = typeof damage extends fc.Arbitrary<infer D> ? D : never;

function apply(bytes: Buffer, other: Buffer, d: Damage): Buffer | null {
  const offset = "at" in d ? Math.floor(d.at * (d.kind === "flip-in-header" ? 1024 : bytes.length)) : 0;
  const page = offset - (offset % PAGE);
  const copy = Buffer.from(bytes);
  switch (d.kind) {
    case "flip":
    case "flip-in-header":
      copy[offset] ^= 1 << d.bit;
      return copy;
    case "truncate":
      return copy.subarray(0, offset);
    case "swap-pages": {
      const second = Math.floor(d.with * bytes.length);
      bytes.copy(copy, page, second - (second % PAGE), second - (second % PAGE) + PAGE);
      bytes.copy(copy, second - (second % PAGE), page, page + PAGE);
      return copy;
    }
    case "zero-page":
      return copy.fill(0, page, page + PAGE);
    case "other-file's-page":
      if (page < other.length) other.copy(copy, page, page, page + PAGE);
      return copy;
    case "noise":
      copy.set(d.bytes.subarray(0, copy.length - offset), offset);
      return copy;
    case "foreign":
      return Buffer.from(d.bytes);
    case "missing":
      return null;
  }
}

describe("damaged files", () => {
  let scratch: string;
  let originals: Buffer[];

  beforeAll(() => {
    scratch = temporary();
    originals = files.map((file) => readFileSync(join(source, file)));
  });

  function damageBoth(damages: (Damage | null)[]): void {
    rmSync(scratch, { recursive: true });
    mkdirSync(scratch);
    files.forEach((file, i) => {
      const d = damages[i];
      const bytes = d === null ? originals[i] : apply(originals[i], originals[1 - i], d);
      if (bytes !== null) writeFileSync(join(scratch, file), bytes);
    });
  }

  it("give a whole generation or a refusal that names file, byte and expectation; never a wrong value", () => {
    let refusals = 0;
    let wholes = 0;
    fc.assert(
      fc.property(fc.option(damage), fc.option(damage), (first, second) => {
        damageBoth([first, second]);
        try {
          const { image, refused } = chooseImage(scratch, false);
          const contents = contentsOf(image);
          expect(whole.some((one) => sameEntries(one, contents))).toBe(true);
          for (const message of refused) expect(message).toMatch(/generation-[ab]\.engram: byte \d+: .*/);
          wholes++;
        } catch (error) {
          if (error instanceof InvalidArgumentError) expect(readdirSync(scratch)).toEqual([]);
          else {
            expect(error).toBeInstanceOf(CorruptBackupError);
            expect((error as Error).message).toMatch(/generation-[ab]\.engram: byte \d+: /);
          }
          refusals++;
        }
      }),
      { seed, numRuns: 200 },
    );
    expect(Math.min(refusals, wholes)).toBeGreaterThan(20);
  });

  it("keep, in part, only entries that were there, and list what is gone", () => {
    let listed = 0;
    fc.assert(
      fc.property(damage, (d) => {
        damageBoth([d, { kind: "missing" }]);
        try {
          const { image } = chooseImage(scratch, true);
          const contents = contentsOf(image, true);
          for (const [name, value] of contents) expect(whole[0].get(name) === value).toBe(true);
          if (contents.size < whole[0].size) {
            expect(image.damaged.size + image.missing).toBeGreaterThan(0);
            listed++;
          }
        } catch (error) {
          if (!(error instanceof InvalidArgumentError)) expect(error).toBeInstanceOf(CorruptBackupError);
        }
      }),
      { seed, numRuns: 100 },
    );
    expect(listed).toBeGreaterThan(5);
  });

  it("with one region gone, a partial restore makes a store of the rest", async () => {
    const file = join(scratch, "one-region.engram");
    mkdirSync(scratch, { recursive: true });
    copyFileSync(join(source, files[0]), file);
    const bytes = readFileSync(file);
    const { regions } = layoutOf(readBackup(file).header.slabCapacity);
    // a region with entries in it: the first that is not all zero, past the directory's slab
    let at = regions + 65536;
    while (bytes.subarray(at, at + PAGE).every((byte) => byte === 0)) at += PAGE;
    bytes.fill(0xff, at, at + PAGE);
    writeFileSync(file, bytes);
    await expect(restore(file)).rejects.toThrow(`byte ${at}: region ${(at - regions) / PAGE} has checksum`);
    const { store, entries, losses } = await restore(file, { partial: true });
    expect(entries).toBeLessThan(60);
    expect(entries).toBeGreaterThan(0);
    expect(losses[0]).toMatchObject({ file, byte: at, bytes: PAGE });
    for (const [key, value] of store.namespace("n").entries()) {
      expect(Buffer.from(value).toString("latin1") === whole[0].get(`n/${key}`)).toBe(true);
    }
    expect((await store.verify()).violations).toEqual([]);
    await store.close();
  });

  it("are refused by name when there is nothing to restore", async () => {
    await expect(restore(join(scratch, "nowhere"))).rejects.toThrow(InvalidArgumentError);
    const empty = temporary();
    await expect(restore(empty)).rejects.toThrow("no generation-*.engram");
    await expect(restore(import.meta.filename)).rejects.toThrow(/damage\.test\.ts: byte 0: .*no backup of a store/);
  });

  it.skipIf(process.platform === "win32")("are not waited for where they are pipes", async () => {
    const pipe = join(temporary(), "pipe");
    execFileSync("mkfifo", [pipe]);
    await expect(restore(pipe)).rejects.toThrow(`${pipe}: is no file; expected a backup`);
  });

  it("of a later format version are refused by their version", () => {
    const bytes = Buffer.from(originals[0]);
    bytes.writeUInt32LE(3, 8);
    const file = join(scratch, "later.engram");
    mkdirSync(scratch, { recursive: true });
    writeFileSync(file, bytes);
    expect(() => readBackup(file)).toThrow("byte 8: format version 3; this engram reads versions 1 to 2");
  });

  afterAll(() => rmSync(scratch, { recursive: true, force: true }));
});

/** Without a diff of megabytes when it is false. */
function sameEntries(a: Map<string, string>, b: Map<string, string>): boolean {
  return a.size === b.size && [...a].every(([name, value]) => b.get(name) === value);
}
