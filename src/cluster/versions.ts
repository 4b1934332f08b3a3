/** A node's copy of a domain: for each key the last version of the log that it knows. Where it lies is not the replica's affair. */
import type { ClusterEntry } from "./entry.js";

/** What stands in the log for a key. */
export interface Version {
  /** Its number there. */
  readonly seq: number;
  /** null: what stands in the log is no version of a key; it reads as absent, and whoever writes next replaces it. */
  readonly entry: ClusterEntry | null;
}

export interface Versions {
  get(key: string): Version | undefined;
  /** @throws when there is no room: then the feed stands still, for a copy that left something out would be wrong without knowing */
  set(key: string, version: Version): void;
  delete(key: string): void;
  keys(): Iterable<string>;
  readonly size: number;
}

/** Writes that were accepted here and are not known to be in the log: kept where they survive what the node is to survive. */
export interface Outbox {
  /** @throws when there is no room: the write is refused */
  set(key: string, entry: ClusterEntry): void;
  delete(key: string): void;
  /** What is left of an earlier life, the oldest first. */
  entries(): Iterable<[string, ClusterEntry]>;
}
