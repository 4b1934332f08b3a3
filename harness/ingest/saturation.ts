/** As much as each server takes, and more than it can pass on: what it then answers, and what becomes of its memory. */
import type { IngestUse } from "../../reports/results.js";
import type { IngestLoad, IngestStep } from "../../workloads/index.js";
import { coolDown, inMs, type Kind, PLAIN, RECEIVED, TWO_THREADS, told, WRITTEN, warmUp } from "./servers.js";

type Step = NonNullable<IngestUse["saturation"]>[number];

interface Means {
  /** In words, for the report. */
  readonly step: string;
  readonly metrics: number;
  readonly slow: Kind["slow"];
  readonly underWayBytes?: number;
}

const CALM = { journal: 0, sink: 0 };
/** A body of some 220 KB: those of all clients are more than may be under way. */
const LARGE = { metrics: 2000, underWayBytes: 8 * 2 ** 20 };

const STEPS: Record<IngestStep, (metrics: number) => Means> = {
  single: (metrics) => ({ step: "single metrics", metrics, slow: CALM }),
  batches: () => ({ step: "fifty a request", metrics: 50, slow: CALM }),
  "slow-journal": () => ({
    ...{ step: "disk of 20 ms a write", metrics: 50 },
    slow: { journal: 20, sink: 0 },
  }),
  "slow-sink": () => ({
    ...{ step: "output of 5,000/s", metrics: 50 },
    slow: { journal: 0, sink: 200 },
  }),
  "large-bodies": () => ({ step: "bodies of 220 KB", slow: CALM, ...LARGE }),
};

export async function runSaturation(
  { clients, metrics: asked }: IngestLoad,
  { duration, steps }: NonNullable<IngestLoad["saturation"]>,
  folder: string,
  stop: AbortSignal,
  progress: (fraction: number, label: string) => void,
): Promise<Step[]> {
  const all: Step[] = [];
  for (const [index, name] of steps.entries()) {
    const { step, metrics, slow, underWayBytes } = STEPS[name](asked);
    const servers: Step["servers"] = [];
    for (const kind of [WRITTEN, RECEIVED, TWO_THREADS, PLAIN]) {
      if (stop.aborted) break;
      progress(index / steps.length, `${step}, ${kind.name}`);
      const one = await saturateOne(
        { ...kind, slow, underWayBytes },
        { clients, metrics, seconds: duration / 1000 },
        folder,
        stop,
      );
      if (one !== null) servers.push(one);
    }
    all.push({ step, metrics, servers });
  }
  return all;
}

/** Null: there are no two threads on one port here. */
async function saturateOne(
  kind: Kind,
  { clients, metrics, seconds }: { clients: number; metrics: number; seconds: number },
  folder: string,
  stop: AbortSignal,
): Promise<Step["servers"][number] | null> {
  const warm = await warmUp(kind, folder, { clients, metrics, seconds: Math.min(0.5, seconds) }, stop);
  try {
    if (warm.server.threads < kind.threads) return null;
    const before = await warm.server.usage();
    const seen = warm.server.watch();
    const { tally, latency } = await warm.clients.saturate(seconds, stop);
    const looks = await seen();
    const after = await warm.server.usage();
    const lines = await coolDown(warm, metrics);
    const { answered } = tally;
    const per = (count: number) => (tally.seconds === 0 ? 0 : count / tally.seconds);
    return {
      ...told(kind, tally, lines, metrics),
      ...{ requestsPerSecond: per(answered), metricsPerSecond: per(answered * metrics), latency: inMs(latency) },
      cpuUs: (after.cpuUs - before.cpuUs) / Math.max(1, answered),
      memory: {
        start: before.rssBytes,
        most: looks.reduce((most, { rssBytes }) => Math.max(most, rssBytes), before.rssBytes),
        end: after.rssBytes,
      },
      waiting: after.waiting,
      series: looks.map(({ t, rssBytes }) => ({ t, bytes: rssBytes })),
    };
  } finally {
    warm.server.kill();
  }
}
