import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { judge, plainFigure } from "../judge.js";
import { closeVerified, openStore } from "../peers/engram.js";
import type { Group } from "./group.js";

const FILE = new URL("../threads/attach-worker.js", import.meta.url);

export const attach: Group = {
  title: "attaching a worker thread",
  async measure({ settings, onRound }) {
    const store = await openStore();
    const attached: number[] = [];
    const started: number[] = [];
    for (let round = 0; round < settings.rounds; round++) {
      const start = performance.now();
      const worker = new Worker(FILE, { workerData: { store: store.handle } });
      store.watch(worker);
      const exit = once(worker, "exit");
      const [milliseconds] = (await once(worker, "message")) as [number];
      started.push(performance.now() - start);
      attached.push(milliseconds);
      await exit;
      onRound(round + 1, settings.rounds);
    }
    await closeVerified(store);
    const goal = {
      id: "attach",
      what: "attach of a worker",
      source: "speed goals",
      unit: "ms",
      comparison: "<",
      goal: 10,
    } as const;
    return {
      reference: null,
      figures: [
        plainFigure("attach", "Store.attach, in a new thread, instantiation included", "ms", attached),
        plainFigure("slowest", "the slowest of them", "ms", [Math.max(...attached)]),
        plainFigure("thread", "for comparison: new Worker until it is attached, modules loaded", "ms", started),
      ],
      judgements: [judge(goal, attached)],
      notes: ["A new thread each round; its code is not warm, as it is not when a program starts a worker."],
    };
  },
};
