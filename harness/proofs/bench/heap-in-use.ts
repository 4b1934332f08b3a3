/** Bytes of the heap that are in use, after a collection. */
export function heapInUse(): number {
  // twice: what a first collection only marks as dead weighs in the next figure
  globalThis.gc?.();
  globalThis.gc?.();
  return process.memoryUsage().heapUsed;
}
