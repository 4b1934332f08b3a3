/** A thread of a node that is attached to the memory it joined with: a client of its own, bounded reads, and looks at the shared copy. */
import { parentPort, workerData } from "node:worker_threads";
import { DistributedMemory } from "../../../src/cluster/index.js";
import { Store } from "../../../src/index.js";
import { Clients } from "./clients.js";
import type { ThreadAnswer, ThreadBirth, ThreadOrder } from "./messages.js";

const port = parentPort;
if (port === null) throw new Error("thread.js runs as a worker thread");
const birth = workerData as ThreadBirth;
const store = await Store.attach(birth.store);
const domain = DistributedMemory.attach(store, birth.memory).domain<string>(birth.domain);
const clients = new Clients(domain, birth.name, birth.history, birth.seed);

async function obey(order: ThreadOrder): Promise<ThreadAnswer> {
  switch (order.kind) {
    case "run":
      clients.run(order.clients, async () => {});
      return { kind: "done" };
    case "end":
      await clients.end();
      return { kind: "done" };
    case "read":
      await clients.read();
      return { kind: "done" };
    case "peek":
      return { kind: "peeked", values: Object.fromEntries(order.keys.map((key) => [key, domain.peek(key)])) };
  }
}

port.on("message", (order: ThreadOrder) => void obey(order).then((answer) => port.postMessage(answer)));
port.postMessage({ kind: "ready" } satisfies ThreadAnswer);
