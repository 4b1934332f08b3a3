/**
 * sfc32, Chris Doty-Humphrey's small fast counting generator (PractRand): 128 bits of state, 32-bit adds, shifts and xors only, so a
 * stream is the same on every machine and every engine. Not for secrets. What a stream is seeded from, and what is drawn from it,
 * its heirs say.
 */
export class Sfc32 {
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  /** @param discarded outputs passed over at first: a dozen of them still show the seed, says the author */
  constructor(a: number, b: number, c: number, discarded: number) {
    this.#a = a;
    this.#b = b;
    this.#c = c;
    for (let i = 0; i < discarded; i++) this.next32();
  }

  /** 32 uniform bits, 0 to 4294967295. */
  next32(): number {
    const sum = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + sum) | 0;
    return sum >>> 0;
  }
}
