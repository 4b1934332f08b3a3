/** One thread's recording of one store: a block in memory, appended to the file when it is full, and now and then before that. */
import { randomBytes } from "node:crypto";
import { closeSync, openSync, writeSync } from "node:fs";
import { crc32 } from "node:zlib";
import { cannotBeWritten } from "../not-writable.js";
import type { Key, Tap, TappedOperation } from "../store/index.js";
import {
  BLOCK_RECORDS,
  HEADER_BYTES,
  HEADER_CRC_AT,
  LAST_BLOCK,
  LOG_MAGIC,
  LOG_VERSION,
  LOGGED_DELETE,
  LOGGED_GET,
  LOGGED_INCREMENT,
  LOGGED_SET,
  RECORD_BYTES,
} from "./format.js";
import { hashed, hashKey, seedOf } from "./key-hash.js";

const NUMBERS: Record<TappedOperation, number> = {
  get: LOGGED_GET,
  set: LOGGED_SET,
  delete: LOGGED_DELETE,
  increment: LOGGED_INCREMENT,
};

/** What a crash can lose, at most, of a thread that lets its timers run: a fifth of a second. */
const FLUSH_MS = 200;
const LONGEST_TTL = 0xffffffff;
/** Half the span of a record's time, so that a block never outgrows it. */
const LONGEST_BLOCK_US = 2 ** 31;

/** What is read of it is a getter's: it never changes, and takes as long as the clock itself. */
const ORIGIN_US = performance.timeOrigin * 1000;

function microseconds(): number {
  return ORIGIN_US + performance.now() * 1000;
}

/** Counters that all recorders of a recording add to, as a Float64Array would not let them: operations, lost, bytes, blocks. */
export interface RecordingCounts {
  operations: number;
  lost: number;
  bytes: number;
}

/**
 * Appends to the file synchronously, one system call for up to 4,096 operations: nothing is lost as long as the file can be written, and
 * memory stays at 96 KiB a thread. When it cannot (the disk is full), operations go on, and are counted as lost.
 */
export class Recorder implements Tap {
  readonly counts: RecordingCounts = { operations: 0, lost: 0, bytes: 0 };
  /** The first failure to write. */
  failure: Error | null = null;
  private readonly file: number;
  private readonly block = Buffer.alloc(HEADER_BYTES + BLOCK_RECORDS * RECORD_BYTES);
  private readonly words: Uint32Array;
  private readonly stream = randomBytes(4).readUInt32LE(0);
  private readonly seeds = new Map<string, number>();
  private readonly timer: NodeJS.Timeout;
  private records = 0;
  /** Blocks before the one in memory. */
  private blocks = 0;
  private lostBefore = 0;
  private base = 0;
  private closed = false;

  /**
   * @param afterFlush called after each block that was written or lost, with what it came to
   * @throws InvalidArgumentError when the file cannot be opened
   */
  constructor(
    path: string,
    private readonly storeId: number,
    private readonly afterFlush: (operations: number, lost: number, bytes: number) => void = () => {},
  ) {
    try {
      this.file = openSync(path, "a");
    } catch (cause) {
      throw cannotBeWritten(path, cause);
    }
    this.words = new Uint32Array(this.block.buffer, this.block.byteOffset, this.block.length / 4);
    this.timer = setInterval(() => this.flush(), FLUSH_MS);
    this.timer.unref();
  }

  operation(namespace: string, operation: TappedOperation, key: Key, valueBytes: number, ttl: number): void {
    if (this.closed) return;
    let seed = this.seeds.get(namespace);
    if (seed === undefined) {
      seed = seedOf(namespace);
      this.seeds.set(namespace, seed);
    }
    hashKey(key, seed);
    this.add(NUMBERS[operation], hashed.length, valueBytes, ttl);
  }

  /**
   * Adds an operation on the key that was hashed last.
   *
   * @param operation its number in the log
   * @param ttl milliseconds, 0 = none
   * @returns its place, for `amend`
   */
  add(operation: number, keyBytes: number, valueBytes: number, ttl: number): number {
    if (this.closed) return -1;
    const now = microseconds();
    if (this.records > 0 && now - this.base > LONGEST_BLOCK_US) this.flush();
    if (this.records === 0) this.base = now;
    const at = (HEADER_BYTES + this.records * RECORD_BYTES) / 4;
    const { words } = this;
    words[at] = hashed.lo;
    words[at + 1] = hashed.hi;
    words[at + 2] = now - this.base;
    words[at + 3] = valueBytes;
    words[at + 4] = ttl > LONGEST_TTL ? LONGEST_TTL : Math.ceil(ttl);
    words[at + 5] = keyBytes | (operation << 16);
    const place = this.blocks * BLOCK_RECORDS + this.records;
    if (++this.records === BLOCK_RECORDS) this.flush();
    return place;
  }

  /** Fills in a value's bytes that were not known when the operation was added. Too late once its block has been written: they stay unknown. */
  amend(place: number, valueBytes: number): void {
    const record = place - this.blocks * BLOCK_RECORDS;
    if (record < 0 || record >= this.records) return;
    this.words[(HEADER_BYTES + record * RECORD_BYTES) / 4 + 3] = valueBytes;
  }

  flush(flags = 0): void {
    const { records, block } = this;
    if (this.closed || (records === 0 && flags === 0)) return;
    const length = HEADER_BYTES + records * RECORD_BYTES;
    if (records === 0) this.base = microseconds();
    block.set(LOG_MAGIC);
    block.writeUInt32LE(LOG_VERSION, 8);
    block.writeUInt32LE(records, 12);
    block.writeUInt32LE(crc32(block.subarray(HEADER_BYTES, length)), 16);
    block.writeUInt32LE(this.stream, 20);
    block.writeDoubleLE(this.base, 24);
    block.writeUInt32LE(this.storeId, 32);
    block.writeUInt32LE(Math.min(this.lostBefore, 0xffffffff), 36);
    block.writeUInt32LE(flags, 40);
    block.writeUInt32LE(crc32(block.subarray(0, HEADER_CRC_AT)), HEADER_CRC_AT);
    this.records = 0;
    this.blocks++;
    if (this.append(length)) {
      this.counts.operations += records;
      this.counts.bytes += length;
      this.lostBefore = 0;
      this.afterFlush(records, 0, length);
    } else {
      this.counts.lost += records;
      this.lostBefore += records;
      this.afterFlush(0, records, 0);
    }
  }

  /** Operations that are in memory only. */
  get waiting(): number {
    return this.records;
  }

  /** Writes what is left and closes the file. */
  close(): void {
    if (this.closed) return;
    clearInterval(this.timer);
    this.flush(LAST_BLOCK);
    this.closed = true;
    try {
      closeSync(this.file);
    } catch (error) {
      // a network's disk may tell so late that it had no room
      this.failure ??= error as Error;
    }
  }

  /**
   * A file opened to append takes a block whole, wherever other threads write, or part of it when the disk is full. Then this thread writes
   * nothing more; readers skip the torn block and find what others write behind it.
   */
  private append(length: number): boolean {
    if (this.failure !== null) return false;
    try {
      const written = writeSync(this.file, this.block, 0, length);
      if (written === length) return true;
      this.failure = new Error(`only ${written} of ${length} bytes could be written`);
    } catch (error) {
      this.failure = error as Error;
    }
    return false;
  }
}
