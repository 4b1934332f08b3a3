/** Bounded reads of all nodes' files against the strong writes of all: none may lack what was acknowledged longer ago than the window when it began. */
import { type HistoryLine, linesOf } from "./history-files.js";

export interface BoundedReads {
  readonly reads: number;
  /** As they are to be where the window cannot be kept. */
  readonly refused: number;
  readonly violations: readonly string[];
}

const NS_PER_MS = 1e6;

export function checkBoundedReads(files: readonly string[], windowMs: number): BoundedReads {
  const lines = files.flatMap(linesOf);
  const acknowledged = acknowledgedBy(lines);
  const reads = lines.filter(({ op }) => op === "bounded");
  const answered = reads.filter(({ refused }) => !refused);
  const violations = answered.flatMap(({ id, key = "", call = 0, version }) => {
    const least = greatestBefore(acknowledged.get(key) ?? [], call - windowMs * NS_PER_MS);
    // of a write of the node's own that is on its way: newer than all
    if (version === undefined || version >= least) return [];
    return [`bounded read ${id} of ${key} gave version ${version}, and ${least} was older than ${windowMs} ms`];
  });
  return { reads: answered.length, refused: reads.length - answered.length, violations };
}

interface Acknowledged {
  readonly at: number;
  /** The greatest until then. */
  readonly most: number;
}

/** By key, in the order of their acknowledgement. */
function acknowledgedBy(lines: readonly HistoryLine[]): Map<string, Acknowledged[]> {
  const keys = new Map(lines.flatMap(({ id, op, key }) => (op === "set" && key !== undefined ? [[id, key]] : [])));
  const writes = lines.flatMap(({ id, version, return: at }) => {
    const key = keys.get(id);
    return key === undefined || version === undefined || at === undefined ? [] : [{ key, version, at }];
  });
  const byKey = new Map<string, Acknowledged[]>();
  for (const { key, version, at } of writes.sort((a, b) => a.at - b.at)) {
    const list = byKey.get(key) ?? [];
    byKey.set(key, list);
    list.push({ at, most: Math.max(version, list.at(-1)?.most ?? 0) });
  }
  return byKey;
}

function greatestBefore(list: readonly Acknowledged[], at: number): number {
  let [low, high] = [0, list.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if (list[middle].at < at) low = middle + 1;
    else high = middle;
  }
  return low === 0 ? 0 : list[low - 1].most;
}
