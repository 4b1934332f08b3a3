import { makeDataset, makeOrder } from "../inputs.js";
import { figuresOf, judgeRatio } from "../judge.js";
import { closeVerified, fillNamespace, getIntoPrepared, getPrepared, openStore } from "../peers/engram.js";
import { emptyLoop, fillMap, mapGet, mapGetCopy } from "../peers/map.js";
import { measureInTurns } from "../turns.js";
import type { Group } from "./group.js";

/** Entries of 128 bytes: the working set is 128 KiB and stays in the second-level cache. */
const CACHED_KEYS = 1000;
const SOURCE = "speed goals";

export const preparedGet: Group = {
  title: `get by prepared key, ${CACHED_KEYS} keys (they stay in the cache), 64-byte values`,
  async measure({ settings, onRound }) {
    const dataset = makeDataset(CACHED_KEYS, 64);
    const order = makeOrder(CACHED_KEYS, settings.seed);
    const store = await openStore();
    const namespace = fillNamespace(store, dataset);
    const prepared = dataset.keys.map((key) => namespace.key(key));
    const map = fillMap(dataset);
    const contenders = [
      mapGet(map, dataset, order),
      mapGetCopy(map, dataset, order),
      getPrepared(namespace, prepared, dataset.value, order),
      getIntoPrepared(namespace, prepared, dataset.value, order, store.buffer(64)),
      emptyLoop(dataset, order),
    ];
    const rounds = await measureInTurns(contenders, settings, onRound);
    await closeVerified(store);
    const figures = figuresOf(contenders, rounds, { reference: "map", floor: "empty" });
    const goal = { source: SOURCE, comparison: "<=", goal: 1, to: "map" } as const;
    return {
      reference: "Map.get",
      figures,
      judgements: [
        judgeRatio(
          { ...goal, id: "prepared-get", what: "get (copy) / Map.get (reference)", of: "get-prepared" },
          rounds,
          figures,
        ),
        judgeRatio(
          { ...goal, id: "prepared-get-into", what: "getInto / Map.get (reference)", of: "get-into-prepared" },
          rounds,
          figures,
        ),
      ],
      notes: ["Map looks up the very string objects it holds, whose hashes V8 has cached: its best case."],
    };
  },
};
