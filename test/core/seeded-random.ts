/** The seed of everything random in the tests of the engine and the store. It is part of the tests' names: printed, and given by SEED. */
import { seedOr } from "../given.js";
export const SEED = seedOr(20_260_411);

export interface Random {
  /** 32 random bits. */
  next(): number;
  /** A whole number below `n`. */
  below(n: number): number;
  bytes(length: number): Uint8Array;
}

/** Mulberry32: small, seeded, good enough to draw test inputs. */
export function makeRandom(seed: number): Random {
  let state = seed >>> 0;
  const next = () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
    return (t ^ (t >>> 14)) >>> 0;
  };
  return {
    next,
    below: (n) => next() % n,
    bytes(length) {
      const bytes = new Uint8Array(length);
      for (let i = 0; i < length; i++) bytes[i] = next();
      return bytes;
    },
  };
}
