/** One worker's operations of one phase, made before anything is measured: parallel arrays, one entry an operation. */
export interface AgentStream {
  readonly length: number;
  /** Operation codes of workloads/operations.ts. */
  readonly kinds: Uint8Array;
  /** Key indexes. */
  readonly keys: Uint32Array;
  /** Value sizes in bytes, for operations that write. */
  readonly sizes: Uint32Array;
  /** Time to live in ms, 0 for none; absent when the stream has none at all. */
  readonly ttls: Uint32Array | null;
}

/** The operations of `stream` whose codes are kept, in order. */
export function operationsOf(stream: AgentStream, kept: (kind: number) => boolean): AgentStream {
  const where: number[] = [];
  for (let i = 0; i < stream.length; i++) if (kept(stream.kinds[i])) where.push(i);
  const { ttls } = stream;
  return {
    length: where.length,
    kinds: Uint8Array.from(where, (i) => stream.kinds[i]),
    keys: Uint32Array.from(where, (i) => stream.keys[i]),
    sizes: Uint32Array.from(where, (i) => stream.sizes[i]),
    ttls: ttls === null ? null : Uint32Array.from(where, (i) => ttls[i]),
  };
}

/** How many operations of each code `stream` has. */
export function countKinds(stream: AgentStream): number[] {
  const counts = new Array<number>(8).fill(0);
  for (let i = 0; i < stream.length; i++) counts[stream.kinds[i]]++;
  return counts;
}
