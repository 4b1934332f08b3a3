/** A trace's batches to columns, whatever is to hold them: its keys as dense numbers, and the columns that are wanted. */
import { InvalidArgumentError } from "../../src/errors.js";
import type { TraceBatch, TraceColumns } from "./batch.js";
import { KeyNumbers } from "./key-numbers.js";
import { repeatWarnings, type TraceReading } from "./reading.js";
import { fillUnknownSizes } from "./unknown-sizes.js";

/** Dense numbers and positions stay within 32 bits, and one value is taken for "never". */
const MOST_REQUESTS = 2 ** 31;
/** Requests a piece of a growing column holds. */
const PIECE = 2 ** 18;

type Wants = (column: "sizes" | "ops" | "times" | "ttls", has: TraceColumns) => boolean;

/** Whole numbers of 32 bits as long as all are such, else of 53 bits or fractions. */
export type NumberColumn = Uint32Array | Float64Array;

/** Where batches come from: a TraceStream. */
interface Batches {
  readonly reading: TraceReading;
  batches(): AsyncGenerator<TraceBatch>;
}

export interface LoadedColumns {
  readonly keys: KeyNumbers;
  readonly requests: number;
  readonly ids: Uint32Array;
  readonly sizes: NumberColumn | null;
  readonly ops: Uint8Array | null;
  readonly times: Float64Array | null;
  readonly ttls: NumberColumn | null;
  readonly reading: TraceReading;
}

/**
 * Reads a stream to its end. Memory follows what is read, not what the file says there will be: pieces of so many requests, put together at the end.
 *
 * @param wants which of the columns that the trace has are kept; all, unless told otherwise
 * @param shared in shared memory
 * @throws InvalidArgumentError as the stream's batches do, and for more than 2^31 requests
 */
export async function loadColumns(
  path: string,
  stream: Batches,
  { wants = () => true, shared = false }: { wants?: Wants; shared?: boolean } = {},
): Promise<LoadedColumns> {
  const keys = new KeyNumbers();
  const ids = new GrowingColumn(new Uint32Array(0), shared);
  let columns: Columns | undefined;
  let requests = 0;
  for await (const batch of stream.batches()) {
    columns ??= columnsOf(batch, wants, shared);
    const { count } = batch;
    requests += count;
    if (requests > MOST_REQUESTS) {
      throw new InvalidArgumentError(`${path}: more than ${MOST_REQUESTS} requests; expected at most that many`);
    }
    ids.add(keys.of(batch), count);
    columns.sizes?.add(batch.sizes, count);
    columns.ops?.add(batch.ops, count);
    columns.times?.add(batch.times, count);
    columns.ttls?.add(batch.ttls, count);
  }
  // An empty trace has been refused by the stream's batches.
  if (columns === undefined) throw new InvalidArgumentError(`${path}: no request in it; expected at least one`);
  const loaded = {
    ...{ keys, requests, ids: ids.finish() },
    sizes: columns.sizes?.finish() ?? null,
    ops: columns.ops?.finish() ?? null,
    times: columns.times?.finish() ?? null,
    ttls: columns.ttls?.finish() ?? null,
  };
  const { reading } = stream;
  if (reading.unknownSizes && loaded.sizes !== null) fillUnknownSizes(loaded.ids, loaded.sizes, keys.size);
  const warnings = [...reading.warnings, ...repeatWarnings(requests, keys.size)];
  return { ...loaded, reading: { ...reading, warnings } };
}

interface Columns {
  readonly sizes?: GrowingColumn<NumberColumn>;
  readonly ops?: GrowingColumn<Uint8Array>;
  readonly times?: GrowingColumn<Float64Array>;
  readonly ttls?: GrowingColumn<NumberColumn>;
}

function columnsOf({ columns }: TraceBatch, wants: Wants, shared: boolean): Columns {
  return {
    sizes:
      columns.size && wants("sizes", columns) ? new GrowingColumn<NumberColumn>(new Uint32Array(0), shared) : undefined,
    ops: columns.op && wants("ops", columns) ? new GrowingColumn(new Uint8Array(0), shared) : undefined,
    times: columns.time && wants("times", columns) ? new GrowingColumn(new Float64Array(0), shared) : undefined,
    ttls:
      columns.ttl && wants("ttls", columns) ? new GrowingColumn<NumberColumn>(new Uint32Array(0), shared) : undefined,
  };
}

type Numbers = Uint8Array | Uint32Array | Float64Array;
type NumbersClass<C> = { new (of: number | SharedArrayBuffer): C; readonly BYTES_PER_ELEMENT: number };

/** A column of a length not known beforehand: pieces that are put together, and let go one by one, at the end. Of 32 bits, it widens for the first number that needs it. */
class GrowingColumn<C extends Numbers> {
  private pieces: C[] = [];
  private length = 0;
  private Numbers: NumbersClass<C>;

  constructor(
    kind: C,
    private readonly shared: boolean,
  ) {
    this.Numbers = kind.constructor as NumbersClass<C>;
  }

  add(from: Numbers, count: number): void {
    if (this.mustWiden(from, count)) this.widen();
    for (let done = 0; done < count; ) {
      const at = this.length % PIECE;
      if (at === 0) this.pieces.push(new this.Numbers(PIECE));
      const fits = Math.min(count - done, PIECE - at);
      this.pieces[this.pieces.length - 1].set(from.subarray(done, done + fits), at);
      this.length += fits;
      done += fits;
    }
  }

  finish(): C {
    const { length, Numbers } = this;
    const whole = new Numbers(this.shared ? new SharedArrayBuffer(length * Numbers.BYTES_PER_ELEMENT) : length);
    const pieces = this.pieces.reverse();
    for (let at = 0; at < length; at += PIECE) {
      const piece = pieces.pop() as C;
      whole.set(piece.subarray(0, Math.min(PIECE, length - at)), at);
    }
    return whole;
  }

  private mustWiden(from: Numbers, count: number): boolean {
    if ((this.Numbers as unknown) !== Uint32Array || !(from instanceof Float64Array)) return false;
    for (let i = 0; i < count; i++) if (from[i] >>> 0 !== from[i]) return true;
    return false;
  }

  private widen(): void {
    this.Numbers = Float64Array as unknown as NumbersClass<C>;
    this.pieces = this.pieces.map((piece) => Float64Array.from(piece) as unknown as C);
  }
}
