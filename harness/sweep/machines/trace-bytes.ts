/**
 * A trace as bytes: a line of JSON, padded with blanks to a multiple of eight, then its columns as they lie in memory, each padded so too. What
 * a policy needs to look ahead is not sent: whoever simulates one makes it.
 */
import { createHash } from "node:crypto";
import { z } from "zod";
import { NOTHING } from "../../../src/eviction/index.js";
import type { SharedTrace } from "../shared-trace.js";
import { FORMAT, InvalidMessageError } from "./messages.js";

type Column = Uint8Array | Uint32Array | Float64Array;
type Columns = Pick<SharedTrace, "distinct" | "ids" | "kinds" | "sizes" | "times" | "ttls">;

const NAMES = ["ids", "kinds", "sizes", "times", "ttls"] as const;
const TYPES = { u8: Uint8Array, u32: Uint32Array, f64: Float64Array } as const;
const ALIGNED = 8;
const LONGEST_HEADER = 4096;
const MOST_REQUESTS = 2 ** 31;
/** Bytes that are hashed or handed on at a time. */
const PIECE = 1 << 19;
const LITTLE_ENDIAN = new Uint8Array(Uint16Array.of(1).buffer)[0] === 1;

const header = z.strictObject({
  trace: z.literal(FORMAT),
  bytes: z.enum(["little", "big"]),
  distinct: z.number().int().min(0).max(MOST_REQUESTS),
  requests: z.number().int().min(0).max(MOST_REQUESTS),
  columns: z.array(z.tuple([z.enum(NAMES), z.enum(["u8", "u32", "f64"])])).max(NAMES.length),
});

export interface TraceBytes {
  readonly bytes: number;
  /** SHA-256 of all of them, in hexadecimal: what the trace is called. */
  readonly digest: string;
  /** Copies, in pieces of `PIECE` bytes at most, from the beginning. */
  pieces(): Generator<Uint8Array>;
}

export function bytesOf(trace: Columns): TraceBytes {
  const parts = partsOf(trace);
  const hash = createHash("sha256");
  for (const piece of piecesOf(parts)) hash.update(piece);
  const bytes = parts.reduce((sum, part) => sum + part.byteLength, 0);
  return { bytes, digest: hash.digest("hex"), pieces: () => piecesOf(parts) };
}

function partsOf(trace: Columns): Uint8Array[] {
  const columns = NAMES.flatMap((name) => {
    const column: Column | null = trace[name];
    return column === null ? [] : [{ name, column }];
  });
  const about: z.infer<typeof header> = {
    trace: FORMAT,
    bytes: LITTLE_ENDIAN ? "little" : "big",
    distinct: trace.distinct,
    requests: trace.ids.length,
    columns: columns.map(({ name, column }) => [name, typeOf(column)]),
  };
  const line = JSON.stringify(about);
  const parts: Uint8Array[] = [Buffer.from(`${line.padEnd(aligned(line.length + 1) - 1)}\n`)];
  for (const { column } of columns) {
    parts.push(new Uint8Array(column.buffer, column.byteOffset, column.byteLength));
    parts.push(new Uint8Array(aligned(column.byteLength) - column.byteLength));
  }
  return parts;
}

function* piecesOf(parts: readonly Uint8Array[]): Generator<Uint8Array> {
  for (const part of parts) {
    // A copy: of shared memory neither a hash nor a socket takes a view everywhere.
    for (let from = 0; from < part.length; from += PIECE) yield part.slice(from, from + PIECE);
  }
}

/**
 * The trace in these bytes, whose columns are views of them.
 *
 * @param digest what it is called
 * @throws InvalidMessageError when they are another's, or no trace
 */
export function traceIn(bytes: Uint8Array, digest: string): SharedTrace {
  const hash = createHash("sha256");
  for (const piece of piecesOf([bytes])) hash.update(piece);
  if (hash.digest("hex") !== digest) throw new InvalidMessageError("the trace's bytes are not those of its digest");
  const end = bytes.subarray(0, LONGEST_HEADER).indexOf(0x0a) + 1;
  const { distinct, requests, columns } = headerIn(bytes.slice(0, end));
  if (end % ALIGNED !== 0) throw new InvalidMessageError(`a trace's header of ${end} bytes: expected a multiple of 8`);
  const found: Partial<Record<(typeof NAMES)[number], Column>> = {};
  let at = end;
  for (const [name, type] of columns) {
    const Numbers = TYPES[type];
    if (found[name] !== undefined) throw new InvalidMessageError(`a trace with its ${name} twice`);
    const length = requests * Numbers.BYTES_PER_ELEMENT;
    if (at + length > bytes.length) throw new InvalidMessageError(`a trace whose ${name} are cut off`);
    found[name] = new Numbers(bytes.buffer as ArrayBuffer, bytes.byteOffset + at, requests);
    at += aligned(length);
  }
  if (at !== bytes.length) throw new InvalidMessageError(`a trace of ${bytes.length} bytes: expected ${at}`);
  return checked(distinct, found);
}

function headerIn(line: Uint8Array): z.infer<typeof header> {
  let about: unknown;
  try {
    about = JSON.parse(Buffer.from(line).toString());
  } catch (cause) {
    throw new InvalidMessageError("a trace without a header", { cause });
  }
  const { success, data, error } = header.safeParse(about);
  if (!success) {
    const [{ path, message }] = error.issues;
    throw new InvalidMessageError(`a trace's header: ${path.join(".")}: ${message}`);
  }
  if (data.bytes !== (LITTLE_ENDIAN ? "little" : "big")) {
    throw new InvalidMessageError(`the trace's numbers are ${data.bytes}-endian, this machine's are not`);
  }
  return data;
}

/** Policies index their tables by these numbers and do not look again. */
function checked(distinct: number, found: Partial<Record<(typeof NAMES)[number], Column>>): SharedTrace {
  const { ids, kinds = null, sizes = null, times = null, ttls = null } = found;
  const isWhole = (value: number) => Number.isSafeInteger(value) && value >= 0;
  if (!(ids instanceof Uint32Array)) throw new InvalidMessageError("a trace without ids of four bytes");
  if (kinds !== null && !(kinds instanceof Uint8Array))
    throw new InvalidMessageError("a trace's kinds: expected bytes");
  if (sizes instanceof Uint8Array) throw new InvalidMessageError("a trace's sizes: expected more than bytes");
  if (times !== null && !(times instanceof Float64Array))
    throw new InvalidMessageError("a trace's times: expected f64");
  if (ttls !== null && !(ttls instanceof Float64Array)) throw new InvalidMessageError("a trace's ttls: expected f64");
  if ((times === null) !== (ttls === null))
    throw new InvalidMessageError("a trace's times and ttls: expected both or none");
  if (distinct > ids.length) throw new InvalidMessageError(`${distinct} distinct ids in ${ids.length} requests`);
  for (let i = 0; i < ids.length; i++) {
    if (ids[i] >= distinct) throw new InvalidMessageError(`request ${i}: id ${ids[i]} of ${distinct}`);
    if (kinds !== null && kinds[i] > NOTHING) throw new InvalidMessageError(`request ${i}: kind ${kinds[i]}`);
    if (sizes !== null && !isWhole(sizes[i])) throw new InvalidMessageError(`request ${i}: size ${sizes[i]}`);
    if (times !== null && !Number.isFinite(times[i])) throw new InvalidMessageError(`request ${i}: time ${times[i]}`);
    if (ttls !== null && !(ttls[i] >= 0 && ttls[i] < Number.POSITIVE_INFINITY))
      throw new InvalidMessageError(`request ${i}: time to live ${ttls[i]}`);
  }
  return { distinct, ids, kinds, sizes, times, ttls, plain: kinds === null && ttls === null, future: null };
}

function typeOf(column: Column): keyof typeof TYPES {
  if (column instanceof Uint8Array) return "u8";
  return column instanceof Uint32Array ? "u32" : "f64";
}

function aligned(length: number): number {
  return Math.ceil(length / ALIGNED) * ALIGNED;
}
