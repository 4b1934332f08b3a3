/** Belady's misses, by looking through the rest of the trace at every eviction. */
export function naiveOptMisses(trace: readonly number[], capacity: number): number {
  const resident = new Set<number>();
  let misses = 0;
  for (const [position, id] of trace.entries()) {
    if (resident.has(id)) continue;
    misses++;
    if (resident.size === capacity) {
      const distance = (candidate: number) => {
        const next = trace.indexOf(candidate, position + 1);
        return next < 0 ? Number.POSITIVE_INFINITY : next;
      };
      const victim = [...resident].reduce((far, candidate) => (distance(candidate) > distance(far) ? candidate : far));
      resident.delete(victim);
    }
    resident.add(id);
  }
  return misses;
}
