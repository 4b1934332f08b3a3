/** The end of a segment as its writer may have left it: the last line may have no end. */
import { fstatSync, readSync } from "node:fs";

const LF = 10;
const CHUNK = 1 << 20;

export interface Tail {
  /** Whole lines. */
  readonly lines: number;
  /** Where the last of them ends. */
  readonly end: number;
  /** Bytes behind that. */
  readonly torn: number;
}

/** Counts the lines of an open file. */
export function readTail(fd: number): Tail {
  const { size } = fstatSync(fd);
  const chunk = Buffer.allocUnsafe(Math.min(CHUNK, Math.max(size, 1)));
  let lines = 0;
  let end = 0;
  for (let at = 0; at < size; ) {
    const read = readSync(fd, chunk, 0, chunk.length, at);
    if (read === 0) break;
    for (let i = chunk.indexOf(LF); i >= 0 && i < read; i = chunk.indexOf(LF, i + 1)) {
      lines++;
      end = at + i + 1;
    }
    at += read;
  }
  return { lines, end, torn: size - end };
}
