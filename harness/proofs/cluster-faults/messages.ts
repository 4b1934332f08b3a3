/** What the campaign tells its nodes, and what they answer: one answer for each order, and "ready" first. A node tells its threads the same. */
import type { MemoryHandle } from "../../../src/cluster/index.js";
import type { StoreHandle } from "../../../src/index.js";

export interface NodeBirth {
  readonly name: string;
  /** Another one each time that the node is started. */
  readonly incarnation: string;
  readonly domain: string;
  readonly servers: readonly string[];
  /** The file that its history goes to; those of its threads beside it. */
  readonly history: string;
  /** Threads that are attached to it. */
  readonly threads: number;
  readonly seed: number;
  /** More for the client of the servers. */
  readonly client: Readonly<Record<string, unknown>>;
}

export interface ThreadBirth extends Pick<NodeBirth, "name" | "domain" | "history" | "seed"> {
  readonly store: StoreHandle;
  readonly memory: MemoryHandle;
}

/** Where a thread of a node writes its own. */
export function threadHistory(history: string, thread: number): string {
  return `${history}.${thread}`;
}

export type NodeOrder =
  /** Every strong key is written once. */
  | { readonly kind: "prepare" }
  /** So many strong clients in the thread that joined, and one in each that is attached. */
  | { readonly kind: "run"; readonly clients: number }
  /** One strong read: does it come back? */
  | { readonly kind: "pass" }
  | { readonly kind: "end" }
  /** Every strong key once, into the history. */
  | { readonly kind: "read" }
  | { readonly kind: "state" };

export interface NodeState {
  /** What each key reads as. */
  readonly values: Readonly<Record<string, string>>;
  /** What the threads that are attached see of it. */
  readonly threads: readonly Readonly<Record<string, string | undefined>>[];
  /** The last eventual write of each key that only this node writes. */
  readonly own: Readonly<Record<string, string>>;
  readonly unsent: number;
  readonly conflicts: number;
  readonly dropped: number;
  readonly repairs: number;
  readonly eventual: number;
}

export type NodeAnswer =
  | { readonly kind: "ready" | "done" }
  | { readonly kind: "passed"; readonly passed: boolean }
  | { readonly kind: "state"; readonly state: NodeState };

export type ThreadOrder =
  | Extract<NodeOrder, { kind: "run" | "end" | "read" }>
  | { readonly kind: "peek"; readonly keys: readonly string[] };

export type ThreadAnswer =
  | { readonly kind: "ready" | "done" }
  | { readonly kind: "peeked"; readonly values: Readonly<Record<string, string | undefined>> };
