/** One configuration, threads that follow it, threads that change it and are killed. */
import { setTimeout as sleep } from "node:timers/promises";
import type { ResourceUse } from "../../reports/results.js";
import { InvalidValueError } from "../../src/errors.js";
import { Store } from "../../src/index.js";
import { Histogram } from "../../src/metrics/index.js";
import type { Resources } from "../../workloads/index.js";
import { RunFailedError } from "../command-line/errors.js";
import { CONFIG, now } from "./config-messages.js";
import { ConfigThread } from "./config-thread-handle.js";
import { limits } from "./limits.js";

type ConfigUse = NonNullable<ResourceUse["config"]>;
type Plan = NonNullable<Resources["config"]>;

const NS_PER_MS = 1e6;
/** How long a thread that is to be killed goes on. */
const LIFE_MS = 50;

export async function runConfig({ threads, updates, every, refused, kills }: Plan): Promise<ConfigUse> {
  const store = await Store.create({ capacity: "8MiB", maxWorkers: threads + kills });
  try {
    const models = { small: 10, large: 2 };
    const config = store.config(CONFIG, limits, { initial: { n: 0, at: now(), models } });
    const followers = await Promise.all(Array.from({ length: threads }, () => ConfigThread.start(store, "follows")));
    let killed = 0;
    for (let i = 0; i < kills; i++) {
      const victim = await ConfigThread.start(store, "changes");
      await sleep(LIFE_MS);
      await victim.kill();
      killed++;
      const { value, version } = config.current;
      if (value.n + 1 !== version) throw new RunFailedError(`version ${version} of the configuration is half of one`);
    }
    const before = config.version;
    let denied = 0;
    for (let i = 0; i < updates; i++) {
      config.update((value) => ({ ...value, n: value.n + 1, at: now() }));
      if (i < refused) {
        try {
          config.update((value) => ({ ...value, models: { small: 0 } }));
        } catch (error) {
          if (!(error instanceof InvalidValueError)) throw error;
          denied++;
        }
      }
      await sleep(every);
    }
    config.update((value) => ({ ...value, n: value.n + 1, at: now(), done: true }));
    const latency = new Histogram();
    const sum = { told: 0, reads: 0, readMs: 0, final: 0, faults: 0 };
    for (const follower of followers) {
      const end = await follower.ended();
      latency.merge(Histogram.fromPairs(end.latency.pairs, end.latency.max));
      sum.told += end.told;
      sum.reads += end.reads;
      sum.readMs += end.readMs;
      sum.faults += end.faults;
      if (end.version === config.version) sum.final++;
    }
    if (sum.faults > 0)
      throw new RunFailedError(`${sum.faults} versions of the configuration were told out of order, or half`);
    const ms = (q: number) => latency.percentile(q) / NS_PER_MS;
    return {
      ...{ threads, updates: config.version - before, refused: denied, killed, told: sum.told, final: sum.final },
      latency: { p50: ms(0.5), p99: ms(0.99), max: latency.max / NS_PER_MS },
      ...{ reads: sum.reads, readNs: sum.reads === 0 ? 0 : (sum.readMs * NS_PER_MS) / sum.reads },
    };
  } finally {
    await store.close();
  }
}
