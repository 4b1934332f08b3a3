/**
 * corda and cache2k: ids and nothing else. Both come from Java's DataOutput, so big-endian and signed: corda 64 bits an id,
 * cache2k 32 (as Caffeine's simulator reads them).
 */
import { InvalidArgumentError } from "../../../src/errors.js";
import { TraceBatch } from "../batch.js";
import type { TraceFormat } from "../format.js";
import { isText } from "../head.js";
import { recordBlocks } from "../records.js";
import type { ByteSource } from "../source.js";

/** Bytes that are text by chance are fewer. */
const LEAST_TEXT = 16;

export const corda: TraceFormat = {
  name: "corda",
  description: "binary, big-endian 64-bit ids and nothing else",
  endings: [".corda"],
  headerless: true,
  looksLike: () => false,
  read: (source) => read(source, 8, "corda"),
};

export const cache2k: TraceFormat = {
  name: "cache2k",
  description: "binary, 32-bit ids and nothing else",
  endings: [".cache2k", ".trc.bin"],
  headerless: true,
  looksLike: () => false,
  read: (source) => read(source, 4, "cache2k"),
};

async function* read(source: ByteSource, recordSize: 4 | 8, name: string): AsyncGenerator<TraceBatch> {
  // any bytes would do, but ids that all spell text do not exist
  if (source.head.length >= LEAST_TEXT && isText(source.head)) {
    throw new InvalidArgumentError(
      `${source.path}: byte 0: text; expected ${recordSize} bytes an id, as ${name} has them`,
    );
  }
  const batch = new TraceBatch("number", {}, true);
  for await (const { view, count } of recordBlocks(source, recordSize, name)) {
    for (let i = 0; i < count; i++) {
      const n = batch.count++;
      if (recordSize === 8) {
        batch.hi[n] = view.getUint32(i * 8);
        batch.lo[n] = view.getUint32(i * 8 + 4);
      } else {
        const id = view.getInt32(i * 4);
        batch.hi[n] = id < 0 ? 0xffffffff : 0;
        batch.lo[n] = id;
      }
      if (batch.full) {
        yield batch;
        batch.count = 0;
      }
    }
  }
  if (batch.count > 0) yield batch;
}
