/** What happens around those who watch: what changed, and what they were told. */

/** What a thread wants to know of: a key, or, with 0, every key of the namespace; and its name's entry in the directory. */
export interface Interest {
  readonly keyHash: number;
  readonly nameHash: number;
  /** The stamp from which on it is told; NaN while it begins. */
  since: number;
}

export interface Change {
  readonly kind: number;
  readonly hash: number;
  readonly id: number;
  readonly entry: number;
  readonly version: number;
}

export type ChangeEvent =
  | ({ readonly event: "made" } & Change)
  | ({ readonly event: "told"; readonly thread: number } & Change)
  | { readonly event: "gap"; readonly thread: number }
  | { readonly event: "begun"; readonly thread: number; readonly interest: Interest };
