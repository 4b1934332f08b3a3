/** Which histograms a run needs: one for each kind of operation under each label. */
import { OP_GET, OP_GET_OR_SET, STREAM_OPERATIONS } from "../../workloads/operations.js";
import type { AgentStream } from "../measure/index.js";

export interface LatencySlot {
  readonly kind: number;
  /** Number of the label. */
  readonly label: number;
}

/** In order of label and kind. A getOrSet that hits is a get too, and has that one's slot. */
export function latencySlots(streams: readonly AgentStream[]): LatencySlot[] {
  const kinds = STREAM_OPERATIONS.length;
  const seen = new Set<number>();
  for (const { length, kinds: codes, labels } of streams) {
    for (let i = 0; i < length; i++) seen.add((labels === null ? 0 : labels[i]) * kinds + codes[i]);
  }
  for (const id of [...seen]) if (id % kinds === OP_GET_OR_SET) seen.add(id - OP_GET_OR_SET + OP_GET);
  return [...seen].sort((a, b) => a - b).map((id) => ({ kind: id % kinds, label: Math.floor(id / kinds) }));
}

/** Slot numbers by label and kind, as one table: `table[label * STREAM_OPERATIONS.length + kind]`; -1: none. */
export function slotTable(slots: readonly LatencySlot[]): Int32Array {
  const kinds = STREAM_OPERATIONS.length;
  const labels = slots.reduce((most, { label }) => Math.max(most, label), 0) + 1;
  const table = new Int32Array(labels * kinds).fill(-1);
  for (const [slot, { kind, label }] of slots.entries()) table[label * kinds + kind] = slot;
  return table;
}
