/** The key distributions that need no more than a line of arithmetic. */
import { InvalidArgumentError } from "../../src/errors.js";
import type { Random } from "../../src/random.js";
import type { KeyChooser } from "./chooser.js";
import { log } from "./elementary.js";

/** Every key as likely as the others. */
export class Uniform implements KeyChooser {
  #keys: number;

  constructor(keys: number) {
    this.#keys = keys;
  }

  next(random: Random): number {
    return random.below(this.#keys);
  }

  grow(keys: number): void {
    this.#keys = keys;
  }
}

/** 0, 1, 2 … and round again: a scan, or a load. */
export class Sequential implements KeyChooser {
  readonly #keys: number;
  #at: number;

  constructor(keys: number, start = 0) {
    this.#keys = keys;
    this.#at = start % keys;
  }

  next(): number {
    const key = this.#at;
    this.#at = key + 1 === this.#keys ? 0 : key + 1;
    return key;
  }
}

/** A share of the operations goes to the first share of the keys, evenly on either side (YCSB's hotspot). */
export class Hotspot implements KeyChooser {
  readonly #keys: number;
  readonly #hot: number;
  readonly #hotOperations: number;

  /** Shares from 0 to 1; 20 % of the keys get 80 % of the operations by default. */
  constructor(keys: number, hotKeys = 0.2, hotOperations = 0.8) {
    this.#keys = keys;
    this.#hot = Math.min(keys, Math.max(1, Math.floor(keys * share("hotKeys", hotKeys))));
    this.#hotOperations = share("hotOperations", hotOperations);
  }

  next(random: Random): number {
    const cold = this.#keys - this.#hot;
    if (cold === 0 || random.unit() < this.#hotOperations) return random.below(this.#hot);
    return this.#hot + random.below(cold);
  }
}

/** Exponential: `percentile` of the draws fall into the first `range` of the keys (YCSB: 95 % into 0.857). */
export class Exponential implements KeyChooser {
  readonly #keys: number;
  readonly #scale: number;

  constructor(keys: number, percentile = 0.95, range = 0.8571428571) {
    if (!(percentile > 0 && percentile < 1 && range > 0 && range <= 1)) {
      throw new InvalidArgumentError(
        `exponential percentile ${percentile}, range ${range}; expected shares between 0 and 1`,
      );
    }
    this.#keys = keys;
    this.#scale = (keys * range) / -log(1 - percentile);
  }

  next(random: Random): number {
    while (true) {
      // 1 - u is in (0, 1]: its logarithm is finite.
      const key = Math.floor(-log(1 - random.unit()) * this.#scale);
      if (key < this.#keys) return key;
    }
  }
}

function share(name: string, value: number): number {
  if (!(value >= 0 && value <= 1)) throw new InvalidArgumentError(`${name} is ${value}; expected a share from 0 to 1`);
  return value;
}
