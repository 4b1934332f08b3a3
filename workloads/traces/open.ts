/** Opening a trace for streaming, and loading one whole. */
import { basename } from "node:path";
import { InvalidArgumentError } from "../../src/errors.js";
import type { TraceBatch } from "./batch.js";
import { type ColumnSpec, parseColumns } from "./columns.js";
import { type DetectedFormat, detectFormat } from "./detect.js";
import type { ReadingNotes, Skipped } from "./format.js";
import { parsePattern } from "./formats/pattern.js";
import { loadColumns, type NumberColumn } from "./load-columns.js";
import type { TraceReading } from "./reading.js";
import { type ByteSource, openBytes, STANDARD_INPUT } from "./source.js";
import { parseTimeUnit } from "./time-unit.js";

export interface TraceOptions {
  /** A format's name; unset: guessed from the file's name, then its content. */
  readonly format?: string;
  /** csv only: `time=1,id=2,size=3` (see columns.ts). */
  readonly columns?: string | ColumnSpec;
  /** csv only: the unit of its times, s, ms, us or ns; unset: as the header or the times themselves tell. */
  readonly timeUnit?: string;
  /** csv only: the unit of its times to live; unset: that of its times. */
  readonly ttlUnit?: string;
  /** A regular expression whose named groups key, time, size, op and ttl are the fields of a line: any log. */
  readonly pattern?: string;
  /** Requests read at most. */
  readonly limit?: number;
}

/** A trace being read: memory stays flat whatever the size of the file. */
export interface TraceStream {
  /** The file's name without folders. */
  readonly name: string;
  readonly format: string;
  /** How it is read, and why. */
  readonly reading: TraceReading;
  /** What of the file was not whole and has been skipped so far: only operation logs are read past that. */
  readonly skipped: readonly Skipped[];
  /** Batches in order, each valid until the next is asked for. Once. */
  batches(): AsyncGenerator<TraceBatch>;
  /** Closes the file unread; iterating `batches` to its end, or leaving the loop, does so too. */
  close(): Promise<void>;
}

/** A whole trace in memory, 4 to 8 bytes a request and column, keys as dense numbers from 0 in order of appearance. */
export interface Trace {
  readonly name: string;
  readonly format: string;
  readonly requests: number;
  /** Distinct keys; `ids` are below it. */
  readonly distinct: number;
  readonly ids: Uint32Array;
  /** Bytes by request; null: the format has none, count every object as 1. A 0 in the file stays 0, but where sizes may be unknown: see unknown-sizes.ts. */
  readonly sizes: NumberColumn | null;
  /** Codes of operations.ts by request; null: all are gets. */
  readonly ops: Uint8Array | null;
  /** Seconds by request; null: the format has none. */
  readonly times: Float64Array | null;
  /** Seconds by request, 0 = never expires; null: the format has none. */
  readonly ttls: NumberColumn | null;
  /** How it was read, and why; a trace that was made has no such thing. */
  readonly reading?: TraceReading;
  /** The key behind a dense number as text: a decimal id, or the string of the trace. */
  keyOf(id: number): string;
}

/** Requests that a file may stand for: so many, and so many more for each byte it has. What is in a few bytes, compressed or repeated, must not fill the memory. */
const REQUESTS = 2 ** 24;
const REQUESTS_A_BYTE = 256;

/** Formats that do not fix the unit of their times. */
const WITH_UNITS = ["csv", "jsonl", "pattern"];

/** Opens a trace for streaming. Throws InvalidArgumentError (file, line or byte offset, what was expected). */
export async function openTrace(path: string, options: TraceOptions = {}): Promise<TraceStream> {
  const limit = checkedLimit(options.limit);
  const columns = typeof options.columns === "string" ? parseColumns(options.columns) : options.columns;
  const pattern = options.pattern === undefined ? undefined : parsePattern(options.pattern);
  const named = options.format ?? (pattern === undefined ? undefined : "pattern");
  const saysColumns = [columns, options.timeUnit, options.ttlUnit].some((said) => said !== undefined);
  const source = await openBytes(path);
  const detected = await orClose(source, () => detectFormat(path, source.head, named, saysColumns));
  if (pattern !== undefined && detected.format.name !== "pattern") {
    await source.close();
    throw new InvalidArgumentError(
      `${path}: --pattern reads any log by itself, and --format ${detected.format.name} is another way`,
    );
  }
  if (columns !== undefined && !["csv", "jsonl"].includes(detected.format.name)) {
    await source.close();
    throw new InvalidArgumentError(
      `${path}: --columns goes with csv and jsonl, but this is read as ${detected.format.name}; give --format csv`,
    );
  }
  for (const option of ["timeUnit", "ttlUnit"] as const) {
    if (options[option] === undefined || WITH_UNITS.includes(detected.format.name)) continue;
    await source.close();
    const flag = option === "timeUnit" ? "--time-unit" : "--ttl-unit";
    throw new InvalidArgumentError(
      `${path}: ${flag} goes with csv, but this is read as ${detected.format.name}, whose times are in a unit of their own`,
    );
  }
  const skipped: Skipped[] = [];
  const notes: ReadingNotes = { columns: null, times: null, unknownSizes: false, warnings: doubtsOf(detected) };
  const asked = await orClose(source, () => ({
    timeUnit: options.timeUnit === undefined ? undefined : parseTimeUnit("--time-unit", options.timeUnit),
    ttlUnit: options.ttlUnit === undefined ? undefined : parseTimeUnit("--ttl-unit", options.ttlUnit),
  }));
  const reading = {
    columns,
    pattern,
    ...asked,
    reading: notes,
    onSkipped: (stretch: Skipped) => void skipped.push(stretch),
  };
  const { format, by } = detected;
  return {
    name: path === STANDARD_INPUT ? "standard input" : basename(path),
    format: format.name,
    get reading() {
      return { format: format.name, by, compression: source.compression, ...notes };
    },
    skipped,
    batches: () => limited(source, detected, format.read(source, reading), limit),
    close: () => source.close(),
  };
}

/** A format whose files have no mark, not asked for: nothing in the file shows that it is one. */
function doubtsOf({ format, by }: DetectedFormat): string[] {
  if (format.headerless !== true || by === "option") return [];
  // its records have been looked at
  if (by === "name" && format.name.startsWith("oracleGeneral")) return [];
  return [`read as ${format.name}, which has no mark to be known by, as its ${by} says; --format decides`];
}

/** Reads a whole trace. Throws InvalidArgumentError like openTrace, and when there is not one request in it. */
export async function loadTrace(path: string, options: TraceOptions = {}): Promise<Trace> {
  const stream = await openTrace(path, options);
  const { keys, ...columns } = await loadColumns(path, stream);
  const { name, format } = stream;
  return {
    name,
    format,
    ...columns,
    distinct: keys.size,
    keyOf(id) {
      if (!(id >= 0 && id < keys.size))
        throw new InvalidArgumentError(`no key ${id} in ${name}; expected 0 to ${keys.size - 1}`);
      return keys.keyOf(id);
    },
  };
}

async function* limited(
  source: ByteSource,
  { format, by }: DetectedFormat,
  batches: AsyncGenerator<TraceBatch>,
  limit: number,
) {
  let read = 0;
  try {
    for await (const batch of batches) {
      batch.count = Math.min(batch.count, limit - read);
      read += batch.count;
      if (read > REQUESTS + REQUESTS_A_BYTE * source.rawBytes) {
        throw new InvalidArgumentError(
          `${source.path}: ${source.rawBytes} bytes stand for more than ${read} requests; expected fewer than ${REQUESTS} and ${REQUESTS_A_BYTE} a byte (--limit reads a part)`,
        );
      }
      yield batch;
      if (read === limit) return;
    }
  } catch (error) {
    if (by === "option" || !(error instanceof InvalidArgumentError)) throw error;
    const hint = `read as ${format.name}, guessed from the file's ${by}; --format decides`;
    throw new InvalidArgumentError(`${error.message} (${hint})`, { cause: error });
  } finally {
    await batches.return(undefined);
    // A reader that refuses the head never comes to iterating the chunks, which is what else closes the file.
    await source.close();
  }
  if (read === 0)
    throw new InvalidArgumentError(
      `${source.path}: no request in it; expected a ${format.name} trace with at least one`,
    );
}

async function orClose<T>(source: ByteSource, action: () => T): Promise<T> {
  try {
    return action();
  } catch (error) {
    await source.close();
    throw error;
  }
}

function checkedLimit(limit: number | undefined): number {
  if (limit === undefined) return Number.POSITIVE_INFINITY;
  if (!Number.isSafeInteger(limit) || limit < 1) {
    throw new InvalidArgumentError(`limit is ${limit}; expected a whole number of requests from 1`);
  }
  return limit;
}
