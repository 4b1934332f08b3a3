/** Binary traces: whole fixed-size records, whatever the chunk boundaries. */
import { InvalidArgumentError } from "../../src/errors.js";
import type { ByteSource } from "./source.js";

export interface RecordBlock {
  readonly view: DataView;
  /** Records in the view, laid end to end from byte 0. */
  readonly count: number;
  /** Byte offset of the first record in the (decompressed) file. */
  readonly offset: number;
}

/** Throws InvalidArgumentError with the byte offset when the file ends within a record. */
export async function* recordBlocks(
  source: ByteSource,
  recordSize: number,
  format: string,
): AsyncGenerator<RecordBlock> {
  let pending: Buffer = Buffer.alloc(0);
  let offset = 0;
  for await (const chunk of source.chunks()) {
    const bytes = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
    const count = Math.floor(bytes.length / recordSize);
    pending = bytes.subarray(count * recordSize);
    if (count === 0) continue;
    yield { view: new DataView(bytes.buffer, bytes.byteOffset, count * recordSize), count, offset };
    offset += count * recordSize;
  }
  if (pending.length > 0) {
    throw new InvalidArgumentError(
      `${source.path}: byte ${offset}: ends after ${pending.length} of ${recordSize} bytes; expected whole ${format} records of ${recordSize} bytes (a truncated file, or another format)`,
    );
  }
}
