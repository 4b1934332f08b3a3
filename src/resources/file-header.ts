/**
 * The head of a file of records: what it is, of which layout and version, how many, and a checksum over all of that. Little-endian:
 *
 *      0  magic "ENGRMAPF"            24  records, u64
 *      8  format, u32                 32  bytes of the layout's text, u32
 *     12  bytes of this head, u32     36  CRC-32 of the whole head, with zero here
 *     16  bytes of a record, u32      64  the layout's text, UTF-8, zeros up to a whole line of 64
 *     20  the user's version, u32
 */
import { crc32 } from "node:zlib";
import { CorruptFileError, LayoutMismatchError } from "../errors.js";
import type { Fields, Layout } from "./layout.js";

const MAGIC = Buffer.from("ENGRMAPF", "latin1");
export const FORMAT = 1;
/** Of the head, what every file has. */
export const FIXED_BYTES = 64;
const AT = { format: 8, head: 12, record: 16, version: 20, records: 24, text: 32, crc: 36 } as const;
/** No layout is described at greater length, so what claims to be longer is none. */
const MOST_HEAD_BYTES = 1 << 20;

export interface Head {
  readonly bytes: number;
  readonly records: number;
  readonly version: number;
}

export function encodeHead(layout: Layout<Fields>, records: number, version: number): Buffer {
  const text = Buffer.from(layout.text, "utf8");
  const head = Buffer.alloc(Math.ceil((FIXED_BYTES + text.length) / 64) * 64);
  MAGIC.copy(head);
  head.writeUInt32LE(FORMAT, AT.format);
  head.writeUInt32LE(head.length, AT.head);
  head.writeUInt32LE(layout.recordBytes, AT.record);
  head.writeUInt32LE(version, AT.version);
  head.writeBigUInt64LE(BigInt(records), AT.records);
  head.writeUInt32LE(text.length, AT.text);
  text.copy(head, FIXED_BYTES);
  head.writeUInt32LE(crc32(head), AT.crc);
  return head;
}

/**
 * @param fixed the file's first 64 bytes, fewer where it ends before
 * @returns how long the head says it is
 * @throws CorruptFileError
 */
export function headBytes(path: string, fixed: Buffer, fileBytes: number): number {
  if (fixed.length < FIXED_BYTES) {
    throw new CorruptFileError(
      `${path}: ${fileBytes} bytes; expected a file of records, whose head alone has ${FIXED_BYTES}`,
    );
  }
  if (!fixed.subarray(0, MAGIC.length).equals(MAGIC)) {
    throw new CorruptFileError(`${path}: byte 0: expected a file of records, which begins with "${MAGIC}"`);
  }
  const format = fixed.readUInt32LE(AT.format);
  if (format !== FORMAT) {
    throw new CorruptFileError(`${path}: byte ${AT.format}: format ${format}; this version reads format ${FORMAT}`);
  }
  const bytes = fixed.readUInt32LE(AT.head);
  if (bytes < FIXED_BYTES || bytes > MOST_HEAD_BYTES || bytes % 64 !== 0) {
    throw new CorruptFileError(
      `${path}: byte ${AT.head}: a head of ${bytes} bytes; expected whole lines of 64, at most ${MOST_HEAD_BYTES}`,
    );
  }
  if (bytes > fileBytes) {
    throw new CorruptFileError(`${path}: ends at byte ${fileBytes}, within its head of ${bytes} bytes`);
  }
  return bytes;
}

/**
 * @param head the whole of it, as `headBytes` told
 * @param version what the user expects; null: any
 * @throws CorruptFileError for what was changed or cut, LayoutMismatchError for what is another layout or version
 */
export function decodeHead(
  path: string,
  head: Buffer,
  fileBytes: number,
  layout: Layout<Fields>,
  version: number | null,
): Head {
  const said = head.readUInt32LE(AT.crc);
  const copy = Buffer.from(head);
  copy.writeUInt32LE(0, AT.crc);
  if (crc32(copy) !== said) {
    throw new CorruptFileError(`${path}: bytes 0 to ${head.length - 1} are not what their checksum was made of`);
  }
  const textBytes = head.readUInt32LE(AT.text);
  const text = head.toString("utf8", FIXED_BYTES, Math.min(head.length, FIXED_BYTES + textBytes));
  if (text !== layout.text || head.readUInt32LE(AT.record) !== layout.recordBytes) {
    throw new LayoutMismatchError(`${path}: has records of ${text}; expected ${layout.text}`);
  }
  const own = head.readUInt32LE(AT.version);
  if (version !== null && own !== version) {
    throw new LayoutMismatchError(`${path}: has version ${own} of its records; expected version ${version}`);
  }
  const records = head.readBigUInt64LE(AT.records);
  const expected = BigInt(head.length) + records * BigInt(layout.recordBytes);
  if (expected !== BigInt(fileBytes)) {
    const how = expected > BigInt(fileBytes) ? "cut short" : "longer than it was made";
    throw new CorruptFileError(`${path}: ${how}: ${fileBytes} bytes; expected ${expected} of ${records} records`);
  }
  return { bytes: head.length, records: Number(records), version: own };
}
