/**
 * The bytes of a trace file: opened, decompressed, with everything that can be wrong about a file turned into one
 * InvalidArgumentError that names it. Streaming throughout: a pipe works as well as a file, and memory stays flat.
 */
import { createReadStream } from "node:fs";
import { stat } from "node:fs/promises";
import { Readable, type Transform } from "node:stream";
import * as zlib from "node:zlib";
import { InvalidArgumentError } from "../../src/store/errors.js";

/** Bytes asked for at a time. */
const READ_SIZE = 256 * 1024;

/** Bytes of the (decompressed) beginning that format detection may look at. */
const HEAD_SIZE = 64 * 1024;

/** A trace's decompressed bytes, once. `head` is their beginning, still part of `chunks`. */
export interface ByteSource {
  /** The path as the user gave it, for messages. */
  readonly path: string;
  readonly head: Buffer;
  /** Ends the reading early; iterating `chunks` to its end does the same. */
  close(): Promise<void>;
  chunks(): AsyncGenerator<Buffer>;
}

/**
 * Opens a trace file, gunzipping or unzstding as its first bytes say.
 * Throws InvalidArgumentError: missing, a directory, unreadable, empty, damaged compression, `.zst` on a Node without it.
 */
export async function openBytes(path: string): Promise<ByteSource> {
  await refuseUnreadable(path);
  const raw = rawChunks(path);
  const first = await raw.next();
  if (first.done)
    throw new InvalidArgumentError(`${path}: the file is empty; expected a trace with at least one request`);
  const plain = await decompressed(path, first.value, prepend(first.value, raw));
  const { head, waiting, ended } = await takeHead(plain);
  if (head.length === 0) {
    throw new InvalidArgumentError(
      `${path}: nothing inside the compressed file; expected a trace with at least one request`,
    );
  }
  return {
    path,
    head,
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
}

async function refuseUnreadable(path: string): Promise<void> {
  try {
    const about = await stat(path);
    if (about.isDirectory()) throw new InvalidArgumentError(`${path}: is a directory; expected a trace file`);
  } catch (error) {
    throw asFileError(path, error);
  }
}

async function* rawChunks(path: string): AsyncGenerator<Buffer> {
  const stream = createReadStream(path, { highWaterMark: READ_SIZE });
  try {
    yield* stream as AsyncIterable<Buffer>;
  } catch (error) {
    throw asFileError(path, error);
  } finally {
    stream.destroy();
  }
}

async function* prepend(first: Buffer, rest: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  try {
    yield first;
    yield* rest;
  } finally {
    await rest.return(undefined);
  }
}

/** The plain bytes: decompressed as the magic number or, failing that, the name says. */
async function decompressed(path: string, start: Buffer, raw: AsyncGenerator<Buffer>): Promise<AsyncGenerator<Buffer>> {
  const gzipped = start.length >= 3 && start[0] === 0x1f && start[1] === 0x8b && start[2] === 8;
  const zstandard = start.length >= 4 && start.readUInt32LE(0) === 0xfd2fb528;
  if (gzipped || (path.endsWith(".gz") && !zstandard)) return through(path, "gzip", raw, zlib.createGunzip());
  if (!zstandard && !path.endsWith(".zst")) return raw;
  const transform = zstdDecompressor();
  if (transform !== undefined) return through(path, "zstd", raw, transform);
  await raw.return(undefined);
  throw new InvalidArgumentError(
    `${path}: Zstandard needs Node 22.15 or newer (this is ${process.version}); decompress it first: zstd -d ${path}`,
  );
}

/** node:zlib knows Zstandard from Node 22.15 on. */
function zstdDecompressor(): Transform | undefined {
  return (zlib as { createZstdDecompress?: () => Transform }).createZstdDecompress?.();
}

async function* through(
  path: string,
  method: string,
  raw: AsyncGenerator<Buffer>,
  transform: Transform,
): AsyncGenerator<Buffer> {
  let given = 0;
  const counted = async function* () {
    for await (const chunk of raw) {
      given += chunk.length;
      yield chunk;
    }
  };
  const input = Readable.from(counted(), { objectMode: false, highWaterMark: READ_SIZE });
  input.once("error", (error) => transform.destroy(error));
  input.pipe(transform);
  try {
    yield* transform as AsyncIterable<Buffer>;
  } catch (error) {
    if (error instanceof InvalidArgumentError) throw error;
    throw new InvalidArgumentError(
      `${path}: damaged ${method} data (${(error as Error).message}) within the first ${given} compressed bytes; expected a whole ${method} file`,
      { cause: error },
    );
  } finally {
    input.unpipe(transform);
    input.destroy();
    transform.destroy();
    await raw.return(undefined);
  }
}

async function takeHead(plain: AsyncGenerator<Buffer>) {
  const waiting: Buffer[] = [];
  let length = 0;
  let ended = false;
  while (length < HEAD_SIZE && !ended) {
    const step = await plain.next();
    if (step.done) {
      ended = true;
    } else {
      waiting.push(step.value);
      length += step.value.length;
    }
  }
  return { head: Buffer.concat(waiting).subarray(0, HEAD_SIZE), waiting, ended };
}

function asFileError(path: string, error: unknown): Error {
  if (error instanceof InvalidArgumentError) return error;
  const { code, message } = error as NodeJS.ErrnoException;
  if (code === "ENOENT" || code === "ENOTDIR") {
    return new InvalidArgumentError(`${path}: no such file; expected a trace file`, { cause: error });
  }
  return new InvalidArgumentError(`${path}: cannot be read (${code ?? message}); expected a readable trace file`, {
    cause: error,
  });
}
