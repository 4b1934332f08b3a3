/** What slots say that their workers hold: locks, regions, changes that they watch. Each is as of some moment during the call. */
import type { Header } from "./header.js";
import * as L from "./layout.js";

export interface SlotHolding {
  /** Number of the slot. */
  readonly slot: number;
  readonly how: "lock" | "reading" | "region" | "watch";
  /** The key of its entry, prefix included; "" of a watch. */
  readonly key: string;
}

/** Everything that slots say, in their order. @param buffer of the whole memory */
export function* slotHoldings(header: Header, buffer: ArrayBufferLike): Generator<SlotHolding> {
  const words = new Int32Array(buffer);
  const watchers = Atomics.load(new BigUint64Array(buffer, L.H_WATCHERS, 1), 0);
  for (let slot = 0; slot < header.slotCount; slot++) {
    const at = header.slots + slot * L.SLOT_SIZE;
    if (Atomics.load(words, (at + L.S_STATE) >>> 2) !== L.SLOT_ACTIVE) continue;
    for (let i = 0; i < L.HELD_MAX; i++) {
      const place = (at + L.S_HELD + i * 8) >>> 2;
      const word = Atomics.load(words, place);
      if (word === 0 || word & (L.HELD_UNSURE | L.HELD_WAITS)) continue;
      const key = keyOf(buffer, (word & ~L.HELD_BITS) >>> 0);
      // named still, so its chunk was a lock's all along
      if (Atomics.load(words, place) === word) yield { slot, how: word & L.HELD_READS ? "reading" : "lock", key };
    }
    for (let pin = 0; pin < L.REGION_PINS; pin++) {
      const place = (at + L.S_REGIONS + pin * 4) >>> 2;
      const entry = Atomics.load(words, place);
      if (entry === 0) continue;
      const key = keyOf(buffer, entry >>> 0);
      if (Atomics.load(words, place) === entry) yield { slot, how: "region", key };
    }
    if ((watchers >> BigInt(slot)) & 1n) yield { slot, how: "watch", key: "" };
  }
}

function keyOf(buffer: ArrayBufferLike, entry: number): string {
  const length = new Uint16Array(buffer, entry + L.E_META + 2, 1)[0];
  return Buffer.from(new Uint8Array(buffer, entry + L.E_KEY, Math.min(length, L.KEY_MAX))).toString("utf8");
}
