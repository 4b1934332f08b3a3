import { gzipSync } from "node:zlib";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { loadTrace } from "#dist/workloads/index.js";
import { temporaryFolder } from "../temporary-folder.js";
import { SKIPPABLE, TEXT, XZ, ZSTD, ZSTD_LONG, ZSTD_SINGLE } from "./compressed.js";
import { cache2k } from "./encode.js";

const files = temporaryFolder();
const KEYS = TEXT.trimEnd().split("\n");

async function keysOf(name: string, bytes: Uint8Array, options = {}): Promise<string[]> {
  const trace = await loadTrace(files.file(name, bytes), options);
  return [...trace.ids].map((id) => trace.keyOf(id));
}

async function refusal(name: string, bytes: Uint8Array, options = {}): Promise<string> {
  const path = files.file(name, bytes);
  const error = await loadTrace(path, options).then(
    () => undefined,
    (reason: Error & { code?: string }) => reason,
  );
  expect(error?.code, error?.stack).toBe("INVALID_ARGUMENT");
  expect(error?.message).toContain(path);
  return error?.message ?? "";
}

describe("Zstandard, on every Node", () => {
  it.each([
    ["one frame", [ZSTD], 1],
    ["a known size, without a checksum", [ZSTD_SINGLE], 1],
    ["several frames", [ZSTD, ZSTD_SINGLE, ZSTD], 3],
    ["skippable frames first, in between and last", [SKIPPABLE, ZSTD, SKIPPABLE, SKIPPABLE, ZSTD, SKIPPABLE], 2],
    ["a window of 2 GiB", [ZSTD_LONG, ZSTD_LONG], 2],
  ])("%s", async (_, parts, times) => {
    expect(await keysOf("z.lirs.zst", Buffer.concat(parts))).toEqual(Array.from({ length: times }, () => KEYS).flat());
  });

  it("a file cut anywhere is refused, unless it ends with a frame", async () => {
    const whole = Buffer.concat([ZSTD, SKIPPABLE, ZSTD_SINGLE]);
    const ends = [ZSTD.length, ZSTD.length + SKIPPABLE.length];
    for (let length = 1; length < whole.length; length += 7) {
      if (ends.includes(length)) continue;
      expect(await refusal("cut.lirs.zst", whole.subarray(0, length)), String(length)).toMatch(
        /damaged zstd|ends within/,
      );
    }
  });

  it("what is behind a frame and is none is refused, and so is a damaged frame", async () => {
    expect(await refusal("tail.lirs.zst", Buffer.concat([ZSTD, Buffer.from("garbage")]))).toMatch(
      new RegExp(`byte ${ZSTD.length}: no zstd frame begins here`),
    );
    await fc.assert(
      fc.asyncProperty(fc.nat({ max: ZSTD.length - 1 }), fc.nat({ max: 7 }), async (at, bit) => {
        const flipped = Buffer.from(ZSTD);
        flipped[at] ^= 1 << bit;
        const keys = await keysOf("flip.lirs.zst", flipped).catch((error: { code?: string }) => error.code);
        // a bit of the header may only change what is not used
        expect(keys === "INVALID_ARGUMENT" || (keys as string[]).join() === KEYS.join()).toBe(true);
      }),
      { numRuns: 60 },
    );
  });

  it("a frame that stands for gigabytes is refused before they are taken", async () => {
    const block = Buffer.from([0x02, 0x00, 0x10, 0]); // 128 KiB of one byte
    const bomb = Buffer.concat([
      Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, 0x58]),
      ...new Array<Buffer>(20_000).fill(block),
    ]);
    expect(await refusal("bomb.cache2k.zst", bomb)).toMatch(/stand for more than/);
  });
});

describe("xz", () => {
  it("is read, one stream or several, with padding in between", async () => {
    expect(await keysOf("x.lirs.xz", XZ)).toEqual(KEYS);
    expect(await keysOf("xx.lirs.xz", Buffer.concat([XZ, Buffer.alloc(8), XZ]))).toEqual([...KEYS, ...KEYS]);
  });

  it("cut, damaged or followed by something else is refused, and the next file is read", async () => {
    expect(await refusal("cut.lirs.xz", XZ.subarray(0, XZ.length >> 1))).toMatch(/damaged xz/);
    const flipped = Buffer.from(XZ);
    flipped[XZ.length >> 1] ^= 1;
    expect(await refusal("flip.lirs.xz", flipped)).toMatch(/damaged xz/);
    expect(await refusal("tail.lirs.xz", Buffer.concat([XZ, Buffer.from("garbage!")]))).toMatch(/damaged xz/);
    expect(await keysOf("x.lirs.xz", XZ)).toEqual(KEYS);
  });
});

describe("gzip", () => {
  const member = gzipSync(TEXT);

  it("of many members is read to its end", async () => {
    const tiny = gzipSync("1\n");
    expect(await keysOf("many.lirs.gz", Buffer.concat([member, ...new Array<Buffer>(2000).fill(tiny)]))).toEqual([
      ...KEYS,
      ...new Array<string>(2000).fill("1"),
    ]);
    expect(await keysOf("padded.lirs.gz", Buffer.concat([member, Buffer.alloc(500)]))).toEqual(KEYS);
  });

  it("cut or followed by something else is refused", async () => {
    expect(await refusal("cut.lirs.gz", Buffer.concat([member, member.subarray(0, -3)]))).toMatch(/damaged gzip/);
    expect(await refusal("tail.lirs.gz", Buffer.concat([member, Buffer.from("garbage")]))).toMatch(/damaged gzip/);
    const lost = Buffer.concat([member, Buffer.alloc(20), member.subarray(3)]);
    expect(await refusal("lost.lirs.gz", lost)).toMatch(/no member begins here/);
  });
});

describe("what is neither a trace nor a compression that is read", () => {
  const tar = Buffer.alloc(1024);
  tar.write("ustar", 257);
  it.each([
    ["bzip2", Buffer.from("BZh91AY&SYxxxxxxxxxxxxxx", "latin1")],
    ["zip", Buffer.from("PK\x03\x04xxxxxxxxxxxxxxxxxxxx", "latin1")],
    ["7z", Buffer.from([0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c, 0, 4, 0, 0, 0, 0])],
    ["LZ4", Buffer.from([0x04, 0x22, 0x4d, 0x18, 0x64, 0x40, 0xa7, 0])],
    ["tar", tar],
    ["Parquet", Buffer.from("PAR1\x15\0\x15\0", "latin1")],
    ["LZMA", Buffer.from([0x5d, 0, 0, 0x80, 0, 255, 255, 255, 255, 255, 255, 255, 255, 0, 0, 0])],
    ["UTF-16", Buffer.from("\ufeff1\n2\n", "utf16le")],
  ])("%s is refused by name, whatever its own name and --format say", async (what, bytes) => {
    for (const name of ["x.cache2k", "x.corda", "x"]) {
      expect(await refusal(name, bytes, name === "x" ? { format: "cache2k" } : {})).toContain(what);
    }
    expect(await refusal("x.cache2k.gz", gzipSync(bytes))).toContain(what);
  });

  it("is what was compressed twice, and text where ids are expected", async () => {
    expect(await refusal("twice.lirs.gz", gzipSync(ZSTD))).toMatch(/zstd data inside the gzip data/);
    expect(await refusal("text.cache2k", Buffer.from(TEXT))).toMatch(/byte 0: text/);
  });

  it("leaves ids that have no mark alone", async () => {
    const ids = Array.from({ length: 300 }, (_, i) => (i * 7919) % 97);
    const trace = await loadTrace(files.file("ids.cache2k", cache2k(ids)));
    expect(trace.requests).toBe(300);
    expect(trace.reading?.warnings.join()).toMatch(/read as cache2k, which has no mark/);
  });
});
