/**
 * The whole blocks of an operation log. What lies between them is skipped and told: a thread that was ended while it wrote leaves part of a
 * block, and other threads go on writing behind it. A block is known by its magic, the checksum of its header, and that of its records: 128
 * bits that nothing else has by chance, so that the search for the next one cannot find a block that was never written.
 */
import { crc32 } from "node:zlib";
import { InvalidArgumentError } from "../../../src/errors.js";
import {
  HEADER_BYTES,
  HEADER_CRC_AT,
  LAST_BLOCK,
  LOG_MAGIC,
  LOG_VERSION,
  MOST_BLOCK_RECORDS,
  RECORD_BYTES,
} from "../../../src/recording/format.js";
import type { Skipped } from "../format.js";
import type { ByteSource } from "../source.js";

export interface Block {
  readonly stream: number;
  readonly store: number;
  readonly last: boolean;
  /** µs since 1970. */
  readonly base: number;
  readonly records: number;
  readonly view: DataView;
  /** Byte offset of the first record. */
  readonly offset: number;
}

/**
 * @param tell of each stretch that was skipped, in order
 * @throws InvalidArgumentError when no block is whole, or one is of another version
 */
export async function* wholeBlocks(source: ByteSource, tell: (skipped: Skipped) => void): AsyncGenerator<Block> {
  let pending: Buffer = Buffer.alloc(0);
  let offset = 0;
  let whole = 0;
  let skipping: { from: number; reason: string } | null = null;
  const tellSkipped = () => {
    if (skipping !== null) tell({ offset: skipping.from, bytes: offset - skipping.from, reason: skipping.reason });
    skipping = null;
  };
  const drop = (bytes: number) => {
    pending = pending.subarray(bytes);
    offset += bytes;
  };

  function* advance(ended: boolean): Generator<Block> {
    while (pending.length > 0) {
      const found = inspect(pending, ended, source.path, offset);
      if (found === "more") return;
      if (typeof found === "string") {
        skipping ??= { from: offset, reason: found };
        drop(toNextMagic(pending, ended));
        continue;
      }
      tellSkipped();
      whole++;
      yield blockOf(pending, found, offset);
      drop(HEADER_BYTES + found * RECORD_BYTES);
    }
  }

  for await (const chunk of source.chunks()) {
    pending = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
    yield* advance(false);
  }
  yield* advance(true);
  if (whole === 0 && skipping !== null) {
    const { from, reason } = skipping as { from: number; reason: string };
    throw new InvalidArgumentError(`${source.path}: byte ${from}: ${reason}, and no whole block follows`);
  }
  tellSkipped();
}

/** The records of the whole block that begins here; "more" when that cannot be told yet; else why there is none. */
function inspect(bytes: Buffer, ended: boolean, path: string, offset: number): number | string {
  const cut = ended ? "a block that is cut off" : "more";
  if (bytes.length < HEADER_BYTES && bytes.subarray(0, 8).equals(LOG_MAGIC.subarray(0, bytes.length))) return cut;
  if (!bytes.subarray(0, LOG_MAGIC.length).equals(LOG_MAGIC)) {
    return "no block of an operation log begins here; expected EngramOL";
  }
  const version = bytes.readUInt32LE(8);
  const otherVersion = `operation log version ${version}; expected ${LOG_VERSION}`;
  if (crc32(bytes.subarray(0, HEADER_CRC_AT)) !== bytes.readUInt32LE(HEADER_CRC_AT)) {
    return version === LOG_VERSION ? "the block's header is damaged; expected the checksum it carries" : otherVersion;
  }
  if (version !== LOG_VERSION) throw new InvalidArgumentError(`${path}: byte ${offset}: ${otherVersion}`);
  const records = bytes.readUInt32LE(12);
  if (records > MOST_BLOCK_RECORDS) return `a block of ${records} records; expected at most ${MOST_BLOCK_RECORDS}`;
  const length = HEADER_BYTES + records * RECORD_BYTES;
  if (bytes.length < length) return cut;
  if (crc32(bytes.subarray(HEADER_BYTES, length)) !== bytes.readUInt32LE(16)) {
    return "the block's records are damaged; expected the checksum it carries";
  }
  return records;
}

/** Bytes up to where a block may begin, at least one. Short of the end some stay, which may be a magic's first ones. */
function toNextMagic(bytes: Buffer, ended: boolean): number {
  const next = bytes.indexOf(LOG_MAGIC, 1);
  if (next >= 0) return next;
  return ended ? bytes.length : Math.max(1, bytes.length - LOG_MAGIC.length + 1);
}

function blockOf(bytes: Buffer, records: number, offset: number): Block {
  // a copy: the chunk it lies in would be held otherwise
  const data = Uint8Array.prototype.slice.call(bytes, HEADER_BYTES, HEADER_BYTES + records * RECORD_BYTES);
  return {
    stream: bytes.readUInt32LE(20),
    base: bytes.readDoubleLE(24),
    store: bytes.readUInt32LE(32),
    last: (bytes.readUInt32LE(40) & LAST_BLOCK) !== 0,
    records,
    view: new DataView(data.buffer, data.byteOffset, data.length),
    offset: offset + HEADER_BYTES,
  };
}
