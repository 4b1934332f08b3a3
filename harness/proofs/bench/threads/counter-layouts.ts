/** Where the counters of the padding bench lie: each arrangement in a page of its own, from a cache line's start. Bytes. */
export interface CounterLayout {
  readonly base: number;
  readonly stride: number;
}

export const COUNTER_BYTES = 3 * 4096;
/** A 64-byte line each, as in the store. */
export const PADDED: CounterLayout = { base: 0, stride: 64 };
/** Side by side: as u64 and as u32 would lie. */
export const PACKED_8: CounterLayout = { base: 4096, stride: 8 };
export const PACKED_4: CounterLayout = { base: 8192, stride: 4 };
