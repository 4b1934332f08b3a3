/** The shortest batch, ms: a thousand times what reading the clock twice costs. */
export const BATCH_MS = 0.06;
