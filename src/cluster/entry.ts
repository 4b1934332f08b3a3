/**
 * A version of a key as it goes through the log, to the peers and into the node's own store: a fixed head, then names, then the value.
 *
 *     0  u8   0xE7                            16  u48  expires, ms since 1970; 0: never
 *     1  u8   format, 1                       22  u16  names in the clock
 *     2  u8   flags: 1 deleted                24  u48  which of its node's writes it is
 *     3  u8   bytes of the node's name        30  u16  tags
 *     4  u32  CRC-32 of all the rest          32  u32  where the value begins
 *     8  u48  stamp, ms                       36  node's name; per name in the clock its length (u8), itself, writes (u48);
 *    14  u16  stamp, counter                      per tag its length (u16), itself; then the value, to the end
 *
 * Little-endian; texts in UTF-8. The checksum is over everything but itself, so that a cut or a flipped bit is refused, whoever did it.
 */
import { crc32 } from "node:zlib";
import { EngramError } from "../errors.js";
import { STAMP_COUNTER_MAX, STAMP_MS_MAX, type Stamp } from "./hlc.js";
import type { VectorClock } from "./vector-clock.js";

/** A version of a key, as the log has it. */
export interface ClusterEntry {
  /** When it was written, by the writer's hybrid clock: the later one stays. */
  readonly stamp: Stamp;
  /** Who wrote it. */
  readonly node: string;
  /** Which of that node's writes it is, from 1; 0: a deletion by an invalidation. With node and stamp it tells a version from every other one of its key. */
  readonly count: number;
  /** Writes that it knows of, its own among them. */
  readonly clock: VectorClock;
  /** Wall-clock milliseconds since 1970; 0: never. */
  readonly expiresAt: number;
  /** What it is to be invalidated by. */
  readonly tags: readonly string[];
  /** null: the key is deleted, a tombstone. */
  readonly value: Uint8Array | null;
}

/** The bytes are no version of a key: damaged, foreign, or of a newer format. */
export class CorruptEntryError extends EngramError {
  constructor(message: string) {
    super("CORRUPT_ENTRY", message);
  }
}

export const ENTRY_HEAD_BYTES = 36;
export const NODE_NAME_BYTES_MAX = 255;
const MAGIC = 0xe7;
const FORMAT = 1;
const DELETED = 1;
const CHECKSUM_AT = 4;
const STAMP_AT = 8;
const EXPIRES_AT = 16;
const COUNT_AT = 24;
const VALUE_AT = 32;
const U48 = 2 ** 48;

const utf8 = new TextEncoder();

/** @throws RangeError for what has no place in the head: callers have checked names, tags and times before */
export function encodeEntry(entry: ClusterEntry): Uint8Array {
  const { stamp, count, expiresAt, value } = entry;
  const node = utf8.encode(entry.node);
  const names = [...entry.clock].map(([name, writes]) => [utf8.encode(name), writes] as const);
  const tags = entry.tags.map((tag) => utf8.encode(tag));
  within("the node's name", node.length, 1, NODE_NAME_BYTES_MAX);
  within("the clock", names.length, 0, 0xffff);
  within("tags", tags.length, 0, 0xffff);
  within("the stamp", stamp.ms, 0, STAMP_MS_MAX);
  within("the stamp's counter", stamp.counter, 0, STAMP_COUNTER_MAX);
  within("the expiry", expiresAt, 0, U48 - 1);
  within("the count", count, 0, U48 - 1);
  let valueAt = ENTRY_HEAD_BYTES + node.length;
  for (const [name] of names) valueAt += 7 + name.length;
  for (const tag of tags) valueAt += 2 + tag.length;
  const bytes = Buffer.allocUnsafeSlow(valueAt + (value?.length ?? 0));
  bytes[0] = MAGIC;
  bytes[1] = FORMAT;
  bytes[2] = value === null ? DELETED : 0;
  bytes[3] = node.length;
  bytes.writeUIntLE(stamp.ms, STAMP_AT, 6);
  bytes.writeUInt16LE(stamp.counter, STAMP_AT + 6);
  bytes.writeUIntLE(expiresAt, EXPIRES_AT, 6);
  bytes.writeUInt16LE(names.length, EXPIRES_AT + 6);
  bytes.writeUIntLE(count, COUNT_AT, 6);
  bytes.writeUInt16LE(tags.length, COUNT_AT + 6);
  bytes.writeUInt32LE(valueAt, VALUE_AT);
  bytes.set(node, ENTRY_HEAD_BYTES);
  let at = ENTRY_HEAD_BYTES + node.length;
  for (const [name, writes] of names) {
    within("a name in the clock", name.length, 1, NODE_NAME_BYTES_MAX);
    within("writes in the clock", writes, 0, U48 - 1);
    bytes[at] = name.length;
    bytes.set(name, at + 1);
    bytes.writeUIntLE(writes, at + 1 + name.length, 6);
    at += 7 + name.length;
  }
  for (const tag of tags) {
    within("a tag", tag.length, 0, 0xffff);
    bytes.writeUInt16LE(tag.length, at);
    bytes.set(tag, at + 2);
    at += 2 + tag.length;
  }
  if (value !== null) bytes.set(value, valueAt);
  bytes.writeUInt32LE(checksum(bytes), CHECKSUM_AT);
  return new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
}

/** @returns the version; its value is a view of `bytes`. @throws CorruptEntryError saying at which byte and why */
export function decodeEntry(bytes: Uint8Array): ClusterEntry {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const valueAt = checkHead(buffer);
  if (buffer.readUInt32LE(CHECKSUM_AT) !== checksum(buffer))
    throw corrupt(CHECKSUM_AT, "the checksum is not that of the bytes");
  const reader = new TextReader(buffer, ENTRY_HEAD_BYTES, valueAt);
  const node = reader.text(buffer[3], "the node's name");
  const clock = new Map<string, number>();
  for (let left = buffer.readUInt16LE(EXPIRES_AT + 6); left > 0; left--) {
    const name = reader.text(reader.u8("a name's length"), "a name in the clock");
    clock.set(name, reader.u48("writes in the clock"));
  }
  const tags: string[] = [];
  for (let left = buffer.readUInt16LE(COUNT_AT + 6); left > 0; left--) {
    tags.push(reader.text(reader.u16("a tag's length"), "a tag"));
  }
  if (reader.at !== valueAt) throw corrupt(reader.at, `the value begins at ${valueAt}, and the names end here`);
  const deleted = (buffer[2] & DELETED) !== 0;
  if (deleted && bytes.length !== valueAt) throw corrupt(valueAt, "a deleted key has a value");
  return {
    stamp: { ms: buffer.readUIntLE(STAMP_AT, 6), counter: buffer.readUInt16LE(STAMP_AT + 6) },
    node,
    count: buffer.readUIntLE(COUNT_AT, 6),
    clock,
    expiresAt: buffer.readUIntLE(EXPIRES_AT, 6),
    tags,
    value: deleted ? null : bytes.subarray(valueAt),
  };
}

/**
 * The value alone, of bytes that were checked when they came in: what a worker looks at. Nothing of it is copied.
 *
 * @returns null when the key is deleted or its time is over
 */
export function valueIn(bytes: Uint8Array, nowMs: number): Uint8Array | null {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if ((view.getUint8(2) & DELETED) !== 0) return null;
  const expiresAt = view.getUint32(EXPIRES_AT, true) + view.getUint16(EXPIRES_AT + 4, true) * 2 ** 32;
  if (expiresAt !== 0 && expiresAt <= nowMs) return null;
  return bytes.subarray(view.getUint32(VALUE_AT, true));
}

/** Whether it says nothing (any more) about its key: deleted, or its time is over. */
export function isGone(entry: ClusterEntry, nowMs: number): boolean {
  return entry.value === null || (entry.expiresAt !== 0 && entry.expiresAt <= nowMs);
}

/** Where the value begins. */
function checkHead(buffer: Buffer): number {
  if (buffer.length < ENTRY_HEAD_BYTES) throw corrupt(buffer.length, `expected a head of ${ENTRY_HEAD_BYTES} bytes`);
  if (buffer[0] !== MAGIC) throw corrupt(0, `found ${buffer[0]}, which begins no version of a key`);
  if (buffer[1] !== FORMAT) throw corrupt(1, `format ${buffer[1]}; this engram reads format ${FORMAT}`);
  if ((buffer[2] & ~DELETED) !== 0) throw corrupt(2, `flags ${buffer[2]}, of which some are unknown`);
  const valueAt = buffer.readUInt32LE(VALUE_AT);
  if (valueAt < ENTRY_HEAD_BYTES || valueAt > buffer.length)
    throw corrupt(VALUE_AT, `the value begins at ${valueAt} of ${buffer.length} bytes`);
  return valueAt;
}

/** Reads the names, and nothing beyond where the value begins. */
class TextReader {
  constructor(
    private readonly buffer: Buffer,
    public at: number,
    private readonly end: number,
  ) {}

  text(length: number, what: string): string {
    const at = this.take(length, what);
    return this.buffer.toString("utf8", at, at + length);
  }

  u8(what: string): number {
    return this.buffer[this.take(1, what)];
  }

  u16(what: string): number {
    return this.buffer.readUInt16LE(this.take(2, what));
  }

  u48(what: string): number {
    return this.buffer.readUIntLE(this.take(6, what), 6);
  }

  private take(length: number, what: string): number {
    const { at } = this;
    if (at + length > this.end) throw corrupt(at, `${what} reaches beyond ${this.end}`);
    this.at += length;
    return at;
  }
}

function checksum(bytes: Uint8Array): number {
  return crc32(bytes.subarray(CHECKSUM_AT + 4), crc32(bytes.subarray(0, CHECKSUM_AT)));
}

function corrupt(at: number, why: string): CorruptEntryError {
  return new CorruptEntryError(`no version of a key: byte ${at}: ${why}`);
}

function within(what: string, value: number, least: number, most: number): void {
  if (Number.isInteger(value) && value >= least && value <= most) return;
  throw new RangeError(`${what} of an entry is ${value}; expected a whole number from ${least} to ${most}`);
}
