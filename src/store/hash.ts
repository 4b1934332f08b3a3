/**
 * The hashes of M-004 for anyone: the selector of the ADR, and the three hashes over bytes, computed by the same code the
 * table uses.
 */

import { describe } from "../check.js";
import {
  compileEngine,
  createMemory,
  type Engine,
  instantiateEngine,
  layout,
  planGeometry,
  SlotWindows,
} from "../core/index.js";
import { InvalidArgumentError } from "../errors.js";

/** The hashes that there are. */
export type HashKind = "fnv1a" | "xxhash32" | "murmur3";

/**
 * M-004's adaptive selector, with its thresholds: strings by their length in UTF-16 units (up to 16 FNV-1a, up to 64
 * xxHash32, longer MurmurHash3), bytes by theirs (up to 4 FNV-1a, else xxHash32).
 *
 * The store's own `hash: "adaptive"` cannot follow it to the letter: there a key is its bytes, and the string "ab" and
 * the bytes 61 62 are the same key and must hash alike. It goes by length in bytes, along the thresholds for strings.
 *
 * @throws InvalidArgumentError for anything but a string or a Uint8Array
 */
export function selectHash(key: string | Uint8Array): HashKind {
  if (typeof key === "string") {
    if (key.length <= 16) return "fnv1a";
    return key.length <= 64 ? "xxhash32" : "murmur3";
  }
  if (key instanceof Uint8Array) return key.length <= 4 ? "fnv1a" : "xxhash32";
  throw new InvalidArgumentError(`a key is ${describe(key)}; expected a string or a Uint8Array`);
}

/** Bytes hashed at most: what the value window holds. */
export const HASH_BYTES_MAX = layout.CHUNK_MAX;

interface Hasher {
  readonly engine: Engine;
  readonly bytes: Uint8Array;
  readonly address: number;
}

let hasher: Hasher | null = null;

/** An engine over a memory of its own, made when the first hash is asked for: hashing needs no store. */
function makeHasher(): Hasher {
  const capacity = 2 ** 20;
  const geometry = planGeometry({
    capacity,
    maxCapacity: capacity,
    slotCount: 1,
    poolShare: 0.5,
    expectedEntries: 1,
    maxNamespaces: 1,
  });
  const settings = { hashKind: layout.HASH_XX, evict: false, createdMs: 0, createdMonotonic: 0 };
  const memory = createMemory(geometry, settings, false);
  const engine = instantiateEngine(compileEngine(false), memory);
  engine.attach(0);
  const address = new SlotWindows(memory.buffer, engine.slotAddress()).valueAddress;
  return { engine, address, bytes: new Uint8Array(memory.buffer, address, HASH_BYTES_MAX) };
}

/**
 * The 32-bit hash of some bytes, as an unsigned number, bit-exact to its published form. FNV-1a has no seed of its own: seed 0
 * is the published offset basis, any other seed stands in its place.
 *
 * @throws InvalidArgumentError for an unknown kind, a seed that is no 32-bit number, or more than 16 KiB
 */
export function hashBytes(kind: HashKind, bytes: Uint8Array, seed = 0): number {
  if (!(bytes instanceof Uint8Array) || bytes.length > HASH_BYTES_MAX) {
    const found = bytes instanceof Uint8Array ? `${bytes.length} bytes` : describe(bytes);
    throw new InvalidArgumentError(`hashBytes got ${found}; expected a Uint8Array of at most ${HASH_BYTES_MAX} bytes`);
  }
  if (!Number.isInteger(seed) || seed < 0 || seed > 0xffffffff) {
    throw new InvalidArgumentError(`seed is ${describe(seed)}; expected a whole number from 0 to ${0xffffffff}`);
  }
  hasher ??= makeHasher();
  const { engine, address } = hasher;
  hasher.bytes.set(bytes);
  if (kind === "xxhash32") return engine.hashXx(address, bytes.length, seed) >>> 0;
  if (kind === "fnv1a") return engine.hashFnv(address, bytes.length, seed) >>> 0;
  if (kind === "murmur3") return engine.hashMurmur(address, bytes.length, seed) >>> 0;
  throw new InvalidArgumentError(`hash kind is ${describe(kind)}; expected one of fnv1a, xxhash32, murmur3`);
}
