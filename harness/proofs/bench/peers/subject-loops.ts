/**
 * The loops over a subject of the harness. Loaded once a subject (`subject-loops.js?subject=…`), so that each instance sees
 * one class of agent only and its calls are compiled for that class alone.
 */
import type { SubjectAgent } from "../../../subjects/index.js";

/** The sum of the lengths it got. */
export function getSpan(agent: SubjectAgent, order: Uint32Array, from: number, operations: number): number {
  const mask = order.length - 1;
  let lengths = 0;
  for (let i = 0; i < operations; i++) lengths += agent.get(order[(from + i) & mask]);
  return lengths;
}

export function setSpan(
  agent: SubjectAgent,
  order: Uint32Array,
  from: number,
  operations: number,
  valueBytes: number,
): void {
  const mask = order.length - 1;
  for (let i = 0; i < operations; i++) agent.set(order[(from + i) & mask], valueBytes, 0);
}
