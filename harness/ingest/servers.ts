/** Which servers a load meets, and one of them for as long as it is needed. */
import type { Histogram } from "../../src/metrics/index.js";
import { Clients, type Tally } from "./clients.js";
import { Server } from "./server.js";
import type { ServingOptions } from "./serving.js";

export type Kind = Omit<ServingOptions, "directory"> & { readonly name: string };

const CALM = { influx: null, slow: { journal: 0, sink: 0 } } as const;

export const WRITTEN: Kind = {
  ...CALM,
  name: "engram",
  kind: "pipeline",
  ack: "journal",
  threads: 1,
};
export const RECEIVED: Kind = { ...WRITTEN, name: "engram, ring", ack: "ring" };
/** Where two can listen on one port. */
export const TWO_THREADS: Kind = { ...WRITTEN, name: "two threads", threads: 2 };
export const PLAIN: Kind = { ...WRITTEN, name: "plain server", kind: "plain" };

/** Before anything is measured: what is compiled then is compiled. */
const WARM_UP_SECONDS = 0.5;

/** A server with clients that have warmed it up, and what came of that: its lines are among those that it tells of in the end. */
export interface Warm {
  readonly kind: Kind;
  readonly server: Server;
  readonly clients: Clients;
  readonly before: Tally;
}

export async function warmUp(
  kind: Kind,
  folder: string,
  load: { readonly clients: number; readonly metrics: number; readonly seconds?: number; readonly atLeast?: number },
  stop: AbortSignal,
): Promise<Warm> {
  const { name, ...options } = kind;
  const server = await Server.start(name, folder, options);
  const clients = new Clients(server.port, load.clients, load.metrics);
  const { tally } = await clients.saturate(load.seconds ?? WARM_UP_SECONDS, stop, load.atLeast);
  return { kind, server, clients, before: tally };
}

/** In good order. @returns its lines without those of the warm-up's acknowledged requests */
export async function coolDown({ server, clients, before }: Warm, metrics: number): Promise<number> {
  clients.close();
  return Math.max(0, (await server.stop()) - before.answered * metrics);
}

export function told(kind: Kind, tally: Tally, lines: number, metrics: number) {
  const { sent, answered, refused, failed, seconds } = tally;
  return { server: kind.name, sent, answered, refused, failed, seconds, lines, acknowledged: answered * metrics };
}

const NS_PER_MS = 1e6;

export function inMs(of: Histogram) {
  const at = (quantile: number) => of.percentile(quantile) / NS_PER_MS;
  return { mean: of.mean / NS_PER_MS, p50: at(0.5), p99: at(0.99), p999: at(0.999), max: of.max / NS_PER_MS };
}
