/** Requests at the rate that is asked for: servers take turns, so that what the machine does meanwhile meets them alike. */
import type { IngestUse } from "../../reports/results.js";
import { Histogram } from "../../src/metrics/index.js";
import type { IngestLoad } from "../../workloads/index.js";
import { Tally } from "./clients.js";
import { coolDown, inMs, PLAIN, RECEIVED, told, type Warm, WRITTEN, warmUp } from "./servers.js";

type Paced = NonNullable<IngestUse["paced"]>;

const NS_PER_MS = 1e6;

class Sums {
  readonly tally = new Tally();
  readonly intended = new Histogram();
  readonly sentAt = new Histogram();
  readonly means: number[] = [];
  cpuUs = 0;

  constructor(readonly warm: Warm) {}
}

export async function runPaced(
  { clients, metrics }: IngestLoad,
  { rate, duration, rounds }: NonNullable<IngestLoad["paced"]>,
  folder: string,
  stop: AbortSignal,
  progress: (fraction: number, label: string) => void,
): Promise<Paced> {
  const all: Sums[] = [];
  try {
    for (const kind of [WRITTEN, RECEIVED, PLAIN]) {
      all.push(new Sums(await warmUp(kind, folder, { clients, metrics, atLeast: rate }, stop)));
    }
    const seconds = duration / 1000 / rounds;
    for (let round = 0; round < rounds && !stop.aborted; round++) {
      for (const sums of all) {
        progress(round / rounds, `${rate} requests a second, ${sums.warm.kind.name}`);
        const before = await sums.warm.server.usage();
        const { tally, intended, sentAt } = await sums.warm.clients.offer(rate, [seconds], stop);
        sums.cpuUs += (await sums.warm.server.usage()).cpuUs - before.cpuUs;
        sums.tally.add(tally);
        sums.intended.merge(intended[0]);
        sums.sentAt.merge(sentAt);
        sums.means.push(intended[0].mean / NS_PER_MS);
      }
    }
    const servers: Paced["servers"] = [];
    for (const { warm, tally, intended, sentAt, means, cpuUs } of all) {
      const lines = await coolDown(warm, metrics);
      servers.push({
        ...told(warm.kind, tally, lines, metrics),
        ...{ intended: inMs(intended), sentAt: inMs(sentAt), means },
        cpuUs: cpuUs / Math.max(1, tally.answered),
      });
    }
    return { rate, metrics, rounds, servers };
  } finally {
    for (const { warm } of all) warm.server.kill();
  }
}
