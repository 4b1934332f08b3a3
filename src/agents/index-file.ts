/** A vector index from its file into an arena, where it is searched as one that was built there. */
import { type FileHandle, open } from "node:fs/promises";
import { describe } from "../check.js";
import { CorruptIndexError, InvalidArgumentError } from "../errors.js";
import { cannotBeRead } from "../not-readable.js";
import type { ArenaMemory } from "./arena-memory.js";
import {
  bodyChecksumIn,
  checksumOfBody,
  HEADER_BYTES,
  type IndexHeader,
  MOST_LEVEL,
  readHeader,
} from "./index-block.js";
import { checkIds, idReader } from "./index-ids.js";

const EXPECTED = "a vector index that was saved";
const READ_AT_ONCE = 4 << 20;

/**
 * @returns the address, for `new VectorIndex(arena, address)`; `arena.give(address)` ends it
 * @throws CorruptIndexError for a file that is damaged, cut, foreign or of another version: nothing of it stays in the arena
 * @throws InvalidArgumentError when it cannot be read; OutOfMemoryError
 */
export async function openIndexFile(arena: ArenaMemory, path: string): Promise<number> {
  if (typeof path !== "string" || path === "") {
    throw new InvalidArgumentError(`a vector index is opened from ${describe(path)}; expected the name of a file`);
  }
  const file = await open(path).catch((error: unknown) => {
    throw cannotBeRead(path, error, EXPECTED);
  });
  try {
    const status = await file.stat();
    if (status.isDirectory()) throw cannotBeRead(path, { code: "EISDIR" }, EXPECTED);
    const header = await headerOf(file, path, arena);
    if (status.size !== header.bytes) {
      throw new CorruptIndexError(`${path}: is of ${status.size} bytes; its header says ${header.bytes}`);
    }
    return await readInto(arena, file, path, header);
  } finally {
    await file.close();
  }
}

async function headerOf(file: FileHandle, path: string, { kernels }: ArenaMemory): Promise<IndexHeader> {
  const head = new Uint8Array(HEADER_BYTES);
  const read = await readFully(file, path, head, 0);
  return readHeader(path, head.subarray(0, read), kernels);
}

async function readInto(arena: ArenaMemory, file: FileHandle, path: string, header: IndexHeader): Promise<number> {
  const address = arena.take(header.bytes, "vector index");
  try {
    const block = () => new Uint8Array(arena.memory.buffer, address, header.bytes);
    // by a buffer of our own: the system does not read into memory that is shared
    const piece = new Uint8Array(Math.min(READ_AT_ONCE, header.bytes));
    for (let at = 0; at < header.bytes; ) {
      const read = await readFully(file, path, piece.subarray(0, header.bytes - at), at);
      if (read === 0) throw new CorruptIndexError(`${path}: ended at ${at} bytes while it was read`);
      block().set(piece.subarray(0, read), at);
      at += read;
    }
    await checkBlock(arena, address, path, block());
    return address;
  } catch (error) {
    arena.give(address);
    throw error;
  }
}

/** What checksums cannot tell of a file that somebody made: links and tables lead nowhere else. */
async function checkBlock(arena: ArenaMemory, address: number, path: string, block: Uint8Array): Promise<void> {
  const header = readHeader(path, block, arena.kernels); // of what was copied, not of what was looked at before
  if (header.bytes !== block.length || (await checksumOfBody(block, () => {})) !== bodyChecksumIn(block)) {
    throw new CorruptIndexError(`${path}: is damaged: the checksum of its vectors and links is another`);
  }
  idReader(path, block, header);
  checkIds(path, block, header);
  if (header.m === 0) return;
  checkLevels(path, block, header);
  const broken = arena.kernels.firstBroken(address) >>> 0;
  if (broken !== header.count)
    throw new CorruptIndexError(`${path}: the links of vector ${broken} lead out of the graph`);
}

function checkLevels(path: string, block: Uint8Array, { table, count, m, upperBytes, entry, top }: IndexHeader): void {
  const starts = new Uint32Array(block.buffer, block.byteOffset + table, count + 1);
  const words = 1 + m;
  const sound = starts.every((start, i) => {
    const levels = i === 0 ? 0 : (start - starts[i - 1]) / words;
    return i === 0 ? start === 0 : Number.isInteger(levels) && levels >= 0 && levels <= MOST_LEVEL;
  });
  const topLevel = (starts[entry + 1] - starts[entry]) / words;
  if (sound && starts[count] * 4 === upperBytes && topLevel === top) return;
  throw new CorruptIndexError(`${path}: the table of levels is damaged`);
}

async function readFully(file: FileHandle, path: string, into: Uint8Array, position: number): Promise<number> {
  let done = 0;
  while (done < into.length) {
    const { bytesRead } = await file.read(into, done, into.length - done, position + done).catch((error: unknown) => {
      throw cannotBeRead(path, error, EXPECTED);
    });
    if (bytesRead === 0) break;
    done += bytesRead;
  }
  return done;
}
