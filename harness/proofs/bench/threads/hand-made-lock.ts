/**
 * The lock that people write themselves: one word, free, taken, or taken while others may sleep (Drepper, "Futexes are tricky"). It knows
 * nothing of deaths, deadlocks or turns, which is what it saves.
 */
const FREE = 0;
const TAKEN = 1;
const CONTENDED = 2;

export class HandMadeLock {
  readonly #word: Int32Array;

  constructor(memory: SharedArrayBuffer) {
    this.#word = new Int32Array(memory, 0, 1);
  }

  take(): void {
    if (Atomics.compareExchange(this.#word, 0, FREE, TAKEN) === FREE) return;
    while (Atomics.exchange(this.#word, 0, CONTENDED) !== FREE) Atomics.wait(this.#word, 0, CONTENDED);
  }

  leave(): void {
    if (Atomics.exchange(this.#word, 0, FREE) === CONTENDED) Atomics.notify(this.#word, 0, 1);
  }
}
