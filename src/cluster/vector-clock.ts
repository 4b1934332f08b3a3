/** Vector clocks (Fidge 1988, Mattern 1989): of each node, how many of its writes a version knows of. They tell conflicts from successions. */

/** Writes by node; a node that is not named has none. */
export type VectorClock = ReadonlyMap<string, number>;

export const NO_WRITES: VectorClock = new Map();

/** Names that a clock keeps when something is written under it: nodes whose writes are long covered should not weigh for ever. */
export const CLOCK_NODES_MAX = 64;

export type Order = "equal" | "before" | "after" | "concurrent";

/** How `a` stands to `b`. */
export function orderClocks(a: VectorClock, b: VectorClock): Order {
  let less = false;
  let more = false;
  for (const [node, count] of a) {
    const other = b.get(node) ?? 0;
    if (count < other) less = true;
    else if (count > other) more = true;
  }
  for (const [node, count] of b) if (count > 0 && !a.has(node)) less = true;
  if (less) return more ? "concurrent" : "before";
  return more ? "after" : "equal";
}

/** The least clock that knows of what either knows. One of the two itself where it covers the other. */
export function joinClocks(a: VectorClock, b: VectorClock): VectorClock {
  const order = orderClocks(a, b);
  if (order === "equal" || order === "after") return a;
  if (order === "before") return b;
  const joined = new Map(a);
  for (const [node, count] of b) joined.set(node, Math.max(count, joined.get(node) ?? 0));
  return joined;
}

/**
 * The clock of a node's next write over what it knows. Of more than CLOCK_NODES_MAX names those with the fewest writes are left out: a conflict with
 * one of them may then be counted that was none; which version stays is not decided here.
 */
export function advanceClock(clock: VectorClock, node: string, count: number): VectorClock {
  const advanced = new Map(clock).set(node, count);
  if (advanced.size <= CLOCK_NODES_MAX) return advanced;
  const others = [...clock].filter(([name]) => name !== node).sort(([a, m], [b, n]) => n - m || (a < b ? -1 : 1));
  return new Map(others.slice(0, CLOCK_NODES_MAX - 1)).set(node, count);
}
