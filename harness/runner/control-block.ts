/**
 * The memory one run process and its workers share: a start barrier, a stop word, and for each worker the count of
 * operations done and its latency histograms. One writer a word; the main thread only reads, the stop word aside.
 */
import { HistogramReader, HistogramRecorder, RECORDER_BYTES } from "../../src/monitor/index.js";
import { OPERATION_NAMES } from "../../workloads/index.js";
import { BARRIER_BYTES, Barrier } from "../measure/barrier.js";

const LINE = 64;
const STOP_OFFSET = LINE;
const WORKERS_OFFSET = 2 * LINE;

/** Two histograms an operation: from the actual start, and (open loop) from the intended one. */
export const CLOCKS = ["actual", "intended"] as const;
export type Clock = (typeof CLOCKS)[number];

const RECORDERS = OPERATION_NAMES.length * CLOCKS.length;
const WORKER_BYTES = LINE + RECORDERS * RECORDER_BYTES;

export class ControlBlock {
  readonly buffer: SharedArrayBuffer;
  readonly workers: number;
  readonly #stop: Int32Array;

  constructor(workers: number, buffer = new SharedArrayBuffer(WORKERS_OFFSET + workers * WORKER_BYTES)) {
    this.workers = workers;
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

  recorder(worker: number, kind: number, clock: Clock): HistogramRecorder {
    return new HistogramRecorder(this.buffer, this.#histogramOffset(worker, kind, clock));
  }

  reader(worker: number, kind: number, clock: Clock): HistogramReader {
    return new HistogramReader(this.buffer, this.#histogramOffset(worker, kind, clock));
  }

  #workerOffset(worker: number): number {
    return WORKERS_OFFSET + worker * WORKER_BYTES;
  }

  #histogramOffset(worker: number, kind: number, clock: Clock): number {
    const index = kind * CLOCKS.length + CLOCKS.indexOf(clock);
    return this.#workerOffset(worker) + LINE + index * RECORDER_BYTES;
  }
}
