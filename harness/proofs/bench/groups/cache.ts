import { type Namespace, type PreparedKey, Store } from "../../../../src/index.js";
import type { Contender } from "../contender.js";
import { makeDataset, makeOrder } from "../inputs.js";
import { figureAnswers, figuresOf, plainFigure } from "../judge.js";
import { borrow, closeVerified, fillNamespace, getIntoPrepared, openStore, set } from "../peers/engram.js";
import { emptyLoop } from "../peers/map.js";
import { keep } from "../sink.js";
import { measureInTurns } from "../turns.js";
import type { Group } from "./group.js";

const KEY_BYTES = 16;
const VALUE_BYTES = 64;
/** What stays in the second-level cache of the processor, as in prepared-get. */
const CACHED_KEYS = 1000;
/** Keys that a store of 2 MiB can hold a fraction of: gone around in turn, hardly one is still there. */
const UNCACHED_KEYS = 65_536;

export const cache: Group = {
  title: `as a cache and as shared memory (Patinox), ${KEY_BYTES}-byte keys, ${VALUE_BYTES}-byte values`,
  async measure({ settings, onRound }) {
    const dataset = makeDataset(CACHED_KEYS, VALUE_BYTES);
    const order = makeOrder(CACHED_KEYS, settings.seed);
    const store = await openStore();
    const namespace = fillNamespace(store, dataset);
    const prepared = dataset.keys.map((key) => namespace.key(key));
    const small = await Store.create({ capacity: "2MiB", maxWorkers: 1 });
    const few = small.namespace("few");
    const many = makeDataset(UNCACHED_KEYS, VALUE_BYTES);
    const contenders = [
      getIntoPrepared(namespace, prepared, dataset.value, order, store.buffer(VALUE_BYTES)),
      borrow(namespace, dataset, order),
      set(namespace, dataset, order),
      missAndInsert(
        few,
        many.keys.map((key) => few.key(key)),
        small.buffer(VALUE_BYTES),
      ),
      emptyLoop(dataset, order),
    ];
    const rounds = await measureInTurns(contenders, settings, onRound);
    await closeVerified(small);
    await closeVerified(store);
    const times = figuresOf(contenders, rounds, { floor: "empty" });
    const memory = await memoryFigures(settings.manyKeys);
    const answers = (id: string, targets: string[], how: string) =>
      figureAnswers(times.find((figure) => figure.id === id)!, settings.rounds, targets, how);
    return {
      reference: null,
      figures: [...times, ...memory],
      judgements: [],
      answers: [
        ...answers("get-into-prepared", ["p-concurrent-map"], "look-up by prepared key, safe against all writers"),
        ...figureAnswers(memory[1], 1, ["d-entry-overhead"]),
      ],
      notes: [
        `${CACHED_KEYS} keys that stay in the processor's caches; misses go around ${UNCACHED_KEYS} keys in a store of 2 MiB.`,
      ],
    };
  },
};

function missAndInsert(namespace: Namespace, keys: readonly PreparedKey[], buffer: Uint8Array): Contender {
  const mask = keys.length - 1;
  let cursor = 0;
  return {
    id: "miss-insert",
    label: "engram getInto that misses, then set",
    run(operations) {
      let misses = 0;
      for (let i = 0; i < operations; i++) {
        const key = keys[(cursor + i) & mask];
        if (namespace.getInto(key, buffer) >= 0) continue;
        misses++;
        namespace.set(key, buffer);
      }
      cursor = (cursor + operations) & mask;
      if (misses < operations * 0.98) throw new Error(`of ${operations} look-ups only ${misses} missed`);
      keep(misses);
    },
  };
}

/** What the entries of a store take besides their keys and values, from the chunks in use. */
async function memoryFigures(entries: number) {
  const { keys, value } = makeDataset(entries, VALUE_BYTES);
  const store = await openStore();
  const namespace = store.namespace("memory");
  const before = store.stats().memory.usedBytes;
  for (const key of keys) namespace.set(key, value);
  const taken = store.stats().memory.usedBytes - before;
  const { entries: held } = store.stats();
  await closeVerified(store);
  if (held !== entries) throw new Error(`of ${entries} entries ${held} are in the store`);
  const payload = entries * (KEY_BYTES + VALUE_BYTES);
  const of = `keys of ${KEY_BYTES} and values of ${VALUE_BYTES} bytes`;
  return [
    plainFigure("efficiency", `bytes of ${of} over bytes in use for them`, "%", [(100 * payload) / taken]),
    plainFigure("overhead", `bytes in use an entry besides ${of}`, "bytes", [(taken - payload) / entries]),
  ];
}
