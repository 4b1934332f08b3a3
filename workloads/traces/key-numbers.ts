import { BATCH_CAPACITY, type TraceBatch } from "./batch.js";
import { NumberInterner, StringInterner } from "./interner.js";

/** The keys of a trace that is read batch by batch, as dense numbers from 0 in order of appearance: memory follows the distinct keys alone. */
export class KeyNumbers {
  private interner: NumberInterner | StringInterner = new StringInterner();
  private begun = false;
  private readonly ids = new Uint32Array(BATCH_CAPACITY);

  /** Distinct keys so far. */
  get size(): number {
    return this.interner.size;
  }

  /** The numbers of a batch's keys; valid until the next batch. */
  of(batch: TraceBatch): Uint32Array {
    const { idKind, signed, count, lo, hi, keys } = batch;
    if (!this.begun && idKind === "number") this.interner = new NumberInterner(signed);
    this.begun = true;
    const { interner, ids } = this;
    if (interner instanceof NumberInterner) for (let i = 0; i < count; i++) ids[i] = interner.intern(lo[i], hi[i]);
    else for (let i = 0; i < count; i++) ids[i] = interner.intern(keys[i]);
    return ids.subarray(0, count);
  }

  /** The key behind a number as text. */
  keyOf(id: number): string {
    return this.interner.keyOf(id);
  }
}
