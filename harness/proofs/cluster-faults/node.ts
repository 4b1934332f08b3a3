/**
 * A node of the campaign, a process of its own: it joins, with threads attached, writes and reads by the strong level, reads by the bounded one and
 * writes by the eventual one, as long as it is told.
 */
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { DistributedMemory, UnavailableError } from "../../../src/cluster/index.js";
import { Store } from "../../../src/index.js";
import { Random } from "../../../src/random.js";
import { Clients, STRONG_MS } from "./clients.js";
import {
  type NodeAnswer,
  type NodeBirth,
  type NodeOrder,
  type NodeState,
  type ThreadAnswer,
  type ThreadBirth,
  type ThreadOrder,
  threadHistory,
} from "./messages.js";

const JOIN_MS = 120_000;
/** Eventual keys: of the node's own, and of all nodes. */
const [OWN, SHARED] = [3, 4];
/** Before two eventual writes, ms: as much again at most. */
const EVENTUAL_PAUSE_MS = 40;

const birth = await new Promise<NodeBirth>((resolve) => process.once("message", resolve as (message: unknown) => void));
const { name, incarnation } = birth;
const store = await Store.create({ capacity: "32MiB", maxWorkers: 1 + birth.threads });
const memory = await DistributedMemory.join({
  ...{ store, node: name, servers: birth.servers, timeout: JOIN_MS },
  nats: { timeoutMs: 1000, client: birth.client },
  domains: { [birth.domain]: { replicas: 3, storage: "file" } },
});
const domain = memory.domain<string>(birth.domain);
const clients = new Clients(domain, `${name}.${incarnation}`, birth.history, birth.seed);
const threads = await Promise.all(Array.from({ length: birth.threads }, (_, i) => startThread(i)));
const random = new Random(birth.seed, 1);
let eventual = 0;
const lastOwn = new Map<string, string>();

async function startThread(number: number): Promise<Worker> {
  const data: ThreadBirth = {
    ...{ name: `${name}.${incarnation}.t${number}`, domain: birth.domain, seed: birth.seed + 1000 * (number + 1) },
    ...{ history: threadHistory(birth.history, number), store: store.handle, memory: memory.handle },
  };
  const worker = new Worker(new URL("./thread.js", import.meta.url), { workerData: data });
  await once(worker, "message");
  return worker;
}

/** One order to all threads, and their answers. */
function ask(order: ThreadOrder): Promise<ThreadAnswer[]> {
  return Promise.all(
    threads.map(async (worker) => {
      const answer = once(worker, "message");
      worker.postMessage(order);
      return (await answer)[0] as ThreadAnswer;
    }),
  );
}

async function writeEventually({ on }: { readonly on: () => boolean }): Promise<void> {
  while (on()) {
    const own = random.unit() < 0.5;
    const key = own ? `own.${name}.${incarnation}.${random.below(OWN)}` : `shared.${random.below(SHARED)}`;
    const value = `${name}.${incarnation}.${++eventual}`;
    await domain.put(key, value, { consistency: "eventual" });
    if (own) lastOwn.set(key, value);
    await clients.pause(EVENTUAL_PAUSE_MS);
  }
}

async function state(): Promise<NodeState> {
  const keys = [...domain.keys()].sort();
  const values = Object.fromEntries(keys.flatMap((key) => [[key, domain.peek(key)] as const]));
  const peeked = await ask({ kind: "peek", keys });
  const { outbox, conflicts, dropped, repairs } = memory.status().domains[birth.domain];
  return {
    values: values as Record<string, string>,
    threads: peeked.flatMap((answer) => (answer.kind === "peeked" ? [answer.values] : [])),
    own: Object.fromEntries(lastOwn),
    unsent: outbox,
    ...{ conflicts, dropped, repairs, eventual },
  };
}

async function passes(): Promise<boolean> {
  try {
    await domain.get("r0", { consistency: "strong", timeout: STRONG_MS });
    return true;
  } catch (error) {
    if (!(error instanceof UnavailableError)) throw error;
    return false;
  }
}

async function obey(order: NodeOrder): Promise<NodeAnswer> {
  switch (order.kind) {
    case "prepare":
      await clients.prepare();
      return { kind: "done" };
    case "run":
      clients.run(order.clients, writeEventually);
      await ask({ kind: "run", clients: 1 });
      return { kind: "done" };
    case "pass":
      return { kind: "passed", passed: await passes() };
    case "end":
      await Promise.all([clients.end(), ask({ kind: "end" })]);
      return { kind: "done" };
    case "read":
      await Promise.all([clients.read(), ask({ kind: "read" })]);
      return { kind: "done" };
    case "state":
      return { kind: "state", state: await state() };
  }
}

const answer = (message: NodeAnswer): void => {
  process.send?.(message, () => {});
};
process.on("disconnect", () => process.exit(0));
process.on("message", (order: NodeOrder) => void obey(order).then(answer));
answer({ kind: "ready" });
