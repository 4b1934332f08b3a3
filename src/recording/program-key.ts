/** Keys of a program's own caches: any value, where a store's are text or bytes. */
import { hashNumber, hashText } from "./key-hash.js";

/** Apart from the text that is written alike: "true" is another key of a Map than true. */
const PRIMITIVES = 0x7072696d;
const IDENTITIES = 0x6f626a73;

/**
 * Objects, functions and symbols are keys by what they are and not by what they hold: each has a number, for as long as it lives. Another
 * process numbers its own, so the numbers are kept apart by the recorder they belong to.
 */
export class Identities {
  private readonly objects = new WeakMap<WeakKey, number>();
  /** Symbols of the global registry never go away, and no WeakMap takes them. */
  private readonly registered = new Map<symbol, number>();
  private count = 0;

  constructor(private readonly seed: number) {}

  /** Hashes the key. @returns its bytes; 0 where it has none that could be counted */
  hash(key: unknown, seed: number): void {
    hashNumber(this.numberOf(key as WeakKey), seed ^ this.seed ^ IDENTITIES);
  }

  private numberOf(key: WeakKey): number {
    const numbers =
      typeof key === "symbol" && Symbol.keyFor(key) !== undefined
        ? (this.registered as { get(key: WeakKey): number | undefined; set(key: WeakKey, number: number): unknown })
        : this.objects;
    let number = numbers.get(key);
    if (number === undefined) {
      number = ++this.count;
      numbers.set(key, number);
    }
    return number;
  }
}

/** Hashes a key that is no text. @returns whether its length in bytes means anything */
export function hashOtherKey(key: unknown, seed: number, identities: Identities): boolean {
  if (typeof key === "number") {
    hashNumber(key, seed);
    return true;
  }
  if (key === null || (typeof key !== "object" && typeof key !== "function" && typeof key !== "symbol")) {
    hashText(`${typeof key} ${key}`, seed ^ PRIMITIVES);
    return false;
  }
  identities.hash(key, seed);
  return false;
}
