import { LRUCache } from "lru-cache";
import { Cache, type CachePolicyName } from "../../../../src/resources/index.js";
import type { Contender } from "../contender.js";
import { figuresOf, judgeRatio } from "../judge.js";
import { keep } from "../sink.js";
import { measureInTurns } from "../turns.js";
import type { Group } from "./group.js";

const ENTRIES = 1000;
/** Gone around in turn, so that under lru none is still there when it is asked for again. */
const KEYS = 4 * ENTRIES;
/** One: with several in a process their calls are no longer compiled into each other, which no program has. */
const POLICIES: readonly CachePolicyName[] = ["lru"];

interface AnyCache {
  get(key: string): string | undefined;
  set(key: string, value: string): unknown;
}

/** A thread's own cache over the policies of the house, beside lru-cache. */
export const cacheAside: Group = {
  title: `a thread's own cache, ${ENTRIES} entries`,
  async measure({ settings, onRound }) {
    const keys = Array.from({ length: KEYS }, (_, i) => `key-${i}`);
    const own = (policy: CachePolicyName) => () => new Cache<string, string>({ policy, maxEntries: ENTRIES });
    const theirs = () => new LRUCache<string, string>({ max: ENTRIES });
    const hits = [
      hit("lru-cache", theirs(), keys),
      ...POLICIES.map((policy) => hit(`engram ${policy}`, own(policy)(), keys)),
    ];
    const misses = [
      miss("lru-cache", theirs(), keys),
      ...POLICIES.map((policy) => miss(`engram ${policy}`, own(policy)(), keys)),
    ];
    const rounds = await measureInTurns([...hits, ...misses], settings, onRound);
    const figures = [
      ...figuresOf(hits, rounds, { reference: hits[0].id }),
      ...figuresOf(misses, rounds, { reference: misses[0].id }),
    ];
    const goal = { source: "lru-cache", comparison: "<=", goal: 1 } as const;
    return {
      reference: "lru-cache",
      figures,
      judgements: [
        judgeRatio(
          { ...goal, id: "cache-hit", what: "hit, lru / lru-cache", of: hits[1].id, to: hits[0].id },
          rounds,
          figures,
        ),
        judgeRatio(
          {
            ...goal,
            id: "cache-miss",
            what: "miss and insertion, lru / lru-cache",
            of: misses[1].id,
            to: misses[0].id,
          },
          rounds,
          figures,
        ),
      ],
      notes: [`A miss goes around ${KEYS} keys and sets what it does not find, which is each of them.`],
    };
  },
};

/** Each call makes a function of its own, so that no call site of one sees another's cache. */
function loopOf(body: string): (cache: AnyCache, keys: readonly string[], from: number, operations: number) => number {
  return new Function("cache", "keys", "from", "operations", body) as ReturnType<typeof loopOf>;
}

function hit(name: string, cache: AnyCache, keys: readonly string[]): Contender {
  const held = keys.slice(0, ENTRIES);
  for (const key of held) cache.set(key, key);
  const loop = loopOf(
    "let found = 0; for (let i = 0; i < operations; i++) if (cache.get(keys[(from + i) % keys.length]) !== undefined) found++; return found;",
  );
  return contender(`hit-${name}`, `${name}: hit`, (from, operations) => {
    const found = loop(cache, held, from, operations);
    if (found !== operations) throw new Error(`${name}: of ${operations} look-ups ${found} hit`);
    return found;
  });
}

function miss(name: string, cache: AnyCache, keys: readonly string[]): Contender {
  for (const key of keys) cache.set(key, key);
  const loop = loopOf(
    "let set = 0; for (let i = 0; i < operations; i++) { const key = keys[(from + i) % keys.length]; if (cache.get(key) === undefined) { cache.set(key, key); set++; } } return set;",
  );
  return contender(`miss-${name}`, `${name}: miss and insertion`, (from, operations) =>
    loop(cache, keys, from, operations),
  );
}

function contender(id: string, label: string, loop: (from: number, operations: number) => number): Contender {
  let cursor = 0;
  return {
    id: id.replaceAll(" ", "-"),
    label,
    returns: "a reference",
    run(operations) {
      keep(loop(cursor, operations));
      cursor = (cursor + operations) % KEYS;
    },
  };
}
