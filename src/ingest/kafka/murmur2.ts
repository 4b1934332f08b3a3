/**
 * Which partition a key belongs to, as Kafka's Java clients have it: MurmurHash2 of the key's bytes, its sign cleared, modulo the number of
 * partitions. Whoever writes to the same topic with another hash (librdkafka's own is CRC32: `partitioner=murmur2_random` there) breaks the
 * order of a client's messages. Held against the values of Kafka's own test (UtilsTest.testMurmur2).
 */

const SEED = 0x9747b28c;
const M = 0x5bd1e995;
const R = 24;

/** A signed 32-bit number, as Java returns it. */
export function murmur2(bytes: Uint8Array): number {
  const { length } = bytes;
  let hash = SEED ^ length;
  let at = 0;
  for (; at + 4 <= length; at += 4) {
    let word = bytes[at] | (bytes[at + 1] << 8) | (bytes[at + 2] << 16) | (bytes[at + 3] << 24);
    word = Math.imul(word, M);
    word ^= word >>> R;
    hash = Math.imul(hash, M) ^ Math.imul(word, M);
  }
  const rest = length - at;
  if (rest >= 3) hash ^= bytes[at + 2] << 16;
  if (rest >= 2) hash ^= bytes[at + 1] << 8;
  if (rest >= 1) hash = Math.imul(hash ^ bytes[at], M);
  hash = Math.imul(hash ^ (hash >>> 13), M);
  return (hash ^ (hash >>> 15)) | 0;
}

const UTF8 = new TextEncoder();

/** @param key as text: its UTF-8 is what is hashed */
export function partitionOf(key: string, partitions: number): number {
  return (murmur2(UTF8.encode(key)) & 0x7fffffff) % partitions;
}
