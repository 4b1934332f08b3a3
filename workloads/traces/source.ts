/**
 * The bytes of a trace file: opened, decompressed, with everything that can be wrong about a file turned into one
 * InvalidArgumentError that names it. Streaming throughout: a pipe works as well as a file, and memory stays flat.
 */
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { InvalidArgumentError } from "../../src/errors.js";
import { cannotBeRead } from "../../src/not-readable.js";
import { gunzip } from "./compression/gzip.js";
import { type Compression, compressionOf, MAGIC_BYTES, refusalOf } from "./compression/magic.js";
import { unxz } from "./compression/xz.js";
import { unzstd } from "./compression/zstd.js";

/** In place of a path. */
export const STANDARD_INPUT = "-";

/** Bytes asked for at a time. */
const READ_SIZE = 256 * 1024;

/** Bytes of the (decompressed) beginning that format detection may look at. */
const HEAD_SIZE = 64 * 1024;

/** Bytes that a compressed file may come to: so many, and so many more for each of its own. gzip reaches a thousand for one, xz and zstd far more, traces never. */
const PLAIN_BYTES = 256 * 2 ** 20;
const PLAIN_A_RAW = 2048;

/** A trace's decompressed bytes, once. `head` is their beginning, still part of `chunks`. */
export interface ByteSource {
  /** The path as the user gave it, for messages. */
  readonly path: string;
  readonly head: Buffer;
  /** What has been undone. */
  readonly compression: Compression | null;
  /** Bytes of the file itself that have been read so far. */
  readonly rawBytes: number;
  /** Ends the reading early; iterating `chunks` to its end does the same. */
  close(): Promise<void>;
  chunks(): AsyncGenerator<Buffer>;
}

/**
 * Opens a trace file, undoing gzip, zstd or xz as its first bytes say.
 * Throws InvalidArgumentError: missing, a directory, unreadable, empty, damaged compression, another compression or an archive.
 */
export async function openBytes(path: string): Promise<ByteSource> {
  await refuseUnreadable(path);
  const counted = { raw: 0 };
  const raw = countedChunks(rawChunks(path), counted);
  const start = await takeHead(raw, MAGIC_BYTES);
  if (start.head.length === 0)
    throw new InvalidArgumentError(`${path}: the file is empty; expected a trace with at least one request`);
  const compression = compressionOf(start.head) ?? compressionByName(path);
  const again = prepend(start.waiting, raw);
  const plain = compression === null ? again : bounded(path, decompressed(path, compression, again), counted);
  try {
    if (compression === null) refuseOther(path, start.head, null);
    const { head, waiting, ended } = await takeHead(plain, HEAD_SIZE);
    if (head.length === 0) {
      throw new InvalidArgumentError(
        `${path}: nothing inside the compressed file; expected a trace with at least one request`,
      );
    }
    if (compression !== null) refuseOther(path, head, compression);
    return {
      path,
      head,
      compression,
      get rawBytes() {
        return counted.raw;
      },
      async close() {
        await plain.return(undefined);
      },
      async *chunks() {
        try {
          yield* waiting;
          if (!ended) yield* plain;
        } finally {
          await plain.return(undefined);
        }
      },
    };
  } catch (error) {
    await plain.return(undefined);
    // what has not begun yet does not close what it would have read
    await raw.return(undefined);
    throw error;
  }
}

async function refuseUnreadable(path: string): Promise<void> {
  if (path === STANDARD_INPUT) return;
  try {
    const about = await stat(path);
    if (about.isDirectory()) throw new InvalidArgumentError(`${path}: is a directory; expected a trace file`);
  } catch (error) {
    throw asFileError(path, error);
  }
}

async function* rawChunks(path: string): AsyncGenerator<Buffer> {
  const standard = path === STANDARD_INPUT;
  const stream = createReadStream(standard ? "" : path, { highWaterMark: READ_SIZE, ...(standard && { fd: 0 }) });
  try {
    yield* stream as AsyncIterable<Buffer>;
  } catch (error) {
    throw asFileError(path, error);
  } finally {
    stream.destroy();
  }
}

async function* prepend(first: readonly Buffer[], rest: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  try {
    yield* first;
    yield* rest;
  } finally {
    await rest.return(undefined);
  }
}

/** The plain bytes: decompressed as the magic number or, failing that, the name says. */
function decompressed(
  path: string,
  compression: Compression | null,
  raw: AsyncGenerator<Buffer>,
): AsyncGenerator<Buffer> {
  switch (compression) {
    case "gzip":
      return gunzip(path, raw);
    case "zstd":
      return unzstd(path, raw);
    case "xz":
      return unxz(path, raw);
    case null:
      return raw;
  }
}

function compressionByName(path: string): Compression | null {
  if (path.endsWith(".gz")) return "gzip";
  if (path.endsWith(".zst")) return "zstd";
  return path.endsWith(".xz") ? "xz" : null;
}

/** Archives, other compressions, documents: their bytes would make ids for a format that knows its files by nothing. */
function refuseOther(path: string, start: Buffer, compression: Compression | null): void {
  const inside = compression === null ? "" : ` inside the ${compression} data`;
  const refusal = refusalOf(start);
  if (refusal !== null) {
    throw new InvalidArgumentError(
      `${path}: ${refusal.what}${inside} by its first bytes; expected a trace, plain or in gzip, zstd or xz (${refusal.hint})`,
    );
  }
  const twice = compression === null ? null : compressionOf(start);
  if (twice !== null) {
    throw new InvalidArgumentError(
      `${path}: ${twice} data inside the ${compression} data; expected a trace that is compressed once`,
    );
  }
}

/** A stream of bytes that must not grow without end: a few bytes of a compressed file can stand for gigabytes. */
async function* bounded(
  path: string,
  plain: AsyncGenerator<Buffer>,
  counted: { readonly raw: number },
): AsyncGenerator<Buffer> {
  let bytes = 0;
  try {
    for await (const chunk of plain) {
      bytes += chunk.length;
      if (bytes > PLAIN_BYTES + PLAIN_A_RAW * counted.raw) {
        throw new InvalidArgumentError(
          `${path}: ${counted.raw} compressed bytes stand for more than ${bytes}; expected a trace (decompress it first, if it is one)`,
        );
      }
      yield chunk;
    }
  } finally {
    await plain.return(undefined);
  }
}

async function* countedChunks(raw: AsyncGenerator<Buffer>, counted: { raw: number }): AsyncGenerator<Buffer> {
  try {
    for await (const chunk of raw) {
      counted.raw += chunk.length;
      yield chunk;
    }
  } finally {
    await raw.return(undefined);
  }
}

async function takeHead(plain: AsyncGenerator<Buffer>, size: number) {
  const waiting: Buffer[] = [];
  let length = 0;
  let ended = false;
  while (length < size && !ended) {
    const step = await plain.next();
    if (step.done) {
      ended = true;
    } else {
      waiting.push(step.value);
      length += step.value.length;
    }
  }
  return { head: Buffer.concat(waiting).subarray(0, size), waiting, ended };
}

function asFileError(path: string, error: unknown): Error {
  if (error instanceof InvalidArgumentError) return error;
  return cannotBeRead(path, error, "a trace file");
}
