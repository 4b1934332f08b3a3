import { makeDataset, makeKeys, makeOrder } from "../inputs.js";
import { figuresOf, judgeRatio } from "../judge.js";
import { closeVerified, fillNamespace, get, getInto, openStore } from "../peers/engram.js";
import { openSubject } from "../peers/from-subject.js";
import { emptyLoop, fillMap, mapGet, mapGetCopy, mapGetEqual } from "../peers/map.js";
import { measureInTurns } from "../turns.js";
import type { Group } from "./group.js";

const SOURCE = "speed goals";

export const stringGet: Group = {
  title: "get by string key, 16-byte keys, 64-byte values",
  async measure({ settings, directory, onRound }) {
    const { manyKeys, seed } = settings;
    const dataset = makeDataset(manyKeys, 64);
    const order = makeOrder(manyKeys, seed);
    const store = await openStore();
    const namespace = fillNamespace(store, dataset);
    const map = fillMap(dataset);
    const lmdb = await openSubject("lmdb", dataset, order, directory);
    const sharedmap = await openSubject("sharedmap", dataset, order, directory);
    const lruCache = await openSubject("lru-cache", dataset, order, directory);
    const contenders = [
      mapGet(map, dataset, order),
      mapGetEqual(map, dataset, makeKeys(manyKeys), order),
      mapGetCopy(map, dataset, order),
      get(namespace, dataset, order),
      getInto(namespace, dataset, order, store.buffer(64)),
      lruCache.get("lru-cache get", "a reference; the entry moves to the front"),
      lmdb.get("lmdb getBinaryFast", "a view of lmdb's buffer, good until the next get"),
      sharedmap.get("sharedmap get", "a new string"),
      emptyLoop(dataset, order),
    ];
    const rounds = await measureInTurns(contenders, settings, onRound);
    for (const peer of [lmdb, sharedmap, lruCache]) await peer.close();
    await closeVerified(store);
    const figures = figuresOf(contenders, rounds, { reference: "map", floor: "empty" });
    const own = [
      { id: "get-64", name: "get (copy)" },
      { id: "get-into-64", name: "getInto" },
    ];
    return {
      reference: "Map.get",
      figures,
      judgements: own.flatMap(({ id, name }) => [
        judgeRatio(
          {
            id: `${id}/map`,
            what: `${name} / Map.get (reference)`,
            source: SOURCE,
            comparison: "<=",
            goal: 1.6,
            of: id,
            to: "map",
          },
          rounds,
          figures,
        ),
        judgeRatio(
          {
            id: `lmdb/${id}`,
            what: `lmdb getBinaryFast / ${name}`,
            source: SOURCE,
            comparison: ">=",
            goal: 4,
            of: "lmdb",
            to: id,
          },
          rounds,
          figures,
        ),
        judgeRatio(
          {
            id: `sharedmap/${id}`,
            what: `sharedmap get / ${name}`,
            source: SOURCE,
            comparison: ">=",
            goal: 8,
            of: "sharedmap",
            to: id,
          },
          rounds,
          figures,
        ),
      ]),
      notes: [
        `${manyKeys} keys, read in uniform random order.`,
        "Map looks up the very string objects it holds; by equal strings it must compare characters, as every other row does.",
        "lru-cache holds one value object for all keys, so its references are always in the cache.",
      ],
    };
  },
};
