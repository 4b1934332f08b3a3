import { InvalidArgumentError, type Namespace, type PreparedKey, Store, type StoreOptions } from "../../src/index.js";
import { defineSubject } from "../../src/lab/index.js";
import { DOCUMENTED_RULES } from "../../src/monitor/index.js";
import { openBackups } from "./engram-backups.js";
import { EngramChanges } from "./engram-changes.js";
import { EngramMailboxes } from "./engram-mailboxes.js";
import { storeOptionsFor, whyTooLarge } from "./engram-sizing.js";
import { RunningScan } from "./running-scan.js";
import type {
  AgentContext,
  CapableAgent,
  MemoryUse,
  Observation,
  SharedPart,
  Subject,
  SubjectAgent,
  SubjectNamespace,
  SubjectPlan,
} from "./subject.js";

/**
 * The store of this package: one SharedArrayBuffer, every worker attached to it. `get` is getInto with a buffer of the
 * store's own as target: the value is copied, nothing is allocated, and only one copy is made. `set` takes ordinary bytes.
 * Keys are strings, encoded and hashed by each call.
 */
export const engram: Subject = makeSubject(
  "engram",
  "engram: get copies into a reused buffer (getInto), keys as strings",
  false,
);

/** The same with keys encoded and hashed once (`ns.key()`), as a program does for keys it uses again and again. */
export const engramPrepared: Subject = makeSubject(
  "engram-prepared",
  "engram with prepared keys: get copies into a reused buffer (getInto)",
  true,
);

function makeSubject(name: string, summary: string, prepared: boolean): Subject {
  return defineSubject({
    name,
    summary,
    shared: true,
    learns: !prepared,
    cannot: [],
    also: ["borrow", "scan", "send", "receive", "handOff", "watch"],
    expires: true,
    cannotHold: whyTooLarge,
    async open(plan: SubjectPlan): Promise<SharedPart> {
      const { capacity, maxWorkers, eviction, note } = storeOptionsFor(plan);
      const { store, remark } = await createStore({ capacity, maxWorkers }, eviction);
      return {
        attachment: store.handle,
        memory: () => memoryOf(store),
        notes: [note, ...remark, "get copies into a reused buffer (getInto); set copies"],
        verify: async () => [...(await store.verify()).violations, ...brokenQuotas(store, plan.namespaces ?? [])],
        backups: () => openBackups(store, plan.directory),
        // its rules look and tell: one that made room would have its part in what is measured
        monitor: (every) =>
          store.monitor({ every, alerts: DOCUMENTED_RULES.map((rule) => ({ ...rule, actions: [] })) }),
        observe: changesOf(store),
        close: () => store.close(),
      };
    },
    async attach(attachment: unknown, context: AgentContext): Promise<SubjectAgent> {
      const store = await Store.attach(attachment as Store["handle"]);
      const namespaces = context.namespaces.map(({ name, ...quota }) =>
        store.namespace(name, { encoding: "binary", ...quota }),
      );
      return new EngramAgent(store, namespaces, prepared, context);
    },
  });
}

/** The store with the eviction strategy asked for; if it has none of that name, with its own, and a remark that says so. */
async function createStore(
  options: StoreOptions,
  eviction: string | null,
): Promise<{ store: Store; remark: string[] }> {
  if (eviction === null) return { store: await Store.create(options), remark: [] };
  try {
    const asked = { ...options, eviction: eviction as StoreOptions["eviction"] };
    return { store: await Store.create(asked), remark: [`eviction ${eviction}`] };
  } catch (error) {
    if (!(error instanceof InvalidArgumentError) || !error.message.startsWith("option eviction ")) throw error;
    const store = await Store.create(options);
    const { policy } = store.stats().eviction;
    return {
      store,
      remark: [`the scenario asks for eviction ${eviction}, which the store does not offer: ${policy} instead`],
    };
  }
}

/** Namespaces that hold more than their limits allow. */
function brokenQuotas(store: Store, namespaces: readonly SubjectNamespace[]): string[] {
  return namespaces.flatMap(({ name, maxEntries, maxBytes }) => {
    if (maxEntries === undefined && maxBytes === undefined) return [];
    const usage = store.namespace(name).usage();
    const broken: string[] = [];
    if (maxEntries !== undefined && usage.entries > maxEntries) {
      broken.push(`namespace ${name} holds ${usage.entries} entries, its limit is ${maxEntries}`);
    }
    if (maxBytes !== undefined && usage.bytes > maxBytes) {
      broken.push(`namespace ${name} holds ${usage.bytes} bytes, its limit is ${maxBytes}`);
    }
    return broken;
  });
}

const PRESSURE_LEVELS: readonly string[] = ["low", "medium", "high", "critical"];

/**
 * Tells changes of the store's pressure level, and of the policy an adaptive store follows. A full cache goes to and fro between
 * two levels as it evicts: a fall by one level is reported only when it ends at low.
 */
function changesOf(store: Store): NonNullable<SharedPart["observe"]> {
  let last = 0;
  let reported = 0;
  return () => {
    const { pressure, adaptive } = store.stats().eviction;
    const seen: Observation[] = [];
    const level = PRESSURE_LEVELS.indexOf(pressure);
    if (level > last || level < last - 1 || (level < last && level === 0)) {
      seen.push({ kind: "pressure", label: pressure });
      last = level;
    }
    if (adaptive === null) return seen;
    const first = adaptive.changes - adaptive.decisions.length;
    for (const { from, to, reason, at } of adaptive.decisions.slice(Math.max(0, reported - first))) {
      seen.push({ kind: "policy", label: `${from} to ${to} (${reason})`, at });
    }
    reported = adaptive.changes;
    return seen;
  };
}

/** Of the pool, which is the part of the memory that entries can take. */
function memoryOf(store: Store): MemoryUse {
  const { usedBytes, poolBytes, bySizeClass } = store.stats().memory;
  return { usedBytes, capacityBytes: poolBytes, bySizeClass };
}

class EngramAgent implements CapableAgent {
  readonly #store: Store;
  readonly #namespaces: readonly Namespace[];
  readonly #namespaceOf: Uint16Array | null;
  /** The only namespace, or the first: most scenarios have one, and then no table is looked up. */
  readonly #namespace: Namespace;
  readonly #keys: Array<string | PreparedKey>;
  readonly #prepared: boolean;
  readonly #names: readonly string[];
  readonly #values: ReadonlyArray<Uint8Array | undefined>;
  readonly #target: Uint8Array;
  readonly #mailboxes: EngramMailboxes | null;
  /** A scan goes through the namespace it was asked of; made when the first one is. */
  readonly #scans = new Map<Namespace, RunningScan<Uint8Array>>();
  /** Of each namespace in which something is watched; made when the first is. */
  readonly #changes = new Map<Namespace, EngramChanges>();
  #sink = 0;

  constructor(store: Store, namespaces: readonly Namespace[], prepared: boolean, context: AgentContext) {
    this.#store = store;
    this.#namespaces = namespaces;
    this.#namespaceOf = context.namespaceOf;
    this.#namespace = namespaces[0];
    this.#prepared = prepared;
    this.#names = context.keys;
    this.#keys = prepared
      ? context.keys.map((key, index) => this.#namespaceAt(index).key(key))
      : (context.keys as string[]);
    this.#values = context.values;
    this.#target = store.buffer(Math.max(8, context.maxValueBytes));
    this.#mailboxes =
      context.mailboxes === undefined ? null : new EngramMailboxes(store, context.mailboxes, context.values);
  }

  get(key: number): number {
    return this.#namespaceAt(key).getInto(this.#keys[key], this.#target);
  }

  set(key: number, size: number, ttlMs: number): void {
    const value = this.#values[size] as Uint8Array;
    if (ttlMs === 0) this.#namespaceAt(key).set(this.#keys[key], value);
    else this.#namespaceAt(key).set(this.#keys[key], value, { ttl: ttlMs });
  }

  delete(key: number): boolean {
    return this.#namespaceAt(key).delete(this.#keys[key]);
  }

  increment(key: number): void {
    this.#namespaceAt(key).increment(this.#keys[key]);
  }

  borrow(key: number): number {
    return this.#namespaceAt(key).borrow(this.#keys[key], this.#look) ?? -1;
  }

  scan(key: number, count: number): number {
    const namespace = this.#namespaceAt(key);
    let scan = this.#scans.get(namespace);
    if (scan === undefined) {
      scan = new RunningScan(
        () => namespace.values(),
        (value) => value[0],
      );
      this.#scans.set(namespace, scan);
    }
    return scan.read(this.get(key) >= 0, count);
  }

  send(mailbox: number, size: number): boolean {
    return (this.#mailboxes as EngramMailboxes).send(mailbox, size);
  }

  receive(mailbox: number): number {
    return (this.#mailboxes as EngramMailboxes).receive(mailbox);
  }

  handOff(mailbox: number, size: number): number {
    return (this.#mailboxes as EngramMailboxes).handOff(mailbox, size);
  }

  watch(key: number): number {
    const namespace = this.#namespaceAt(key);
    let changes = this.#changes.get(namespace);
    if (changes === undefined) {
      changes = new EngramChanges(namespace, this.#names);
      this.#changes.set(namespace, changes);
    }
    return changes.look(key, this.#read);
  }

  renamed(keys: Uint32Array): void {
    for (const changes of this.#changes.values()) changes.renamed(keys);
    if (!this.#prepared) return;
    for (const key of keys) this.#keys[key] = this.#namespaceAt(key).key(this.#names[key]);
  }

  async close(): Promise<void> {
    for (const changes of this.#changes.values()) await changes.close();
    await this.#store.close();
  }

  readonly #read = (key: number): number => this.get(key);

  /** Reads a byte where it lies, so that the view is really made. */
  readonly #look = (view: Uint8Array): number => {
    this.#sink ^= view[0];
    return view.length;
  };

  #namespaceAt(key: number): Namespace {
    return this.#namespaceOf === null ? this.#namespace : this.#namespaces[this.#namespaceOf[key]];
  }
}
