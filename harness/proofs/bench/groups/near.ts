import { makeDataset, makeOrder } from "../inputs.js";
import { figuresOf, judgeRatio } from "../judge.js";
import { closeVerified, fillNamespace, get, openStore } from "../peers/engram.js";
import { emptyLoop, fillMap, mapGet } from "../peers/map.js";
import {
  getTask,
  makeTask,
  mapCloned,
  mapParsed,
  mapTask,
  nearBytes,
  nearTask,
  nearTaskPrepared,
  type Task,
} from "../peers/near.js";
import { measureInTurns } from "../turns.js";
import type { Group } from "./group.js";

const KEYS = 1000;
const BYTES = 64;

/** A hot value that a thread keeps, decoded, beside a Map of the same values, and beside what it takes to read it without. */
export const near: Group = {
  title: `values kept near, ${KEYS} string keys (they stay in the cache)`,
  async measure({ settings, onRound }) {
    const dataset = makeDataset(KEYS, BYTES);
    const { keys } = dataset;
    const order = makeOrder(KEYS, settings.seed);
    const store = await openStore();
    const plain = store.namespace<Task>("tasks", { encoding: "json" });
    for (let i = 0; i < KEYS; i++) plain.set(keys[i], makeTask(i));
    // a handle a contender, each keeps its own; and all that it reads it has read before
    const byText = store.namespace<Task>("tasks", { encoding: "json", near: KEYS });
    for (const key of keys) byText.get(key);
    const byPrepared = store.namespace<Task>("tasks", { encoding: "json", near: KEYS });
    const prepared = keys.map((key) => byPrepared.key(key));
    for (const key of prepared) byPrepared.get(key);
    const objects = new Map(keys.map((key, i) => [key, makeTask(i)]));
    const texts = new Map(keys.map((key, i) => [key, JSON.stringify(makeTask(i))]));
    const bytes = fillNamespace(store, dataset);
    const nearby = store.namespace(bytes.name, { near: KEYS });
    for (const key of keys) nearby.get(key);
    const contenders = [
      mapTask(objects, keys, order),
      nearTask(byText, keys, order),
      nearTaskPrepared(byPrepared, prepared, order),
      getTask(plain, keys, order),
      mapParsed(texts, keys, order),
      mapCloned(objects, keys, order),
      mapGet(fillMap(dataset), dataset, order),
      nearBytes(nearby, dataset, order),
      get(bytes, dataset, order),
      emptyLoop(dataset, order),
    ];
    const rounds = await measureInTurns(contenders, settings, onRound);
    const { stale, drops } = store.stats().near;
    await closeVerified(store);
    if (stale + drops > 0) throw new Error(`of values that nobody changed ${stale} were stale and ${drops} dropped`);
    const figures = figuresOf(contenders, rounds, { reference: "map-object", floor: "empty" });
    const goal = { source: "near caches", comparison: "<=", goal: 1.5 } as const;
    const own = (what: string, of: string, to: string) =>
      judgeRatio({ ...goal, id: of, what, of, to }, rounds, figures);
    return {
      reference: "Map.get of an object",
      figures,
      judgements: [
        own("JSON kept near / Map.get of the same objects", "near-json", "map-object"),
        own("JSON kept near, prepared key / Map.get of the same objects", "near-json-prepared", "map-object"),
        own("bytes kept near / Map.get", `near-${BYTES}`, "map"),
      ],
      notes: [
        "Whoever keeps a value near looks it up in a Map as well, and then asks the engine whether it is still the present one: a call into WebAssembly, and the header of the entry in shared memory. Beside a Map whose keys, values and buckets are all in the cache that is most of what is measured.",
      ],
    };
  },
};
