/** What a replica is made with, is asked, answers and tells. */
import type { Barriers } from "./barriers.js";
import type { ClusterClock, Engine } from "./engine.js";
import type { ClusterEntry } from "./entry.js";
import type { Feed, Pace } from "./feed.js";
import type { Flusher } from "./flusher.js";
import type { HybridClock } from "./hlc.js";
import type { KeyKind } from "./keys.js";
import type { Outbox, Versions } from "./versions.js";

export interface ReplicaOptions {
  /** The node's name, of 1 to 255 bytes in UTF-8, no other live node's. */
  readonly node: string;
  /** Of letters and digits, another one each time that the node is started. */
  readonly incarnation: string;
  readonly engine: Engine;
  readonly clock: ClusterClock;
  /** Where the copy lies. Default: on this thread's heap. */
  readonly versions?: Versions;
  /** Where unsent writes lie; those that are there already are sent. Default: on this thread's heap. */
  readonly outbox?: Outbox;
  readonly hybrid?: HybridClock;
  /** How long a version that was heard of may take to come by the log before it is brought there from here, ms. */
  readonly adoptAfterMs?: number;
  readonly pace?: Pace;
  /** How long a barrier may take to come back by the feed, ms. */
  readonly feedTimeoutMs?: number;
  /** What each barrier carries: what the node says of itself. */
  readonly note?: () => Uint8Array;
  /** Other parts than the usual ones, for a simulation that plants faults in them. */
  readonly parts?: ReplicaParts;
}

export interface ReplicaParts {
  readonly feed?: typeof Feed;
  readonly barriers?: typeof Barriers;
  readonly flusher?: typeof Flusher;
}

/** What is written with a value. */
export interface WriteOptions {
  /** ms since 1970; 0: never. */
  readonly expiresAt?: number;
  readonly tags?: readonly string[];
}

export interface CommitOptions extends WriteOptions {
  /** The number that the key's last version must have, 0 for none. */
  readonly expect?: number;
  /** Of an earlier try whose outcome was unknown. */
  readonly attempt?: string;
  /** After so long it is given up, ms. */
  readonly timeoutMs: number;
}

export interface Committed {
  readonly seq: number;
  readonly entry: ClusterEntry;
}

/** Called after the copy has it. `gap`: versions before it were superseded unseen. An entry of null: the key is no longer in the log. */
export type ApplyListener = (key: string, entry: ClusterEntry | null, seq: number, gap: boolean) => void;

/** A key of another kind than a user's; the bytes are its own affair. It may be told twice, never an older one after a newer one. */
export type LoggedListener = (kind: KeyKind, name: string, bytes: Uint8Array, seq: number) => void;

/** What a key reads as that has a version over the copy; null: it has none any more, and reads as the copy says. */
export type OverlayListener = (key: string, entry: ClusterEntry | null) => void;

export interface Conflict {
  readonly key: string;
  readonly mine: ClusterEntry;
  readonly other: ClusterEntry;
  readonly kept: ClusterEntry;
}

/** What healing came to. */
export interface Healed {
  /** Nothing is left that the log does not have. */
  readonly merged: boolean;
  /** Writes that did not know of each other. */
  readonly conflictsResolved: number;
}
