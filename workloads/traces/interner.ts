/**
 * Interning: every distinct key of a trace becomes a dense number 0, 1, 2 … in order of first appearance. A simulator
 * then works on plain arrays indexed by that number instead of hashing keys again for every policy and capacity.
 */

/** Slots are kept at most half full: linear probing stays at about 1.5 probes a lookup. */
const MAX_LOAD = 0.5;
const EMPTY = 0xffffffff;

/**
 * 64-bit ids as two unsigned halves, in open addressing over typed arrays: exact beyond 2^53, no BigInt and no object
 * per key. About 16 bytes a key plus the growth reserve.
 */
export class NumberInterner {
  #slots: Uint32Array;
  #mask: number;
  #lo: Uint32Array;
  #hi: Uint32Array;
  #count = 0;
  readonly #signed: boolean;

  constructor(signed = false, expected = 1024) {
    let capacity = 16;
    while (capacity * MAX_LOAD < expected) capacity *= 2;
    this.#signed = signed;
    this.#slots = new Uint32Array(capacity).fill(EMPTY);
    this.#mask = capacity - 1;
    this.#lo = new Uint32Array(capacity * MAX_LOAD);
    this.#hi = new Uint32Array(capacity * MAX_LOAD);
  }

  /** Distinct ids seen. */
  get size(): number {
    return this.#count;
  }

  /** The dense number of the id, a new one if it is new. */
  intern(lo: number, hi: number): number {
    let slot = mix(lo, hi) & this.#mask;
    for (let dense = this.#slots[slot]; dense !== EMPTY; dense = this.#slots[slot]) {
      if (this.#lo[dense] === lo && this.#hi[dense] === hi) return dense;
      slot = (slot + 1) & this.#mask;
    }
    const dense = this.#count++;
    this.#lo[dense] = lo;
    this.#hi[dense] = hi;
    this.#slots[slot] = dense;
    if (this.#count === this.#lo.length) this.#grow();
    return dense;
  }

  /** The id behind a dense number, exact. */
  idOf(dense: number): bigint {
    const unsigned = (BigInt(this.#hi[dense]) << 32n) | BigInt(this.#lo[dense]);
    return this.#signed ? BigInt.asIntN(64, unsigned) : unsigned;
  }

  /** The id in decimal. */
  keyOf(dense: number): string {
    return String(this.idOf(dense));
  }

  #grow(): void {
    const capacity = this.#slots.length * 2;
    const lo = new Uint32Array(capacity * MAX_LOAD);
    const hi = new Uint32Array(capacity * MAX_LOAD);
    lo.set(this.#lo);
    hi.set(this.#hi);
    this.#lo = lo;
    this.#hi = hi;
    this.#mask = capacity - 1;
    this.#slots = new Uint32Array(capacity).fill(EMPTY);
    for (let dense = 0; dense < this.#count; dense++) {
      let slot = mix(lo[dense], hi[dense]) & this.#mask;
      while (this.#slots[slot] !== EMPTY) slot = (slot + 1) & this.#mask;
      this.#slots[slot] = dense;
    }
  }
}

/** String keys to dense numbers. */
export class StringInterner {
  readonly #dense = new Map<string, number>();
  readonly #keys: string[] = [];

  get size(): number {
    return this.#keys.length;
  }

  intern(key: string): number {
    const known = this.#dense.get(key);
    if (known !== undefined) return known;
    const dense = this.#keys.length;
    const own = detached(key);
    this.#dense.set(own, dense);
    this.#keys.push(own);
    return dense;
  }

  keyOf(dense: number): string {
    return this.#keys[dense];
  }
}

/** The same string with memory of its own: a part of a longer one keeps all of that alive, here the block of lines it was cut from. */
function detached(key: string): string {
  return ` ${key}`.slice(1);
}

/** Spreads both halves over all 32 bits: the finaliser of MurmurHash3 (Appleby), block ids being anything but random. */
function mix(lo: number, hi: number): number {
  let h = lo ^ Math.imul(hi, 0x9e3779b1);
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
