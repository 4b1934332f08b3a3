/** What the parts say to the distributed memory's figures: the document's targets, each with what was measured of it. */
import type { ClusterUse, TargetFigure } from "../../reports/results.js";
import type { Consistency } from "../../src/cluster/index.js";

const US_PER_MS = 1000;

/** Latencies are of a cluster only where its log is not in the caller's own process; whether a promise was kept can be told of any. */
export function answersOf(used: ClusterUse, level: Consistency | null): TargetFigure[] {
  const { checks, nodes, engine } = used;
  if (level === null) return [];
  const kept = keptBy(checks[0]);
  const promise = (target: string): TargetFigure[] =>
    kept === null
      ? []
      : [
          {
            ...{ target, value: kept, unit: "%" },
            method: `${checks[0].operations} operations of clients on ${nodes} nodes, ${checks[0].checker}; ${engine}`,
          },
        ];
  const latency = (target: string, calls: readonly string[], more = "") => slowest(used, level, target, calls, more);
  switch (level) {
    case "strong":
      return [
        ...latency("d-strong-latency", ["put", "get"]),
        ...latency(
          "d-tier-cluster",
          ["get"],
          "; a read that asks the cluster, for a copy on the node itself is read in less than 1 µs",
        ),
        ...promise("d-strong-consistent"),
      ];
    case "bounded_stale":
      return [...latency("d-bounded-latency", ["put", "get"]), ...promise("d-bounded-consistent")];
    case "eventual":
      return latency("d-eventual-latency", ["put", "get"], seenLater(used));
  }
}

/** P50 of the slowest of these calls, µs. */
function slowest(
  { calls, real, nodes, engine }: ClusterUse,
  level: Consistency,
  target: string,
  names: readonly string[],
  more: string,
): TargetFigure[] {
  const rows = calls.filter(({ at, call }) => at === level && names.includes(call));
  if (!real || rows.length === 0) return [];
  const slow = rows.reduce((one, other) => (other.p50 > one.p50 ? other : one));
  const others = rows.length > 1 ? `, the slowest of ${names.join(" and ")}` : "";
  const method = `P50 of ${slow.count} ${level} ${slow.call}s, one after the other${others}; ${nodes} nodes, ${engine}${more}`;
  return [{ target, value: slow.p50, unit: "µs", method }];
}

/** The call is not all: others see it later. */
function seenLater({ calls }: ClusterUse): string {
  const seen = calls.find(({ call }) => call === "seen by another node");
  return seen === undefined
    ? ""
    : `; the call alone: another node sees the write after ${(seen.p50 / US_PER_MS).toFixed(2)} ms (P50)`;
}

/** Of the operations those that kept the promise, per cent; null where that was not decided. */
function keptBy({ operations, wrong, verdict }: ClusterUse["checks"][number]): number | null {
  return verdict === "unknown" || operations === 0 ? null : (100 * (operations - wrong)) / operations;
}
