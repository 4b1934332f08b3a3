import { makeDataset, makeOrder } from "../inputs.js";
import { figuresOf } from "../judge.js";
import { borrow, closeVerified, fillNamespace, get, getInto, getMany, openStore } from "../peers/engram.js";
import { emptyLoop } from "../peers/map.js";
import { measureInTurns } from "../turns.js";
import type { Group } from "./group.js";

export const readWays: Group = {
  title: "the four ways to read, string keys, 64-byte values",
  async measure({ settings, onRound }) {
    const { manyKeys, seed } = settings;
    const dataset = makeDataset(manyKeys, 64);
    const order = makeOrder(manyKeys, seed);
    const store = await openStore();
    const namespace = fillNamespace(store, dataset);
    const contenders = [
      get(namespace, dataset, order),
      getInto(namespace, dataset, order, store.buffer(64)),
      getMany(namespace, dataset, order),
      borrow(namespace, dataset, order),
      emptyLoop(dataset, order),
    ];
    const rounds = await measureInTurns(contenders, settings, onRound);
    await closeVerified(store);
    return {
      reference: "engram get",
      figures: figuresOf(contenders, rounds, { reference: "get-64", floor: "empty" }),
      judgements: [],
      notes: [`${manyKeys} keys, read in uniform random order; getMany is counted per key.`],
    };
  },
};
