import type { Store } from "../../../../src/index.js";
import { plainFigure, ratios } from "../judge.js";
import { closeVerified, openStore } from "../peers/engram.js";
import { COUNTERS, OWN_COUNTER, SHARED_COUNTER, VALUES } from "../threads/names.js";
import type { StoreWorkerData } from "../threads/store-worker.js";
import { type PoolTurn, WorkerPool } from "../threads/worker-pool.js";
import { rotated } from "../turns.js";
import { checkProcessors } from "../two-processors.js";
import type { Group } from "./group.js";

interface Turn {
  readonly id: string;
  readonly label: string;
  readonly task: string;
  readonly workers: readonly number[];
}

const TURNS: readonly Turn[] = [
  { id: "alone", label: "1 worker", task: "incrementShared", workers: [0] },
  { id: "own", label: "2 workers, a key each", task: "incrementOwn", workers: [0, 1] },
  { id: "same", label: "2 workers, the same key", task: "incrementShared", workers: [0, 1] },
];

interface Samples {
  readonly rates: number[];
  readonly retries: number[];
}

export const contention: Group = {
  title: "compare-and-set under contention: two workers increment one key",
  async measure({ settings, onRound }) {
    const store = await openStore();
    store.namespace(COUNTERS);
    store.namespace(VALUES);
    const data: StoreWorkerData = { store: store.handle, keys: 1, seed: settings.seed };
    const pool = await WorkerPool.start(
      new URL("../threads/store-worker.js", import.meta.url),
      2,
      () => data,
      (worker) => store.watch(worker),
    );
    const samples = new Map<string, Samples>(TURNS.map(({ id }) => [id, { rates: [], retries: [] }]));
    const processors: number[] = [];
    let increments = 0;
    const takeTurn = async ({ task, workers }: Turn, milliseconds: number): Promise<PoolTurn> => {
      const outcome = await pool.turn(workers, task, milliseconds);
      increments += outcome.operations;
      return outcome;
    };
    for (const turn of TURNS) await takeTurn(turn, settings.turnMs * 4);
    for (let round = 0; round < settings.rounds; round++) {
      for (const turn of rotated(TURNS, round)) {
        const before = store.stats().operations.writeRetries;
        const { operations, rate, processors: had } = await takeTurn(turn, settings.turnMs);
        const retries = store.stats().operations.writeRetries - before;
        samples.get(turn.id)?.rates.push(rate);
        samples.get(turn.id)?.retries.push(retries / operations);
        if (turn.workers.length === 2) processors.push(had);
      }
      onRound(round + 1, settings.rounds);
    }
    await pool.close();
    checkCounters(store, increments);
    await closeVerified(store);
    const alone = (samples.get("alone") as Samples).rates;
    const check = checkProcessors(processors);
    return {
      reference: null,
      figures: TURNS.flatMap(({ id, label }) => {
        const { rates, retries } = samples.get(id) as Samples;
        const rows = [
          plainFigure(`${id}/rate`, `increment, ${label}`, "k ops/s", rates),
          plainFigure(`${id}/retries`, `retries, ${label}`, "per op", retries),
        ];
        if (id !== "alone")
          rows.push(plainFigure(`${id}/scaling`, `${label}, against 1 worker`, "x", ratios(rates, alone)));
        return rows;
      }).concat(check.figure),
      judgements: [],
      notes: [
        ...check.notes,
        `The counters add up to the ${increments} increments made: none was lost, none done twice.`,
        "Retries are the write retries of store.stats(): compare-and-sets that failed and were tried again.",
        "On one key writers take turns by nature, so 2 against 1 cannot reach 2; on a key each they can.",
      ],
    };
  },
};

function checkCounters(store: Store, increments: number): void {
  const counters = store.namespace(COUNTERS);
  let sum = 0n;
  for (const key of [SHARED_COUNTER, `${OWN_COUNTER}0`, `${OWN_COUNTER}1`]) sum += counters.increment(key, 0);
  if (sum !== BigInt(increments)) throw new Error(`${increments} increments were made, the counters hold ${sum}`);
}
