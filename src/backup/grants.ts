/** The store's own entries in a backup: who may do what, and which channels there were. */
import { type Permission, permissionsOf } from "../store/index.js";
import type { BackedUpEntry } from "./entries.js";

export interface BackedUpGrant {
  readonly agent: string;
  readonly namespace: string;
  readonly permissions: readonly Permission[];
}

/** What such an entry is; a sentence about what it has instead, when this version does not know it. */
export type SystemEntry = { readonly grant: BackedUpGrant } | { readonly channel: string } | { readonly fault: string };

/** Keys are `grant:<length of the agent's name>:<agent>:<namespace>` and `channel:<name>`. */
export function readSystemEntry({ key, value }: BackedUpEntry): SystemEntry {
  const text = Buffer.from(key).toString("utf8");
  if (text.startsWith("channel:")) return { channel: text.slice("channel:".length) };
  const head = /^grant:(\d+):/.exec(text);
  if (head === null)
    return { fault: `an entry of the store's own, ${JSON.stringify(text)}; expected a grant or a channel` };
  const rest = text.slice(head[0].length);
  const agent = rest.slice(0, Number(head[1]));
  const namespace = rest.slice(agent.length + 1);
  const permissions = value.length === 1 ? permissionsOf(value[0]) : undefined;
  if (permissions !== undefined) return { grant: { agent, namespace, permissions } };
  return {
    fault: `the permissions of agent ${JSON.stringify(agent)} on ${JSON.stringify(namespace)} are ${[...value]}`,
  };
}
