import type { Contender } from "../contender.js";
import { type Dataset, makeDataset, makeOrder } from "../inputs.js";
import { figuresOf, judgeRatio } from "../judge.js";
import { borrow, closeVerified, fillNamespace, get, getInto, openStore, set } from "../peers/engram.js";
import { openSubject } from "../peers/from-subject.js";
import { emptyLoop, fillMap, mapGetCopy, mapSetCopy } from "../peers/map.js";
import { keep } from "../sink.js";
import { measureInTurns } from "../turns.js";
import type { Group } from "./group.js";

const SOURCE = "speed goals";
/** Puts between two commits: a batch of a hundred megabytes is no use. */
const LMDB_BATCH = 16;

/** Values that lie in spans, beside the copies alone: of as many bytes, from and to as many places, in the same order. */
function largeValues(size: string, bytes: number, count: number): Group {
  return {
    title: `values of ${size}, string keys, ${count} keys`,
    async measure({ settings, directory, onRound }) {
      const dataset = makeDataset(count, bytes);
      const order = makeOrder(count, settings.seed);
      const store = await openStore();
      const namespace = fillNamespace(store, dataset);
      const target = store.buffer(bytes);
      const lmdb = await openSubject("lmdb", dataset, order, directory);
      const places = new Uint8Array(new SharedArrayBuffer(count * bytes));
      const contenders = [
        copyIn(places, dataset, order),
        set(namespace, dataset, order),
        copyOut(places, dataset, order),
        getInto(namespace, dataset, order, target),
        get(namespace, dataset, order),
        borrow(namespace, dataset, order),
        mapSetCopy(fillMap(dataset), dataset, order),
        mapGetCopy(fillMap(dataset), dataset, order),
        lmdb.set("lmdb-set", `lmdb put, no sync, commit awaited every ${LMDB_BATCH}`, LMDB_BATCH),
        lmdb.get("lmdb getBinaryFast", "a view, until the next read"),
        emptyLoop(dataset, order),
      ];
      const rounds = await measureInTurns(contenders, settings, onRound);
      await lmdb.close();
      store.returnBuffer(target);
      await closeVerified(store);
      const figures = figuresOf(contenders, rounds, { reference: "copy-in", floor: "empty" });
      const goal = { source: SOURCE, comparison: "<=", goal: 1.3 } as const;
      const into = `get-into-${bytes}`;
      return {
        reference: "a copy of as many bytes in",
        figures,
        judgements: [
          judgeRatio(
            { ...goal, id: "set/copy-in", what: `set of ${size} / one copy of it`, of: "set", to: "copy-in" },
            rounds,
            figures,
          ),
          judgeRatio(
            { ...goal, id: "get-into/copy-out", what: `getInto of ${size} / one copy of it`, of: into, to: "copy-out" },
            rounds,
            figures,
          ),
        ],
        notes: [
          "The copies are Uint8Array.set alone, between memory that is there and a place for each key in shared memory.",
          "A set also finds a span, writes and publishes an entry, and gives the span of the value before back at once.",
        ],
      };
    },
  };
}

export const large40k = largeValues("40 KiB", 40 * 1024, 400);
export const large1m = largeValues("1 MiB", 2 ** 20, 20);

function copyIn(places: Uint8Array, { value }: Dataset, order: Uint32Array): Contender {
  const mask = order.length - 1;
  let cursor = 0;
  return {
    id: "copy-in",
    label: "a copy into shared memory",
    run(operations) {
      for (let i = 0; i < operations; i++) places.set(value, order[(cursor + i) & mask] * value.length);
      cursor = (cursor + operations) & mask;
      keep(places[0]);
    },
  };
}

function copyOut(places: Uint8Array, { keys, value }: Dataset, order: Uint32Array): Contender {
  const mask = order.length - 1;
  const target = new Uint8Array(new SharedArrayBuffer(value.length));
  const { length } = value;
  const views = keys.map((_, key) => places.subarray(key * length, (key + 1) * length));
  let cursor = 0;
  return {
    id: "copy-out",
    label: "a copy within shared memory",
    run(operations) {
      let bytes = 0;
      for (let i = 0; i < operations; i++) {
        target.set(views[order[(cursor + i) & mask]]);
        bytes += target[0];
      }
      cursor = (cursor + operations) & mask;
      keep(bytes);
    },
  };
}
