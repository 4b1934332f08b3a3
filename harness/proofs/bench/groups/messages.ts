import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { makeDataset, makeOrder } from "../inputs.js";
import { figuresOf } from "../judge.js";
import { closeVerified, fillNamespace, get, getInto, openStore } from "../peers/engram.js";
import { ask, enqueue, post, send } from "../peers/messages.js";
import type { MessagePeerData } from "../threads/message-peer.js";
import { CHANNEL, QUEUE } from "../threads/names.js";
import { measureInTurns } from "../turns.js";
import type { Group } from "./group.js";

const FILE = new URL("../threads/message-peer.js", import.meta.url);
const KEYS = 10_000;
const VALUE_BYTES = 64;
const PIPELINED = 64;

/** What threads that share nothing do instead: ask the thread that owns a value, and hand messages over. */
export const messages: Group = {
  title: `message passing between two threads, ${VALUE_BYTES}-byte values`,
  async measure({ settings, onRound }) {
    const dataset = makeDataset(KEYS, VALUE_BYTES);
    const order = makeOrder(KEYS, settings.seed);
    const store = await openStore();
    const namespace = fillNamespace(store, dataset);
    const channel = store.channel(CHANNEL, { kind: "spsc" });
    const queue = store.queue(QUEUE);
    const workerData: MessagePeerData = { store: store.handle, keys: KEYS, valueBytes: VALUE_BYTES };
    const worker = new Worker(FILE, { workerData });
    store.watch(worker);
    await once(worker, "message");
    const reads = [
      getInto(namespace, dataset, order, store.buffer(VALUE_BYTES)),
      get(namespace, dataset, order),
      ask(worker, dataset, order, PIPELINED),
      ask(worker, dataset, order, 1),
    ];
    const sends = [
      send(worker, channel, dataset.value),
      enqueue(worker, queue, dataset.value),
      post(worker, dataset.value),
    ];
    const rounds = await measureInTurns([...reads, ...sends], settings, onRound);
    const exit = once(worker, "exit");
    worker.postMessage(null);
    await exit;
    await closeVerified(store);
    return {
      reference: "engram getInto, or the channel",
      figures: [
        ...figuresOf(reads, rounds, { reference: reads[0].id }),
        ...figuresOf(sends, rounds, { reference: sends[0].id }),
      ],
      judgements: [],
      notes: [
        "Asking: both threads' event loops take part in each answer. With many questions on their way the cost of waking a thread is shared, and the answer comes later.",
        "A queue's task is taken for the time of a lease, by one of any number of takers, and acknowledged; a channel's message is taken by its one receiver.",
        "One way: the figure is the time until the last of a turn has arrived, over their number.",
      ],
    };
  },
};
