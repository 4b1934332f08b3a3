/** Valid files, damaged: as a disk, a cut download or somebody malicious would. Everything is drawn from the one seeded stream. */
import { crc32 } from "node:zlib";
import type { Random } from "../../../workloads/index.js";

/** A damaged file is no longer than this: what a few bytes can bring about is what is looked for. */
const LONGEST = 1 << 20;
const MOST_EDITS = 5;
/** Numbers at which lengths and counts go wrong. */
const NUMBERS = [0, 1, 2, 0x7f, 0xff, 0x100, 0x7fff, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff];
const DECIMALS = [
  ...["0", "-1", "1e308", "65536", "4294967295", "4294967296", "9007199254740993", "18446744073709551615"],
  ...["99999999999999999999999", "NaN", "", "0.0000001", "null", '"', "[", "{", "~", "&a *a"],
];

type Edit = (bytes: Buffer, random: Random, others: readonly Buffer[]) => Buffer;

const EDITS: readonly Edit[] = [truncate, flip, overwrite, setNumber, setNumber, setDecimal, splice, repeat, remove];

/** Some edits of a file; now and then random bytes alone. */
export function mutate(valid: Buffer, random: Random, others: readonly Buffer[]): Buffer {
  if (random.below(20) === 0) return randomBytes(random, random.below(4096));
  let bytes = Buffer.from(valid);
  for (let left = 1 + random.below(MOST_EDITS); left > 0; left--) {
    bytes = Buffer.from(EDITS[random.below(EDITS.length)](bytes, random, others).subarray(0, LONGEST));
  }
  return bytes;
}

function truncate(bytes: Buffer, random: Random): Buffer {
  return bytes.subarray(0, random.below(bytes.length + 1));
}

function flip(bytes: Buffer, random: Random): Buffer {
  for (let left = 1 + random.below(8); left > 0 && bytes.length > 0; left--) {
    bytes[placeIn(bytes, random)] ^= 1 << random.below(8);
  }
  return bytes;
}

function overwrite(bytes: Buffer, random: Random): Buffer {
  bytes.set(
    randomBytes(random, random.below(16)).subarray(0, bytes.length),
    Math.max(0, random.below(bytes.length + 1) - 16),
  );
  return bytes;
}

/** A length, a count, an offset: 1, 2, 4 or 8 bytes of either order. */
function setNumber(bytes: Buffer, random: Random): Buffer {
  const width = [1, 2, 4, 4, 8][random.below(5)];
  if (bytes.length < width) return bytes;
  const at = Math.min(placeIn(bytes, random), bytes.length - width);
  const near = bytes.length + random.below(3) - 1;
  const value = random.below(4) === 0 ? near : NUMBERS[random.below(NUMBERS.length)];
  const isLittle = random.below(3) > 0;
  for (let i = 0; i < width; i++) {
    const byte = i < 4 ? Math.floor(value / 256 ** i) & 0xff : random.below(4) === 0 ? 0xff : 0;
    bytes[isLittle ? at + i : at + width - 1 - i] = byte;
  }
  return bytes;
}

/** A number in text, by another text. */
function setDecimal(bytes: Buffer, random: Random): Buffer {
  const text = bytes.toString("latin1");
  const numbers = [...text.slice(0, 1 << 16).matchAll(/[0-9]+/g)];
  if (numbers.length === 0) return bytes;
  const { index, 0: digits } = numbers[random.below(numbers.length)];
  const other = DECIMALS[random.below(DECIMALS.length)];
  return Buffer.from(text.slice(0, index) + other + text.slice(index + digits.length), "latin1");
}

function splice(bytes: Buffer, random: Random, others: readonly Buffer[]): Buffer {
  const other = others[random.below(others.length)];
  const from = random.below(other.length + 1);
  const part = other.subarray(from, from + 1 + random.below(1 << (1 + random.below(16))));
  const at = random.below(bytes.length + 1);
  const gap = random.below(2) === 0 ? 0 : part.length;
  return Buffer.concat([bytes.subarray(0, at), part, bytes.subarray(at + gap)]);
}

function repeat(bytes: Buffer, random: Random): Buffer {
  const at = random.below(bytes.length + 1);
  const part = bytes.subarray(at, at + 1 + random.below(256));
  const times = 1 + random.below(1 << (1 + random.below(12)));
  return Buffer.concat([bytes.subarray(0, at), ...new Array<Buffer>(times).fill(part), bytes.subarray(at)]);
}

function remove(bytes: Buffer, random: Random): Buffer {
  const at = random.below(bytes.length + 1);
  return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + 1 + random.below(64))]);
}

/** Often near the beginning: that is where headers are. */
function placeIn(bytes: Buffer, random: Random): number {
  return random.below(random.below(2) === 0 ? Math.min(bytes.length, 256) : bytes.length);
}

export function randomBytes(random: Random, length: number): Buffer {
  return Buffer.from(Array.from({ length }, () => random.below(256)));
}

/** Writes the checksum of the bytes before it, so that what an edit did gets past the first look. */
export function reseal(bytes: Buffer, from: number, at: number): Buffer {
  if (bytes.length >= at + 4) bytes.writeUInt32LE(crc32(bytes.subarray(from, at)), at);
  return bytes;
}
