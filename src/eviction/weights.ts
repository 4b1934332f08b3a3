/** What 32 bits hold. */
const LARGEST = 2 ** 32 - 1;

/**
 * What each id takes of a capacity. By objects that is 1 and costs no memory; by bytes it is the size the entry was inserted with, at
 * least 1, so that a list of entries weighs 0 only when it is empty. Ids keep their weight as ghosts.
 *
 * 4 bytes an id by bytes, 8 from the first entry beyond 4 GiB on, none by objects.
 */
export class Weights {
  private bytes: Uint32Array | Float64Array | null;

  constructor(distinct: number, byBytes: boolean) {
    this.bytes = byBytes ? new Uint32Array(distinct) : null;
  }

  of(id: number): number {
    return this.bytes === null ? 1 : this.bytes[id];
  }

  /** Sets an id's weight (not looked at by objects); gives it back as it counts. */
  set(id: number, weight: number | undefined): number {
    if (this.bytes === null) return 1;
    const counted = weight === undefined || weight < 1 ? 1 : weight;
    if (counted > LARGEST) this.bytes = Float64Array.from(this.bytes);
    this.bytes[id] = counted;
    return counted;
  }
}
