import { makeDataset, makeOrder } from "../inputs.js";
import { figuresOf, judgeRatio } from "../judge.js";
import { closeVerified, fillNamespace, openStore, set, setFromBuffer, setMany } from "../peers/engram.js";
import { openSubject } from "../peers/from-subject.js";
import { emptyLoop, fillMap, mapSet } from "../peers/map.js";
import { measureInTurns } from "../turns.js";
import type { Group } from "./group.js";

const SOURCE = "speed goals";

/**
 * Puts between two commits. The larger the batch, the cheaper a put, and the longer until anybody sees it; the largest one
 * rewrites every page of the table in a single commit, which is lmdb at its best.
 */
const LMDB_BATCHES = [1000, 10_000, 100_000];

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
      setMany(namespace, dataset, order),
      lruCache.set("lru-cache", "lru-cache set (keeps a reference)"),
      ...LMDB_BATCHES.map((batch) =>
        lmdb.set(`lmdb-${batch}`, `lmdb put, no sync, commit awaited every ${batch.toLocaleString("en-US")}`, batch),
      ),
      sharedmap.set("sharedmap", "sharedmap set (copies a string)"),
      emptyLoop(dataset, order),
    ];
    const rounds = await measureInTurns(contenders, settings, onRound);
    for (const peer of [lmdb, sharedmap, lruCache]) await peer.close();
    await closeVerified(store);
    const figures = figuresOf(contenders, rounds, { reference: "map", floor: "empty" });
    return {
      reference: "Map.set",
      figures,
      judgements: [10_000, 100_000].flatMap((batch) =>
        [
          { id: "set", name: "set" },
          { id: "set-from-buffer", name: "set from store.buffer()" },
        ].map(({ id, name }) =>
          judgeRatio(
            {
              id: `lmdb-${batch}/${id}`,
              what: `lmdb put, commit every ${batch.toLocaleString("en-US")} / ${name}`,
              source: SOURCE,
              comparison: ">=",
              goal: 5,
              of: `lmdb-${batch}`,
              to: id,
            },
            rounds,
            figures,
          ),
        ),
      ),
      notes: [
        `${manyKeys} keys, all present, written in uniform random order.`,
        "lmdb commits in a thread of its own; a turn ends when its last batch is committed. The goal names no batch size.",
      ],
    };
  },
};
