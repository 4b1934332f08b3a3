import { InvalidArgumentError } from "../../src/store/errors.js";
import {
  fillUnknownSizes,
  hasUnknownSizes,
  NumberInterner,
  openTrace,
  StringInterner,
  type TraceBatch,
  type TraceOptions,
} from "../../workloads/index.js";
import type { SweepTrace } from "./shared-trace.js";

/** Dense ids and positions stay within 32 bits, and one value is taken for "never". */
const MAX_REQUESTS = 2 ** 31;
/** Requests a piece of a growing column holds. */
const PIECE = 2 ** 20;

/**
 * Reads a trace for simulation, in one pass, so that a pipe serves as well as a file, for policies that look ahead too. The requests
 * stay in shared memory as numbers: 4 bytes a request for the dense id, 4 more with sizes, 1 more where the trace tells operations,
 * 12 more where it tells when entries expire. Keys are only held while they are read (about 16 bytes a distinct number, once).
 * 100 million reads take 400 MB, whatever the number of policies and capacities.
 *
 * The alternative, to feed all simulations from one pass over the file and hold no requests, would hold all of them at once instead: 10 to
 * 30 bytes a distinct id for each policy at each capacity, which is more on every trace with one distinct id in a few hundred requests.
 *
 * @param sizes whether sizes are wanted, where the trace has them
 * @throws InvalidArgumentError as openTrace does, and for more than 2^31 requests
 */
export async function loadForSweep(path: string, options: TraceOptions & { sizes: boolean }): Promise<SweepTrace> {
  const stream = await openTrace(path, options);
  let columns: Columns | undefined;
  for await (const batch of stream.batches()) {
    columns ??= new Columns(batch, options.sizes);
    if (columns.requests + batch.count > MAX_REQUESTS) {
      throw new InvalidArgumentError(`${path}: more than ${MAX_REQUESTS} requests; expected at most that many`);
    }
    columns.add(batch);
  }
  // An empty trace has been refused by openTrace's batches.
  if (columns === undefined) throw new InvalidArgumentError(`${path}: no request in it; expected at least one`);
  const trace = columns.finish(stream.name);
  if (hasUnknownSizes(stream.format) && trace.sizes !== null) fillUnknownSizes(trace.ids, trace.sizes, trace.distinct);
  return trace;
}

class Columns {
  requests = 0;
  private readonly numbers: NumberInterner | undefined;
  private readonly strings = new StringInterner();
  private readonly ids = new GrowingColumn<Uint32Array>(Uint32Array);
  private readonly sizes: GrowingColumn<Uint32Array> | undefined;
  private readonly ops: GrowingColumn<Uint8Array> | undefined;
  private readonly times: GrowingColumn<Float64Array> | undefined;
  private readonly ttls: GrowingColumn<Uint32Array> | undefined;
  private readonly batchIds: Uint32Array;

  constructor({ idKind, signed, columns, lo, keys }: TraceBatch, sizes: boolean) {
    this.numbers = idKind === "number" ? new NumberInterner(signed) : undefined;
    this.batchIds = new Uint32Array(Math.max(lo.length, keys.length));
    if (columns.size && sizes) this.sizes = new GrowingColumn<Uint32Array>(Uint32Array);
    if (columns.op) this.ops = new GrowingColumn<Uint8Array>(Uint8Array);
    if (!columns.ttl) return;
    this.ttls = new GrowingColumn<Uint32Array>(Uint32Array);
    if (columns.time) this.times = new GrowingColumn<Float64Array>(Float64Array);
  }

  add(batch: TraceBatch): void {
    const { count, lo, hi, keys } = batch;
    const { numbers, strings, batchIds } = this;
    if (numbers !== undefined) for (let i = 0; i < count; i++) batchIds[i] = numbers.intern(lo[i], hi[i]);
    else for (let i = 0; i < count; i++) batchIds[i] = strings.intern(keys[i]);
    this.ids.add(batchIds, count);
    this.sizes?.add(batch.sizes, count);
    this.ops?.add(batch.ops, count);
    this.times?.add(batch.times, count);
    this.ttls?.add(batch.ttls, count);
    this.requests += count;
  }

  finish(name: string): SweepTrace {
    return {
      name,
      distinct: this.numbers?.size ?? this.strings.size,
      ids: this.ids.finish(),
      sizes: this.sizes?.finish() ?? null,
      ops: this.ops?.finish() ?? null,
      times: this.times?.finish() ?? null,
      ttls: this.ttls?.finish() ?? null,
    };
  }
}

type NumberColumn = Uint32Array | Uint8Array | Float64Array;

/** A column of a length not known beforehand: pieces that are put together, and let go one by one, at the end. */
class GrowingColumn<Column extends NumberColumn> {
  private pieces: Column[] = [];
  private length = 0;

  constructor(
    private readonly Numbers: { new (of: number | SharedArrayBuffer): Column; readonly BYTES_PER_ELEMENT: number },
  ) {}

  add(from: Column, count: number): void {
    for (let done = 0; done < count; ) {
      const at = this.length % PIECE;
      if (at === 0) this.pieces.push(new this.Numbers(PIECE));
      const fits = Math.min(count - done, PIECE - at);
      this.pieces[this.pieces.length - 1].set(from.subarray(done, done + fits), at);
      this.length += fits;
      done += fits;
    }
  }

  finish(): Column {
    const whole = new this.Numbers(new SharedArrayBuffer(this.length * this.Numbers.BYTES_PER_ELEMENT));
    const pieces = this.pieces.reverse();
    for (let at = 0; at < this.length; at += PIECE) {
      const piece = pieces.pop() as Column;
      whole.set(piece.subarray(0, Math.min(PIECE, this.length - at)), at);
    }
    return whole;
  }
}
