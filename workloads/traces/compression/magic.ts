/** What the first bytes of a file say it is: a compression that is read, or something that no reader of traces must take for ids. */

/** Compressions that are undone on the way. */
export type Compression = "gzip" | "zstd" | "xz";

/** Bytes of a file's beginning that are looked at: tar has its mark at 257. */
export const MAGIC_BYTES = 512;

const GZIP = [0x1f, 0x8b, 8];
const ZSTD = [0x28, 0xb5, 0x2f, 0xfd];
const XZ = [0xfd, 0x37, 0x7a, 0x58, 0x5a, 0];

/** The compression a file begins with; null: none of those that are read. */
export function compressionOf(start: Buffer): Compression | null {
  if (begins(start, GZIP)) return "gzip";
  if (begins(start, ZSTD) || isSkippableFrame(start)) return "zstd";
  return begins(start, XZ) ? "xz" : null;
}

/** A frame of the user's own in a zstd file (RFC 8878, 3.1.2): pzstd and the seekable format begin or end with one. */
export function isSkippableFrame(start: Buffer): boolean {
  return start.length >= 4 && (start.readUInt32LE(0) & 0xfffffff0) >>> 0 === 0x184d2a50;
}

interface Refused {
  readonly what: string;
  /** How to get at what is in it. */
  readonly hint: string;
  readonly at?: number;
  readonly magic: readonly number[] | string;
}

const UNPACK = "unpack it first";
const OTHER = "it is no trace";

/** By magic number, what is not read: its bytes must never be taken for ids by a format that has no mark of its own. */
const REFUSED: readonly Refused[] = [
  { what: "a zip archive", hint: `${UNPACK}: unzip`, magic: "PK\x03\x04" },
  { what: "an empty zip archive", hint: OTHER, magic: "PK\x05\x06" },
  { what: "a part of a zip archive", hint: UNPACK, magic: "PK\x07\x08" },
  { what: "a 7z archive", hint: `${UNPACK}: 7z x`, magic: [0x37, 0x7a, 0xbc, 0xaf, 0x27, 0x1c] },
  { what: "a rar archive", hint: UNPACK, magic: [0x52, 0x61, 0x72, 0x21, 0x1a, 0x07] },
  { what: "a cab archive", hint: UNPACK, magic: "MSCF\0\0\0\0" },
  { what: "a tar archive", hint: `${UNPACK}: tar xf`, at: 257, magic: "ustar" },
  { what: "an ar archive", hint: UNPACK, magic: "!<arch>\n" },
  { what: "LZ4 data", hint: "decompress it first: lz4 -d", magic: [0x04, 0x22, 0x4d, 0x18] },
  { what: "LZ4 data (legacy)", hint: "decompress it first: lz4 -d", magic: [0x02, 0x21, 0x4c, 0x18] },
  { what: "lzip data", hint: "decompress it first: lzip -d", magic: "LZIP" },
  { what: "lzop data", hint: "decompress it first: lzop -d", magic: [0x89, 0x4c, 0x5a, 0x4f, 0] },
  { what: "Snappy data", hint: "decompress it first", magic: [0xff, 6, 0, 0, 0x73, 0x4e, 0x61, 0x50, 0x70, 0x59] },
  { what: "data of compress (.Z)", hint: "decompress it first: uncompress", magic: [0x1f, 0x9d] },
  { what: "data of pack (.z)", hint: "decompress it first", magic: [0x1f, 0xa0] },
  { what: "gzip data of an unknown method", hint: "decompress it first", magic: [0x1f, 0x8b] },
  { what: "a Zstandard dictionary", hint: OTHER, magic: [0x37, 0xa4, 0x30, 0xec] },
  { what: "a frame of zstd before 0.8", hint: "decompress it first: zstd -d", magic: [0x27, 0xb5, 0x2f, 0xfd] },
  { what: "a Parquet file", hint: "export it as csv", magic: "PAR1" },
  { what: "an ORC file", hint: "export it as csv", magic: "ORC" },
  { what: "an Avro file", hint: "export it as csv", magic: "Obj\x01" },
  { what: "an Arrow file", hint: "export it as csv", magic: "ARROW1" },
  { what: "an HDF5 file", hint: "export it as csv", magic: [0x89, 0x48, 0x44, 0x46, 0x0d, 0x0a, 0x1a, 0x0a] },
  { what: "a NumPy array", hint: "export it as csv", magic: [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59] },
  { what: "an SQLite database", hint: "export it as csv", magic: "SQLite format 3\0" },
  { what: "a packet capture", hint: OTHER, magic: [0xd4, 0xc3, 0xb2, 0xa1] },
  { what: "a packet capture", hint: OTHER, magic: [0xa1, 0xb2, 0xc3, 0xd4] },
  { what: "a packet capture", hint: OTHER, magic: [0x0a, 0x0d, 0x0d, 0x0a] },
  { what: "a program", hint: OTHER, magic: [0x7f, 0x45, 0x4c, 0x46] },
  { what: "a WebAssembly module", hint: OTHER, magic: [0, 0x61, 0x73, 0x6d] },
  { what: "a PDF document", hint: OTHER, magic: "%PDF-" },
  { what: "a PNG picture", hint: OTHER, magic: [0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a] },
  { what: "a JPEG picture", hint: OTHER, magic: [0xff, 0xd8, 0xff] },
  { what: "serialised Java objects", hint: "export it as csv", magic: [0xac, 0xed, 0, 5] },
  { what: "text in UTF-16", hint: "save it as UTF-8", magic: [0xff, 0xfe] },
  { what: "text in UTF-16", hint: "save it as UTF-8", magic: [0xfe, 0xff] },
];

/** Why a file that begins so is no trace; null: nothing is known against it. */
export function refusalOf(start: Buffer): { what: string; hint: string } | null {
  if (isBzip2(start)) return { what: "bzip2 data", hint: "decompress it first: bunzip2" };
  if (isLzma(start)) return { what: "LZMA data (.lzma)", hint: "decompress it first: xz -d" };
  return REFUSED.find(({ magic, at = 0 }) => begins(start, magic, at)) ?? null;
}

/** `BZh`, the block size, and the mark of a block or of the end. */
function isBzip2(start: Buffer): boolean {
  if (!begins(start, "BZh") || start[3] < 0x31 || start[3] > 0x39) return false;
  const mark = start.toString("hex", 4, 10);
  return mark === "314159265359" || mark === "177245385090";
}

/** .lzma has no magic number: the usual properties, a dictionary of a power of two, and a size that is unknown or below 2^40. */
function isLzma(start: Buffer): boolean {
  if (start.length < 13 || start[0] !== 0x5d) return false;
  const dictionary = start.readUInt32LE(1);
  if (dictionary < 4096 || (dictionary & (dictionary - 1)) !== 0) return false;
  const upper = start.readUInt32LE(9);
  return upper < 256 || (upper === 0xffffffff && start.readUInt32LE(5) === 0xffffffff);
}

function begins(start: Buffer, magic: readonly number[] | string, at = 0): boolean {
  const bytes = typeof magic === "string" ? Buffer.from(magic, "latin1") : Buffer.from(magic);
  return start.length >= at + bytes.length && bytes.equals(start.subarray(at, at + bytes.length));
}
