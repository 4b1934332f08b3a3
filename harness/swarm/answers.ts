/** What a swarm says to R-011's figures: the document's targets, each with what was measured of it. */
import type { Learning, TargetFigure } from "../../reports/results.js";
import type { Agents, BlockPool } from "../../src/agents/index.js";
import type { Histogram } from "../../src/metrics/index.js";

const NS_PER_MS = 1e6;
const BYTES_PER_MB = 1e6;

export interface SwarmMeasured {
  readonly learning: Learning;
  readonly lookups: Histogram;
  readonly encodings: Histogram;
  /** Bytes of the largest arena. */
  readonly arenaBytes: number;
  /** By the pool's name: how many blocks it handed out at once, and their bytes. */
  readonly pools: Readonly<Record<string, { readonly blocks: number; readonly bytes: number }>>;
}

export function answersOf({ learning, lookups, encodings, arenaBytes, pools }: SwarmMeasured): TargetFigure[] {
  const { agents, threads, finished, agentBytes } = learning;
  const where = `${agents} agents on ${threads} threads`;
  const p99 = (target: string, of: Histogram, what: string): TargetFigure[] =>
    of.count === 0
      ? []
      : [
          {
            ...{ target, value: of.percentile(0.99) / NS_PER_MS, unit: "ms" },
            method: `P99 of ${of.count} ${what}, ${where}, clock reads included`,
          },
        ];
  const pool = (target: string, name: string): TargetFigure => ({
    ...{ target, value: pools[name].blocks, unit: "buffers" },
    method: `blocks of exactly ${pools[name].bytes} bytes that pool ${name} handed out at once`,
  });
  return [
    ...p99("r011-q-lookup", lookups, "best actions of a state, in a table of an agent's own"),
    ...p99("r011-state-encoding", encodings, "encodings of 64 numbers into a block of pool state"),
    {
      ...{ target: "r011-agent-memory", value: agentBytes / BYTES_PER_MB, unit: "MB" },
      method: `bytes in the arena over ${agents} agents`,
    },
    {
      ...{ target: "r011-agents", value: finished, unit: "agents" },
      method: `agents that went through every round, on ${threads} threads`,
    },
    pool("r011-pool-256b", "state"),
    pool("r011-pool-1k", "trajectory"),
    pool("r011-pool-4k", "message"),
    {
      ...{ target: "r011-linear-memory", value: arenaBytes / 2 ** 30, unit: "GiB" },
      method: "the arena that all of them lie in, reserved whole",
    },
  ];
}

/** Takes every block of each pool at once, and gives them back. */
export function emptyPools({ pools }: Agents): SwarmMeasured["pools"] {
  return Object.fromEntries(
    Object.entries(pools).map(([name, pool]) => [name, { blocks: takeAll(pool), bytes: pool.bytes }]),
  );
}

function takeAll(pool: BlockPool): number {
  const blocks = [];
  for (let block = pool.tryAcquire(); block !== undefined; block = pool.tryAcquire()) blocks.push(block);
  for (const block of blocks) block.release();
  return blocks.length;
}
