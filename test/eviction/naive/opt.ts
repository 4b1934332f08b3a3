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

/** The same by bytes: farthest next use first, until there is room; of those never used again, the one that was requested last. */
export function naiveOptBytesMisses(trace: readonly number[], sizes: readonly number[], capacity: number): number {
  const resident = new Map<number, number>();
  const used = () => [...resident.values()].reduce((sum, size) => sum + size, 0);
  let misses = 0;
  for (const [position, id] of trace.entries()) {
    const size = sizes[position];
    const wasResident = resident.delete(id);
    if (!wasResident) {
      misses++;
      if (size > capacity) continue;
      while (used() + size > capacity) {
        const distance = (candidate: number) => {
          const next = trace.indexOf(candidate, position + 1);
          return next < 0 ? Number.POSITIVE_INFINITY : next;
        };
        const victim = [...resident.keys()].reduce((far, other) => (distance(other) >= distance(far) ? other : far));
        resident.delete(victim);
      }
    }
    resident.set(id, size);
  }
  return misses;
}
