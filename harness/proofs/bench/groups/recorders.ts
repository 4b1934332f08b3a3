import { mkdtempSync } from "node:fs";
import { join } from "node:path";
import { LRUCache } from "lru-cache";
import { openRecorder } from "../../../../src/recording/record.js";
import type { Contender } from "../contender.js";
import { figuresOf } from "../judge.js";
import { keep } from "../sink.js";
import { measureInTurns } from "../turns.js";
import type { Group } from "./group.js";

const KEYS = 20_000;
/** Prime to the number of keys, so that all of them come up, and not in the order they were made. */
const STRIDE = 7919;

interface AnyCache {
  get(key: string): Uint8Array | undefined;
  set(key: string, value: Uint8Array): unknown;
}

/** What a program pays while its caches are recorded: each operation beside the same on a bare cache. */
export const recorders: Group = {
  title: "caches of any program, bare and while they are recorded",
  async measure({ settings, directory, onRound }) {
    const recorder = openRecorder(join(mkdtempSync(join(directory, "recorders-")), "caches.oplog"));
    const keys = Array.from({ length: KEYS }, (_, i) => `user:${i}:session`);
    const value = new Uint8Array(100);
    const filled = (cache: AnyCache): AnyCache => {
      for (const key of keys) cache.set(key, value);
      return cache;
    };
    const caches = {
      map: { label: "Map", make: () => filled(new Map<string, Uint8Array>()) },
      lru: { label: "lru-cache", make: () => filled(new LRUCache<string, Uint8Array>({ max: KEYS })) },
    };
    const contenders = Object.entries(caches).flatMap(([id, { label, make }]) => {
      const [bare, recorded] = [make(), recorder.wrap(make())];
      return (["get", "set"] as const).flatMap((operation) => [
        asked(`${id}-${operation}`, `${label}.${operation}`, bare, operation, keys, value),
        asked(`${id}-${operation}-recorded`, `${label}.${operation}, recorded`, recorded, operation, keys, value),
      ]);
    });
    const rounds = await measureInTurns(contenders, settings, onRound);
    const { failure } = await recorder.close();
    if (failure !== null) throw failure;
    return {
      reference: "Map.get",
      figures: figuresOf(contenders, rounds, { reference: "map-get" }),
      judgements: [],
      answers: [],
      notes: [
        `${KEYS.toLocaleString("en-US")} keys of about 16 bytes, values of 100. A record has 24 bytes; blocks of 4,096 are appended in the same thread, and that is part of the figure.`,
      ],
    };
  },
};

function asked(
  id: string,
  label: string,
  cache: AnyCache,
  operation: "get" | "set",
  keys: readonly string[],
  value: Uint8Array,
): Contender {
  let at = 0;
  return {
    id,
    label,
    run(operations) {
      let sum = 0;
      for (let i = 0; i < operations; i++) {
        at = (at + STRIDE) % KEYS;
        if (operation === "get") sum += cache.get(keys[at])?.length ?? 0;
        else cache.set(keys[at], value);
      }
      keep(sum);
    },
  };
}
