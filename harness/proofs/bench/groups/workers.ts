import { makeDataset } from "../inputs.js";
import { type Goal, judge, plainFigure, ratios } from "../judge.js";
import { closeVerified, fillNamespace, openStore } from "../peers/engram.js";
import type { Figure, Judgement } from "../results.js";
import type { StoreWorkerData } from "../threads/store-worker.js";
import { WorkerPool } from "../threads/worker-pool.js";
import { rotated } from "../turns.js";
import { checkProcessors } from "../two-processors.js";
import type { Group } from "./group.js";

const KEYS = 10_000;
const SOURCE = "speed goals";

interface Task {
  readonly id: string;
  readonly label: string;
  readonly goal: number | null;
}

const TASKS: readonly Task[] = [
  { id: "mapReads", label: "Map.get, a Map each (nothing shared)", goal: null },
  { id: "reads", label: "engram get (copy)", goal: 1.9 },
  { id: "readsInto", label: "engram getInto", goal: 1.9 },
  { id: "mixed", label: "engram 50/50 get (copy) and set", goal: 1.6 },
];

export const workers: Group = {
  title: `two worker threads against one, ${KEYS} keys, string keys, 64-byte values`,
  async measure({ settings, onRound }) {
    const store = await openStore();
    fillNamespace(store, makeDataset(KEYS, 64));
    const data: StoreWorkerData = { store: store.handle, keys: KEYS, seed: settings.seed };
    const pool = await WorkerPool.start(
      new URL("../threads/store-worker.js", import.meta.url),
      2,
      () => data,
      (worker) => store.watch(worker),
    );
    const rates = new Map(TASKS.map(({ id }) => [id, { one: [] as number[], two: [] as number[] }]));
    const processors: number[] = [];
    for (const { id } of TASKS) await pool.turn([0, 1], id, settings.turnMs * 4);
    for (let round = 0; round < settings.rounds; round++) {
      for (const { id } of rotated(TASKS, round)) {
        const { one, two } = rates.get(id) as { one: number[]; two: number[] };
        // The single worker is each of the two in turn.
        one.push((await pool.turn([round % 2], id, settings.turnMs)).rate);
        const both = await pool.turn([0, 1], id, settings.turnMs);
        two.push(both.rate);
        processors.push(both.processors);
      }
      onRound(round + 1, settings.rounds);
    }
    await pool.close();
    await closeVerified(store);
    const check = checkProcessors(processors);
    const figures: Figure[] = [];
    const judgements: Judgement[] = [];
    for (const { id, label, goal } of TASKS) {
      const { one, two } = rates.get(id) as { one: number[]; two: number[] };
      const scaling = ratios(two, one);
      figures.push(plainFigure(`${id}/1`, `${label}, 1 worker`, "k ops/s", one));
      figures.push(plainFigure(`${id}/2`, `${label}, 2 workers`, "k ops/s", two));
      figures.push(plainFigure(`${id}/scaling`, `${label}, 2 against 1`, "x", scaling));
      if (goal !== null) judgements.push(judge(scalingGoal(id, label, goal), scaling, !check.enough));
    }
    return {
      reference: null,
      figures: [...figures, check.figure],
      judgements,
      notes: [
        ...check.notes,
        "The Map row is the machine's own limit: two threads that share nothing. Where it stays below 2, nothing above it can be had.",
      ],
    };
  },
};

function scalingGoal(id: string, label: string, goal: number): Goal {
  return { id: `${id}/scaling`, what: `${label}: 2 workers / 1`, source: SOURCE, unit: "x", comparison: ">=", goal };
}
