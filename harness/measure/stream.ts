import { MAILBOX_OPERATIONS, STREAM_OPERATIONS } from "../../workloads/operations.js";

/** One worker's operations of one phase, made before anything is measured: parallel arrays, one entry an operation. */
export interface AgentStream {
  readonly length: number;
  /** Operation codes of workloads/operations.ts. */
  readonly kinds: Uint8Array;
  /** Key indexes; of operations on mailboxes the mailbox. */
  readonly keys: Uint32Array;
  /** Bytes of the value or message, for operations that write one; entries of a scan. */
  readonly sizes: Uint32Array;
  /** Time to live in ms, 0 for none; absent when the stream has none at all. */
  readonly ttls: Uint32Array | null;
  /** Which label an operation has, by number: whose latencies and whose rate it counts for; null: all have the first. */
  readonly labels: Uint8Array | null;
}

/**
 * The same stream as an object of the one shape that the loops are compiled for: one that came from another thread has another, and each
 * loop would be compiled anew when it meets the second.
 */
export function inOneShape({ length, kinds, keys, sizes, ttls, labels }: AgentStream): AgentStream {
  return { length, kinds, keys, sizes, ttls, labels };
}

/** The operations of `stream` whose codes are kept, in order. */
export function operationsOf(stream: AgentStream, kept: (kind: number) => boolean): AgentStream {
  const { kinds, keys, sizes, ttls, labels } = stream;
  // Asked once a code: a stream has a quarter of a million operations, and every worker waits for this.
  const isKept = STREAM_OPERATIONS.map((_, kind) => kept(kind));
  const where = new Uint32Array(stream.length);
  let length = 0;
  for (let i = 0; i < stream.length; i++) if (isKept[kinds[i]]) where[length++] = i;
  const pick = <T extends Uint8Array | Uint32Array>(from: T, to: T): T => {
    for (let i = 0; i < length; i++) to[i] = from[where[i]];
    return to;
  };
  return inOneShape({
    length,
    kinds: pick(kinds, new Uint8Array(length)),
    keys: pick(keys, new Uint32Array(length)),
    sizes: pick(sizes, new Uint32Array(length)),
    ttls: ttls === null ? null : pick(ttls, new Uint32Array(length)),
    labels: labels === null ? null : pick(labels, new Uint8Array(length)),
  });
}

/** How many operations of each code `stream` has. */
export function countKinds(stream: AgentStream): number[] {
  const counts = new Array<number>(STREAM_OPERATIONS.length).fill(0);
  for (let i = 0; i < stream.length; i++) counts[stream.kinds[i]]++;
  return counts;
}

/**
 * A label that stands for those of all its operations; null when they go by different names.
 *
 * @param names of the labels, by number: several labels may have one
 */
export function onlyLabel({ labels, length }: AgentStream, names: ReadonlyArray<string | null>): number | null {
  if (labels === null) return 0;
  for (let i = 1; i < length; i++) if (names[labels[i]] !== names[labels[0]]) return null;
  return labels[0] ?? 0;
}

/** How many operations of each label were done by one who began at `from`, did `operations`, and went round again at the end. */
export function countLabels(
  { labels, length }: AgentStream,
  from: number,
  operations: number,
  count: number,
): number[] {
  const counts = new Array<number>(count).fill(0);
  if (labels === null) {
    counts[0] = operations;
    return counts;
  }
  const rounds = Math.floor(operations / length);
  if (rounds > 0) for (let i = 0; i < length; i++) counts[labels[i]] += rounds;
  for (let i = 0, at = from; i < operations % length; i++, at = at + 1 === length ? 0 : at + 1) counts[labels[at]]++;
  return counts;
}

/**
 * Kinds of operations whose cost can be measured on their own. Messages need both ends: sends alone would fill the mailbox, receives
 * alone find it empty.
 */
export function kindsWithCost(stream: AgentStream): number[] {
  return countKinds(stream).flatMap((count, kind) =>
    count > 0 && !MAILBOX_OPERATIONS.includes(STREAM_OPERATIONS[kind]) ? [kind] : [],
  );
}
