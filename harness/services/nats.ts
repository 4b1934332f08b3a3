/**
 * NATS servers of one's own, one or a cluster of three, on free ports of the loopback or each in a network namespace: started over a
 * temporary folder, waited for, killed, stopped and started again at the same address, and gone with all that they kept.
 */
import { execFile } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { natsProgram } from "./find-nats.js";
import { atFreePorts, freePorts, isTaken } from "./free-port.js";
import type { Namespaces } from "./namespaces.js";
import { ServerProcess } from "./server-process.js";

export interface NatsServer {
  /** `n0`, `n1`, `n2`. */
  readonly name: string;
  /** `host:port` of its clients. */
  readonly address: string;
  readonly pid: number | undefined;
  /** SIGKILL: without a word to anybody. */
  kill(): Promise<void>;
  /** SIGTERM, waited for. */
  end(): Promise<void>;
  /** SIGSTOP, waited for: it answers nothing, and its connections stay. */
  pause(): Promise<void>;
  resume(): void;
  /** Again, at the same address, over what it has kept. */
  restart(): void;
}

export interface Nats {
  readonly servers: readonly NatsServer[];
  readonly addresses: readonly string[];
  /** All of them are healthy, and a cluster has a leader. @throws Error with their last words when they are not within two minutes */
  ready(): Promise<void>;
  /** Which server leads a stream, as those that answer say; -1: none does. */
  leaderOf(stream: string): Promise<number>;
  stop(): Promise<void>;
}

export interface NatsSettings {
  /** Default 1. */
  readonly servers?: 1 | 3;
  /** One for each server. */
  readonly namespaces?: Namespaces;
  /** More lines of each server's configuration. */
  readonly lines?: string;
}

const READY_MS = 120_000;
const LOOK_MS = 30;
/** Of the first start; each further one has twice as long. */
const FIRST_MS = 8000;
/** Until a cluster counts all of its servers. */
const WHOLE_MS = 2000;
const ASK_MS = 1000;
/** A process that has just been started on a busy machine has to load what asks. */
const ASK_INSIDE_MS = 10_000;

export function startNats(settings: NatsSettings = {}): Promise<Nats> {
  return atFreePorts(() => start(settings));
}

async function start({ servers: count = 1, namespaces, lines = "" }: NatsSettings): Promise<Nats> {
  const program = natsProgram();
  const folder = mkdtempSync(join(tmpdir(), "engram-nats-"));
  const ports = namespaces ? null : await freePorts(3 * count);
  const places = Array.from({ length: count }, (_, i) => ({
    host: namespaces?.address(i) ?? "127.0.0.1",
    client: ports?.[3 * i] ?? 4222,
    route: ports?.[3 * i + 1] ?? 6222,
    monitor: ports?.[3 * i + 2] ?? 8222,
  }));
  const routes = places.map(({ host, route }) => `"nats-route://${host}:${route}"`);
  const servers = places.map(({ host, client, route, monitor }, i) => {
    const others = routes.filter((_, j) => j !== i).join(", ");
    const file = join(folder, `n${i}.conf`);
    writeFileSync(
      file,
      [
        `server_name: n${i}`,
        `listen: "${host}:${client}"`,
        `http: "${host}:${monitor}"`,
        `jetstream { store_dir: "${keptBy(folder, i)}", max_memory_store: 1G, max_file_store: 4G }`,
        // A link that is cut is noticed within seconds, and not after the minutes of TCP. So is a client whose machine is busy.
        namespaces ? `ping_interval: "1s"\nping_max: 2\nwrite_deadline: "2s"` : "",
        count > 1 ? `cluster { name: engram, listen: "${host}:${route}", routes: [${others}] }` : "",
        lines,
      ].join("\n"),
    );
    const command = namespaces ? namespaces.command(i, program, ["-c", file]) : [program, "-c", file];
    return new Server(`n${i}`, `${host}:${client}`, `http://${host}:${monitor}`, join(folder, `n${i}.log`), command);
  });
  const ask = namespaces ? askInside(namespaces) : askHere;
  const untilReady = async (patienceMs: number): Promise<void> => {
    for (const began = performance.now(); performance.now() - began < patienceMs; ) {
      const gone = servers.find((server) => server.ended);
      if (gone) throw new Error(`nats-server ${gone.name} ended: ${gone.lastWords()}`);
      const answers = await ask(servers.flatMap(({ monitor }) => [`${monitor}/healthz`, `${monitor}/jsz`]));
      const leader = (answers[1] as MetaCluster | null)?.meta_cluster?.leader;
      if (answers.every((answer) => answer !== null) && (count === 1 || leader)) return;
      await new Promise((done) => setTimeout(done, LOOK_MS));
    }
    throw new Error(`the nats-servers were not ready within ${patienceMs / 1000} s: ${servers[0].lastWords()}`);
  };
  const cluster: Nats = {
    servers,
    addresses: servers.map(({ address }) => address),
    ready: () => untilReady(READY_MS),
    async leaderOf(stream) {
      const answers = await ask(servers.map(({ monitor }) => `${monitor}/jsz?accounts=true&streams=true`));
      const votes = answers.map((answer) => leaderIn(answer as Jsz | null, stream)).filter((i) => i >= 0);
      // One that is cut off may name itself; the others outvote it.
      return votes.sort((a, b) => votes.filter((v) => v === b).length - votes.filter((v) => v === a).length)[0] ?? -1;
    },
    async stop() {
      process.off("exit", killAll);
      await Promise.all(servers.map((server) => server.kill()));
      rmSync(folder, { recursive: true, force: true });
    },
  };
  const killAll = (): void => {
    for (const server of servers) server.killNow();
  };
  process.on("exit", killAll);
  try {
    // Two that meet before the third has been heard of may found a cluster of two (one start in fifteen on a busy machine), which never takes it in.
    for (let patienceMs = FIRST_MS; ; patienceMs *= 2) {
      for (const server of servers) server.restart();
      const late = await untilReady(patienceMs).then(
        () => null,
        (error: Error) => error,
      );
      if (late === null && (await isWhole(ask, servers, count))) return cluster;
      if (late !== null && isTaken(late)) throw late;
      if (patienceMs > READY_MS) throw late ?? new Error(`the nats-servers never counted themselves as ${count}`);
      await Promise.all(servers.map((server) => server.kill()));
      for (let i = 0; i < count; i++) rmSync(keptBy(folder, i), { recursive: true, force: true });
    }
  } catch (error) {
    await cluster.stop();
    throw error;
  }
}

const keptBy = (folder: string, place: number): string => join(folder, `kept-${place}`);

/** Whether the servers count themselves as all of them, at once or within a moment. */
async function isWhole(ask: Ask, servers: readonly Server[], count: number): Promise<boolean> {
  for (const began = performance.now(); count > 1; await new Promise((done) => setTimeout(done, LOOK_MS))) {
    const answers = await ask(servers.map(({ monitor }) => `${monitor}/jsz`));
    const sizes = answers.map((answer) => (answer as MetaCluster | null)?.meta_cluster?.cluster_size ?? 0);
    if (sizes.every((size) => size >= count)) return true;
    if (performance.now() - began > WHOLE_MS) return false;
  }
  return true;
}

interface MetaCluster {
  meta_cluster?: { leader?: string; cluster_size?: number };
}

class Server extends ServerProcess implements NatsServer {
  readonly address: string;
  readonly monitor: string;

  constructor(name: string, address: string, monitor: string, log: string, command: readonly string[]) {
    super(name, command, log);
    this.address = address;
    this.monitor = monitor;
  }

  restart(): void {
    this.spawn();
  }
}

interface Jsz {
  account_details?: { stream_detail?: { name: string; cluster?: { leader?: string } }[] }[];
}

function leaderIn(answer: Jsz | null, stream: string): number {
  const details = answer?.account_details?.flatMap(({ stream_detail = [] }) => stream_detail) ?? [];
  const leader = details.find(({ name }) => name === stream)?.cluster?.leader;
  return leader === undefined || leader === "" ? -1 : Number(leader.slice(1));
}

/** Of each address what is there, null where nothing is, or not 200. */
type Ask = (urls: readonly string[]) => Promise<unknown[]>;

const askHere: Ask = (urls) =>
  Promise.all(
    urls.map(async (url) => {
      const answer = await fetch(url, { signal: AbortSignal.timeout(ASK_MS) }).catch(() => null);
      return answer?.ok ? answer.json().catch(() => null) : null;
    }),
  );

/** From each namespace its own server, by a short process there: nothing outside has a way in. */
function askInside(namespaces: Namespaces): Ask {
  const program = `
    const get = async (url) => {
      const answer = await fetch(url, { signal: AbortSignal.timeout(${ASK_INSIDE_MS}) }).catch(() => null);
      return answer?.ok ? answer.json().catch(() => null) : null;
    };
    process.stdout.write(JSON.stringify(await Promise.all(process.argv.slice(1).map(get))), () => process.exit(0));`;
  return async (urls) => {
    const places = urls.map((url) => namespaces.placeOf(new URL(url).hostname));
    const answers: unknown[] = urls.map(() => null);
    await Promise.all(
      [...new Set(places)].map(async (place) => {
        const mine = urls.flatMap((url, i) => (places[i] === place ? [{ url, i }] : []));
        const node = ["--input-type=module", "-e", program, ...mine.map(({ url }) => url)];
        const [command, ...args] = namespaces.command(place, process.execPath, node);
        const said = await promisify(execFile)(command, args).catch(() => null);
        if (said !== null) for (const [n, answer] of JSON.parse(said.stdout).entries()) answers[mine[n].i] = answer;
      }),
    );
    return answers;
  };
}
