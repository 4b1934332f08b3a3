/**
 * Facts as numbers: a declared schema whose fields have their places in a vector once and for all, so that encoding allocates nothing. Words of an
 * open vocabulary go by signed feature hashing (Weinberger et al. 2009): each adds +1 or -1 where its hash says, so that words which fall on one place
 * cancel as often as they add up.
 */
import { InvalidArgumentError } from "../errors.js";
import { wantFinite, wantOptions, wantWhole } from "./arguments.js";

/** How one fact becomes numbers: `range`, `oneOf` and `hashed` make them. */
export interface Field<V> {
  /** Numbers of the vector that it has. */
  readonly size: number;
  /** @throws InvalidArgumentError when it is no value of the field */
  check(value: V, name: string): void;
  /** Of a value that was checked, into numbers that are 0. */
  put(value: V, into: Float32Array, at: number): void;
}

/** A number as 0 to 1; what is beyond the ends counts as at them. */
export function range(min: number, max: number): Field<number> {
  wantFinite(min, "min");
  wantFinite(max, "max");
  if (!(min < max))
    throw new InvalidArgumentError(`a range goes from its less to its greater end, not from ${min} to ${max}`);
  return {
    size: 1,
    check(value, name) {
      if (typeof value !== "number" || Number.isNaN(value))
        throw new InvalidArgumentError(`${name} must be a number from ${min} to ${max}, not ${String(value)}`);
    },
    put(value, into, at) {
      into[at] = value <= min ? 0 : value >= max ? 1 : (value - min) / (max - min);
    },
  };
}

/** One of these: 1 in its own place. */
export function oneOf<const N extends string>(...names: readonly N[]): Field<N> {
  const places = new Map<string, number>(names.map((name, i) => [name, i]));
  if (names.length === 0 || places.size !== names.length)
    throw new InvalidArgumentError(`oneOf wants different names, not ${names.join(", ") || "none"}`);
  return {
    size: names.length,
    check(value, name) {
      if (!places.has(value))
        throw new InvalidArgumentError(`${name} must be one of ${names.join(", ")}, not ${String(value)}`);
    },
    put(value, into, at) {
      into[at + (places.get(value) as number)] = 1;
    },
  };
}

/** Words of any vocabulary, in `size` places. */
export function hashed(size: number): Field<readonly string[]> {
  wantWhole(size, 1, 65_536, "size");
  return {
    size,
    check(value, name) {
      if (!Array.isArray(value))
        throw new InvalidArgumentError(`${name} must be a list of words, not ${String(value)}`);
      for (let i = 0; i < value.length; i++) {
        if (typeof value[i] !== "string")
          throw new InvalidArgumentError(`${name} must be a list of words, and has ${String(value[i])}`);
      }
    },
    put(words, into, at) {
      for (let i = 0; i < words.length; i++) {
        const hash = hashOf(words[i]);
        into[at + ((hash >>> 1) % size)] += hash & 1 ? 1 : -1;
      }
    },
  };
}

/** FNV-1a over the word's UTF-16 units, its bits spread by a finaliser, or the lowest of them, which is the sign, would hang on the last letter. */
function hashOf(word: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < word.length; i++) hash = Math.imul(hash ^ word.charCodeAt(i), 0x01000193);
  hash ^= hash >>> 15;
  hash = Math.imul(hash, 0x2c1b3c6d);
  hash ^= hash >>> 12;
  hash = Math.imul(hash, 0x297a2d39);
  return (hash ^ (hash >>> 15)) >>> 0;
}

/** What an encoder of these fields takes: a value for each. */
export type Facts<F> = { readonly [Name in keyof F]: F[Name] extends Field<infer V> ? V : never };

/** Writes facts into a vector of numbers, each field at its place. */
export interface Encoder<F> {
  /** Numbers that it fills. */
  readonly size: number;
  /** Where each field begins. */
  readonly offsets: { readonly [Name in keyof F]: number };
  /**
   * Fills `into` from its beginning, and the rest of it with 0. Allocates nothing.
   *
   * @throws InvalidArgumentError for a fact that is missing or not of its field, or `into` being shorter than `size`: nothing was written then
   */
  encode(facts: Facts<F>, into: Float32Array): Float32Array;
}

/** An encoder of these fields, in their order. */
// biome-ignore lint/suspicious/noExplicitAny: a field is of whatever values it is of
export function encoder<F extends Record<string, Field<any>>>(fields: F): Encoder<F> {
  const names = Object.keys(wantOptions(fields, "an encoder")) as (keyof F & string)[];
  if (names.length === 0) throw new InvalidArgumentError("an encoder needs a field: encoder({ speed: range(0, 10) })");
  const list = names.map((name) => fields[name]);
  for (const [i, field] of list.entries()) {
    if (typeof field?.check === "function" && typeof field.put === "function") continue;
    throw new InvalidArgumentError(`the field ${names[i]} is none: take range, oneOf, hashed, or one of your own`);
  }
  const starts: number[] = [];
  let size = 0;
  for (const field of list) {
    starts.push(size);
    size += field.size;
  }
  return {
    size,
    offsets: Object.fromEntries(names.map((name, i) => [name, starts[i]])) as { [Name in keyof F]: number },
    encode(facts, into) {
      if (!(into instanceof Float32Array) || into.length < size)
        throw new InvalidArgumentError(
          `into must be a Float32Array of ${size} numbers or more, not ${String(into?.length)}`,
        );
      for (let i = 0; i < list.length; i++) {
        const fact = facts[names[i]];
        if (fact === undefined)
          throw new InvalidArgumentError(`${names[i]} is missing: the encoder's fields are ${names.join(", ")}`);
        list[i].check(fact, names[i]);
      }
      into.fill(0);
      for (let i = 0; i < list.length; i++) list[i].put(facts[names[i]], into, starts[i]);
      return into;
    },
  };
}

/**
 * What a sparse table knows a vector by: its numbers in steps of 1 / `levels`, hashed to a whole number below 2^53. Two vectors of other steps share one
 * by chance alone: of a million, less than one pair in ten thousand tables.
 */
export function stateKey(vector: Float32Array, levels = 16): number {
  wantWhole(levels, 1, 1_000_000, "levels");
  let high = 0x9e3779b9;
  let low = 0x85ebca6b;
  for (let i = 0; i < vector.length; i++) {
    const number = vector[i];
    if (!Number.isFinite(number)) wantFinite(number, `number ${i} of the vector`);
    const step = Math.floor(number * levels + 0.5) | 0;
    high = Math.imul(high ^ step, 0x85ebca6b);
    high ^= high >>> 13;
    low = Math.imul(low ^ (step + i), 0x2c1b3c6d);
    low ^= low >>> 15;
  }
  high = Math.imul(high ^ (high >>> 16), 0xc2b2ae35);
  low = Math.imul(low ^ (low >>> 12), 0x297a2d39);
  return ((high ^ (high >>> 16)) >>> 0) * 2 ** 20 + ((low ^ (low >>> 15)) >>> 12);
}
