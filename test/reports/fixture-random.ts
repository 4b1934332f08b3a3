import { Mulberry32 } from "#dist/src/random.js";

/** Enough to make a fixture that is the same on every machine. */
export function seededRandom(seed: number): () => number {
  const random = new Mulberry32(seed);
  return () => random.unit();
}

export interface Measurement {
  measured: number | null;
  method: string;
}
