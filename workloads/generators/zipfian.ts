/**
 * Zipf-shaped key choice: rank r is drawn in proportion to 1 / r^theta.
 *
 *   Zipfian           YCSB's method, of Gray et al., "Quickly generating billion-record synthetic databases" (SIGMOD 1994):
 *                     constant time a draw, an approximation past rank 2. Rank 0 is the hottest.
 *   ScrambledZipfian  YCSB's: ranks over ten billion items, hashed onto the keys, so hot keys lie anywhere and the hottest
 *                     draws 1 / zeta = 3.8 % whatever the number of keys.
 *   TrueZipf          exact, by rejection-inversion (Hörmann and Derflinger 1996).
 *   Latest            YCSB's skewed-latest: Zipfian counted back from the newest key.
 */
import { InvalidArgumentError } from "../../src/errors.js";
import type { Random } from "../../src/random.js";
import type { KeyChooser } from "./chooser.js";
import { exp, log, pow } from "./elementary.js";

const YCSB_THETA = 0.99;

/** Items the scrambled variant draws ranks from, and the sum of 1 / i^0.99 over them: both YCSB's constants. */
const SCRAMBLED_ITEMS = 10_000_000_000;
const SCRAMBLED_ZETA = 26.46902820178302;

export class Zipfian implements KeyChooser {
  readonly #theta: number;
  readonly #alpha: number;
  readonly #half: number;
  #items: number;
  #zeta: number;
  #eta: number;

  /** `zeta`: the sum over all items when it is known beforehand (ten billion terms are not summed here). */
  constructor(items: number, theta = YCSB_THETA, zeta?: number) {
    if (!(theta > 0 && theta < 1)) {
      throw new InvalidArgumentError(
        `zipfian theta is ${theta}; expected more than 0 and less than 1 (zipf takes any positive exponent)`,
      );
    }
    this.#theta = theta;
    this.#alpha = 1 / (1 - theta);
    this.#half = 1 + pow(0.5, theta);
    this.#items = items;
    this.#zeta = zeta ?? zetaBetween(0, items, theta);
    this.#eta = this.#computeEta();
  }

  next(random: Random): number {
    const u = random.unit();
    const uz = u * this.#zeta;
    if (uz < 1) return 0;
    if (uz < this.#half) return Math.min(1, this.#items - 1);
    const rank = Math.floor(this.#items * pow(this.#eta * u - this.#eta + 1, this.#alpha));
    return rank < this.#items ? rank : this.#items - 1;
  }

  /** More items from now on; costs one term of zeta for each new one. */
  grow(items: number): void {
    this.#zeta += zetaBetween(this.#items, items, this.#theta);
    this.#items = items;
    this.#eta = this.#computeEta();
  }

  #computeEta(): number {
    if (this.#items <= 2) return 0;
    return (1 - pow(2 / this.#items, 1 - this.#theta)) / (1 - this.#half / this.#zeta);
  }
}

export class ScrambledZipfian implements KeyChooser {
  readonly #keys: number;
  readonly #ranks = new Zipfian(SCRAMBLED_ITEMS, YCSB_THETA, SCRAMBLED_ZETA);

  constructor(keys: number) {
    this.#keys = keys;
  }

  next(random: Random): number {
    return hashOnto(this.#ranks.next(random), this.#keys);
  }
}

/** Skewed towards the newest key: the newest itself is rank 0. `grow` tells it of an insert. */
export class Latest implements KeyChooser {
  readonly #ranks: Zipfian;
  #keys: number;

  constructor(keys: number, theta = YCSB_THETA) {
    this.#ranks = new Zipfian(keys, theta);
    this.#keys = keys;
  }

  next(random: Random): number {
    return this.#keys - 1 - this.#ranks.next(random);
  }

  grow(keys: number): void {
    this.#keys = keys;
    this.#ranks.grow(keys);
  }
}

/**
 * Rejection-inversion: inverts the integral of x^-s, a hat over the histogram, and rejects the slivers between. At most
 * about 1.1 draws a key for any exponent > 0.
 */
export class TrueZipf implements KeyChooser {
  readonly #keys: number;
  readonly #exponent: number;
  readonly #first: number;
  readonly #last: number;
  readonly #squeeze: number;

  constructor(keys: number, exponent = YCSB_THETA) {
    if (!(exponent > 0 && exponent <= 10)) {
      throw new InvalidArgumentError(`zipf exponent is ${exponent}; expected more than 0 and at most 10`);
    }
    this.#keys = keys;
    this.#exponent = exponent;
    this.#first = this.#integral(1.5) - 1;
    this.#last = this.#integral(keys + 0.5);
    this.#squeeze = 2 - this.#inverse(this.#integral(2.5) - pow(2, -exponent));
  }

  next(random: Random): number {
    while (true) {
      const u = this.#last + random.unit() * (this.#first - this.#last);
      const x = this.#inverse(u);
      const rank = Math.min(Math.max(Math.floor(x + 0.5), 1), this.#keys);
      if (rank - x <= this.#squeeze || u >= this.#integral(rank + 0.5) - pow(rank, -this.#exponent)) return rank - 1;
    }
  }

  /** Integral of t^-s from 1 to x. */
  #integral(x: number): number {
    const power = 1 - this.#exponent;
    const logX = log(x);
    return Math.abs(power) < 1e-9 ? logX : (exp(power * logX) - 1) / power;
  }

  #inverse(area: number): number {
    const power = 1 - this.#exponent;
    if (Math.abs(power) < 1e-9) return exp(area);
    return pow(Math.max(1 + area * power, 1e-300), 1 / power);
  }
}

function zetaBetween(from: number, to: number, theta: number): number {
  let sum = 0;
  for (let i = from + 1; i <= to; i++) sum += pow(i, -theta);
  return sum;
}

/** YCSB's hash of a rank (64-bit FNV-1 over 8 bytes, low byte first, then the absolute value), onto 0 … keys - 1. */
export function hashOnto(rank: number, keys: number): number {
  let lo = 0x84222325;
  let hi = 0xcbf29ce4;
  let rest = rank;
  for (let byte = 0; byte < 8; byte++) {
    lo = (lo ^ (rest % 256)) >>> 0;
    rest = Math.floor(rest / 256);
    // x 1099511628211 = 2^40 + 0x1b3, in halves; every product stays below 2^53.
    const low = lo * 0x1b3;
    hi = (Math.imul(hi, 0x1b3) + Math.floor(low / 4294967296) + (lo << 8)) >>> 0;
    lo = low >>> 0;
  }
  if (hi >= 0x80000000) {
    lo = (~lo + 1) >>> 0;
    hi = (~hi + (lo === 0 ? 1 : 0)) >>> 0;
  }
  let remainder = hi % keys;
  remainder = (remainder * 65536 + (lo >>> 16)) % keys;
  return (remainder * 65536 + (lo & 0xffff)) % keys;
}
