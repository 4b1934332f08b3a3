/**
 * Reads and writes of disks, as their publishers lay them down:
 *
 *   msr      Microsoft Research Cambridge (SNIA IOTTA 388): Timestamp,Hostname,DiskNumber,Type,Offset,Size,ResponseTime. Times are Windows' file
 *            times, 100 ns since 1601; Type is Read or Write; offset and size in bytes
 *   alibaba  Alibaba's block traces of 2020: device_id,opcode,offset,length,timestamp. Opcode R or W; bytes; µs since 1970
 *   tencent  Tencent's cloud block storage, 2018 (SNIA IOTTA 27917): Timestamp,Offset,Size,IOType,VolumeID. Seconds since 1970; sectors of 512
 *            bytes; 0 reads, 1 writes
 *   spc      the Storage Performance Council's, as UMass has them: ASU,LBA,Size,Opcode,Timestamp. Size in bytes; opcode r or w; seconds since the
 *            trace began. Fields that are added behind are left
 *
 * The key is the disk and where on it a request begins, as vscsi has it: a request of many blocks is one object.
 */
import { OP_GET, OP_SET } from "../../operations.js";
import { parseWhole } from "../decimal.js";
import type { TraceFormat } from "../format.js";
import type { LogRequest } from "./log-lines.js";
import { allRequests, type Fault, type LineFormat, strictRequests } from "./strict-lines.js";

const SECTOR = 512;
/** Seconds from 1601, where Windows' file times begin, to 1970. */
const FROM_1601_TO_1970 = 11_644_473_600;
/** File times a second has, as digits. */
const FILE_TIME_DIGITS = 7;

const WHOLE = "a whole number from 0 to 2^53 - 1";
/** Offsets are 64 bits, beyond what a number holds exactly; they are compared as text, so that no two become one. */
const OFFSET = /^(?:0|[1-9]\d{0,19})$/;

/** What a field is, and how it gets into a request. @returns whether it could be read */
interface Field {
  readonly expected: string;
  readonly read: (text: string, request: LogRequest) => boolean;
}

const time = (expected: string, secondsOf: (text: string) => number): Field => ({
  expected,
  read(text, request) {
    request.time = secondsOf(text);
    return request.time >= 0;
  },
});

const operation = (expected: string, codes: Readonly<Record<string, number>>): Field => ({
  expected,
  read(text, request) {
    request.op = Object.hasOwn(codes, text) ? codes[text] : -1;
    return request.op >= 0;
  },
});

const size = (unit: number, what: string): Field => ({
  expected: `a size in ${what}, ${WHOLE}`,
  read(text, request) {
    const count = parseWhole(text);
    request.size = count * unit;
    return count >= 0 && request.size <= Number.MAX_SAFE_INTEGER;
  },
});

/** A part of the key. */
const part = (expected: string, fits: RegExp): Field => ({ expected, read: (text) => fits.test(text) });
const disk = part("the number of a disk", /^\d{1,10}$/);
const offset = (what: string): Field => part(`${what}, a whole number from 0`, OFFSET);

const ignored: Field = { expected: WHOLE, read: (text) => parseWhole(text) >= 0 };

const READ_OR_WRITE = { R: OP_GET, r: OP_GET, W: OP_SET, w: OP_SET };

interface BlockFormat {
  readonly name: string;
  readonly of: string;
  readonly header: string | null;
  readonly fields: readonly Field[];
  /** Positions of what makes the key, a disk's first, the offset last. */
  readonly key: readonly number[];
  /** Whether fields may follow. */
  readonly open: boolean;
}

const FORMATS: readonly BlockFormat[] = [
  {
    name: "msr",
    of: "block I/O of Microsoft Research Cambridge",
    header: "timestamp,hostname,disknumber,type,offset,size,responsetime",
    fields: [
      time("a Windows file time, 17 or 18 digits", secondsOfFileTime),
      part("a host's name", /^[^\s,]{1,100}$/),
      disk,
      operation("Read or Write", { Read: OP_GET, Write: OP_SET }),
      offset("an offset in bytes"),
      size(1, "bytes"),
      ignored,
    ],
    key: [1, 2, 4],
    open: false,
  },
  {
    name: "alibaba",
    of: "block I/O of Alibaba's cloud, 2020",
    header: "device_id,opcode,offset,length,timestamp",
    fields: [
      disk,
      operation("R or W", { R: OP_GET, W: OP_SET }),
      offset("an offset in bytes"),
      size(1, "bytes"),
      time("microseconds since 1970, 16 digits", (text) => (/^\d{16}$/.test(text) ? Number(text) / 1e6 : -1)),
    ],
    key: [0, 2],
    open: false,
  },
  {
    name: "tencent",
    of: "block I/O of Tencent's cloud, 2018",
    header: "timestamp,offset,size,iotype,volumeid",
    fields: [
      time("seconds since 1970, 10 digits", (text) => (/^\d{10}$/.test(text) ? Number(text) : -1)),
      offset("an offset in sectors"),
      size(SECTOR, "sectors of 512 bytes"),
      operation("0 (read) or 1 (write)", { 0: OP_GET, 1: OP_SET }),
      disk,
    ],
    key: [4, 1],
    open: false,
  },
  {
    name: "spc",
    of: "block I/O as the Storage Performance Council's and UMass' traces have it",
    header: null,
    fields: [
      disk,
      offset("a block's number"),
      size(1, "bytes"),
      operation("R or W", READ_OR_WRITE),
      time("seconds since the trace began", (text) => (/^\d{1,10}(?:\.\d{1,12})?$/.test(text) ? Number(text) : -1)),
    ],
    key: [0, 1],
    open: true,
  },
];

/** 18 digits are more than a number holds: seconds and the rest by themselves. */
function secondsOfFileTime(text: string): number {
  if (!/^\d{17,18}$/.test(text)) return -1;
  const whole = Number(text.slice(0, -FILE_TIME_DIGITS)) - FROM_1601_TO_1970;
  return whole + Number(text.slice(-FILE_TIME_DIGITS)) / 1e7;
}

function lineFormat({ header, fields, key, open }: BlockFormat): LineFormat {
  const read = (found: readonly string[], request: LogRequest): Fault | null => {
    if (open ? found.length < fields.length : found.length !== fields.length) {
      return { column: 0, expected: `${open ? "at least " : ""}${fields.length} fields between commas` };
    }
    for (let i = 0; i < fields.length; i++) {
      if (!fields[i].read(found[i], request)) return { column: i + 1, expected: fields[i].expected };
    }
    const [first, ...others] = key;
    request.key = found[first];
    for (const position of others) request.key += `:${found[position]}`;
    return null;
  };
  const split = (line: string) => line.split(",").map((field) => field.trim());
  return { split, header, read, columns: { time: true, size: true, op: true } };
}

function traceFormat(of: BlockFormat): TraceFormat {
  const format = lineFormat(of);
  return {
    name: of.name,
    description: of.of,
    endings: [],
    looksLike: (head) => allRequests(head, format),
    read(source, { reading }) {
      reading.columns = "key from the disk and where on it a request begins";
      return strictRequests(source, format);
    },
  };
}

export const [msr, alibaba, tencent, spc] = FORMATS.map(traceFormat);
/** In the order they are to be asked. */
export const blockFormats: readonly TraceFormat[] = [msr, alibaba, tencent, spc];
