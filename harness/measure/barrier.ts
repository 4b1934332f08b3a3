/**
 * A barrier in shared memory: the last of `parties` to arrive lets all of them go, again and again. Workers leave within a
 * wake-up of each other, so that what is measured afterwards really runs at the same time.
 */
const ARRIVED = 0;
const GENERATION = 1;

/** Bytes a barrier takes; zeroed before first use. */
export const BARRIER_BYTES = 8;

export class Barrier {
  readonly #words: Int32Array;
  readonly #parties: number;

  constructor(buffer: SharedArrayBuffer, byteOffset: number, parties: number) {
    this.#words = new Int32Array(buffer, byteOffset, BARRIER_BYTES / 4);
    this.#parties = parties;
  }

  /** Blocks this thread until all parties have arrived. Never on a thread that must answer messages. */
  arriveAndWait(): void {
    const words = this.#words;
    // Read before arriving: once all have arrived the generation may move on at any moment.
    const generation = Atomics.load(words, GENERATION);
    if (Atomics.add(words, ARRIVED, 1) + 1 === this.#parties) {
      Atomics.store(words, ARRIVED, 0);
      Atomics.add(words, GENERATION, 1);
      Atomics.notify(words, GENERATION);
      return;
    }
    while (Atomics.load(words, GENERATION) === generation) Atomics.wait(words, GENERATION, generation);
  }
}
