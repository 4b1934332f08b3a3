/**
 * The memory one run process and its workers share: a start barrier, a stop word, and for each worker the counts of
 * operations done and begun and its latency histograms. One writer a word; the main thread only reads, the stop word aside.
 */
import { HistogramReader, HistogramRecorder, RECORDER_BYTES } from "../../src/metrics/index.js";
import { BARRIER_BYTES, Barrier } from "../measure/index.js";

const LINE = 64;
const STOP_OFFSET = LINE;
const WORKERS_OFFSET = 2 * LINE;

/** Two histograms a slot: from the actual start, and (open loop) from the intended one. */
export const CLOCKS = ["actual", "intended"] as const;
export type Clock = (typeof CLOCKS)[number];

export class ControlBlock {
  readonly buffer: SharedArrayBuffer;
  readonly workers: number;
  /** Pairs of histograms a worker has: see latency-slots.ts. */
  readonly slots: number;
  readonly #workerBytes: number;
  readonly #stop: Int32Array;

  constructor(workers: number, slots: number, buffer?: SharedArrayBuffer) {
    this.#workerBytes = LINE + slots * CLOCKS.length * RECORDER_BYTES;
    buffer ??= new SharedArrayBuffer(WORKERS_OFFSET + workers * this.#workerBytes);
    this.workers = workers;
    this.slots = slots;
    this.buffer = buffer;
    this.#stop = new Int32Array(buffer, STOP_OFFSET, 1);
  }

  barrier(): Barrier {
    if (BARRIER_BYTES > LINE) throw new RangeError("the barrier outgrew its line");
    return new Barrier(this.buffer, 0, this.workers);
  }

  /** Asks all workers to end their pass at the next batch. */
  stop(): void {
    Atomics.store(this.#stop, 0, 1);
    Atomics.notify(this.#stop, 0);
  }

  get stopped(): boolean {
    return Atomics.load(this.#stop, 0) === 1;
  }

  /** Sleeps at most `milliseconds`, less when stopped. Blocks the thread. */
  sleep(milliseconds: number): void {
    Atomics.wait(this.#stop, 0, 0, milliseconds);
  }

  /** Operations a worker has done in the current pass, modulo 2^32. */
  operations(worker: number): Uint32Array {
    return new Uint32Array(this.buffer, this.#workerOffset(worker), 1);
  }

  /** Operations a worker has begun, loading included and failed ones too, modulo 2^32: whether it still moves. */
  attempts(worker: number): Uint32Array {
    return new Uint32Array(this.buffer, this.#workerOffset(worker) + 4, 1);
  }

  recorder(worker: number, slot: number, clock: Clock): HistogramRecorder {
    return new HistogramRecorder(this.buffer, this.#histogramOffset(worker, slot, clock));
  }

  reader(worker: number, slot: number, clock: Clock): HistogramReader {
    return new HistogramReader(this.buffer, this.#histogramOffset(worker, slot, clock));
  }

  #workerOffset(worker: number): number {
    return WORKERS_OFFSET + worker * this.#workerBytes;
  }

  #histogramOffset(worker: number, slot: number, clock: Clock): number {
    const index = slot * CLOCKS.length + CLOCKS.indexOf(clock);
    return this.#workerOffset(worker) + LINE + index * RECORDER_BYTES;
  }
}
