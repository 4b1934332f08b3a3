/** What threads hold of agents' memory, for `store.resources()`: blocks, pieces of their own, agents. */
import type { ClaimedResource } from "../store/index.js";
import type { Arena } from "./arena.js";
import type { BlockPool } from "./pools.js";

export function* heldMemory(
  arenas: readonly Arena[],
  pools: Readonly<Record<string, BlockPool>>,
): Generator<ClaimedResource> {
  const now = Date.now();
  for (const [name, pool] of Object.entries(pools)) {
    for (const claim of pool.owners()) if (claim !== 0) yield { kind: "block", label: name, claim, ageMs: null };
  }
  for (const arena of arenas) {
    for (const { claim, group, inHand, purpose, sinceMs } of arena.pieces()) {
      if (group !== 0 || inHand) continue; // an agent's, or nobody's yet
      yield { kind: "piece", label: purpose, claim, ageMs: Math.max(0, now - sinceMs) };
    }
  }
}
