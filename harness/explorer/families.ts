/** The programs the explorer knows, by what they put against each other. Each family draws programs of a few operations. */
import type { Op, OpKind, Program } from "./program.js";
import type { Random } from "./random.js";
import type { TinySettings } from "./tiny-layout.js";

export interface Family {
  readonly name: string;
  /** One line. */
  readonly about: string;
  draw(random: Random): Program;
}

type Weights = Partial<Record<OpKind, number>>;

interface Recipe {
  readonly name: string;
  readonly about: string;
  /** How often each kind is drawn, relative to the others. */
  readonly kinds: Weights;
  /** Keys in use: 0 to 2 in one bucket, 3 in the other. */
  readonly keys: readonly number[];
  /** Keys that are there in the beginning, each with this probability. */
  readonly present?: number;
  readonly presentTtl?: number;
  readonly threads?: readonly [number, number];
  readonly ops?: readonly [number, number];
  readonly wide?: number;
  readonly ttl?: number;
  readonly settings?: Partial<TinySettings>;
  readonly counters?: boolean;
  readonly kills?: number;
  readonly ring?: { readonly single: boolean; readonly capacities: readonly number[] };
  /** Kinds by thread, instead of `kinds`. */
  readonly roles?: readonly Weights[];
  /** Done by thread 0 before the schedule, after the keys were set. */
  readonly before?: readonly Op[];
}

const DEFAULTS: TinySettings = {
  buckets: 2,
  slabs: 6,
  refill: 1,
  cacheLimit: 0,
  cacheReturn: 1,
  retireLimit: 1,
  evict: false,
};

const KEYED: readonly OpKind[] = ["set", "setIfAbsent", "setIfVersion", "get", "has", "delete", "add", "borrow"];

const RECIPES: readonly Recipe[] = [
  {
    name: "write-write",
    about: "set against set and delete of two keys of a bucket",
    kinds: { set: 5, delete: 3 },
    keys: [0, 1],
  },
  {
    name: "replace-head",
    about: "replacements of the first entry of a chain, and readers",
    kinds: { set: 5, get: 4 },
    keys: [0],
    present: 1,
  },
  {
    name: "replace-middle",
    about: "replace, delete and read inside a chain of three keys",
    kinds: { set: 4, delete: 2, get: 4, has: 1 },
    keys: [0, 1, 2],
    present: 0.9,
  },
  {
    name: "insert-recycle",
    about: "inserts at the head while head chunks are deleted, freed and taken again",
    kinds: { set: 5, delete: 5, setIfAbsent: 2 },
    keys: [0, 1, 2],
    present: 0.5,
    settings: { slabs: 3 },
  },
  {
    name: "recycle-middle",
    about: "a find held up inside a chain whose chunks are freed and come back in another place",
    kinds: {},
    roles: [
      { set: 1, delete: 1, setIfAbsent: 1 },
      { set: 2, delete: 2 },
    ],
    threads: [2, 2],
    ops: [1, 3],
    keys: [0, 1, 2],
    present: 1,
    settings: { slabs: 3 },
  },
  {
    name: "read",
    about: "optimistic reads against every kind of write",
    kinds: { set: 4, delete: 3, get: 6, has: 1 },
    keys: [0, 1, 2],
    present: 0.6,
    wide: 0.1,
    settings: { slabs: 4 },
  },
  {
    name: "read-run",
    about: "a reader inside a chain from which several entries in a row are deleted",
    kinds: {},
    roles: [{ get: 1 }, { delete: 3, set: 2 }],
    threads: [2, 3],
    ops: [1, 3],
    keys: [0, 1, 2],
    present: 1,
    settings: { slabs: 3 },
  },
  {
    name: "conditional",
    about: "ifAbsent and ifVersion",
    kinds: { set: 2, setIfAbsent: 4, setIfVersion: 4, get: 4, delete: 2 },
    keys: [0, 1],
    present: 0.6,
  },
  {
    name: "increment",
    about: "counters: add, set, delete, get",
    kinds: { add: 6, set: 1, delete: 1, get: 2 },
    keys: [0, 1],
    present: 0.5,
    counters: true,
  },
  {
    name: "expiry",
    about: "values that expire at a tick, with sweeps",
    kinds: { set: 4, get: 3, delete: 1, setIfAbsent: 2, tick: 2, sweep: 3, has: 1 },
    keys: [0, 1, 2],
    present: 0.8,
    presentTtl: 0.6,
    ttl: 0.4,
    settings: { slabs: 4 },
  },
  {
    name: "swept",
    about: "sweeps of values that have expired, against writes that recycle their chunks",
    kinds: {},
    roles: [
      { sweep: 4, get: 1 },
      { set: 5, delete: 2, get: 1 },
      { set: 3, sweep: 1, delete: 1 },
    ],
    keys: [0, 1, 2],
    present: 0.9,
    presentTtl: 0.7,
    before: [{ kind: "tick" }],
    settings: { slabs: 3 },
  },
  {
    name: "clear",
    about: "namespace clear, id reuse and sweeps, against reads and writes",
    kinds: { clear: 4, set: 4, get: 3, sweep: 3, delete: 1, setIfAbsent: 1 },
    keys: [0, 1],
    present: 0.7,
    settings: { slabs: 5 },
  },
  {
    name: "evict",
    about: "writers in a full pool, which evict each other's entries",
    kinds: { set: 6, get: 3, delete: 1, evict: 2 },
    keys: [0, 1, 2, 3],
    present: 1,
    settings: { evict: true, slabs: 2 },
  },
  {
    name: "evict-clear",
    about: "eviction against namespace clear",
    kinds: { set: 4, clear: 4, get: 3, evict: 3, sweep: 2 },
    keys: [0, 1],
    present: 1,
    settings: { evict: true, slabs: 3 },
  },
  {
    name: "allocate",
    about: "chunks between caches and class stacks, slabs being cut",
    kinds: { set: 5, delete: 4, relinquish: 2 },
    keys: [0, 1, 2, 3],
    wide: 0.3,
    present: 0.3,
    settings: { slabs: 6, refill: 2 },
  },
  {
    name: "borrow",
    about: "borrowed views against replacement and deletion of what they show",
    kinds: {},
    roles: [{ borrow: 1 }, { set: 4, delete: 2 }, { set: 3, delete: 2, borrow: 2 }],
    keys: [0, 1],
    present: 0.9,
    settings: { slabs: 4 },
  },
  {
    name: "list",
    about: "listings against writes of what they list",
    kinds: {},
    roles: [{ list: 1 }, { set: 4, delete: 3 }, { set: 4, delete: 3 }],
    ops: [1, 3],
    keys: [0, 1, 2],
    present: 0.6,
    settings: { slabs: 4 },
  },
  {
    name: "limit",
    about: "a namespace whose limits are changed while it fills",
    kinds: { set: 6, delete: 3, configure: 2, clear: 1, get: 1 },
    keys: [0, 1, 2, 3],
    present: 0.4,
    wide: 0.2,
  },
  {
    name: "buffers",
    about: "chunks lent to the host",
    kinds: { buffer: 4, returnBuffer: 3, set: 3, delete: 2 },
    keys: [0],
    present: 0.5,
  },
  {
    name: "ring-spsc",
    about: "a ring with one sender",
    kinds: {},
    roles: [{ send: 1 }, { receive: 1 }],
    threads: [2, 2],
    keys: [],
    ops: [1, 5],
    ring: { single: true, capacities: [1, 2] },
  },
  {
    name: "ring-mpsc",
    about: "a ring with several senders",
    kinds: {},
    roles: [{ receive: 1 }, { send: 1 }, { send: 1 }],
    threads: [2, 3],
    keys: [],
    ring: { single: false, capacities: [1, 2] },
  },
  {
    name: "attach",
    about: "threads that leave and come back while others work",
    kinds: { rejoin: 4, set: 4, delete: 3, get: 2 },
    keys: [0, 1],
    present: 0.7,
    settings: { slabs: 5 },
  },
  {
    name: "snapshot",
    about: "backups of the live store against writes",
    kinds: {},
    roles: [{ snapshot: 1 }, { set: 5, delete: 2 }, { set: 5, delete: 2 }],
    ops: [1, 3],
    keys: [0, 1],
    present: 0.8,
  },
  {
    name: "snapshot-conditional",
    about: "backups against writes that fail, and evictions that take the snapshot away",
    kinds: {},
    roles: [{ snapshot: 1 }, { setIfAbsent: 4, set: 2, delete: 2 }, { setIfAbsent: 4, set: 2, delete: 2 }],
    ops: [1, 3],
    keys: [0, 1],
    present: 0.5,
    settings: { slabs: 3 },
  },
  {
    name: "snapshot-evict",
    about: "backups of a full store that evicts",
    kinds: {},
    roles: [{ snapshot: 1 }, { set: 5, evict: 1 }, { set: 5, delete: 1 }],
    ops: [1, 3],
    keys: [0, 1, 2, 3],
    present: 0.9,
    settings: { evict: true, slabs: 2 },
  },
  {
    name: "snapshot-death",
    about: "backups of a store whose writers die",
    kinds: {},
    roles: [{ snapshot: 1 }, { set: 5, delete: 2 }, { set: 5, delete: 2 }],
    ops: [1, 3],
    keys: [0, 1],
    present: 0.8,
    kills: 1,
  },
  {
    name: "death-write",
    about: "a writer killed at any access, and its slot reaped while others work",
    kinds: { set: 5, delete: 3, get: 2 },
    keys: [0, 1],
    present: 0.7,
    kills: 1,
  },
  {
    name: "death-allocate",
    about: "death between cache, class stack and slabs",
    kinds: { set: 5, delete: 4, relinquish: 2 },
    keys: [0, 1, 3],
    wide: 0.3,
    present: 0.3,
    kills: 1,
    settings: { refill: 2 },
  },
  {
    name: "death-twice",
    about: "two deaths, the reaper's own among them",
    kinds: { set: 5, delete: 4, relinquish: 1 },
    keys: [0, 1],
    present: 0.6,
    kills: 2,
    wide: 0.1,
  },
  {
    name: "death-buffers",
    about: "death with chunks lent to the host, of a reaper too",
    kinds: { buffer: 4, returnBuffer: 3, set: 2, delete: 2 },
    keys: [0],
    present: 0.5,
    kills: 2,
  },
  {
    name: "death-limit",
    about: "death in a namespace that has limits",
    kinds: { set: 6, delete: 3, configure: 2 },
    keys: [0, 1, 3],
    present: 0.4,
    wide: 0.2,
    kills: 1,
  },
  {
    name: "death-sweep",
    about: "death of sweepers and evictors, of a reaper too",
    kinds: { set: 4, delete: 1, sweep: 3, evict: 2, get: 1 },
    keys: [0, 1],
    present: 0.9,
    presentTtl: 0.5,
    ttl: 0.3,
    before: [{ kind: "tick" }],
    kills: 2,
    settings: { slabs: 4 },
  },
  {
    name: "death-clear",
    about: "death within clear, sweep and eviction",
    kinds: { clear: 5, set: 4, sweep: 2, delete: 1, evict: 1, get: 1 },
    keys: [0, 1],
    present: 0.8,
    kills: 1,
    settings: { slabs: 5 },
  },
  {
    name: "death-attach",
    about: "death of threads that leave and come back",
    kinds: { rejoin: 4, set: 4, delete: 2 },
    keys: [0, 1],
    present: 0.7,
    kills: 1,
    settings: { slabs: 5 },
  },
  {
    name: "death-ring",
    about: "death of senders and of the receiver",
    kinds: {},
    roles: [{ receive: 1 }, { send: 1 }, { send: 1 }],
    threads: [2, 3],
    keys: [],
    kills: 1,
    ring: { single: false, capacities: [1, 2] },
  },
  {
    name: "death-ring-spsc",
    about: "death of the one sender or the receiver of a ring",
    kinds: {},
    roles: [{ receive: 1 }, { send: 1 }],
    threads: [2, 2],
    keys: [],
    kills: 1,
    ring: { single: true, capacities: [1, 2] },
  },
  {
    name: "death-borrow",
    about: "death of a thread that holds a borrowed view",
    kinds: {},
    roles: [
      { borrow: 3, set: 1 },
      { set: 4, delete: 2 },
      { set: 3, delete: 2 },
    ],
    keys: [0, 1],
    present: 0.9,
    kills: 1,
  },
];

function weighted(random: Random, weights: Weights): OpKind {
  const kinds = Object.keys(weights) as OpKind[];
  let ticket = random.below(kinds.reduce((sum, kind) => sum + (weights[kind] ?? 0), 0));
  for (const kind of kinds) {
    ticket -= weights[kind] ?? 0;
    if (ticket < 0) return kind;
  }
  return kinds[0];
}

function drawOps(recipe: Recipe, random: Random, thread: number): Op[] {
  const [least, most] = recipe.ops ?? [1, 4];
  const ops: Op[] = [];
  for (let n = random.between(least, most); n > 0; n--) {
    const kind = weighted(random, recipe.roles?.[thread % recipe.roles.length] ?? recipe.kinds);
    if (!KEYED.includes(kind)) {
      ops.push({ kind });
      continue;
    }
    const key = random.pick(recipe.keys);
    if (!kind.startsWith("set")) ops.push({ kind, key });
    else ops.push({ kind, key, wide: random.chance(recipe.wide ?? 0), ttl: random.chance(recipe.ttl ?? 0) });
    if (kind === "borrow") {
      if (random.chance(0.5)) ops.push({ kind: "set", key: random.pick(recipe.keys) });
      ops.push({ kind: "release" });
    }
  }
  return ops;
}

function drawSetup(recipe: Recipe, random: Random, threads: number): Program["setup"] {
  const setup: { thread: number; op: Op }[] = [];
  for (const key of recipe.keys) {
    if (!random.chance(recipe.present ?? 0)) continue;
    setup.push({ thread: random.below(threads), op: { kind: "set", key, ttl: random.chance(recipe.presentTtl ?? 0) } });
  }
  for (const op of recipe.before ?? []) setup.push({ thread: 0, op });
  return setup;
}

export const FAMILIES: readonly Family[] = RECIPES.map((recipe) => ({
  name: recipe.name,
  about: recipe.about,
  draw(random: Random): Program {
    const [fewest, most] = recipe.threads ?? [2, 3];
    const threads = random.between(fewest, most);
    const retireLimit = random.chance(0.8) ? 1 : 2;
    // 0: whatever is freed goes through the class stack, where any thread may take it at once
    const cacheLimit = random.below(3);
    return {
      name: recipe.name,
      threads: Array.from({ length: threads }, (_, i) => drawOps(recipe, random, i)),
      setup: drawSetup(recipe, random, threads),
      settings: { ...DEFAULTS, buckets: random.chance(0.7) ? 2 : 1, retireLimit, cacheLimit, ...recipe.settings },
      counters: recipe.counters ?? false,
      kills: recipe.kills ?? 0,
      ring:
        recipe.ring === undefined
          ? null
          : { single: recipe.ring.single, capacity: random.pick(recipe.ring.capacities) },
    };
  },
}));
