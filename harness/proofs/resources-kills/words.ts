/** What the threads of the campaign share besides the store: a word each, a line apart. */
export const STEPS = 0;
/** Connections that are open over all threads, as their server counts them; the most there were. */
export const OPEN = 16;
export const PEAK = 32;
export const WORDS = 48;

/** What every thread of a round opens. */
export const MUTEX = "plan";
export const REGION = "board";
export const NAMESPACE = "notes";
export const POOL = "server";
export const CONNECTIONS_MOST = 2;
export const BLOCKS = "state";
