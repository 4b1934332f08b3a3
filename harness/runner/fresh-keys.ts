/**
 * Keys that no one has named before, however long a phase lasts: each time a worker's stream goes round, what it inserts gets names of
 * higher numbers. Streams are drawn beforehand and are of one length; inserts that came round again would be updates.
 */

/** Digits at the end of a generated key's name: see keyName in workloads/stream.ts. */
const DIGITS = 12;

export class FreshKeys {
  readonly #keys: string[];
  readonly #indexes: Uint32Array;
  /** What stands in front of the number, and the number of the first round. */
  readonly #heads: string[];
  readonly #numbers: Float64Array;
  readonly #stride: number;
  #round = 0;

  /**
   * @param keys names by index, this worker's own copy: changed in place
   * @param indexes those that are inserted
   * @param stride further than any two numbers of one round lie apart
   */
  constructor(keys: string[], indexes: Uint32Array, stride: number) {
    this.#keys = keys;
    this.#indexes = indexes;
    this.#heads = Array.from(indexes, (index) => keys[index].slice(0, -DIGITS));
    this.#numbers = Float64Array.from(indexes, (index) => Number(keys[index].slice(-DIGITS)));
    this.#stride = stride;
  }

  get indexes(): Uint32Array {
    return this.#indexes;
  }

  /** Names for the next round. */
  next(): void {
    this.#round++;
    this.#name();
  }

  /** The names of the first round again; false: they are there already. */
  restart(): boolean {
    if (this.#round === 0) return false;
    this.#round = 0;
    this.#name();
    return true;
  }

  #name(): void {
    const ahead = this.#round * this.#stride;
    for (let i = 0; i < this.#indexes.length; i++) {
      const digits = String(this.#numbers[i] + ahead).padStart(DIGITS, "0");
      // Made of one piece: joined ones would be put together at their first use, in the time of the operation.
      this.#keys[this.#indexes[i]] = Buffer.from(this.#heads[i] + digits).toString();
    }
  }
}
