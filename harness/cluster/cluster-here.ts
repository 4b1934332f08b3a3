/**
 * A cluster to be measured: nodes of the distributed memory in this process, each with a store of its own, on three nats-servers where there are any
 * to be had, else on logs in this process's memory. A node can be cut off: its server is stopped, or the network between does not reach it.
 */
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { DistributedMemory, type Domain, MemoryCluster, type MemoryNetwork } from "../../src/cluster/index.js";
import { Store } from "../../src/index.js";
import { type Nats, natsIsMissing, startNats } from "../services/index.js";

export interface MeasuredNode {
  readonly name: string;
  readonly memory: DistributedMemory;
  /** The domain that everything here is about. */
  readonly shared: Domain<string>;
}

export interface ClusterHere {
  /** What keeps the logs, as a report has it. */
  readonly engine: string;
  /** Whether that is servers beside this process. */
  readonly real: boolean;
  readonly nodes: readonly MeasuredNode[];
  /** A node that can be cut off without the others being without a leader for seconds. */
  expendable(): Promise<number>;
  /** It reaches neither the log nor the others from now on. */
  cut(place: number): Promise<void>;
  mend(place: number): void;
  /** It leaves, and its store with it. */
  end(place: number): Promise<void>;
  /** Joins again under its name, with an empty store. */
  start(place: number): Promise<void>;
  stop(): Promise<void>;
}

export interface ClusterPlan {
  readonly nodes: number;
  readonly windowMs?: number;
  /** "memory": without servers, even where they can be had. */
  readonly engine?: "memory";
  /** Nodes can take checkpoints, in folders that go with them. */
  readonly checkpoints?: boolean;
}

const DOMAIN = "shared";
const STREAM = `MEM_${DOMAIN}`;
const SERVERS = 3;
/** Three servers on a machine that is busy with other work have been seen to take half a minute. */
const JOIN_MS = 60_000;
/** Of one call: the servers of a busy machine may need seconds to agree on another leader. */
const TIMEOUT_MS = 30_000;
const ALIVE_MS = 1000;

export async function openCluster(plan: ClusterPlan): Promise<ClusterHere> {
  const { nodes: count, windowMs = 500, engine, checkpoints = false } = plan;
  const folder = checkpoints ? mkdtempSync(join(tmpdir(), "engram-checkpoints-")) : null;
  const missing = engine === "memory" ? "asked for" : natsIsMissing();
  const place = missing === null ? await onServers() : inProcess(missing);
  // nobody who only waits for a cluster keeps a process alive
  const alive = setInterval(() => {}, ALIVE_MS);
  const nodes: MeasuredNode[] = [];
  const stores: Store[] = [];
  const start = async (at: number): Promise<void> => {
    const name = nameOf(at);
    const store = await Store.create({ capacity: "64MiB", maxWorkers: 2 });
    stores[at] = store;
    const domains = { [DOMAIN]: { window: windowMs, timeout: TIMEOUT_MS } };
    const directory = folder === null ? null : mkdtempSync(join(folder, `${name}-`));
    const backups = directory === null ? undefined : await store.backup({ directory, strategy: "manual" });
    const memory = await DistributedMemory.join({
      ...{ store, node: name, domains, timeout: JOIN_MS, backups },
      ...place.join(at),
    });
    nodes[at] = { name, memory, shared: memory.domain<string>(DOMAIN) };
  };
  const end = async (at: number): Promise<void> => {
    await nodes[at]?.memory.close({ timeout: 0 });
    await stores[at]?.close();
  };
  const stop = async (): Promise<void> => {
    for (let at = 0; at < stores.length; at++) await end(at);
    await place.stop();
    if (folder !== null) rmSync(folder, { recursive: true, force: true });
    clearInterval(alive);
  };
  try {
    for (let at = 0; at < count; at++) await start(at);
  } catch (error) {
    await stop();
    throw error;
  }
  const { engine: said, real } = place;
  const expendable = async (): Promise<number> => ((await place.leader()) + 1) % count;
  return { engine: said, real, nodes, expendable, cut: place.cut, mend: place.mend, start, end, stop };
}

interface Place extends Pick<ClusterHere, "engine" | "real" | "cut" | "mend" | "stop"> {
  join(at: number): Pick<Parameters<typeof DistributedMemory.join>[0], "engines" | "servers" | "nats">;
  leader(): Promise<number>;
}

const nameOf = (at: number): string => `n${at}`;

async function onServers(): Promise<Place> {
  const nats: Nats = await startNats({ servers: SERVERS });
  return {
    ...{ engine: "three nats-servers on the loopback, three copies of each log in files", real: true },
    // its own server alone, as it would be where the network is what fails
    join: (at) => ({ servers: nats.addresses[at], nats: { client: { ignoreClusterUpdates: true } } }),
    leader: () => nats.leaderOf(STREAM),
    cut: (at) => nats.servers[at].pause(),
    mend: (at) => nats.servers[at].resume(),
    stop: () => nats.stop(),
  };
}

function inProcess(why: string): Place {
  const network = new CutNetwork();
  const engines = new MemoryCluster({ network });
  return {
    ...{ engine: `logs in the process's own memory (${why})`, real: false },
    join: () => ({ engines }),
    leader: async () => 0,
    cut: async (at) => void network.apart.add(nameOf(at)),
    mend: (at) => {
      network.apart.delete(nameOf(at));
      engines.reconnect(nameOf(at));
    },
    stop: () => engines.close(),
  };
}

/** Without faults of its own: nodes are apart, or they are not. */
class CutNetwork implements MemoryNetwork {
  readonly apart = new Set<string>();

  delayMs(): number {
    return 0;
  }

  loses(): boolean {
    return false;
  }

  repeats(): boolean {
    return false;
  }

  refuses(): boolean {
    return true;
  }

  reachesLog(node: string): boolean {
    return !this.apart.has(node);
  }

  reaches(from: string, to: string): boolean {
    return this.apart.has(from) === this.apart.has(to);
  }
}
