/** How evenly hashes spread: pure functions of the hashes. */

/** |chi-squared over its expectation - 1|, over the buckets that the low `bits` select. 0 is what independent uniform hashes tend to. */
export function chiSquaredAway(hashes: Uint32Array, bits: number): number {
  const counts = new Uint32Array(2 ** bits);
  for (const hash of hashes) counts[hash & (counts.length - 1)]++;
  const expected = hashes.length / counts.length;
  let sum = 0;
  for (const count of counts) sum += (count - expected) ** 2 / expected;
  return Math.abs(sum / (counts.length - 1) - 1);
}

/** Share of hashes that another one has already taken. */
export function collisions(hashes: Uint32Array): number {
  return (hashes.length - new Set(hashes).size) / hashes.length;
}

/** Share of the 32 output bits that change when one bit of a key does, mean over all bits of all keys. */
export function avalanche(keys: readonly Uint8Array[], hash: (key: Uint8Array) => number): number {
  let flipped = 0;
  let trials = 0;
  for (const original of keys) {
    const key = original.slice();
    const before = hash(key);
    for (let bit = 0; bit < key.length * 8; bit++) {
      key[bit >> 3] ^= 1 << (bit & 7);
      flipped += onesIn(before ^ hash(key));
      key[bit >> 3] ^= 1 << (bit & 7);
      trials++;
    }
  }
  return flipped / (trials * 32);
}

/** Members of each partition (hash modulo their number): the furthest from `wanted`, and the standard deviation over the mean. */
export function spreadOver(
  hashes: Uint32Array,
  partitions: number,
  wanted: number,
): { furthest: number; deviation: number } {
  const counts = new Array<number>(partitions).fill(0);
  for (const hash of hashes) counts[hash % partitions]++;
  const mean = hashes.length / partitions;
  const variance = counts.reduce((sum, count) => sum + (count - mean) ** 2, 0) / partitions;
  return {
    furthest: Math.max(...counts.map((count) => Math.abs(count - wanted))),
    deviation: Math.sqrt(variance) / mean,
  };
}

function onesIn(word: number): number {
  let ones = 0;
  for (let rest = word; rest !== 0; rest &= rest - 1) ones++;
  return ones;
}
