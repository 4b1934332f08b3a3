/**
 * Locks that the kernel keeps with an open file, through fs-native-extensions: open file description locks on Linux, flock on
 * macOS, LockFileEx on Windows. Each is let go when its file is closed, so when its thread or its process ends, however it ends.
 */
import { createRequire } from "node:module";
import { noAddonsBecause } from "./addons.js";

export interface KernelLock {
  /** False when another open file has the lock, in this process or in another. @throws where the file system has no locks */
  tryLock(fd: number, offset: number, length: number): boolean;
}

/** The kernel's locks, or null where the addon does not load (a C library it was not built for, another runtime). */
export function loadKernelLock(): KernelLock | null {
  if (noAddonsBecause() !== null) return null;
  try {
    return createRequire(import.meta.url)("fs-native-extensions") as KernelLock;
  } catch {
    return null;
  }
}

/** What a file system says that has no such locks: some network file systems. */
const NO_LOCKS = new Set(["ENOLCK", "ENOSYS", "ENOTSUP", "EOPNOTSUPP", "EINVAL"]);

export function hasNoLocks(error: unknown): boolean {
  return NO_LOCKS.has((error as NodeJS.ErrnoException).code ?? "");
}
