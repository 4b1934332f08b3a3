/**
 * A zstd frame decoded where node:zlib cannot (before Node 22.15), by fzstd. It neither checks a frame's checksum nor its size, which is done here.
 *
 * fzstd moves its whole window at every block, so a frame with a long one (zstd --long) is collected first, as far as it is small: no
 * match reaches further back than what the blocks come to, and the window it is given is no longer than that.
 */
import { damaged, type FrameHeader, type FramePiece } from "./zstd-frame.js";

const LONG_WINDOW = 8 * 2 ** 20;
/** Compressed bytes of a frame that are collected. */
const MOST_COLLECTED = 32 * 2 ** 20;
/** The longest window that fzstd takes: 1.875 GiB. */
const WIDEST_WINDOW = 15 * 2 ** 27;

/** @throws InvalidArgumentError when the frame is damaged */
export async function* decodeFrame(
  path: string,
  at: number,
  header: FrameHeader,
  pieces: AsyncGenerator<FramePiece>,
): AsyncGenerator<Buffer> {
  const [{ Decompress }, { default: xxhash }] = await Promise.all([import("fzstd"), import("xxhash-wasm")]);
  const collected = header.window > LONG_WINDOW ? await collect(pieces) : { pieces: [], whole: false };
  const reach = collected.whole ? collected.pieces.reduce((sum, { most }) => sum + most, 0) : header.window;
  const window = Math.min(header.window, reach, WIDEST_WINDOW);
  const checksum = (await xxhash()).create64();
  const stored: Buffer[] = [];
  let decoded: Uint8Array[] = [];
  let total = 0;
  const decoder = new Decompress((chunk) => void decoded.push(chunk));

  const decode = (bytes: Uint8Array, isLast: boolean): Buffer[] => {
    decoded = [];
    try {
      decoder.push(bytes, isLast);
    } catch (error) {
      throw damaged(path, at, (error as Error).message, error);
    }
    for (const chunk of decoded) {
      total += chunk.length;
      if (header.hasChecksum) checksum.update(chunk);
    }
    if (header.window > window && total > WIDEST_WINDOW) {
      throw damaged(path, at, `a window of 2 GiB needs Node 22.15 or newer, and this is ${process.version}`);
    }
    return decoded
      .filter(({ length }) => length > 0)
      .map(({ buffer, byteOffset, length }) => Buffer.from(buffer, byteOffset, length));
  };

  yield* decode(headerWith(window), false);
  for (const source of [collected.pieces, pieces]) {
    for await (const { bytes, isChecksum } of source) {
      if (isChecksum) stored.push(Buffer.from(bytes));
      else yield* decode(bytes, false);
    }
  }
  yield* decode(new Uint8Array(0), true);
  if (header.hasChecksum && Number(checksum.digest() & 0xffffffffn) !== Buffer.concat(stored).readUInt32LE(0)) {
    throw damaged(path, at, "the frame's checksum is not that of its content");
  }
  if (header.contentSize !== null && header.contentSize !== total) {
    throw damaged(path, at, `the frame holds ${total} bytes and says ${header.contentSize}`);
  }
}

/** The pieces of a frame, as many as may be held; what is left stays where it was. */
async function collect(from: AsyncGenerator<FramePiece>): Promise<{ pieces: FramePiece[]; whole: boolean }> {
  const pieces: FramePiece[] = [];
  let bytes = 0;
  while (bytes <= MOST_COLLECTED) {
    const step = await from.next();
    if (step.done) return { pieces, whole: true };
    pieces.push({ ...step.value, bytes: Buffer.from(step.value.bytes) });
    bytes += step.value.bytes.length;
  }
  return { pieces, whole: false };
}

/** A header without a checksum and a content size, whose window is the least that holds so much. */
function headerWith(window: number): Buffer {
  let code = 0;
  while (windowOf(code) < window) code++;
  return Buffer.from([0x28, 0xb5, 0x2f, 0xfd, 0, code]);
}

function windowOf(code: number): number {
  const unit = 2 ** (10 + (code >>> 3));
  return unit + (unit / 8) * (code & 7);
}
