/** Vectors to index, and an arena that says what was not given back. */

import type { ArenaMemory } from "#dist/src/agents/index.js";
import { Random } from "#dist/src/random.js";
import { bareMemory } from "./bare-memory.js";

/** Clusters of a few directions and some noise, as embeddings of sentences are: those of one cluster are near, and no two alike. */
export function clustered(count: number, dimensions: number, seed: number, spread = 0.6): Float32Array {
  const random = new Random(seed);
  // Irwin and Hall: near enough to a normal distribution, and exact arithmetic
  const normal = (): number => Array.from({ length: 12 }, () => random.unit()).reduce((a, b) => a + b, -6);
  const directions = 12;
  const map = Array.from({ length: directions * dimensions }, normal);
  const centres = Array.from({ length: 40 * directions }, () => normal() * 1.2);
  const vectors = new Float32Array(count * dimensions);
  for (let i = 0; i < count; i++) {
    const cluster = random.below(40);
    const inner = Array.from({ length: directions }, (_, j) => centres[cluster * directions + j] + normal() * spread);
    for (let d = 0; d < dimensions; d++) {
      vectors[i * dimensions + d] = inner.reduce((sum, z, j) => sum + z * map[j * dimensions + d], normal() * 0.5);
    }
  }
  return vectors;
}

export function vectorAt(vectors: Float32Array, position: number, dimensions: number): Float32Array {
  return vectors.subarray(position * dimensions, (position + 1) * dimensions);
}

export interface CountedMemory extends ArenaMemory {
  /** Addresses that were taken and not given back. */
  readonly held: ReadonlySet<number>;
}

export function countedMemory(bytes?: number, shared?: boolean): CountedMemory {
  const arena = bareMemory(bytes, shared);
  const held = new Set<number>();
  return {
    ...arena,
    held,
    take(size, purpose) {
      const address = arena.take(size, purpose);
      held.add(address);
      return address;
    },
    give(address) {
      if (!held.delete(address)) throw new Error(`${address} was given back, but is not held`);
    },
  };
}

export function bytesOf(arena: ArenaMemory, address: number, bytes: number): Buffer {
  return Buffer.from(new Uint8Array(arena.memory.buffer, address, bytes));
}
