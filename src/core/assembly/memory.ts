/**
 * Every access to memory that another worker may touch goes through here.
 *
 * In the shipped build these are single instructions. In the explorer's build (EXPLORE = 1) each first calls the
 * imported `yieldPoint`, where the scheduler may pause this thread and run another: the explorer drives the very same
 * source. Wasm atomics are sequentially consistent; where a weaker order is enough the function's name says so.
 */

@external("host", "yieldPoint")
declare function yieldPoint(kind: i32, address: u32): void;

/** 1 on x64, where loads are not reordered with loads nor stores with stores, so those fences cost nothing. */
@external("host", "strongOrder")
declare const strongOrder: i32;

/**
 * A full fence. Imported, because AssemblyScript 0.28 emits an `atomic.fence` that its own validator refuses; the host
 * passes in a module of that one instruction. Never called where the order is strong anyway.
 */
@external("host", "fence")
declare function fence(): void;

/** In the explorer's build: its threads sleep in the host. */
@external("host", "notified")
declare function notified(address: u32): void;

const LOAD: i32 = 0;
const STORE: i32 = 1;
const SWAP: i32 = 2;
const RACY: i32 = 3;

// @ts-ignore: decorator
@inline
export function load32(address: u32): u32 {
  if (EXPLORE) yieldPoint(LOAD, address);
  return atomic.load<u32>(address);
}

// @ts-ignore: decorator
@inline
export function load64(address: u32): u64 {
  if (EXPLORE) yieldPoint(LOAD, address);
  return atomic.load<u64>(address);
}

/** A store that no later load may overtake: publishing a hazard or a write epoch. */
// @ts-ignore: decorator
@inline
export function store32(address: u32, value: u32): void {
  if (EXPLORE) yieldPoint(STORE, address);
  atomic.store<u32>(address, value);
}

/** A store that all earlier accesses precede; later loads may overtake it (clearing a hazard). */
// @ts-ignore: decorator
@inline
export function release32(address: u32, value: u32): void {
  if (EXPLORE) yieldPoint(STORE, address);
  if (strongOrder) store<u32>(address, value);
  else atomic.store<u32>(address, value);
}

/** The same for a u64. */
// @ts-ignore: decorator
@inline
export function store64(address: u32, value: u64): void {
  if (EXPLORE) yieldPoint(STORE, address);
  atomic.store<u64>(address, value);
}

// @ts-ignore: decorator
@inline
export function release64(address: u32, value: u64): void {
  if (EXPLORE) yieldPoint(STORE, address);
  if (strongOrder) store<u64>(address, value);
  else atomic.store<u64>(address, value);
}

/** Swaps if the word is still `expected`; true when it was. */
// @ts-ignore: decorator
@inline
export function swap32(address: u32, expected: u32, replacement: u32): bool {
  if (EXPLORE) yieldPoint(SWAP, address);
  return atomic.cmpxchg<u32>(address, expected, replacement) == expected;
}

// @ts-ignore: decorator
@inline
export function swap64(address: u32, expected: u64, replacement: u64): bool {
  if (EXPLORE) yieldPoint(SWAP, address);
  return atomic.cmpxchg<u64>(address, expected, replacement) == expected;
}

/** Adds and returns the value before. */
// @ts-ignore: decorator
@inline
export function add32(address: u32, value: u32): u32 {
  if (EXPLORE) yieldPoint(SWAP, address);
  return atomic.add<u32>(address, value);
}

// @ts-ignore: decorator
@inline
export function add64(address: u32, value: u64): u64 {
  if (EXPLORE) yieldPoint(SWAP, address);
  return atomic.add<u64>(address, value);
}

// @ts-ignore: decorator
@inline
export function or32(address: u32, value: u32): void {
  if (EXPLORE) yieldPoint(SWAP, address);
  atomic.or<u32>(address, value);
}

// @ts-ignore: decorator
@inline
export function or64(address: u32, value: u64): void {
  if (EXPLORE) yieldPoint(SWAP, address);
  atomic.or<u64>(address, value);
}

// @ts-ignore: decorator
@inline
export function and64(address: u32, kept: u64): void {
  if (EXPLORE) yieldPoint(SWAP, address);
  atomic.and<u64>(address, kept);
}

/** Clears the bits that are not in `kept`, and returns the word before. */
// @ts-ignore: decorator
@inline
export function and32(address: u32, kept: u32): u32 {
  if (EXPLORE) yieldPoint(SWAP, address);
  return atomic.and<u32>(address, kept);
}

/** Wakes every thread, and every task, that sleeps on the word. */
// @ts-ignore: decorator
@inline
export function notify(address: u32): void {
  if (EXPLORE) {
    yieldPoint(SWAP, address);
    notified(address);
    return;
  }
  atomic.notify(address, -1);
}

/** Raises the word to `value` unless it is already there or beyond. */
export function raise32(address: u32, value: u32): void {
  while (true) {
    const now = load32(address);
    if (<i32>(value - now) <= 0) return;
    if (swap32(address, now, value)) return;
  }
}

/** A load that may see a torn or recycled word; whoever uses it re-validates afterwards. */
// @ts-ignore: decorator
@inline
export function racy32(address: u32): u32 {
  if (EXPLORE) yieldPoint(RACY, address);
  return load<u32>(address);
}

// @ts-ignore: decorator
@inline
export function racy64(address: u32): u64 {
  if (EXPLORE) yieldPoint(RACY, address);
  return load<u64>(address);
}

/** Loads before stay before loads after (the re-check of a version after a racy copy). Partner: storesFence. */
// @ts-ignore: decorator
@inline
export function loadsFence(): void {
  if (!strongOrder) fence();
}

/** Stores before stay before stores after (the bump of a version before its chunk is refilled). Partner: loadsFence. */
// @ts-ignore: decorator
@inline
export function storesFence(): void {
  if (!strongOrder) fence();
}

/** Whether `length` bytes at both addresses are equal. Both are zero-padded to 16, so whole vectors are compared. */
// @ts-ignore: decorator
@inline
export function equalBytes(a: u32, b: u32, length: u32): bool {
  if (EXPLORE) {
    for (let i: u32 = 0; i < length; i += 4) if (racy32(a + i) != load<u32>(b + i)) return false;
    return true;
  }
  if (v128.any_true(v128.xor(v128.load(a), v128.load(b)))) return false;
  for (let i: u32 = 16; i < length; i += 16) {
    if (v128.any_true(v128.xor(v128.load(a + i), v128.load(b + i)))) return false;
  }
  return true;
}

/**
 * Copies `length` bytes that may change meanwhile. May write up to 15 bytes past `to + length`: both windows and chunks
 * leave room for that. Vectors up to 1 KiB, the engine's own memory.copy above, which is a call and pays only then.
 */
// @ts-ignore: decorator
@inline
export function copyRacy(to: u32, from: u32, length: u32): void {
  if (EXPLORE) {
    for (let i: u32 = 0; i < length; i += 4) store<u32>(to + i, racy32(from + i));
    return;
  }
  copyVectors(to, from, length);
}

/** The same, but not a byte past `to + length`: for a target that is the caller's. */
// @ts-ignore: decorator
@inline
export function copyRacyExact(to: u32, from: u32, length: u32): void {
  if (EXPLORE) {
    for (let i: u32 = 0; i < length; i += 4) {
      const word = racy32(from + i);
      if (i + 4 <= length) store<u32>(to + i, word);
      else for (let j: u32 = 0; i + j < length; j++) store<u8>(to + i + j, <u8>(word >> (j << 3)));
    }
    return;
  }
  if (length > 1024) {
    memory.copy(to, from, length);
    return;
  }
  let i: u32 = 0;
  for (; i + 64 <= length; i += 64) copyLine(to + i, from + i);
  for (; i + 16 <= length; i += 16) v128.store(to + i, v128.load(from + i));
  if (i + 8 <= length) {
    store<u64>(to + i, load<u64>(from + i));
    i += 8;
  }
  if (i + 4 <= length) {
    store<u32>(to + i, load<u32>(from + i));
    i += 4;
  }
  for (; i < length; i++) store<u8>(to + i, load<u8>(from + i));
}

// @ts-ignore: decorator
@inline
function copyLine(to: u32, from: u32): void {
  v128.store(to, v128.load(from));
  v128.store(to, v128.load(from, 16), 16);
  v128.store(to, v128.load(from, 32), 32);
  v128.store(to, v128.load(from, 48), 48);
}

/** Copies between memory only this worker can see, whole vectors at a time: may write 15 bytes past `to + length`. */
// @ts-ignore: decorator
@inline
export function copyVectors(to: u32, from: u32, length: u32): void {
  if (length > 1024) {
    memory.copy(to, from, length);
    return;
  }
  let i: u32 = 0;
  for (; i + 64 <= length; i += 64) copyLine(to + i, from + i);
  for (; i < length; i += 16) v128.store(to + i, v128.load(from + i));
}
