/** Text traces, a block of whole lines at a time: one decode per block instead of one per line. */
import { InvalidArgumentError } from "../../src/errors.js";
import type { ByteSource } from "./source.js";

/** Longest line accepted, bytes. Real trace lines are under 1 KiB; a file without line ends must not fill the memory. */
const MAX_LINE_BYTES = 64 * 1024;

export interface LineBlock {
  /** Without line ends (\n or \r\n). */
  readonly lines: string[];
  /** 1-based number of the first line in the file. */
  readonly firstLine: number;
}

const NEWLINE = 10;
const UTF8 = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

/** Throws InvalidArgumentError naming the line: not UTF-8, a NUL byte, longer than 64 KiB. */
export async function* lineBlocks(source: ByteSource): AsyncGenerator<LineBlock> {
  let pending: Buffer = Buffer.alloc(0);
  let firstLine = 1;
  for await (const chunk of source.chunks()) {
    const bytes = pending.length === 0 ? chunk : Buffer.concat([pending, chunk]);
    const end = bytes.lastIndexOf(NEWLINE) + 1;
    pending = bytes.subarray(end);
    if (pending.length > MAX_LINE_BYTES) refuseLongLine(source.path, firstLine + countLines(bytes.subarray(0, end)));
    if (end === 0) continue;
    const lines = decodeLines(source.path, bytes.subarray(0, end - 1), firstLine);
    yield { lines, firstLine };
    firstLine += lines.length;
  }
  if (pending.length > 0) yield { lines: decodeLines(source.path, pending, firstLine), firstLine };
}

function decodeLines(path: string, bytes: Buffer, firstLine: number): string[] {
  const nul = bytes.indexOf(0);
  if (nul >= 0) {
    const line = firstLine + countLines(bytes.subarray(0, nul));
    throw new InvalidArgumentError(
      `${path}:${line}: a NUL byte; expected text (is this a binary trace? name its --format)`,
    );
  }
  const marked = firstLine === 1 && bytes.length >= 3 && bytes.readUIntBE(0, 3) === 0xefbbbf;
  const withoutMark = marked ? bytes.subarray(3) : bytes;
  const lines = decode(path, withoutMark, firstLine).split("\n");
  for (let i = 0; i < lines.length; i++) {
    const line = lines[i];
    if (line.length > MAX_LINE_BYTES) refuseLongLine(path, firstLine + i);
    if (line.endsWith("\r")) lines[i] = line.slice(0, -1);
  }
  return lines;
}

function decode(path: string, bytes: Buffer, firstLine: number): string {
  try {
    return UTF8.decode(bytes);
  } catch (error) {
    let start = 0;
    for (let line = firstLine; ; line++) {
      const newline = bytes.indexOf(NEWLINE, start);
      const end = newline < 0 ? bytes.length : newline;
      if (!isUtf8(bytes.subarray(start, end)) || newline < 0) {
        throw new InvalidArgumentError(
          `${path}:${line}: not valid UTF-8; expected text (is this a binary trace? name its --format)`,
          {
            cause: error,
          },
        );
      }
      start = end + 1;
    }
  }
}

function isUtf8(bytes: Buffer): boolean {
  try {
    UTF8.decode(bytes);
    return true;
  } catch {
    return false;
  }
}

function countLines(bytes: Buffer): number {
  let lines = 0;
  for (let at = bytes.indexOf(NEWLINE); at >= 0; at = bytes.indexOf(NEWLINE, at + 1)) lines++;
  return lines;
}

function refuseLongLine(path: string, line: number): never {
  throw new InvalidArgumentError(
    `${path}:${line}: longer than ${MAX_LINE_BYTES} bytes; expected one request a line (is this a binary trace? name its --format)`,
  );
}

/** A field as a message may show it: short, and without control characters. */
export function shown(text: string): string {
  return JSON.stringify(text.length > 40 ? `${text.slice(0, 40)}…` : text);
}
