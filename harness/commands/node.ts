/** `engram node`: a node of the distributed memory in a process of its own. */
import { hostname } from "node:os";
import { Command, Option } from "commander";
import { DistributedMemory, type DomainOptions, type JoinOptions, serveControl } from "../../src/cluster/index.js";
import { EngramError, InvalidArgumentError } from "../../src/errors.js";
import { type Backups, type Restored, restore, Store } from "../../src/index.js";
import { EXIT } from "../command-line/exit-codes.js";

interface NodeOptions {
  nats?: string[];
  redis?: string;
  name: string;
  domains: string[];
  replicas: "1" | "3" | "5";
  storage: "file" | "memory";
  capacity: string;
  control: string;
  page?: string;
  checkpoints?: string;
  json?: boolean;
}

/** Those of the source that are replicated. */
const REPLICATED = ["session", "shared"];

const DETAILS = `
Without --nats the node is alone: its log lives in its own memory. With it, servers of NATS JetStream keep the log; engram starts none.
Three nodes on one machine, each in a terminal of its own, beside a nats-server -js:

  engram node --name a --nats 127.0.0.1:4222 --control 7001
  engram node --name b --nats 127.0.0.1:4222 --control 7002
  engram node --name c --nats 127.0.0.1:4222 --control 7003

Then engram cluster status --control 7001 shows all three. Ctrl-C: the node leaves. One whose directory of
checkpoints has something begins with the latest of it.

Exit codes: 0 it was stopped, 2 it could not join, 3 its name was taken by another node while it slept.`;

export function nodeCommand(): Command {
  return new Command("node")
    .description(
      "a node of the distributed memory: joins, keeps its copies, answers on a control port until it is stopped",
    )
    .option("--nats <servers...>", "addresses of NATS servers, as 127.0.0.1:4222")
    .option(
      "--redis <url>",
      "a Redis or Valkey outside, as redis://127.0.0.1:6379: read where a domain has nothing, written after it",
    )
    .option("--name <name>", "the node's name, no other's", hostname().replace(/[^\w.-]/g, "-"))
    .option("--domains <names...>", "more replicated domains, beside session and shared", [])
    .addOption(new Option("--replicas <n>", "copies that the servers keep").choices(["1", "3", "5"]).default("1"))
    .addOption(new Option("--storage <kind>", "where they keep them").choices(["file", "memory"]).default("file"))
    .option("--capacity <size>", "of the node's own store", "512MiB")
    .option("--control <port>", "control port on this machine (0: any that is free)", "0")
    .option("--page <port>", "serve the live page and /metrics")
    .option("--checkpoints <directory>", "take checkpoints there, every five minutes and when asked")
    .option("--json", "say where it answers as a line of JSON")
    .addHelpText("after", DETAILS)
    .action(run);
}

async function run(options: NodeOptions): Promise<void> {
  const control = portOf("--control", options.control);
  const page = options.page === undefined ? null : portOf("--page", options.page);
  const names = [...new Set([...REPLICATED, ...options.domains])];
  let stop: () => void = () => {};
  const stopped = new Promise<void>((resolve) => {
    stop = resolve;
  });
  process.once("SIGINT", stop).once("SIGTERM", stop);
  // the node's own timers keep no process alive
  const alive = setInterval(() => {}, 2 ** 30);
  const { store, backups } = await openStore(options);
  try {
    const memory = await joined({
      ...{ store, node: options.name, servers: options.nats, external: options.redis, backups },
      domains: Object.fromEntries(names.map((name) => [name, replicated(options)])),
    });
    memory.on("name-lost", (error) => {
      process.stderr.write(`engram: ${error.message}\n`);
      process.exitCode = EXIT.failed;
      stop();
    });
    memory.on("checkpoint-failed", (error) => process.stderr.write(`engram: no checkpoint: ${error.message}\n`));
    try {
      const server = await serveControl(memory, control);
      const monitor = page === null ? null : await store.monitor({ listen: { port: page } });
      const { engine } = memory.status();
      const told = { node: options.name, engine, domains: names, control: server.port, page: monitor?.url ?? null };
      process.stdout.write(options.json ? `${JSON.stringify(told)}\n` : ready(told));
      await stopped;
      await server.close();
    } finally {
      await memory.close();
    }
  } finally {
    clearInterval(alive);
    process.off("SIGINT", stop).off("SIGTERM", stop);
    await store.close();
  }
}

function replicated({ replicas, storage }: NodeOptions): DomainOptions {
  return { backend: "cluster", replicas: Number(replicas), storage };
}

/** The node's store: with what an earlier life wrote last into its directory, when it was stopped or as a checkpoint. */
async function openStore({ capacity, checkpoints: directory }: NodeOptions): Promise<Kept> {
  if (directory === undefined) return { store: await Store.create({ capacity }) };
  const found = await restoredFrom(directory, capacity);
  const store = found?.store ?? (await Store.create({ capacity }));
  const manual = { directory, strategy: "manual" } as const;
  const backups = await store.backup(manual);
  const latest = backups.listCheckpoints().at(-1);
  if (latest === undefined || latest.takenMs <= (found?.takenMs ?? 0)) return { store, backups };
  const newer = await backups.restoreCheckpoint(latest.name, { store: { capacity } }).catch((error: Error) => {
    process.stderr.write(`engram: checkpoint ${latest.name} is not used: ${error.message}\n`);
    return null;
  });
  if (newer === null) return { store, backups };
  await store.close();
  return { store: newer.store, backups: await newer.store.backup(manual) };
}

/** null where there is nothing yet. @throws CorruptBackupError */
async function restoredFrom(directory: string, capacity: string): Promise<Restored | null> {
  try {
    return await restore(directory, { store: { capacity } });
  } catch (error) {
    if (error instanceof InvalidArgumentError) return null;
    throw error;
  }
}

interface Kept {
  readonly store: Store;
  readonly backups?: Backups;
}

/** @throws InvalidArgumentError for whatever keeps it from joining: nothing is left of it then */
async function joined(options: JoinOptions): Promise<DistributedMemory> {
  try {
    return await DistributedMemory.join(options);
  } catch (error) {
    const refused = error instanceof EngramError && !(error instanceof InvalidArgumentError);
    throw refused ? new InvalidArgumentError(error.message, { cause: error }) : error;
  }
}

function ready(told: {
  node: string;
  engine: string;
  domains: string[];
  control: number;
  page: string | null;
}): string {
  const page = told.page === null ? "" : `, page ${told.page}`;
  return `node ${told.node} has joined (${told.engine}): ${told.domains.join(", ")}; control port ${told.control}${page}\n`;
}

/** @throws InvalidArgumentError */
function portOf(option: string, text: string): number {
  const port = Number(text);
  if (/^\d{1,5}$/.test(text) && port <= 65535) return port;
  throw new InvalidArgumentError(`${option} ${text}: expected a port from 0 to 65535`);
}
