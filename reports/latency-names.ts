/**
 * What a latency or a cost belongs to, and the name it goes by: `get`, `get (tenant)`, `get (tenant, flooded)`,
 * `get (flooded, from its actual start)`. Two that differ in any of this are never counted together.
 */
export interface LatencyKey {
  readonly operation: string;
  /** Of a role or phase whose latencies are told apart from all others; null: none. */
  readonly label: string | null;
  /** Null: the run has one phase. */
  readonly phase: string | null;
  /** Of an open loop, whose latencies from the intended start go by the plain name; null: closed loop. */
  readonly from: "intended" | "actual" | null;
}

export function latencyName({ operation, label, phase, from }: LatencyKey): string {
  const parts: string[] = [];
  if (label !== null) parts.push(label);
  // A label that names its phase already (`tenant alone` in phase `alone`) says it once.
  if (phase !== null && !label?.includes(phase)) parts.push(phase);
  if (from === "actual") parts.push("from its actual start");
  return parts.length === 0 ? operation : `${operation} (${parts.join(", ")})`;
}
