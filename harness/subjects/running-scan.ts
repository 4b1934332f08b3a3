/**
 * Scans over a table that has no order: the entry asked for and then as many more as the scan is long, from an iteration that
 * goes on where this worker's last scan ended, round and round. An iteration begun anew each time would meet the same
 * entries for ever, and they would be in the cache.
 */
export class RunningScan<Value> {
  readonly #begin: () => Iterator<Value>;
  readonly #touch: (value: Value) => number;
  #iterator: Iterator<Value> | null = null;
  #sink = 0;

  /** @param touch reads something of a value, so that it is really looked at */
  constructor(begin: () => Iterator<Value>, touch: (value: Value) => number) {
    this.#begin = begin;
    this.#touch = touch;
  }

  /** How many entries were read, at most `count`. @param first whether the entry asked for was there, which counts as one */
  read(first: boolean, count: number): number {
    let read = first ? 1 : 0;
    let rounds = 0;
    while (read < count) {
      this.#iterator ??= this.#begin();
      const { done, value } = this.#iterator.next();
      if (done) {
        this.#iterator = null;
        // A table smaller than the scan ends it.
        if (++rounds === 2) break;
        continue;
      }
      this.#sink ^= this.#touch(value);
      read++;
    }
    return read;
  }
}
