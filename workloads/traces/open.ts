/** Opening a trace for streaming, and loading one whole. */
import { basename } from "node:path";
import { InvalidArgumentError } from "../../src/store/errors.js";
import type { TraceBatch } from "./batch.js";
import { type ColumnSpec, parseColumns } from "./columns.js";
import { type DetectedFormat, detectFormat } from "./detect.js";
import type { Skipped } from "./format.js";
import { NumberInterner, StringInterner } from "./interner.js";
import { type ByteSource, openBytes } from "./source.js";
import { fillUnknownSizes, hasUnknownSizes } from "./unknown-sizes.js";

export interface TraceOptions {
  /** A format's name; unset: guessed from the file's name, then its content. */
  readonly format?: string;
  /** csv only: `time=1,id=2,size=3` (see columns.ts). */
  readonly columns?: string | ColumnSpec;
  /** Requests read at most. */
  readonly limit?: number;
}

/** A trace being read: memory stays flat whatever the size of the file. */
export interface TraceStream {
  /** The file's name without folders. */
  readonly name: string;
  readonly format: string;
  /** What of the file was not whole and has been skipped so far: only operation logs are read past that. */
  readonly skipped: readonly Skipped[];
  /** Batches in order, each valid until the next is asked for. Once. */
  batches(): AsyncGenerator<TraceBatch>;
  /** Closes the file unread; iterating `batches` to its end, or leaving the loop, does so too. */
  close(): Promise<void>;
}

/** A whole trace in memory, 4 bytes a request and more by column, keys as dense numbers from 0 in order of appearance. */
export interface Trace {
  readonly name: string;
  readonly format: string;
  readonly requests: number;
  /** Distinct keys; `ids` are below it. */
  readonly distinct: number;
  readonly ids: Uint32Array;
  /** Bytes by request; null: the format has none, count every object as 1. A 0 in the file stays 0, but in an operation log: see unknown-sizes.ts. */
  readonly sizes: Uint32Array | null;
  /** Codes of operations.ts by request; null: all are gets. */
  readonly ops: Uint8Array | null;
  /** Seconds by request; null: the format has none. */
  readonly times: Float64Array | null;
  /** Seconds by request, 0 = never expires; null: the format has none. */
  readonly ttls: Uint32Array | null;
  /** The key behind a dense number as text: a decimal id, or the string of the trace. */
  keyOf(id: number): string;
}

/** Most requests loadTrace takes: dense numbers and array indices stay within 32 bits. */
const MAX_REQUESTS = 2 ** 31;

/** Opens a trace for streaming. Throws InvalidArgumentError (file, line or byte offset, what was expected). */
export async function openTrace(path: string, options: TraceOptions = {}): Promise<TraceStream> {
  const limit = checkedLimit(options.limit);
  const columns = typeof options.columns === "string" ? parseColumns(options.columns) : options.columns;
  const source = await openBytes(path);
  const detected = await orClose(source, () => detectFormat(path, source.head, options.format));
  if (columns !== undefined && detected.format.name !== "csv") {
    await source.close();
    throw new InvalidArgumentError(
      `${path}: --columns goes with csv, but this is read as ${detected.format.name}; give --format csv`,
    );
  }
  const skipped: Skipped[] = [];
  const reading = { columns, onSkipped: (stretch: Skipped) => void skipped.push(stretch) };
  return {
    name: basename(path),
    format: detected.format.name,
    skipped,
    batches: () => limited(source, detected, detected.format.read(source, reading), limit),
    close: () => source.close(),
  };
}

/** Reads a whole trace. Throws InvalidArgumentError like openTrace, and when there is not one request in it. */
export async function loadTrace(path: string, options: TraceOptions = {}): Promise<Trace> {
  const stream = await openTrace(path, options);
  let loading: Loading | undefined;
  for await (const batch of stream.batches()) {
    loading ??= new Loading(batch);
    if (loading.count + batch.count > MAX_REQUESTS) {
      throw new InvalidArgumentError(`${path}: more than ${MAX_REQUESTS} requests; give a limit`);
    }
    loading.add(batch);
  }
  if (loading === undefined)
    throw new InvalidArgumentError(`${path}: no request in it; expected a ${stream.format} trace with at least one`);
  return loading.finish(stream);
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

type Column = Uint32Array | Uint8Array | Float64Array;

/** Arrays that double as requests arrive; the columns are those of the first batch. */
class Loading {
  count = 0;
  readonly #numbers: NumberInterner | undefined;
  readonly #strings = new StringInterner();
  #ids = new Uint32Array(65536);
  #sizes: Uint32Array | null;
  #ops: Uint8Array | null;
  #times: Float64Array | null;
  #ttls: Uint32Array | null;

  constructor({ idKind, signed, columns }: TraceBatch) {
    this.#numbers = idKind === "number" ? new NumberInterner(signed) : undefined;
    this.#sizes = columns.size ? new Uint32Array(65536) : null;
    this.#ops = columns.op ? new Uint8Array(65536) : null;
    this.#times = columns.time ? new Float64Array(65536) : null;
    this.#ttls = columns.ttl ? new Uint32Array(65536) : null;
  }

  add(batch: TraceBatch): void {
    const needed = this.count + batch.count;
    if (needed > this.#ids.length) this.#resize(Math.max(needed, this.#ids.length * 2));
    this.#addIds(batch);
    copy(this.#sizes, batch.sizes, batch.count, this.count);
    copy(this.#ops, batch.ops, batch.count, this.count);
    copy(this.#times, batch.times, batch.count, this.count);
    copy(this.#ttls, batch.ttls, batch.count, this.count);
    this.count = needed;
  }

  finish({ name, format }: TraceStream): Trace {
    this.#resize(this.count);
    const keys = this.#numbers ?? this.#strings;
    if (hasUnknownSizes(format) && this.#sizes !== null) fillUnknownSizes(this.#ids, this.#sizes, keys.size);
    return {
      name,
      format,
      requests: this.count,
      distinct: keys.size,
      ids: this.#ids,
      sizes: this.#sizes,
      ops: this.#ops,
      times: this.#times,
      ttls: this.#ttls,
      keyOf(id) {
        if (!(id >= 0 && id < keys.size))
          throw new InvalidArgumentError(`no key ${id} in ${name}; expected 0 to ${keys.size - 1}`);
        return keys.keyOf(id);
      },
    };
  }

  #addIds(batch: TraceBatch): void {
    const { lo, hi, keys, count } = batch;
    const numbers = this.#numbers;
    if (numbers !== undefined) for (let i = 0; i < count; i++) this.#ids[this.count + i] = numbers.intern(lo[i], hi[i]);
    else for (let i = 0; i < count; i++) this.#ids[this.count + i] = this.#strings.intern(keys[i]);
  }

  #resize(length: number): void {
    this.#ids = resized(this.#ids, new Uint32Array(length));
    if (this.#sizes !== null) this.#sizes = resized(this.#sizes, new Uint32Array(length));
    if (this.#ops !== null) this.#ops = resized(this.#ops, new Uint8Array(length));
    if (this.#times !== null) this.#times = resized(this.#times, new Float64Array(length));
    if (this.#ttls !== null) this.#ttls = resized(this.#ttls, new Uint32Array(length));
  }
}

function resized<T extends Column>(from: T, to: T): T {
  to.set(from.subarray(0, to.length));
  return to;
}

function copy(to: Column | null, from: Column, count: number, at: number): void {
  to?.set(from.subarray(0, count), at);
}
