/** Names and numbers that scenarios and whoever replays them agree on. */

/** Worker threads at once: the store has slots for so many besides the creating thread's and its own. */
export const MOST_WORKERS = 62;
/** Name of the target that stands for the next agent of the sender's own group. */
export const NEXT = "next";
/** Where a role names none. */
export const DEFAULT_NAMESPACE = "bench";
/** What a phase's latencies are told apart as when backups run in it and it has no label of its own. */
export const WITH_BACKUPS = "with backups";

/** Agents in all groups together. */
export function totalOf(declared: number | Readonly<Record<string, number>>): number {
  return typeof declared === "number" ? declared : Object.values(declared).reduce((sum, one) => sum + one, 0);
}
