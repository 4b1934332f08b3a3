/**
 * LangGraph's long-term memory over a store that threads share: items under namespaces such as ["users", "7", "notes"].
 *
 * One namespace of the store holds an entry for each item, under `users/7/notes//key`. A search and `listNamespaces` go by prefix, at the price of a
 * walk through that namespace of the store (decision 0032); nothing else does. Values are what MessagePack holds (docs/values.md), which is more
 * than the JSON of the peer's contract; what it cannot hold is refused by name.
 *
 * Ordering: an item's time of creation survives its updates, as they go by the version that they have read (`ifVersion`). Search results
 * come by that time, then by namespace and key, so that pages fit together whichever thread asks.
 */
import type {
  GetOperation,
  IndexConfig,
  Item,
  ListNamespacesOperation,
  MatchCondition,
  Operation,
  OperationResults,
  PutOperation,
  SearchItem,
  SearchOperation,
} from "@langchain/langgraph-checkpoint";
import { describe, flag, KnownOptions } from "../check.js";
import { InvalidArgumentError } from "../errors.js";
import { type AgentView, MAX_TTL_MS, type Namespace, type Store } from "../store/index.js";
import { type Duration, milliseconds } from "../units.js";
import { meets } from "./langgraph-filter.js";
import { escapePart, joinParts, textPart, unescapePart } from "./langgraph-keys.js";
import { peer } from "./langgraph-peer.js";
import { ItemVectors, type KeptVectors } from "./langgraph-vectors.js";

const { BaseStore, InvalidNamespaceError, validateNamespace } = peer;

/** Where items are kept, for how long, and how they are searched. */
export interface EngramStoreOptions {
  /** The store's namespace that holds the items, made if it is not there. Default "langgraph:store". */
  name?: string;
  /** Until an item expires that is not written again. Default: it stays. */
  ttl?: Duration;
  /** Whether `get` has an item's time begin anew, as a write does. Default false. */
  refreshOnRead?: boolean;
  /**
   * Search by meaning: `dims` and `embeddings` of a model, and `fields`, the texts that are embedded (default: the whole item). Threads that share
   * the items give the same. Without it a search with a `query` is refused.
   */
  index?: IndexConfig;
}

/** Of one item. */
export interface PutOptions {
  /** Of this item. Default: the store's. */
  ttl?: Duration;
}

/** A put with a time of its own, for `batch`. */
export type PutWithTtl = PutOperation & PutOptions;

interface Kept {
  value: Record<string, unknown>;
  /** Unix time in ms. */
  created: number;
  updated: number;
  /** Its time to live in ms, if it has one: what a read refreshes. */
  ttl?: number;
  /** Of its texts, when it was written by a store with an `index`. */
  vectors?: KeptVectors;
}

const OPTIONS = new KnownOptions("EngramStore", ["name", "ttl", "refreshOnRead", "index"]);
const EMPTY = new Uint8Array(0);
const NO_VECTORS: ReadonlyMap<string, KeptVectors | undefined> = new Map();
const PUT_OPTIONS = new KnownOptions("EngramStore.put", ["ttl"]);

/** A long-term memory of LangGraph.js over a store, which all threads share and which is searched by meaning where it has an index. */
export class EngramStore extends BaseStore {
  private readonly items: Namespace<Kept>;
  private readonly ttl: number | undefined;
  private readonly refreshOnRead: boolean;
  private readonly vectors: ItemVectors | undefined;

  /**
   * @param store the store, or the view of it that an agent has
   * @throws InvalidArgumentError; ClosedError
   */
  constructor(store: Store | AgentView, options: EngramStoreOptions = {}) {
    super();
    if (typeof (store as Partial<Store> | null)?.namespace !== "function") {
      throw new InvalidArgumentError(`EngramStore is over a store; ${describe(store)} is none`);
    }
    const { name = "langgraph:store", ttl, refreshOnRead, index } = OPTIONS.check(options);
    this.vectors = index === undefined ? undefined : new ItemVectors(index);
    this.ttl = ttl === undefined ? undefined : readTtl(ttl);
    this.refreshOnRead = flag("refreshOnRead", refreshOnRead, false);
    this.items = store.namespace<Kept>(name, { encoding: "msgpack" });
  }

  /** In their order, but that of several puts to one item the last one counts, and reads see what was there before: as the peer's own store. */
  override async batch<Op extends Operation[]>(operations: Op): Promise<OperationResults<Op>> {
    const puts = new Map<string, PutWithTtl>();
    const queries = new Map<string, Uint8Array>();
    for (const operation of operations) {
      if ("namespacePrefix" in operation) this.noteQuery(operation, queries);
      else if ("namespace" in operation && "value" in operation) puts.set(itemKey(operation), checkPut(operation));
    }
    const vectors = await this.embedAll(puts, queries);
    const results = operations.map((operation) => {
      if ("namespacePrefix" in operation) return this.found(operation, queries);
      if ("namespace" in operation) return "value" in operation ? null : this.read(operation, itemKey(operation));
      return this.namespaces(operation);
    });
    for (const [key, operation] of puts) this.write(key, operation, vectors.get(key));
    return results as OperationResults<Op>;
  }

  /** @param options `{ ttl }` of this item */
  override async put(
    namespace: string[],
    key: string,
    value: Record<string, unknown>,
    index?: false | string[],
    options: PutOptions = {},
  ): Promise<void> {
    validateNamespace(namespace);
    await this.batch([{ namespace, key, value, index, ...PUT_OPTIONS.check(options) } as PutOperation]);
  }

  // ---------------------------------------------------------------- one item

  private read({ namespace, key }: GetOperation, at: string): Item | null {
    const entry = this.items.getEntry(at);
    if (entry === undefined) return null;
    const { value: kept, version } = entry;
    // one that was written or deleted meanwhile is left as it is
    if (this.refreshOnRead && kept.ttl !== undefined) this.items.set(at, kept, { ttl: kept.ttl, ifVersion: version });
    return toItem(namespace, key, kept);
  }

  /** Ends: each further round means that another thread has written the item. */
  private write(at: string, { value, ttl: own }: PutWithTtl, vectors: KeptVectors | undefined): void {
    if (value === null) {
      this.items.delete(at);
      return;
    }
    const ttl = own === undefined ? this.ttl : readTtl(own);
    for (;;) {
      const present = this.items.getEntry(at);
      const now = Date.now();
      const kept: Kept = { value, created: present?.value.created ?? now, updated: now };
      if (ttl !== undefined) kept.ttl = ttl;
      if (vectors !== undefined) kept.vectors = vectors;
      const condition = present === undefined ? { ifAbsent: true } : { ifVersion: present.version };
      if (this.items.set(at, kept, ttl === undefined ? condition : { ...condition, ttl })) return;
    }
  }

  // ---------------------------------------------------------------- many

  private found(
    { namespacePrefix, filter, limit = 10, offset = 0, query }: SearchOperation,
    queries: ReadonlyMap<string, Uint8Array>,
  ): SearchItem[] {
    checkLabels(namespacePrefix, true);
    const prefix = namespacePrefix.length > 0 ? `${joinParts(...namespacePrefix)}/` : undefined;
    const found: Found[] = [];
    for (const [key, kept] of this.items.entries({ prefix })) {
      if (!Object.entries(filter ?? {}).every(([name, wanted]) => meets(kept.value[name], wanted))) continue;
      found.push({ key, kept });
    }
    found.sort((a, b) => a.kept.created - b.kept.created || (a.key < b.key ? -1 : 1));
    const vector = queries.get(query ?? "");
    if (vector === undefined) return found.slice(offset, offset + limit).map((one) => toFound(one, undefined));
    return this.vectors!.rank(found, ({ kept }) => kept.vectors, vector, offset + limit)
      .slice(offset, offset + limit)
      .map(({ item, score }) => toFound(item, score));
  }

  // ---------------------------------------------------------------- vectors

  private noteQuery({ query }: SearchOperation, queries: Map<string, Uint8Array>): void {
    if (query === undefined || query === "") return;
    if (typeof query !== "string") throw new InvalidArgumentError(`query is ${describe(query)}; expected text`);
    if (this.vectors === undefined) {
      throw new InvalidArgumentError(
        `search for ${describe(query)}: search by meaning needs a model; give EngramStore an index, or leave query out and search by filter`,
      );
    }
    queries.set(query, EMPTY);
  }

  /** Each query's vector into `queries`; those of the items that are put, by their keys. All of it before anything is read or written. */
  private async embedAll(
    puts: ReadonlyMap<string, PutWithTtl>,
    queries: Map<string, Uint8Array>,
  ): Promise<ReadonlyMap<string, KeptVectors | undefined>> {
    const { vectors } = this;
    if (vectors === undefined) return NO_VECTORS;
    const written = [...puts].flatMap(([key, { value, index }]) => (value === null ? [] : [{ key, value, index }]));
    const [kept] = await Promise.all([
      vectors.embed(written),
      ...[...queries.keys()].map(async (query) => queries.set(query, await vectors.embedQuery(query))),
    ]);
    return new Map(written.map(({ key }, i) => [key, kept[i]]));
  }

  /** Those that hold items. */
  private namespaces({ matchConditions = [], maxDepth, limit, offset }: ListNamespacesOperation): string[][] {
    const known = new Map<string, string[]>();
    for (const key of this.items.keys()) {
      const [namespace] = parseKey(key);
      if (!matchConditions.every((condition) => matches(condition, namespace))) continue;
      const shown = namespace.slice(0, maxDepth);
      known.set(shown.join(":"), shown);
    }
    const from = offset ?? 0;
    return [...known]
      .sort(([a], [b]) => a.localeCompare(b))
      .slice(from, from + (limit ?? known.size))
      .map(([, namespace]) => namespace);
  }
}

/** Whether a namespace begins or ends with the path, in which "*" is any label. */
function matches({ matchType, path }: MatchCondition, namespace: string[]): boolean {
  if (matchType !== "prefix" && matchType !== "suffix") {
    throw new InvalidArgumentError(`matchType is ${describe(matchType)}; expected prefix or suffix`);
  }
  if (path.length > namespace.length) return false;
  const from = matchType === "prefix" ? 0 : namespace.length - path.length;
  return path.every((label, i) => label === "*" || label === namespace[from + i]);
}

/** An item that a search has met, and its key in the store. */
interface Found {
  readonly key: string;
  readonly kept: Kept;
}

function toFound({ key, kept }: Found, score: number | undefined): SearchItem {
  const [namespace, name] = parseKey(key);
  return { ...toItem(namespace, name, kept), score };
}

/** @throws InvalidArgumentError before anything of a batch is done */
function checkPut(operation: PutWithTtl): PutWithTtl {
  const { value } = operation;
  if (value !== null && (typeof value !== "object" || Array.isArray(value))) {
    throw new InvalidArgumentError(`an item's value is ${describe(value)}; expected an object, or null to delete it`);
  }
  return operation;
}

function toItem(namespace: string[], key: string, { value, created, updated }: Kept): Item {
  return { value, key, namespace, createdAt: new Date(created), updatedAt: new Date(updated) };
}

/** What comes by `batch` is checked here, as by the peer's own store: what the other methods refuse may be written that way. */
function checkLabels(namespace: string[], allowEmpty: boolean): void {
  if (!Array.isArray(namespace))
    throw new InvalidNamespaceError(`a namespace is ${describe(namespace)}; expected an array`);
  validateNamespace(namespace, { allowEmpty, allowReservedRoot: true });
}

/** Labels, an empty part, the key: a label is never empty, so that no item lies below another namespace's prefix by chance. */
function itemKey({ namespace, key }: GetOperation): string {
  checkLabels(namespace, false);
  return `${joinParts(...namespace)}//${escapePart(textPart("an item's key", key))}`;
}

function parseKey(key: string): [namespace: string[], key: string] {
  const parts = key.split("/").map(unescapePart);
  return [parts.slice(0, -2), parts[parts.length - 1]];
}

function readTtl(ttl: Duration): number {
  return milliseconds("ttl", ttl, 0, Number.MIN_VALUE, MAX_TTL_MS);
}
