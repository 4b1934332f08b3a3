/** What things are called in the swarm's memory, for all its threads. */
export const KNOWLEDGE = "knowledge";
export const MERGED = "merged";
/** The table that shows what the merged one is worth; nobody learns in it. */
export const SHOWN = "shown";

export function memberName(member: number): string {
  return `agent-${member}`;
}
