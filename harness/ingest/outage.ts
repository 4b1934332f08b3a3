/** The database behind the servers is killed under load and comes back: who has everything in it in the end, and what clients noticed. */
import { setTimeout as sleep } from "node:timers/promises";
import type { IngestUse } from "../../reports/results.js";
import type { IngestLoad } from "../../workloads/index.js";
import { type Influx, startInflux } from "../services/index.js";
import type { Seen } from "./server.js";
import { coolDown, inMs, type Kind, PLAIN, told, type Warm, WRITTEN, warmUp } from "./servers.js";

type Outage = NonNullable<IngestUse["outage"]>;
type Lengths = NonNullable<IngestLoad["outage"]>;

const PERIODS = ["before", "while away", "after"] as const;
/** Time to catch up. */
const PATIENCE_MS = 60_000;
const LOOK_MS = 20;
/** Of the load. */
const ON_ITS_WAY_SECONDS = 0.1;

/** Needs an InfluxDB. */
export async function runOutage(
  { clients, metrics }: IngestLoad,
  lengths: Lengths,
  folder: string,
  stop: AbortSignal,
  progress: (fraction: number, label: string) => void,
): Promise<Outage> {
  const influx = await startInflux();
  try {
    const servers: Outage["servers"] = [];
    for (const [index, kind] of [WRITTEN, PLAIN].entries()) {
      if (stop.aborted) break;
      progress(index / 2, `the database is killed, ${kind.name}`);
      const database = `outage_${index}`;
      await ask(influx, `CREATE DATABASE ${database}`);
      servers.push(
        await one(
          { ...kind, influx: { url: influx.url, database } },
          { clients, metrics },
          lengths,
          influx,
          folder,
          stop,
        ),
      );
    }
    const killed = lengths.before / 1000;
    return { database: "InfluxDB", rate: lengths.rate, metrics, killed, back: killed + lengths.away / 1000, servers };
  } finally {
    await influx.stop();
  }
}

async function one(
  kind: Kind,
  load: { clients: number; metrics: number },
  { rate, before, away, after }: Lengths,
  influx: Influx,
  folder: string,
  stop: AbortSignal,
): Promise<Outage["servers"][number]> {
  const warm = await warmUp(kind, folder, { ...load, seconds: 0.2 }, stop);
  try {
    await caughtUp(warm, stop);
    const start = await warm.server.usage();
    const seen = warm.server.watch();
    const ends = [before, before + away, before + away + after].map((ms) => ms / 1000);
    const outage = killAndReturn(influx, before, away);
    const { tally, intended } = await warm.clients.offer(rate, ends, stop);
    await outage;
    await caughtUp(warm, stop);
    const looks = await seen();
    const end = await warm.server.usage();
    const database = kind.influx?.database ?? "";
    const all = await pointsIn(influx, database);
    const lines = await coolDown(warm, load.metrics);
    const points = Math.max(0, all - warm.before.answered * load.metrics);
    const own = told(kind, tally, lines, load.metrics);
    return {
      ...own,
      periods: PERIODS.map((name, period) => ({ name, latency: inMs(intended[period]) })),
      ...{
        points,
        lost: Math.max(0, own.acknowledged - points),
        caughtUp: whenCaughtUp(looks, ends[1], rate * load.metrics * ON_ITS_WAY_SECONDS),
      },
      memory: {
        start: start.rssBytes,
        most: looks.reduce((most, { rssBytes }) => Math.max(most, rssBytes), start.rssBytes),
        end: end.rssBytes,
      },
      series: looks.map(({ t, waiting }) => ({ t, waiting })),
    };
  } finally {
    warm.server.kill();
  }
}

async function killAndReturn(influx: Influx, beforeMs: number, awayMs: number): Promise<void> {
  await sleep(beforeMs);
  await influx.kill();
  await sleep(awayMs);
  await influx.restart();
}

/** When nothing waits to be forwarded any more, or for as long as there is patience. */
async function caughtUp({ server }: Warm, stop: AbortSignal): Promise<void> {
  const late = performance.now() + PATIENCE_MS;
  while (!stop.aborted && performance.now() < late && (await server.usage()).waiting > 0) await sleep(LOOK_MS);
}

/** While clients go on there is always something on its way: so much is no lag. */
function whenCaughtUp(looks: readonly Seen[], back: number, onItsWay: number): number | null {
  const found = looks.find(({ t, waiting }) => t >= back && waiting <= onItsWay);
  return found === undefined ? null : found.t - back;
}

async function pointsIn(influx: Influx, database: string): Promise<number> {
  let points = 0;
  // one policy after the other: the pipeline's is not the database's own
  for (const policy of ["autogen", "7_days"]) {
    const answer = await ask(influx, `SELECT count(value) FROM "${database}"."${policy}"."server_metrics"`);
    points += answer.results?.[0]?.series?.[0]?.values?.[0]?.[1] ?? 0;
  }
  return points;
}

interface InfluxAnswer {
  results?: { series?: { values: [string, number][] }[] }[];
}

async function ask({ url }: Influx, query: string): Promise<InfluxAnswer> {
  const answer = await fetch(`${url}/query`, { method: "POST", body: new URLSearchParams({ q: query }) });
  return (await answer.json()) as InfluxAnswer;
}
