/** What all nodes keep, as the fourth source's get_cluster_memory shows it. */
import type { Member } from "./membership.js";

/** What the nodes keep. */
export interface ClusterMemory {
  /** Live ones, this one among them. */
  readonly nodes: number;
  /** What they may keep together, bytes. */
  readonly totalMemoryBytes: number;
  /** What they do keep together, bytes. */
  readonly usedMemoryBytes: number;
  /** Each node's share, bytes. */
  readonly nodeData: readonly (readonly [
    node: string,
    { readonly memoryTotal: number; readonly memoryUsed: number },
  ])[];
}

/** @param members of whom nothing has been heard for long do not count */
export function clusterMemory(
  own: { readonly node: string; readonly usedBytes: number; readonly limitBytes: number },
  members: readonly Member[],
): ClusterMemory {
  const nodes = [own, ...members.filter(({ isAlive }) => isAlive)];
  const sum = (values: number[]) => values.reduce((a, b) => a + b, 0);
  return {
    nodes: nodes.length,
    totalMemoryBytes: sum(nodes.map(({ limitBytes }) => limitBytes)),
    usedMemoryBytes: sum(nodes.map(({ usedBytes }) => usedBytes)),
    nodeData: nodes
      .map(({ node, usedBytes, limitBytes }) => [node, { memoryTotal: limitBytes, memoryUsed: usedBytes }] as const)
      .sort(([a], [b]) => (a < b ? -1 : 1)),
  };
}
