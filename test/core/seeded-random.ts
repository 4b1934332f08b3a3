/** The seed of everything random in the tests of the engine and the store. It is part of the tests' names: printed, and given by SEED. */
import { Mulberry32 } from "#dist/src/random.js";
import { seedOr } from "../given.js";

export const SEED = seedOr(20_260_411);

export interface Random {
  /** 32 random bits. */
  next(): number;
  /** A whole number below `n`. */
  below(n: number): number;
  bytes(length: number): Uint8Array;
}

export function makeRandom(seed: number): Random {
  const random = new Mulberry32(seed);
  return {
    next: () => random.next32(),
    below: (n) => random.below(n),
    bytes: (length) => Uint8Array.from({ length }, () => random.next32()),
  };
}
