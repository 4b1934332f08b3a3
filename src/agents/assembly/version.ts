/** Raised with every change to where something lies in an arena: threads of one process must agree on it. */
export const ARENA_LAYOUT: u32 = 1;
