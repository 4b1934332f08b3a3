/** How keys share out a topic's partitions, before a topic is made with so many of them. */
import { partitionOf } from "./murmur2.js";

export interface Spread {
  /** By partition. */
  readonly counts: readonly number[];
  readonly mean: number;
  /** How far the furthest is from the mean. */
  readonly furthest: number;
  readonly deviation: number;
  /** The deviation of as many keys that fall where chance has it: of a hash, no less is to be expected. */
  readonly chance: number;
}

/** @param keys each with how much it brings; without, each brings one */
export function spreadOf(keys: Iterable<string | readonly [string, number]>, partitions: number): Spread {
  const counts = Array.from({ length: partitions }, () => 0);
  let squares = 0;
  for (const key of keys) {
    const [name, amount] = typeof key === "string" ? [key, 1] : key;
    counts[partitionOf(name, partitions)] += amount;
    squares += amount * amount;
  }
  const mean = counts.reduce((sum, count) => sum + count, 0) / partitions;
  const variance = counts.reduce((sum, count) => sum + (count - mean) ** 2, 0) / partitions;
  return {
    ...{ counts, mean, deviation: Math.sqrt(variance) },
    furthest: Math.max(...counts.map((count) => Math.abs(count - mean))),
    // each falls into a partition with probability 1/n, on its own
    chance: Math.sqrt((squares / partitions) * (1 - 1 / partitions)),
  };
}
