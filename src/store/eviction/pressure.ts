/**
 * How full the pool is, in the four levels of the distributed memory design: below 60 % low, to 80 % medium, to 90 % high,
 * above critical. At high the evictor evicts to below 80 %, a batch a round; at critical until it is done.
 */
export const pressureLevels = ["low", "medium", "high", "critical"] as const;

/** How full the pool is: below 60 % low, to 80 % medium, to 90 % high, above critical. */
export type PressureLevel = (typeof pressureLevels)[number];

export const MEDIUM_FROM = 0.6;
export const HIGH_FROM = 0.8;
export const CRITICAL_ABOVE = 0.9;

/**
 * Of what fills the pool, entries below this share of it are never evicted for pressure: then it is messages, buffers or chunks
 * kept for a snapshot that fill it, and evicting would empty the cache without making room. Writers still evict for themselves.
 */
export const ENTRIES_FLOOR = 0.5;

/** The level's number, 0 to 3, for chunk bytes in use over bytes of the pool. */
export function pressureOf(utilisation: number): number {
  if (utilisation > CRITICAL_ABOVE) return 3;
  if (utilisation >= HIGH_FROM) return 2;
  return utilisation >= MEDIUM_FROM ? 1 : 0;
}

/**
 * Bytes to evict: what lies above 80 % of the pool, as far as entries are to blame; 0 or less: none. During a snapshot evicted chunks
 * are kept for it, so the pool stays as full as it was however much is evicted: then entries alone must lie above 80 %.
 */
export function excessBytes(usedBytes: number, entryBytes: number, poolBytes: number, snapshot: boolean): number {
  const excess = (snapshot ? entryBytes : usedBytes) - HIGH_FROM * poolBytes;
  return Math.min(excess, entryBytes - ENTRIES_FLOOR * poolBytes);
}
