/** Users at one pool of connections: while all is well, and while the chaos of the scenario has its way. */
import { setTimeout as sleep, setImmediate as turn } from "node:timers/promises";
import type { ResourceUse } from "../../reports/results.js";
import { EngramError } from "../../src/errors.js";
import { Histogram } from "../../src/metrics/index.js";
import { Random } from "../../src/random.js";
import { type ConnectionManager, Pool } from "../../src/resources/index.js";
import type { Resources } from "../../workloads/index.js";
import { RunFailedError } from "../command-line/errors.js";
import { type Backend, startBackend } from "./backend.js";
import { Connection } from "./connection.js";

type PoolUse = NonNullable<ResourceUse["pool"]>;
type Step = PoolUse["steps"][number];
type Plan = NonNullable<Resources["pool"]>;
type Chaos = Plan["chaos"][number];

/** Of attempts to make a connection, while they fail, or hang. */
const FAILING = 0.4;
const HANGING = 0.2;
/** Of users, those who leave their connection so that nobody can have it after them, where there is chaos. */
const BREAKING = 0.05;
const CREATE_TIMEOUT_MS = 100;
/** How long nobody answers, between the server's end and its return. */
const AWAY_MS = 200;
/** Users wait out a server that is away. */
const PATIENCE_MS = 30_000;
const NS_PER_US = 1000;
const NS_PER_MS = 1e6;

const NAMES: Record<Chaos, string> = {
  "create-fails": "making a connection fails at random",
  "create-hangs": "making a connection hangs at random",
  "server-killed": "the server is killed and comes back",
};

export async function runPool(
  plan: Plan,
  warmAcquisitions: number,
  seed: number,
  progress: (label: string) => void,
): Promise<PoolUse> {
  const backend = await startBackend();
  try {
    const run = new PoolRun(plan, backend, new Random(seed));
    progress("a warm pool");
    const warm = await run.warm(warmAcquisitions);
    const steps: Step[] = [];
    for (const chaos of [null, ...plan.chaos]) {
      progress(chaos === null ? "users at a pool" : NAMES[chaos]);
      steps.push(await run.step(chaos));
    }
    return { server: backend.name, users: plan.users, max: plan.max, warm, steps };
  } finally {
    await backend.stop();
  }
}

class PoolRun {
  private open = 0;
  private peak = 0;
  private opened = 0;

  constructor(
    private readonly plan: Plan,
    private readonly backend: Backend,
    private readonly random: Random,
  ) {}

  /** One user at a pool whose connections are open. */
  async warm(count: number): Promise<PoolUse["warm"]> {
    const { max } = this.plan;
    const pool = this.pool(null);
    const leases = await Promise.all(Array.from({ length: max }, () => pool.acquire()));
    for (const lease of leases) lease.release();
    const times = new Histogram();
    for (let i = 0; i < count; i++) {
      const began = performance.now();
      const lease = await pool.acquire();
      times.record(Math.round((performance.now() - began) * NS_PER_MS));
      lease.release();
    }
    const began = performance.now();
    for (let i = 0; i < count; i++) (await pool.acquire()).release();
    const seconds = (performance.now() - began) / 1000;
    await pool.close();
    return {
      ...{ count, perSecond: count / seconds },
      ...{ p50: times.percentile(0.5) / NS_PER_US, p99: times.percentile(0.99) / NS_PER_US },
    };
  }

  /** All users at once. */
  async step(chaos: Chaos | null): Promise<Step> {
    const { users, max } = this.plan;
    this.peak = this.open;
    this.opened = 0;
    const pool = this.pool(chaos);
    const waits = new Histogram();
    const failed: Record<string, number> = {};
    let served = 0;
    const began = performance.now();
    const all = Promise.all(
      Array.from({ length: users }, async () => {
        const asked = performance.now();
        try {
          const lease = await pool.acquire();
          try {
            waits.record(Math.round((performance.now() - asked) * NS_PER_MS));
            await lease.value.ask();
            if (this.plan.hold > 0) await sleep(this.plan.hold);
            served++;
          } finally {
            if (chaos !== null && this.random.unit() < BREAKING) lease.discard();
            else lease.release();
          }
        } catch (error) {
          const code = error instanceof EngramError ? error.code : String((error as { code?: string }).code ?? error);
          failed[code] = (failed[code] ?? 0) + 1;
        }
      }),
    );
    if (chaos === "server-killed") {
      while (served < users / 4) await turn();
      await this.backend.kill();
      await sleep(AWAY_MS);
      await this.backend.restart();
    }
    await all;
    const seconds = (performance.now() - began) / 1000;
    await pool.close();
    if (this.peak > max) throw new RunFailedError(`a pool of ${max} connections had ${this.peak} open`);
    return {
      ...{ name: chaos === null ? "all is well" : NAMES[chaos], users, served, failed, seconds },
      ...{ opened: this.opened, peak: this.peak },
      wait: {
        ...{ p50: waits.percentile(0.5) / NS_PER_MS, p99: waits.percentile(0.99) / NS_PER_MS },
        max: waits.max / NS_PER_MS,
      },
    };
  }

  private pool(chaos: Chaos | null): Pool<Connection> {
    const manager: ConnectionManager<Connection> = {
      create: async (signal) => {
        if (chaos === "create-fails" && this.random.unit() < FAILING)
          throw new Error("refused, as the scenario wants it");
        if (chaos === "create-hangs" && this.random.unit() < HANGING) await sleep(PATIENCE_MS, undefined, { signal });
        const connection = await Connection.open(this.backend.port, signal);
        this.opened++;
        this.peak = Math.max(this.peak, ++this.open);
        return connection;
      },
      isAlive: (connection) => connection.isAlive,
      destroy: (connection) => {
        this.open--;
        connection.close();
      },
    };
    return new Pool(manager, {
      ...{ name: "users", max: this.plan.max, acquireTimeout: PATIENCE_MS },
      ...{ createTimeout: CREATE_TIMEOUT_MS, createAttempts: Number.POSITIVE_INFINITY },
    });
  }
}
