/**
 * Where a lock is: in the chunk of its directory entry, `lock:<name>` in the store's own id, behind the key, as a ring is. lock.ts has how
 * it is used, and when its chunk may become something else.
 */
import { E_FLAGS, E_KEY, E_META, FLAG_LOCK, K_ALIGN, K_KIND, K_ORDER, K_SIZE } from "../layout";

// @ts-ignore: decorator
@inline
export function hasLock(entry: u32): bool {
  return (load<u8>(entry + E_FLAGS) & FLAG_LOCK) != 0;
}

// @ts-ignore: decorator
@inline
function lockOffset(keyLength: u32): u32 {
  return (E_KEY + ((keyLength + 15) & ~15) + (K_ALIGN - 1)) & ~(K_ALIGN - 1);
}

// @ts-ignore: decorator
@inline
export function lockOf(entry: u32): u32 {
  return entry + lockOffset(load<u16>(entry + E_META, 2));
}

/** Bytes of a chunk that holds a lock. */
export function lockSize(keyLength: u32): u32 {
  return lockOffset(keyLength) + K_SIZE;
}

/** A new lock, which nobody has. */
export function initialiseLock(lock: u32, kind: u32, order: u32): void {
  memory.fill(lock, 0, K_SIZE);
  store<u32>(lock, kind, K_KIND);
  store<u32>(lock, order, K_ORDER);
}
