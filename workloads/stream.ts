/**
 * Operation streams: what one agent does in one phase, drawn beforehand into typed arrays, so that the loop that is measured
 * allocates nothing and draws nothing. The same (phase, seed, worker, workers, count) gives the same stream on every machine;
 * every worker has a stream of its own.
 */
import { InvalidArgumentError } from "../src/store/errors.js";
import type { KeyChooser } from "./generators/chooser.js";
import { keyChooser } from "./generators/keys.js";
import { Random } from "./generators/random.js";
import { type SizeChooser, sizeChooser } from "./generators/sizes.js";
import {
  MIX_OPERATIONS,
  OP_DELETE,
  OP_GET,
  OP_GET_OR_SET,
  OP_INCREMENT,
  OP_INSERT,
  OP_READ_MODIFY_WRITE,
  OP_SET,
  operationCode,
} from "./operations.js";
import type { Phase, PhaseKeys, PhaseValues, Scenario } from "./scenario.js";
import type { Trace } from "./traces/open.js";

/** Bytes of a value replayed from a trace that tells no sizes. */
const SIZE_WITHOUT_TRACE = 64;

/** Streams of one seed: the operations, the key preload, and one per phase of each. */
const OPERATIONS_STREAM = 1;
const PRELOAD_STREAM = 2;

export interface OperationStream {
  readonly count: number;
  /** Codes of operations.ts. */
  readonly ops: Uint8Array;
  /** Key numbers; `keyName` spells them. */
  readonly keys: Uint32Array;
  /** Bytes of the value an operation writes (or would write on a miss); 0 where it writes none. */
  readonly sizes: Uint32Array;
  /** Time to live of what is written, ms, 0 = for ever; null: the phase sets none. */
  readonly ttls: Uint32Array | null;
  /** Key numbers of this stream are below it. */
  readonly keySpace: number;
  /** The key as the store sees it: 16 bytes for generated ones, the trace's own otherwise. */
  keyName(key: number): string;
}

export interface StreamOptions {
  readonly seed: number;
  /** 0 … workers - 1. */
  readonly worker: number;
  readonly workers: number;
  /** Operations to draw; a runner that needs more goes round again. A trace phase ignores it: its length is the trace's. */
  readonly count: number;
  /** Number of the phase within its scenario: phases of one worker draw from different streams. */
  readonly phase?: number;
  /** What phases over a trace replay. */
  readonly trace?: Trace;
}

/** The generated key of a number: `user` and 12 digits, 16 bytes. */
export function keyName(key: number): string {
  return `user${String(key).padStart(12, "0")}`;
}

/** Draws one worker's operations of one phase. Throws InvalidArgumentError: a trace phase without a trace, worker out of range. */
export function createStream(phase: Phase, options: StreamOptions): OperationStream {
  const { worker, workers, count } = options;
  if (!(Number.isSafeInteger(worker) && worker >= 0 && worker < workers)) {
    throw new InvalidArgumentError(`worker ${worker} of ${workers}; expected 0 to ${workers - 1}`);
  }
  if (!(Number.isSafeInteger(count) && count >= 1 && count <= 2 ** 31)) {
    throw new InvalidArgumentError(`a stream of ${count} operations; expected 1 to ${2 ** 31}`);
  }
  if (phase.keys.distribution === "trace") return traceStream(phase, options, requiredTrace(options));
  return generatedStream(phase, phase.keys, options);
}

/** Keys to set before the measurement, and the sizes of their values: this worker's part of the scenario's preload. */
export function createPreload(scenario: Scenario, options: Omit<StreamOptions, "count" | "phase">) {
  const [{ keys, values }] = scenario.phases;
  if (keys.distribution === "trace" || scenario.preload === 0)
    return { keys: new Uint32Array(0), sizes: new Uint32Array(0) };
  const wanted = Math.round(keys.count * scenario.preload);
  const own = keys.scope === "agent" ? wanted : Math.ceil((wanted - options.worker) / options.workers);
  const random = new Random(options.seed, PRELOAD_STREAM, options.worker);
  const size = sizesOf(values);
  const preload = { keys: new Uint32Array(Math.max(0, own)), sizes: new Uint32Array(Math.max(0, own)) };
  for (let i = 0; i < own; i++) {
    preload.keys[i] = keys.scope === "agent" ? options.worker * keys.count + i : options.worker + i * options.workers;
    preload.sizes[i] = size(random);
  }
  return preload;
}

type GeneratedKeys = Exclude<PhaseKeys, { distribution: "trace" }>;

function generatedStream(phase: Phase, keys: GeneratedKeys, options: StreamOptions): OperationStream {
  const { worker, count } = options;
  const random = new Random(options.seed, OPERATIONS_STREAM, worker, options.phase ?? 0);
  const stream = emptyStream(count, phase.ttl !== undefined);
  const nextOperation = operationChooser(phase.mix);
  const nextSize = sizesOf(phase.values);
  const nextKey = new WorkerKeys(phase, keys, options);
  for (let i = 0; i < count; i++) {
    const op = nextOperation(random);
    stream.ops[i] = op;
    stream.keys[i] = op === OP_INSERT ? nextKey.insert() : nextKey.next(random);
    if (writes(op)) writeValue(stream, i, nextSize(random), phase, random);
  }
  return { count, ...stream, keySpace: nextKey.keySpace, keyName };
}

/** Every worker replays its share of the requests: worker 1 of 4 takes requests 1, 5, 9 … in order. */
function traceStream(phase: Phase, options: StreamOptions, trace: Trace): OperationStream {
  const { worker, workers } = options;
  const random = new Random(options.seed, OPERATIONS_STREAM, worker, options.phase ?? 0);
  const count = Math.max(0, Math.ceil((trace.requests - worker) / workers));
  const stream = emptyStream(count, phase.ttl !== undefined || trace.ttls !== null);
  const nextOperation = operationChooser(phase.mix);
  const { values } = phase;
  const ownSizes = values.distribution === "trace" ? undefined : sizesOf(values);
  const largest = values.distribution === "trace" ? (values.max ?? 0xffffffff) : 0;
  for (let i = 0; i < count; i++) {
    const request = worker + i * workers;
    const op = replayedOperation(trace.ops?.[request] ?? OP_GET) ?? nextOperation(random);
    stream.ops[i] = op;
    stream.keys[i] = trace.ids[request];
    if (!writes(op)) continue;
    const size = ownSizes?.(random) ?? Math.min(trace.sizes?.[request] ?? SIZE_WITHOUT_TRACE, largest);
    writeValue(stream, i, size, phase, random);
    if (phase.ttl === undefined && stream.ttls !== null) stream.ttls[i] = milliseconds(trace.ttls?.[request] ?? 0);
  }
  return { count, ...stream, keySpace: trace.distinct, keyName: (key) => trace.keyOf(key) };
}

/** What the trace says was written stays a write; what it read becomes what the scenario's mix says (cache-aside, mostly). */
function replayedOperation(op: number): number | undefined {
  if (op === OP_SET || op === OP_DELETE) return op;
  // Any value may sit under the key, so a trace's increment is a read and a write, not an atomic add.
  return op === OP_INCREMENT ? OP_READ_MODIFY_WRITE : undefined;
}

function requiredTrace({ trace }: StreamOptions): Trace {
  if (trace === undefined)
    throw new InvalidArgumentError("this scenario replays a trace, and none was given; expected --trace FILE");
  return trace;
}

/**
 * The keys one worker draws. Numbers: the phase's own keys first (of all agents, when each has its own), then inserted ones,
 * dealt out by worker so that no two ever insert the same.
 */
class WorkerKeys {
  readonly #chooser: KeyChooser;
  readonly #count: number;
  readonly #base: number;
  readonly #existing: number;
  readonly #worker: number;
  readonly #workers: number;
  readonly #shiftEvery: number;
  readonly #shiftBy: number;
  #shift: number;
  #untilShift: number;
  #inserted = 0;

  constructor(phase: Phase, keys: GeneratedKeys, { worker, workers }: StreamOptions) {
    this.#chooser = keyChooser(keys, Math.floor((worker * keys.count) / workers));
    this.#count = keys.count;
    this.#base = keys.scope === "agent" ? worker * keys.count : 0;
    this.#existing = keys.scope === "agent" ? workers * keys.count : keys.count;
    this.#worker = worker;
    this.#workers = workers;
    this.#shift = Math.floor((phase.offset ?? 0) * keys.count) % keys.count;
    this.#shiftEvery = phase.shift?.every ?? Number.POSITIVE_INFINITY;
    this.#shiftBy = Math.floor((phase.shift?.by ?? 0) * keys.count);
    this.#untilShift = this.#shiftEvery;
    if (this.#existing > 0xffffffff) {
      throw new InvalidArgumentError(
        `${workers} agents with ${keys.count} keys each; expected at most 2^32 keys in all`,
      );
    }
  }

  get keySpace(): number {
    return this.#existing + this.#inserted * this.#workers;
  }

  next(random: Random): number {
    if (this.#untilShift-- === 0) {
      this.#shift = (this.#shift + this.#shiftBy) % this.#count;
      this.#untilShift = this.#shiftEvery - 1;
    }
    const drawn = this.#chooser.next(random);
    if (drawn >= this.#count) return this.#insertedKey(drawn - this.#count);
    return this.#base + ((drawn + this.#shift) % this.#count);
  }

  insert(): number {
    const key = this.#insertedKey(this.#inserted);
    this.#inserted++;
    this.#chooser.grow?.(this.#count + this.#inserted);
    return key;
  }

  #insertedKey(nth: number): number {
    return this.#existing + this.#worker + nth * this.#workers;
  }
}

function emptyStream(count: number, withTtls: boolean) {
  return {
    ops: new Uint8Array(count),
    keys: new Uint32Array(count),
    sizes: new Uint32Array(count),
    ttls: withTtls ? new Uint32Array(count) : null,
  };
}

function writeValue(
  stream: ReturnType<typeof emptyStream>,
  i: number,
  size: number,
  phase: Phase,
  random: Random,
): void {
  stream.sizes[i] = size;
  if (phase.ttl === undefined || stream.ttls === null) return;
  const min = Math.max(1, Math.round(phase.ttl.min));
  const max = Math.max(min, Math.round(phase.ttl.max));
  stream.ttls[i] = min + random.below(max - min + 1);
}

function writes(op: number): boolean {
  return op === OP_SET || op === OP_INSERT || op === OP_READ_MODIFY_WRITE || op === OP_GET_OR_SET;
}

function milliseconds(seconds: number): number {
  return Math.min(seconds * 1000, 0xffffffff);
}

function sizesOf(values: PhaseValues): SizeChooser {
  if (values.distribution === "trace") throw new InvalidArgumentError("values of a trace need keys of a trace");
  return sizeChooser(values);
}

/** Draws operation codes by weight; a mix of one draws nothing. */
function operationChooser(mix: Phase["mix"]): (random: Random) => number {
  const codes = MIX_OPERATIONS.filter((name) => (mix[name] ?? 0) > 0);
  const weights = codes.map((name) => mix[name] ?? 0);
  const total = weights.reduce((sum, weight) => sum + weight, 0);
  const ops = codes.map(operationCode);
  if (ops.length === 1) return () => ops[0];
  return (random) => {
    let left = random.unit() * total;
    for (let i = 0; i < ops.length; i++) {
      left -= weights[i];
      if (left < 0) return ops[i];
    }
    return ops[ops.length - 1];
  };
}
