import { makeDataset, makeOrder } from "../inputs.js";
import { figuresOf, judgeRatio } from "../judge.js";
import { closeVerified, fillNamespace, get, getInto, openStore } from "../peers/engram.js";
import { emptyLoop, fillMap, mapGetCopy } from "../peers/map.js";
import { measureInTurns } from "../turns.js";
import type { Group } from "./group.js";

/** At 1 KiB their chunks take 2 MiB: as much as the caches of this class of machine hold close by. */
const KEYS = 1000;
const SOURCE = "speed goals";

export const valueSize: Group = {
  title: `1 KiB values beside 64-byte values, string keys, ${KEYS} keys`,
  async measure({ settings, onRound }) {
    const small = makeDataset(KEYS, 64);
    const large = makeDataset(KEYS, 1024);
    const order = makeOrder(KEYS, settings.seed);
    const store = await openStore();
    const ofSmall = fillNamespace(store, small);
    const ofLarge = fillNamespace(store, large);
    const contenders = [
      get(ofSmall, small, order),
      get(ofLarge, large, order),
      getInto(ofSmall, small, order, store.buffer(64)),
      getInto(ofLarge, large, order, store.buffer(1024)),
      mapGetCopy(fillMap(small), small, order),
      mapGetCopy(fillMap(large), large, order),
      emptyLoop(small, order),
    ];
    const rounds = await measureInTurns(contenders, settings, onRound);
    await closeVerified(store);
    const figures = figuresOf(contenders, rounds, { reference: "get-64", floor: "empty" });
    const goal = { source: SOURCE, comparison: "<=", goal: 2 } as const;
    return {
      reference: "engram get, 64 bytes",
      figures,
      judgements: [
        judgeRatio(
          { ...goal, id: "get-1024/get-64", what: "get of 1 KiB / of 64 bytes (copy)", of: "get-1024", to: "get-64" },
          rounds,
          figures,
        ),
        judgeRatio(
          {
            ...goal,
            id: "get-into-1024/get-into-64",
            what: "getInto of 1 KiB / of 64 bytes",
            of: "get-into-1024",
            to: "get-into-64",
          },
          rounds,
          figures,
        ),
      ],
      notes: ["Map.get and slice() shows what the same copies cost without a store."],
    };
  },
};
