/** What threads hold, as `store.resources()` tells it. */

/** What a thread holds. */
export interface HeldResource {
  /** As it was tracked; of the store's own "lock", "region", "buffer", "watch", "permit" and "connection"; of agents "agent", "block" and "piece". */
  readonly kind: string;
  /** What tells it from others of its kind; null where nothing does. */
  readonly label: string | null;
  /** The thread that holds it. */
  readonly owner: {
    /** Number of its slot. */
    readonly worker: number;
    /** Node's number of the thread (`threadId`). */
    readonly thread: number;
  };
  /** "reading": a lock that others may read under as well. "idle", "in use": a connection of a pool. "ending": its end is under way. */
  readonly state: "held" | "reading" | "idle" | "in use" | "ending";
  /** ms since it was there; null where nobody notes that. */
  readonly ageMs: number | null;
  /** ms that it has been in its state, of a connection. */
  readonly stateMs: number | null;
}

/** The same, by the claim of its owner: what rooms above the store add. */
export interface ClaimedResource {
  readonly kind: string;
  readonly label: string | null;
  readonly claim: number;
  readonly ageMs: number | null;
}
