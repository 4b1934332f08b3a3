/** The store's own entries in a backup: who may do what, which channels there were, configuration and shared data. */
import {
  backedUpGrant,
  GRANT_HEAD,
  GRANT_SIZE,
  isKeptKey,
  type Permission,
  permissionsOf,
  SYSTEM_KEYS,
} from "../store/index.js";

export interface BackedUpGrant {
  readonly agent: string;
  readonly namespace: string;
  readonly permissions: readonly Permission[];
  /** It was standing when its namespace was dropped (src/store/grants.ts). */
  readonly spent?: true;
}

/** Configuration or shared data, as its bytes are. */
export interface KeptValue {
  readonly key: Uint8Array;
  readonly value: Uint8Array;
}

/** What such an entry is; a sentence about what it has instead, when this version does not know it. */
export type SystemEntry =
  | { readonly grant: BackedUpGrant; readonly value: Uint8Array }
  | { readonly channel: string }
  | { readonly queue: string }
  | { readonly region: string }
  | { readonly lock: string }
  | { readonly flight: true }
  | { readonly kept: KeptValue }
  | { readonly resource: true }
  | { readonly fault: string };

/** Keys are `grant:<length of the agent's name>:<agent>:<namespace>`, `channel:<name>`, `queue:<name>`, `region:<name>`, `lock:<name>`, `flight:…` and `resource:…`, and those of `isKeptKey`. */
export function readSystemEntry({ key, value }: { readonly key: Uint8Array; readonly value: Uint8Array }): SystemEntry {
  const text = Buffer.from(key).toString("utf8");
  const { channel, flight, lock, queue, region, resource } = SYSTEM_KEYS;
  if (isKeptKey(key)) return { kept: { key, value } };
  if (text.startsWith(channel)) return { channel: text.slice(channel.length) };
  if (text.startsWith(queue)) return { queue: text.slice(queue.length) };
  if (text.startsWith(region)) return { region: text.slice(region.length) };
  if (text.startsWith(lock)) return { lock: text.slice(lock.length) };
  if (text.startsWith(flight)) return { flight: true }; // who was loading a value at the cut
  if (text.startsWith(resource)) return { resource: true }; // what threads held at the cut
  const head = GRANT_HEAD.exec(text);
  if (head === null)
    return {
      fault: `an entry of the store's own, ${JSON.stringify(text)}; expected a grant, a channel, a queue, a region, a lock, a config or shared data`,
    };
  const rest = text.slice(head[0].length);
  const agent = rest.slice(0, Number(head[1]));
  const namespace = rest.slice(agent.length + 1);
  const permissions = value.length === 1 || value.length === GRANT_SIZE ? permissionsOf(value[0]) : undefined;
  if (permissions !== undefined) return { grant: { agent, namespace, permissions }, value };
  return {
    fault: `the permissions of agent ${JSON.stringify(agent)} on ${JSON.stringify(namespace)} are ${[...value]}`,
  };
}

/** The grants that are worth something in a store with these namespaces, and what kind they are. */
export function grantsIn(
  found: readonly { readonly grant: BackedUpGrant; readonly value: Uint8Array }[],
  namespaces: ReadonlySet<string>,
): BackedUpGrant[] {
  return found.flatMap(({ grant, value }) => {
    const worth = backedUpGrant(value, namespaces.has(grant.namespace));
    if (worth === null) return [];
    return [worth === "spent" ? { ...grant, spent: true as const } : grant];
  });
}
