import { makeDataset, makeOrder } from "../inputs.js";
import { figuresOf, judgeRatio } from "../judge.js";
import { closeVerified, fillNamespace, openStore, set, setFromBuffer } from "../peers/engram.js";
import { openSubject } from "../peers/from-subject.js";
import { emptyLoop, fillMap, mapSet } from "../peers/map.js";
import { measureInTurns } from "../turns.js";
import type { Group } from "./group.js";

const SOURCE = "core.md: put, string key, 100 k keys";

export const stringPut: Group = {
  title: "put by string key (updates), 16-byte keys, 64-byte values",
  async measure({ settings, directory, onRound }) {
    const { manyKeys, seed } = settings;
    const dataset = makeDataset(manyKeys, 64);
    const order = makeOrder(manyKeys, seed);
    const store = await openStore();
    const namespace = fillNamespace(store, dataset);
    const source = store.buffer(64);
    source.set(dataset.value);
    const lmdb = await openSubject("lmdb", dataset, order, directory);
    const sharedmap = await openSubject("sharedmap", dataset, order, directory);
    const lruCache = await openSubject("lru-cache", dataset, order, directory);
    const contenders = [
      mapSet(fillMap(dataset), dataset, order),
      set(namespace, dataset, order),
      setFromBuffer(namespace, dataset, order, source),
      lruCache.set("lru-cache set (keeps a reference)"),
      lmdb.set("lmdb put, batches of 10,000, no sync, commit awaited"),
      sharedmap.set("sharedmap set (copies a string)"),
      emptyLoop(dataset, order),
    ];
    const rounds = await measureInTurns(contenders, settings, onRound);
    for (const peer of [lmdb, sharedmap, lruCache]) await peer.close();
    await closeVerified(store);
    const figures = figuresOf(contenders, rounds, { reference: "map", floor: "empty" });
    const goal = { source: SOURCE, comparison: ">=", goal: 5, of: "lmdb" } as const;
    return {
      reference: "Map.set",
      figures,
      judgements: [
        judgeRatio({ ...goal, id: "lmdb/set", what: "lmdb put / set", to: "set" }, rounds, figures),
        judgeRatio(
          { ...goal, id: "lmdb/set-from-buffer", what: "lmdb put / set from store.buffer()", to: "set-from-buffer" },
          rounds,
          figures,
        ),
      ],
      notes: [
        `${manyKeys} keys, all present, written in uniform random order.`,
        "lmdb commits in a thread of its own; a turn ends when its last batch is committed.",
      ],
    };
  },
};
