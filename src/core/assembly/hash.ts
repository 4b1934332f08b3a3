/**
 * 32-bit hashes of a byte range (M-004), each bit-exact to its published form: xxHash32 (the default), FNV-1a and
 * MurmurHash3 x86_32. The seed is the store's random seed mixed with the namespace's, so that a table cannot be
 * attacked with keys prepared elsewhere. FNV-1a has no seed of its own: ours replaces its offset basis, and
 * seed 0 stands for the published basis.
 */
import { HASH_ADAPTIVE, HASH_FNV, HASH_MURMUR, HASH_XX } from "../layout";

const P1: u32 = 2654435761;
const P2: u32 = 2246822519;
const P3: u32 = 3266489917;
const P4: u32 = 668265263;
const P5: u32 = 374761393;

// @ts-ignore: decorator
@inline
function round(lane: u32, input: u32): u32 {
  return rotl<u32>(lane + input * P2, 13) * P1;
}

// @ts-ignore: decorator
@inline
export function xxhash32(at: u32, length: u32, seed: u32): u32 {
  const end = at + length;
  let h: u32;
  let p = at;
  if (length >= 16) {
    let a = seed + P1 + P2;
    let b = seed + P2;
    let c = seed;
    let d = seed - P1;
    const limit = end - 16;
    do {
      a = round(a, load<u32>(p));
      b = round(b, load<u32>(p, 4));
      c = round(c, load<u32>(p, 8));
      d = round(d, load<u32>(p, 12));
      p += 16;
    } while (p <= limit);
    h = rotl<u32>(a, 1) + rotl<u32>(b, 7) + rotl<u32>(c, 12) + rotl<u32>(d, 18);
  } else {
    h = seed + P5;
  }
  h += length;
  for (; p + 4 <= end; p += 4) h = rotl<u32>(h + load<u32>(p) * P3, 17) * P4;
  for (; p < end; p++) h = rotl<u32>(h + <u32>load<u8>(p) * P5, 11) * P1;
  h ^= h >> 15;
  h *= P2;
  h ^= h >> 13;
  h *= P3;
  return h ^ (h >> 16);
}

export function fnv1a(at: u32, length: u32, seed: u32): u32 {
  let h: u32 = seed == 0 ? 2166136261 : seed;
  for (let p = at, end = at + length; p < end; p++) h = (h ^ <u32>load<u8>(p)) * 16777619;
  return h;
}

// @ts-ignore: decorator
@inline
function murmurBlock(k: u32): u32 {
  return rotl<u32>(k * 0xcc9e2d51, 15) * 0x1b873593;
}

export function murmur3(at: u32, length: u32, seed: u32): u32 {
  let h = seed;
  const blocks = at + (length & ~3);
  let p = at;
  for (; p < blocks; p += 4) h = rotl<u32>(h ^ murmurBlock(load<u32>(p)), 13) * 5 + 0xe6546b64;
  const tail = length & 3;
  if (tail) {
    let k: u32 = load<u8>(p);
    if (tail > 1) k |= <u32>load<u8>(p, 1) << 8;
    if (tail > 2) k |= <u32>load<u8>(p, 2) << 16;
    h ^= murmurBlock(k);
  }
  h ^= length;
  h ^= h >> 16;
  h *= 0x85ebca6b;
  h ^= h >> 13;
  h *= 0xc2b2ae35;
  return h ^ (h >> 16);
}

/** FNV-1a's low bits are its weak ones and the table masks low bits, so it is mixed once more inside the table only. */
// @ts-ignore: decorator
@inline
function spread(h: u32): u32 {
  h ^= h >> 16;
  h *= 0x85ebca6b;
  h ^= h >> 13;
  return h;
}

/**
 * The table's hash of a key. A key is its bytes, however it was spelt, so the adaptive selector chooses by length
 * alone, along the ADR's thresholds for strings.
 */
// @ts-ignore: decorator
@inline
export function hashKey(kind: u32, at: u32, length: u32, seed: u32): u32 {
  if (kind == HASH_XX) return xxhash32(at, length, seed);
  return hashOther(kind, at, length, seed);
}

function hashOther(kind: u32, at: u32, length: u32, seed: u32): u32 {
  if (kind == HASH_FNV) return spread(fnv1a(at, length, seed));
  if (kind == HASH_MURMUR) return murmur3(at, length, seed);
  if (kind == HASH_ADAPTIVE) {
    if (length <= 16) return spread(fnv1a(at, length, seed));
    if (length > 64) return murmur3(at, length, seed);
  }
  return xxhash32(at, length, seed);
}
