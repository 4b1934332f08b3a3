import { readFileSync } from "node:fs";

/** Of this process: pages that no other process and no file has. Null where that is not told. */
export function privateBytes(): number | null {
  try {
    const kib = /^Private_Dirty:\s+(\d+) kB$/m.exec(readFileSync("/proc/self/smaps_rollup", "latin1"));
    return kib === null ? null : Number(kib[1]) * 1024;
  } catch {
    return null;
  }
}
