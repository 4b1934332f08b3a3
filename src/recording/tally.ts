import { open } from "node:fs/promises";
import { HEADER_BYTES, LOG_MAGIC, RECORD_BYTES } from "./format.js";

export interface LogTally {
  /** Operations in whole blocks. */
  readonly operations: number;
  /** Operations that recorders could not write. */
  readonly lost: number;
}

/** Adds up an operation log by the headers of its blocks, as far as they go: records are not read, nor checked. */
export async function tallyLog(path: string): Promise<LogTally> {
  const file = await open(path, "r");
  try {
    const { size } = await file.stat();
    const header = Buffer.alloc(HEADER_BYTES);
    let operations = 0;
    let lost = 0;
    for (let at = 0; at + HEADER_BYTES <= size; ) {
      await file.read(header, 0, HEADER_BYTES, at);
      if (!header.subarray(0, LOG_MAGIC.length).equals(LOG_MAGIC)) break;
      const records = header.readUInt32LE(12);
      lost += header.readUInt32LE(36);
      at += HEADER_BYTES + records * RECORD_BYTES;
      if (at <= size) operations += records;
    }
    return { operations, lost };
  } finally {
    await file.close();
  }
}
