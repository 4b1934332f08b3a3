import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { Namespace, Store } from "../../../../src/index.js";
import { quantileOf } from "../../../statistics/index.js";
import type { Contender } from "../contender.js";
import { makeDataset, makeOrder } from "../inputs.js";
import { figuresOf, plainFigure } from "../judge.js";
import { closeVerified, fillNamespace, openStore } from "../peers/engram.js";
import { wakeUps } from "../peers/wake-ups.js";
import { keep } from "../sink.js";
import type { ChangePeerData } from "../threads/change-peer.js";
import { WAKE_UPS, WAKING, WATCHES, type WakeUp, type Watching } from "../threads/names.js";
import { measureInTurns } from "../turns.js";
import type { Group } from "./group.js";

const FILE = new URL("../threads/change-peer.js", import.meta.url);
const KEYS = 1000;
const BYTES = 64;
const WATCHED: Readonly<Record<Watching, string>> = {
  nobody: "nobody watches",
  elsewhere: "another namespace is watched",
  "another-key": "another key is watched",
  all: "one thread is told of each",
};
const SLEEPS: Readonly<Record<WakeUp, string>> = {
  "wait-for": "engram waitFor",
  "wait-for-sync": "engram waitForSync",
  changes: "engram watch, next()",
  message: "postMessage",
};

/** What watching costs a writer, and how soon whoever sleeps until a change is awake. */
export const changes: Group = {
  title: `changes, ${KEYS} keys, ${BYTES}-byte values, the watcher in another thread`,
  async measure({ settings, onRound }) {
    const dataset = makeDataset(KEYS, BYTES);
    const order = makeOrder(KEYS, settings.seed);
    const stores: { store: Store; watching: Watching; namespace: Namespace }[] = [];
    for (const watching of WATCHES) {
      const store = await openStore();
      stores.push({ store, watching, namespace: fillNamespace(store, dataset) });
    }
    const waking = stores[0].store.namespace(WAKING);
    const begun = new BigInt64Array(new SharedArrayBuffer(8));
    const over = new Int32Array(new SharedArrayBuffer(4));
    const workerData: ChangePeerData = {
      stores: stores.map(({ store, watching }) => ({ handle: store.handle, watching })),
      begun,
      over,
    };
    const worker = new Worker(FILE, { workerData });
    for (const { store } of stores) store.watch(worker);
    await once(worker, "message");
    const contenders = stores.map(({ watching, namespace }) => put(watching, namespace, dataset, order));
    const rounds = await measureInTurns(contenders, settings, onRound);
    const percentiles = new Map(WAKE_UPS.map((how) => [how, { p50: [] as number[], p99: [] as number[] }]));
    const times = settings.quick ? 20 : 200;
    for (let round = 0; round < settings.rounds; round++) {
      for (const how of WAKE_UPS) {
        const latencies = await wakeUps(worker, waking, { how, times }, begun, over);
        percentiles.get(how)?.p50.push(quantileOf(latencies, 0.5) / 1000);
        percentiles.get(how)?.p99.push(quantileOf(latencies, 0.99) / 1000);
      }
    }
    const exit = once(worker, "exit");
    worker.postMessage(null);
    await exit;
    for (const { store } of stores) await closeVerified(store);
    const wakes = [...percentiles].flatMap(([how, { p50, p99 }]) => [
      plainFigure(`${how}-p50`, `from the change until awake: ${SLEEPS[how]}, p50`, "us", p50),
      plainFigure(`${how}-p99`, `from the change until awake: ${SLEEPS[how]}, p99`, "us", p99),
    ]);
    return {
      reference: `set, ${WATCHED.nobody}`,
      figures: [...figuresOf(contenders, rounds, { reference: contenders[0].id }), ...wakes],
      judgements: [],
      notes: [
        "A write that nobody watches tests one word before its swap and one after it.",
        "The thread that is told reads its changes on another processor meanwhile; where two share one, it costs the writer its turns as well.",
        `Waking: ${times} times a round, with the thread asleep for 1 ms or more before each.`,
      ],
    };
  },
};

function put(
  watching: Watching,
  namespace: Namespace,
  { keys, value }: ReturnType<typeof makeDataset>,
  order: Uint32Array,
): Contender {
  const mask = order.length - 1;
  let cursor = 0;
  return {
    id: `set-${watching}`,
    label: `engram set, ${WATCHED[watching]}`,
    run(operations) {
      let written = 0;
      for (let i = 0; i < operations; i++) if (namespace.set(keys[order[(cursor + i) & mask]], value)) written++;
      cursor = (cursor + operations) & mask;
      keep(written);
    },
  };
}
