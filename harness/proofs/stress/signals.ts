/** What a round of deaths and its agents tell each other: Int32 words of shared memory. */

/** Agents that are ready. */
export const READY = 0;
/** 1 = begin. */
export const GO = 1;
/** 1 = finish what you do and leave in good order. */
export const STOP = 2;
/** From here on, by agent: what it is in the middle of. */
export const DOING = 3;

export const NOTHING = 0;
export const HOT_KEY = 1;
export const CHURN = 2;
