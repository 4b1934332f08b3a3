/** Batch means are counted in 1/64 ns: buckets stay narrow for operations of a few ns, and 67 ms still fits. */
export const COST_UNITS_PER_NS = 64;
