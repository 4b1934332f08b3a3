import { type Namespace, Store } from "../../../../src/index.js";
import type { Contender } from "../contender.js";
import { makeDataset, makeOrder } from "../inputs.js";
import { figureAnswers, figuresOf, judgeRatio, plainFigure, ratios } from "../judge.js";
import { closeVerified, fillNamespace, get, getIntoPrepared } from "../peers/engram.js";
import { emptyLoop } from "../peers/map.js";
import { keep } from "../sink.js";
import { measureInTurns } from "../turns.js";
import type { Group } from "./group.js";

const KEYS = 1000;
const BYTES = 64;
const SHARES = { off: 0, usual: 1 / 1024, documented: 0.01 } as const;
type Share = keyof typeof SHARES;
const WORDS: Readonly<Record<Share, string>> = {
  off: "nothing timed",
  usual: "1 in 1,024 timed",
  documented: "1 % timed",
};

/** What it costs that operations are timed: the same reads and writes of three stores, in turn. */
export const monitoring: Group = {
  title: `sampled latencies (M-010), ${KEYS} keys, ${BYTES}-byte values`,
  async measure({ settings, onRound }) {
    const dataset = makeDataset(KEYS, BYTES);
    const order = makeOrder(KEYS, settings.seed);
    const stores = new Map<Share, Store>();
    const contenders: Contender[] = [];
    for (const share of Object.keys(SHARES) as Share[]) {
      const store = await Store.create({ capacity: "64MiB", sampling: SHARES[share] });
      stores.set(share, store);
      const namespace = fillNamespace(store, dataset);
      const prepared = dataset.keys.map((key) => namespace.key(key));
      const of = (kind: string, contender: Contender) =>
        contenders.push({ ...contender, id: `${kind}-${share}`, label: `${contender.label}, ${WORDS[share]}` });
      of("get-into", getIntoPrepared(namespace, prepared, dataset.value, order, store.buffer(BYTES)));
      of("get", get(namespace, dataset, order));
      of("set", put(namespace, dataset.keys, dataset.value, order));
    }
    contenders.push(emptyLoop(dataset, order));
    const rounds = await measureInTurns(contenders, settings, onRound);
    for (const store of stores.values()) await closeVerified(store);
    const figures = figuresOf(contenders, rounds, { floor: "empty" });
    const timesOf = (kind: string, share: Share) =>
      ratios(rounds.get(`${kind}-${share}`) as number[], rounds.get(`${kind}-off`) as number[]);
    const overhead = (kind: string, share: Share) =>
      plainFigure(`${kind}-overhead-${share}`, `${kind}: ${WORDS[share]} / nothing timed`, "x", timesOf(kind, share));
    const kinds = ["get-into", "get", "set"];
    const overheads = kinds.flatMap((kind) => [overhead(kind, "usual"), overhead(kind, "documented")]);
    // what noise makes cheaper with a clock than without costs nothing
    const share = timesOf("get-into", "usual").map((times) => Math.max(0, 100 * (times - 1)));
    const goal = { source: "M-010", comparison: "<=", goal: 1.01 } as const;
    return {
      reference: null,
      figures: [...figures, ...overheads],
      judgements: kinds.map((kind) =>
        judgeRatio(
          {
            ...goal,
            id: `sampled-${kind}`,
            what: `${kind}, 1 in 1,024 timed / nothing timed`,
            of: `${kind}-usual`,
            to: `${kind}-off`,
          },
          rounds,
          figures,
        ),
      ),
      answers: figureAnswers(
        plainFigure("overhead", "the fastest read: 1 in 1,024 timed, more than with nothing timed", "%", share),
        settings.rounds,
        ["m010-monitoring-overhead"],
      ),
      notes: ["Of the reads, getInto is the fastest, and pays the largest share for a look at the clock."],
    };
  },
};

function put(namespace: Namespace, keys: readonly string[], value: Uint8Array, order: Uint32Array): Contender {
  const mask = order.length - 1;
  let cursor = 0;
  return {
    id: "set",
    label: "engram set",
    run(operations) {
      let written = 0;
      for (let i = 0; i < operations; i++) if (namespace.set(keys[order[(cursor + i) & mask]], value)) written++;
      cursor = (cursor + operations) & mask;
      keep(written);
    },
  };
}
