import { type FileHandle, open } from "node:fs/promises";
import { crc32 } from "node:zlib";
import { HEADER_BYTES, HEADER_CRC_AT, LOG_MAGIC, LOG_VERSION, MOST_BLOCK_RECORDS, RECORD_BYTES } from "./format.js";

export interface LogTally {
  /** Operations in whole blocks. */
  readonly operations: number;
  /** Operations that recorders could not write. */
  readonly lost: number;
}

/** Bytes read at a time in the search for a block. */
const WINDOW = 64 * 1024;

/** Adds up the whole blocks of an operation log, as its readers find them: what lies between is skipped. */
export async function tallyLog(path: string): Promise<LogTally> {
  const file = await open(path, "r");
  try {
    const { size } = await file.stat();
    let operations = 0;
    let lost = 0;
    for (let at = 0; at + HEADER_BYTES <= size; ) {
      const block = await blockAt(file, at, size);
      if (block === null) {
        at = await nextMagic(file, at + 1, size);
        continue;
      }
      operations += block.records;
      lost += block.lost;
      at += HEADER_BYTES + block.records * RECORD_BYTES;
    }
    return { operations, lost };
  } finally {
    await file.close();
  }
}

/** Null where no block begins that is whole. */
async function blockAt(file: FileHandle, at: number, size: number): Promise<{ records: number; lost: number } | null> {
  const header = Buffer.alloc(HEADER_BYTES);
  await file.read(header, 0, HEADER_BYTES, at);
  const records = header.readUInt32LE(12);
  const isHeader =
    header.subarray(0, LOG_MAGIC.length).equals(LOG_MAGIC) &&
    header.readUInt32LE(8) === LOG_VERSION &&
    header.readUInt32LE(HEADER_CRC_AT) === crc32(header.subarray(0, HEADER_CRC_AT));
  if (!isHeader || records > MOST_BLOCK_RECORDS) return null;
  const length = records * RECORD_BYTES;
  if (at + HEADER_BYTES + length > size) return null;
  const data = Buffer.alloc(length);
  await file.read(data, 0, length, at + HEADER_BYTES);
  return crc32(data) === header.readUInt32LE(16) ? { records, lost: header.readUInt32LE(36) } : null;
}

/** Where the next block may begin, or the end. */
async function nextMagic(file: FileHandle, from: number, size: number): Promise<number> {
  const window = Buffer.alloc(WINDOW);
  for (let at = from; at < size; at += WINDOW - LOG_MAGIC.length + 1) {
    const { bytesRead } = await file.read(window, 0, WINDOW, at);
    const found = window.subarray(0, bytesRead).indexOf(LOG_MAGIC);
    if (found >= 0) return at + found;
  }
  return size;
}
