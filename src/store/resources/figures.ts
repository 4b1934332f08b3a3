/** What `stats()` says of what threads hold: of the table and the permits; locks, buffers and workers have figures of their own. */
import { layout } from "../../core/index.js";
import type { WorkerConnection } from "../worker.js";
import { isOfPool, phaseMs } from "./listing.js";
import { permitFigures } from "./permits.js";
import { resourcesOf } from "./table.js";

/** What is held of one kind. */
export interface ResourceKindStats {
  /** As it was tracked: "connection", "lock", or a word of the program's own. */
  readonly kind: string;
  /** Of all threads, now. */
  readonly held: number;
  /** Of these, connections that somebody has a lease of. */
  readonly inUse: number;
  /** Since the oldest of them was there, ms. */
  readonly oldestMs: number;
  /** The longest that somebody has had one of the connections in use, ms. */
  readonly longestUseMs: number;
}

/** Connections of one pool, of all threads. */
export interface ConnectionStats {
  /** The pool's name; pools of several threads that share it are told as one. */
  readonly pool: string;
  /** Open, and nobody's. */
  readonly idle: number;
  /** Somebody has a lease of them. */
  readonly inUse: number;
}

/** What all threads may have of one pool together. */
export interface PermitStats {
  /** The pool's name. */
  readonly pool: string;
  /** Connections that all threads may have in it together. */
  readonly max: number;
  /** Of those, given out. */
  readonly taken: number;
  /** Threads that wait for one. */
  readonly waiting: number;
}

/** What threads have told the store that they hold, and what became of it. */
export interface ResourceStats {
  /** What is tracked, of all threads, now: `store.track` and the connections of `store.pool`. */
  readonly held: number;
  /** Most first. */
  readonly byKind: ResourceKindStats[];
  /** Connections of `store.pool`, of all threads, by pool. */
  readonly connections: ConnectionStats[];
  /** Records that there is room for now; 0 = nothing was ever tracked. It grows, up to some 63,000. */
  readonly capacity: number;
  /** What ended in order, since the store was made. */
  readonly ended: number;
  /** Of that, by `close` of the store and not by who held it. */
  readonly closed: number;
  /** What threw when it was ended. */
  readonly failed: number;
  /** Whose end did not come by its deadline. */
  readonly forced: number;
  /** What threads had that ended without giving it back: leaks. */
  readonly reaped: number;
  /** What found no room in the table. */
  readonly refused: number;
  /** Pools of `scope: "process"`. */
  readonly permits: PermitStats[];
}

export function resourceStats(worker: WorkerConnection): ResourceStats {
  const table = resourcesOf(worker);
  const kinds = new Map<number, { held: number; inUse: number; oldestMs: number; longestUseMs: number }>();
  const pools = new Map<number, { idle: number; inUse: number }>();
  const now = Date.now();
  let held = 0;
  for (const found of table.list()) {
    held++;
    let of = kinds.get(found.kind);
    if (of === undefined) {
      of = { held: 0, inUse: 0, oldestMs: 0, longestUseMs: 0 };
      kinds.set(found.kind, of);
    }
    of.held++;
    of.oldestMs = Math.max(of.oldestMs, now - found.since);
    if (!isOfPool(found)) continue;
    const connections = pools.get(found.label) ?? { idle: 0, inUse: 0 };
    pools.set(found.label, connections);
    if (found.phase === layout.RESOURCE_IDLE) {
      connections.idle++;
      continue;
    }
    connections.inUse++;
    of.inUse++;
    of.longestUseMs = Math.max(of.longestUseMs, phaseMs(worker, found));
  }
  return {
    held,
    byKind: [...kinds]
      .map(([kind, figures]) => ({ kind: table.names.nameOf(kind) ?? "", ...figures }))
      .sort((a, b) => b.held - a.held),
    connections: [...pools].map(([pool, counts]) => ({ pool: table.names.nameOf(pool) ?? "", ...counts })),
    capacity: table.capacity,
    ended: table.counted("ended"),
    closed: table.counted("closed"),
    failed: table.counted("failed"),
    forced: table.counted("forced"),
    reaped: table.counted("reaped"),
    refused: table.counted("refused"),
    permits: permitFigures(worker).map(({ pool, max, owners, waiters }) => ({
      pool,
      max,
      taken: owners.length,
      waiting: waiters.length,
    })),
  };
}
