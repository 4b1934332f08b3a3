/** A zstd frame on its way to a decoder. */
import { InvalidArgumentError } from "../../../src/errors.js";

/** What a frame's header says. */
export interface FrameHeader {
  readonly bytes: Buffer;
  /** How far back a match may reach. */
  readonly window: number;
  /** Bytes the frame holds when it is decoded; null: not told. */
  readonly contentSize: number | null;
  readonly hasChecksum: boolean;
}

/** A piece of a frame behind its header. */
export interface FramePiece {
  readonly bytes: Buffer;
  /** What the block that begins with it comes to at most when it is decoded; 0 for a piece that goes on. */
  readonly most: number;
  /** Of the checksum at the frame's end. */
  readonly isChecksum: boolean;
}

export function damaged(path: string, at: number, what: string, cause?: unknown): InvalidArgumentError {
  return new InvalidArgumentError(`${path}: damaged zstd data (byte ${at}: ${what}); expected a whole zstd file`, {
    cause,
  });
}
