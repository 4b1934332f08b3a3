import type { Namespace } from "../../../../src/index.js";
import type { Contender } from "../contender.js";
import { type Dataset, makeDataset, makeOrder } from "../inputs.js";
import { figuresOf, plainFigure, ratios } from "../judge.js";
import { closeVerified, get, openStore, set } from "../peers/engram.js";
import { fillMap, mapGet } from "../peers/map.js";
import { keep } from "../sink.js";
import { measureInTurns } from "../turns.js";
import type { Group } from "./group.js";

/** A table that the caches hold: the price of a clock is not hidden behind a cache miss. */
const KEYS = 1024;
/** Longer than any run. */
const TTL_MS = 24 * 3600 * 1000;

/** What a ttl costs: a look at the clock for whoever reads the entry, two bounds to look at for whoever writes it. */
export const expiry: Group = {
  title: "entries with a ttl beside entries without, 16-byte keys, 64-byte values",
  async measure({ settings, onRound }) {
    const { seed } = settings;
    const dataset = makeDataset(KEYS, 64);
    const order = makeOrder(KEYS, seed);
    const store = await openStore();
    const staying = store.namespace("staying");
    const expiring = store.namespace("expiring");
    for (const key of dataset.keys) {
      staying.set(key, dataset.value);
      expiring.set(key, dataset.value, { ttl: TTL_MS });
    }
    const contenders = [
      mapGet(fillMap(dataset), dataset, order),
      { ...get(staying, dataset, order), id: "get", label: "engram get, no ttl" },
      { ...get(expiring, dataset, order), id: "get-ttl", label: "engram get, entries with a ttl" },
      { ...set(staying, dataset, order), label: "engram set, no ttl" },
      setTtl(expiring, dataset, order),
    ];
    const rounds = await measureInTurns(contenders, settings, onRound);
    await closeVerified(store);
    const sampleOf = (id: string) => rounds.get(id) as readonly number[];
    const price = (id: string, label: string, of: string, to: string) =>
      plainFigure(id, label, "x", ratios(sampleOf(of), sampleOf(to)));
    return {
      reference: "Map.get",
      figures: [
        ...figuresOf(contenders, rounds, { reference: "map" }),
        price("get-ttl/get", "get with a ttl over get without", "get-ttl", "get"),
        price("set-ttl/set", "set with a ttl over set without", "set-ttl", "set"),
      ],
      judgements: [],
      notes: ["A read of an entry that expires looks at its thread's own clock; of one that stays, it does not."],
    };
  },
};

function setTtl(namespace: Namespace, { keys, value }: Dataset, order: Uint32Array): Contender {
  const mask = order.length - 1;
  const options = { ttl: TTL_MS };
  let cursor = 0;
  return {
    id: "set-ttl",
    label: "engram set, with a ttl",
    run(operations) {
      let written = 0;
      for (let i = 0; i < operations; i++)
        written += Number(namespace.set(keys[order[(cursor + i) & mask]], value, options));
      cursor = (cursor + operations) & mask;
      if (written !== operations) throw new Error(`engram set wrote ${written} of ${operations}`);
      keep(written);
    },
  };
}
