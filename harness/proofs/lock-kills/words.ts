/** What the threads of the campaign share besides the store: two words a lock, then the counts. */

export interface LockPair {
  readonly one: number;
  readonly other: number;
}

/** Locks of a round; a line for the words of each. */
export const LOCKS = 4;
export const PAIR_WORDS = 16;
/** Things done; and words found different though nobody had died. */
export const STEPS = LOCKS * PAIR_WORDS;
export const BROKEN = STEPS + PAIR_WORDS;
/** Locks that were found poisoned, and mended. */
export const MENDED = BROKEN + PAIR_WORDS;
export const WORDS = MENDED + PAIR_WORDS;
