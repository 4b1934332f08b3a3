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

const { BaseStore, InvalidNamespaceError, validateNamespace } = peer;

export interface EngramStoreOptions {
  /** The store's namespace that holds the items, made if it is not there. Default "langgraph:store". */
  name?: string;
  /** Until an item expires that is not written again. Default: it stays. */
  ttl?: Duration;
  /** Whether `get` has an item's time begin anew, as a write does. Default false. */
  refreshOnRead?: boolean;
  /** Search by meaning needs a vector index, which there is none of yet: refused by name. */
  index?: IndexConfig;
}

export interface PutOptions {
  /** Of this item, instead of the store's. */
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
}

const OPTIONS = new KnownOptions("EngramStore", ["name", "ttl", "refreshOnRead", "index"]);
const PUT_OPTIONS = new KnownOptions("EngramStore.put", ["ttl"]);

export class EngramStore extends BaseStore {
  private readonly items: Namespace<Kept>;
  private readonly ttl: number | undefined;
  private readonly refreshOnRead: boolean;

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
    if (index !== undefined) {
      throw new InvalidArgumentError(
        "EngramStore: index asks for search by meaning, which needs a vector index (engram/agents), and this version has none; leave index out, and search by filter",
      );
    }
    this.ttl = ttl === undefined ? undefined : readTtl(ttl);
    this.refreshOnRead = flag("refreshOnRead", refreshOnRead, false);
    this.items = store.namespace<Kept>(name, { encoding: "msgpack" });
  }

  /** In their order, but that of several puts to one item the last one counts, and reads see what was there before: as the peer's own store. */
  override async batch<Op extends Operation[]>(operations: Op): Promise<OperationResults<Op>> {
    const puts = new Map<string, PutWithTtl>();
    const results = operations.map((operation) => {
      if ("namespacePrefix" in operation) return this.found(operation);
      if ("namespace" in operation) {
        const key = itemKey(operation);
        if (!("value" in operation)) return this.read(operation, key);
        puts.set(key, operation);
        return null;
      }
      return this.namespaces(operation);
    });
    for (const [key, operation] of puts) this.write(key, operation);
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
  private write(at: string, { value, ttl: own }: PutWithTtl): void {
    if (value === null) {
      this.items.delete(at);
      return;
    }
    if (typeof value !== "object" || Array.isArray(value)) {
      throw new InvalidArgumentError(`an item's value is ${describe(value)}; expected an object, or null to delete it`);
    }
    const ttl = own === undefined ? this.ttl : readTtl(own);
    for (;;) {
      const present = this.items.getEntry(at);
      const now = Date.now();
      const kept: Kept = { value, created: present?.value.created ?? now, updated: now };
      if (ttl !== undefined) kept.ttl = ttl;
      const condition = present === undefined ? { ifAbsent: true } : { ifVersion: present.version };
      if (this.items.set(at, kept, ttl === undefined ? condition : { ...condition, ttl })) return;
    }
  }

  // ---------------------------------------------------------------- many

  private found({ namespacePrefix, filter, limit = 10, offset = 0, query }: SearchOperation): SearchItem[] {
    if (query !== undefined && query !== "") {
      throw new InvalidArgumentError(
        `search for ${describe(query)}: search by meaning needs a vector index (engram/agents), and this version has none; leave query out, and search by filter`,
      );
    }
    checkLabels(namespacePrefix, true);
    const prefix = namespacePrefix.length > 0 ? `${joinParts(...namespacePrefix)}/` : undefined;
    const found: { key: string; item: SearchItem }[] = [];
    for (const [key, kept] of this.items.entries({ prefix })) {
      if (!Object.entries(filter ?? {}).every(([name, wanted]) => meets(kept.value[name], wanted))) continue;
      const [namespace, name] = parseKey(key);
      found.push({ key, item: { ...toItem(namespace, name, kept), score: undefined } });
    }
    const time = ({ item }: { item: SearchItem }) => item.createdAt.getTime();
    found.sort((a, b) => time(a) - time(b) || (a.key < b.key ? -1 : 1));
    return found.slice(offset, offset + limit).map(({ item }) => item);
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
