/**
 * Vectors that lie as embeddings of sentences do, as far as an index can tell: 200 clusters, 24 directions that matter, noise in all the others; all of
 * length 1. Where every direction is alike, no index finds much.
 */
import { Random } from "../../../src/random.js";

const CLUSTERS = 200;
const DIRECTIONS = 24;
const SPREAD_OF_CENTRES = 1.2;
const SPREAD_WITHIN = 0.6;
const NOISE = 0.5;

/** @returns `count` vectors one behind the other */
export function clusteredVectors(count: number, dimensions: number, seed: number): Float32Array {
  const random = new Random(seed);
  // Box and Muller
  const normal = (): number => Math.sqrt(-2 * Math.log(1 - random.unit())) * Math.cos(2 * Math.PI * random.unit());
  const map = Float32Array.from({ length: DIRECTIONS * dimensions }, normal);
  const centres = Float32Array.from({ length: CLUSTERS * DIRECTIONS }, () => normal() * SPREAD_OF_CENTRES);
  const vectors = new Float32Array(count * dimensions);
  for (let i = 0; i < count; i++) {
    const from = random.below(CLUSTERS) * DIRECTIONS;
    const inner = centres.subarray(from, from + DIRECTIONS).map((centre) => centre + normal() * SPREAD_WITHIN);
    const vector = vectors.subarray(i * dimensions, (i + 1) * dimensions);
    let squares = 0;
    for (let d = 0; d < dimensions; d++) {
      let sum = normal() * NOISE;
      for (let j = 0; j < DIRECTIONS; j++) sum += inner[j] * map[j * dimensions + d];
      vector[d] = sum;
      squares += sum * sum;
    }
    const length = Math.sqrt(squares);
    for (let d = 0; d < dimensions; d++) vector[d] /= length;
  }
  return vectors;
}
