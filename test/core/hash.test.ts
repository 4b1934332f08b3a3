import fc from "fast-check";
import { beforeAll, describe, expect, it } from "vitest";
import xxhash from "xxhash-wasm";
import { type HashKind, hashBytes, InvalidArgumentError, selectHash } from "#dist/src/index.js";

const utf8 = new TextEncoder();
const anyBytes = fc.uint8Array({ minLength: 0, maxLength: 300 });
const anySeed = fc.nat(0xffffffff);

/** The sanity buffer of xxHash's own test suite: bytes of a growing product of 64 bits. */
function sanityBuffer(length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  let generator = 2654435761n;
  for (let i = 0; i < length; i++) {
    bytes[i] = Number(generator >> 56n);
    generator = (generator * 11400714785074694797n) & 0xffffffffffffffffn;
  }
  return bytes;
}

/** MurmurHash3 x86_32 written from its description, in plain big integers. */
function murmurByTheBook(bytes: Uint8Array, seed: number): number {
  const mask = 0xffffffffn;
  const rotate = (x: bigint, n: bigint) => ((x << n) | (x >> (32n - n))) & mask;
  const scramble = (k: bigint) => (rotate((k * 0xcc9e2d51n) & mask, 15n) * 0x1b873593n) & mask;
  let h = BigInt(seed);
  let i = 0;
  for (; i + 4 <= bytes.length; i += 4) {
    const k = BigInt(bytes[i] | (bytes[i + 1] << 8) | (bytes[i + 2] << 16)) + (BigInt(bytes[i + 3]) << 24n);
    h = (rotate(h ^ scramble(k & mask), 13n) * 5n + 0xe6546b64n) & mask;
  }
  let tail = 0n;
  for (let j = bytes.length - 1; j >= i; j--) tail = (tail << 8n) | BigInt(bytes[j]);
  if (bytes.length > i) h ^= scramble(tail);
  h ^= BigInt(bytes.length);
  h = ((h ^ (h >> 16n)) * 0x85ebca6bn) & mask;
  h = ((h ^ (h >> 13n)) * 0xc2b2ae35n) & mask;
  return Number(h ^ (h >> 16n));
}

function fnvByTheBook(bytes: Uint8Array, basis: number): number {
  let h = BigInt(basis);
  for (const byte of bytes) h = ((h ^ BigInt(byte)) * 16777619n) & 0xffffffffn;
  return Number(h);
}

describe("xxHash32", () => {
  // https://github.com/Cyan4973/xxHash, tests/sanity_test_vectors.h
  it.each([
    [0, 0, 0x02cc5d05],
    [0, 2654435761, 0x36b78ae7],
    [1, 0, 0xcf65b03e],
    [1, 2654435761, 0xb4545aa4],
    [14, 0, 0x1208e7e2],
    [14, 2654435761, 0x6af1d1fe],
    [222, 0, 0x5bd11dbd],
    [222, 2654435761, 0x58803c5f],
  ])("gives the published value for %d sanity bytes and seed %d", (length, seed, expected) => {
    expect(hashBytes("xxhash32", sanityBuffer(length), seed)).toBe(expected);
  });

  describe("against xxhash-wasm", () => {
    let h32: (text: Uint8Array, seed: number) => number;
    beforeAll(async () => {
      const { h32Raw } = await xxhash();
      h32 = h32Raw;
    });

    it("agrees on every length from 0 to 300, whatever bytes and seed", () => {
      fc.assert(
        fc.property(anyBytes, anySeed, (bytes, seed) => {
          expect(hashBytes("xxhash32", bytes, seed)).toBe(h32(bytes, seed) >>> 0);
        }),
        { numRuns: 2000 },
      );
      for (let length = 0; length <= 300; length++) {
        const bytes = sanityBuffer(length);
        expect(hashBytes("xxhash32", bytes, length), `${length} bytes`).toBe(h32(bytes, length) >>> 0);
      }
    });
  });
});

describe("FNV-1a", () => {
  // draft-eastlake-fnv, appendix C: test vectors of 32-bit FNV-1a
  it.each([
    ["", 0x811c9dc5],
    ["a", 0xe40c292c],
    ["b", 0xe70c2de5],
    ["foo", 0xa9f37ed7],
    ["foobar", 0xbf9cf968],
    ["chongo was here!\n", 0xd49930d5],
  ])("gives the published value for %j", (text, expected) => {
    expect(hashBytes("fnv1a", utf8.encode(text))).toBe(expected);
  });

  it("agrees with its definition on every length, seed 0 being the published basis", () => {
    fc.assert(
      fc.property(anyBytes, anySeed, (bytes, seed) => {
        expect(hashBytes("fnv1a", bytes, seed)).toBe(fnvByTheBook(bytes, seed === 0 ? 2166136261 : seed));
      }),
      { numRuns: 500 },
    );
  });
});

describe("MurmurHash3 x86_32", () => {
  // the verification values that go round with the reference implementation
  it.each([
    ["", 0, 0x00000000],
    ["", 1, 0x514e28b7],
    ["", 0xffffffff, 0x81f16f39],
    ["\0\0\0\0", 0, 0x2362f9de],
    ["test", 0, 0xba6bd213],
    ["test", 0x9747b28c, 0x704b81dc],
    ["Hello, world!", 0, 0xc0363e43],
    ["Hello, world!", 0x9747b28c, 0x24884cba],
    ["The quick brown fox jumps over the lazy dog", 0, 0x2e4ff723],
    ["The quick brown fox jumps over the lazy dog", 0x9747b28c, 0x2fa826cd],
  ])("gives the published value for %j and seed %d", (text, seed, expected) => {
    expect(hashBytes("murmur3", utf8.encode(text), seed)).toBe(expected);
  });

  it("agrees with its description on every length", () => {
    fc.assert(
      fc.property(anyBytes, anySeed, (bytes, seed) => {
        expect(hashBytes("murmur3", bytes, seed)).toBe(murmurByTheBook(bytes, seed));
      }),
      { numRuns: 500 },
    );
  });
});

describe("the selector of M-004", () => {
  const cases: [string | Uint8Array, HashKind][] = [
    ["", "fnv1a"],
    ["x".repeat(16), "fnv1a"],
    ["x".repeat(17), "xxhash32"],
    ["x".repeat(64), "xxhash32"],
    ["x".repeat(65), "murmur3"],
    ["é".repeat(16), "fnv1a"], // UTF-16 units, as the ADR's key.length counts
    [new Uint8Array(0), "fnv1a"],
    [new Uint8Array(4), "fnv1a"],
    [new Uint8Array(5), "xxhash32"],
    [new Uint8Array(5000), "xxhash32"],
  ];
  it.each(cases.map(([key, kind]) => [typeof key === "string" ? "string" : "bytes", key.length, key, kind] as const))(
    "chooses for a %s of length %d",
    (_type, _length, key, kind) => expect(selectHash(key)).toBe(kind),
  );
});

it.each([
  ["an unknown kind", () => hashBytes("crc32" as HashKind, new Uint8Array(1))],
  ["a text", () => hashBytes("fnv1a", "text" as unknown as Uint8Array)],
  ["more than 16 KiB", () => hashBytes("fnv1a", new Uint8Array(16_385))],
  ["a negative seed", () => hashBytes("fnv1a", new Uint8Array(1), -1)],
  ["a fraction as seed", () => hashBytes("fnv1a", new Uint8Array(1), 0.5)],
  ["a key that is no key", () => selectHash(5 as unknown as string)],
])("refuses %s", (_, attempt) => {
  expect(attempt).toThrow(InvalidArgumentError);
});
