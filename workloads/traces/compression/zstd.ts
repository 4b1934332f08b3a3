/**
 * Zstandard (RFC 8878), frame by frame. Where frames begin and end is told by the headers of frames and blocks alone, without decoding
 * anything, so the walk over them is done here: any number of frames, skippable ones anywhere, and a file that ends within one is refused.
 * Decoders differ there: node:zlib stops after the first frame, and on Node 22 takes a cut one for whole. What is in a frame node:zlib decodes where
 * it can (Node 22.15), with windows of up to 2 GiB, else fzstd (zstd-pure.ts).
 */
import { Readable, type Transform } from "node:stream";
import * as zlib from "node:zlib";
import { InvalidArgumentError } from "../../../src/errors.js";
import { ByteInput } from "./byte-input.js";
import { isSkippableFrame } from "./magic.js";
import { damaged, type FrameHeader, type FramePiece } from "./zstd-frame.js";
import { decodeFrame } from "./zstd-pure.js";

const MAGIC = 0xfd2fb528;
/** Of a frame: magic, descriptor, window, dictionary, content size. */
const LONGEST_HEADER = 18;
const LONGEST_BLOCK = 128 * 1024;
/** A frame is refused that asks for more: no encoder writes such a one. */
const WIDEST_WINDOW = 2 ** 31;
const RLE = 1;
const COMPRESSED = 2;

/**
 * The plain bytes of a file of frames.
 *
 * @throws InvalidArgumentError with the byte offset: no frame where one has to begin, one that is cut off or damaged, a dictionary
 */
export async function* unzstd(path: string, raw: AsyncGenerator<Buffer>): AsyncGenerator<Buffer> {
  try {
    yield* framesOf(path, new ByteInput(raw));
  } finally {
    await raw.return(undefined);
  }
}

async function* framesOf(path: string, input: ByteInput): AsyncGenerator<Buffer> {
  for (;;) {
    const start = await input.peek(LONGEST_HEADER);
    if (start.length === 0) return;
    const at = input.offset;
    if (isSkippableFrame(start)) {
      await skipFrame(path, input, start, at);
      continue;
    }
    if (start.length < 4) throw cut(path, at);
    if (start.readUInt32LE(0) !== MAGIC) throw damaged(path, at, "no zstd frame begins here");
    const header = parseHeader(path, start, at);
    const pieces = framePieces(path, input, header, at);
    try {
      yield* nativeDecoder === null ? decodeFrame(path, at, header, pieces) : decodeNatively(path, at, header, pieces);
    } finally {
      await pieces.return(undefined);
    }
  }
}

async function skipFrame(path: string, input: ByteInput, start: Buffer, at: number): Promise<void> {
  if (start.length < 8) throw cut(path, at);
  const size = 8 + start.readUInt32LE(4);
  for await (const _ of input.take(size)) {
    // nothing of it is a trace's
  }
  if (input.offset - at < size) throw cut(path, at);
}

function parseHeader(path: string, start: Buffer, at: number): FrameHeader {
  const descriptor = start[4];
  const isSingle = (descriptor & 0x20) !== 0;
  if ((descriptor & 8) !== 0) throw damaged(path, at, "a frame header with a reserved bit");
  const dictionaryBytes = [0, 1, 2, 4][descriptor & 3];
  const sizeCode = descriptor >>> 6;
  const sizeBytes = sizeCode === 0 ? Number(isSingle) : 1 << sizeCode;
  const dictionaryAt = isSingle ? 5 : 6;
  const sizeAt = dictionaryAt + dictionaryBytes;
  if (start.length < sizeAt + sizeBytes) throw cut(path, at);
  if (dictionaryBytes > 0 && start.readUIntLE(dictionaryAt, dictionaryBytes) !== 0) {
    throw damaged(path, at, "the frame needs a dictionary; decompress it with that first");
  }
  const contentSize = contentSizeOf(start, sizeAt, sizeBytes);
  const unit = 2 ** (10 + (start[5] >>> 3));
  const window = isSingle ? (contentSize ?? 0) : unit + (unit / 8) * (start[5] & 7);
  if (window > WIDEST_WINDOW) throw damaged(path, at, `the frame asks for a window of ${window} bytes, above 2 GiB`);
  const bytes = Buffer.from(start.subarray(0, sizeAt + sizeBytes));
  return { bytes, window, contentSize, hasChecksum: (descriptor & 4) !== 0 };
}

function contentSizeOf(start: Buffer, at: number, length: number): number | null {
  if (length === 0) return null;
  if (length === 8) return Number(start.readBigUInt64LE(at));
  return start.readUIntLE(at, length) + (length === 2 ? 256 : 0);
}

/** Everything of a frame but its header. @throws InvalidArgumentError when the file ends before the frame does */
async function* framePieces(
  path: string,
  input: ByteInput,
  header: FrameHeader,
  at: number,
): AsyncGenerator<FramePiece> {
  for await (const _ of exactly(path, input, header.bytes.length, at)) {
    // known already
  }
  const largest = Math.min(header.window, LONGEST_BLOCK);
  for (;;) {
    const start = await input.peek(3);
    if (start.length < 3) throw cut(path, at);
    const word = start.readUIntLE(0, 3);
    const type = (word >>> 1) & 3;
    const size = word >>> 3;
    if (type > COMPRESSED || size > largest) throw damaged(path, input.offset, "no block of a zstd frame begins here");
    let most = type === COMPRESSED ? largest : size;
    for await (const bytes of exactly(path, input, 3 + (type === RLE ? 1 : size), at)) {
      yield { bytes, most, isChecksum: false };
      most = 0;
    }
    if ((word & 1) !== 0) break;
  }
  if (!header.hasChecksum) return;
  for await (const bytes of exactly(path, input, 4, at)) yield { bytes, most: 0, isChecksum: true };
}

async function* exactly(path: string, input: ByteInput, length: number, at: number): AsyncGenerator<Buffer> {
  const end = input.offset + length;
  yield* input.take(length);
  if (input.offset < end) throw cut(path, at);
}

type CreateDecoder = (options: { params: Record<number, number> }) => Transform;

/** node:zlib knows Zstandard from Node 22.15 on. */
const nativeDecoder = (zlib as { createZstdDecompress?: CreateDecoder }).createZstdDecompress ?? null;
const WINDOW_LOG_MAX = (zlib.constants as unknown as Record<string, number>).ZSTD_d_windowLogMax;

async function* decodeNatively(
  path: string,
  at: number,
  header: FrameHeader,
  pieces: AsyncGenerator<FramePiece>,
): AsyncGenerator<Buffer> {
  const transform = (nativeDecoder as CreateDecoder)({ params: { [WINDOW_LOG_MAX]: 31 } });
  const whole = async function* () {
    yield header.bytes;
    for await (const { bytes } of pieces) yield bytes;
  };
  const input = Readable.from(whole(), { objectMode: false });
  input.once("error", (error) => transform.destroy(error));
  input.pipe(transform);
  try {
    yield* transform as AsyncIterable<Buffer>;
  } catch (error) {
    throw error instanceof InvalidArgumentError ? error : damaged(path, at, (error as Error).message, error);
  } finally {
    input.unpipe(transform);
    input.destroy();
    transform.destroy();
  }
}

function cut(path: string, at: number): InvalidArgumentError {
  return damaged(path, at, "the file ends within the frame that begins here");
}
