/** Message passing between two threads, as Node has it, and the store's channel, against one peer (threads/message-peer.ts). */
import { once } from "node:events";
import type { Worker } from "node:worker_threads";
import type { Channel, Queue } from "../../../../src/index.js";
import type { Contender } from "../contender.js";
import type { Dataset } from "../inputs.js";
import { keepLengths } from "../sink.js";
import type { ToPeer } from "../threads/message-peer.js";

/** Asks the thread that owns the values, with so many questions on their way at a time. */
export function ask(worker: Worker, { keys, value }: Dataset, order: Uint32Array, pipelined: number): Contender {
  const label =
    pipelined === 1
      ? "postMessage: ask the owner, wait"
      : `postMessage: ask the owner, ${pipelined} questions at a time`;
  const mask = order.length - 1;
  let cursor = 0;
  return {
    id: `ask-${pipelined}`,
    label,
    returns: "a copy, by structured clone",
    run(operations) {
      return new Promise((resolve) => {
        let asked = 0;
        let answered = 0;
        let lengths = 0;
        const put = () => worker.postMessage(keys[order[(cursor + asked++) & mask]]);
        const hear = (found: Uint8Array) => {
          lengths += found.length;
          if (asked < operations) put();
          if (++answered < operations) return;
          worker.off("message", hear);
          cursor = (cursor + operations) & mask;
          keepLengths(lengths, operations, value.length, label);
          resolve();
        };
        worker.on("message", hear);
        while (asked < Math.min(pipelined, operations)) put();
      });
    },
  };
}

/** Hands messages over by `postMessage`, until the other side has them all. */
export function post(worker: Worker, value: Uint8Array): Contender {
  const label = "postMessage, one way";
  return {
    id: "post",
    label,
    async run(operations) {
      for (let i = 0; i < operations; i++) worker.postMessage(value);
      keepLengths(await arrived(worker, { arrived: true }), operations, value.length, label);
    },
  };
}

/** Hands messages over through a channel of the store, until the other side has them all. */
export function send(worker: Worker, channel: Channel, value: Uint8Array): Contender {
  const label = "engram channel, one way";
  return {
    id: "send",
    label,
    async run(operations) {
      const done = arrived(worker, { through: operations });
      for (let i = 0; i < operations; i++) if (!channel.send(value)) await channel.sendWait(value);
      keepLengths(await done, operations, value.length, label);
    },
  };
}

/** Hands tasks over through a work queue of the store, until the other side has acknowledged them all. */
export function enqueue(worker: Worker, queue: Queue, value: Uint8Array): Contender {
  const label = "engram queue, one way, each acknowledged";
  return {
    id: "enqueue",
    label,
    async run(operations) {
      const done = arrived(worker, { queued: operations });
      for (let i = 0; i < operations; i++) if (!queue.trySend(value)) await queue.sendWait(value);
      keepLengths(await done, operations, value.length, label);
    },
  };
}

async function arrived(worker: Worker, message: ToPeer): Promise<number> {
  const answer = once(worker, "message");
  worker.postMessage(message);
  return (await answer)[0];
}
