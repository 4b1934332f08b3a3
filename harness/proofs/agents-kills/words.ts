/** What the threads of the campaign share besides the agents: counts, and whether to stop. */

/** Things done. */
export const STEPS = 0;
/** Seen by a thread that lives: a table that is not as its owner left it, a block that two have. */
export const BROKEN = 16;
/** Agents adopted, and claimed after a death or a loss in transit. */
export const ADOPTED = 32;
export const CLAIMED = 48;
/** While it is 1, threads stop between two things; and how many have. */
export const PAUSE = 64;
export const PAUSED = 80;
export const WORDS = 96;

/** Agents that go from hand to hand. */
export const TRAVELLERS = ["traveller_0", "traveller_1", "traveller_2", "traveller_3"] as const;
export const TRAVELLER = { states: 8, actions: 3, replay: { capacity: 16 } } as const;
export const POOL = "small";
export const POOL_BYTES = 256;
/** Few enough that all are out now and then. */
export const POOL_BLOCKS = 24;
