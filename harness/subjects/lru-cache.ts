import type { LRUCache } from "lru-cache";
import { defineSubject } from "../../src/lab/index.js";
import type { AgentContext, MemoryUse, SharedPart, Subject, SubjectAgent } from "./subject.js";

interface Attachment {
  readonly maxBytes: number | null;
  /** Null: as many as fit. */
  readonly maxEntries: number | null;
}

/** Of what is inserted into without end, when no capacity is named: as engram's store. */
const GROWING_BYTES = 1024 * 1024 * 1024;
/** What engram's store keeps for entries out of its capacity; the same share here, so that both hold the same bytes. */
const POOL_SHARE = 0.6;

/**
 * The lru-cache package, one per worker: what most Node programs use as a cache today. `get` answers with a reference and
 * moves the entry to the front; values are kept by reference. The scenario's capacity is divided among the workers, since
 * each has a cache of its own.
 */
export const lruCache: Subject = defineSubject({
  name: "lru-cache",
  summary: "an unshared lru-cache per worker, get returns a reference and refreshes the entry",
  package: "lru-cache",
  shared: false,
  cannot: ["increment"],
  also: ["borrow"],
  expires: true,
  async open(plan): Promise<SharedPart> {
    const capacity = plan.capacityBytes ?? (plan.grows ? GROWING_BYTES : null);
    const maxBytes = capacity === null ? null : Math.max(1, Math.floor((capacity * POOL_SHARE) / plan.workers));
    // Entries are bounded too: what the package asks for to set its tables up in advance.
    const maxEntries = plan.grows ? null : Math.max(1, plan.entries);
    const attachment: Attachment = { maxBytes, maxEntries };
    return {
      attachment,
      memory: () => ({ usedBytes: null, capacityBytes: null }),
      notes: [
        `not shared: each worker has a cache of its own, of ${[maxEntries === null ? null : `${maxEntries} entries`, maxBytes === null ? null : `${maxBytes} bytes of keys and values`].filter((part) => part !== null).join(" and ")}`,
      ],
      async close() {},
    };
  },
  async attach(attachment: unknown, context: AgentContext): Promise<SubjectAgent> {
    const { LRUCache } = await import("lru-cache");
    const { maxBytes, maxEntries } = attachment as Attachment;
    const cache = new LRUCache<string, Uint8Array>(
      maxBytes === null
        ? { max: maxEntries ?? 1 }
        : {
            ...(maxEntries === null ? {} : { max: maxEntries }),
            maxSize: maxBytes,
            sizeCalculation: (value, key) => Math.max(1, value.length + key.length),
          },
    );
    return new LruCacheAgent(cache, maxBytes, context);
  },
});

class LruCacheAgent implements SubjectAgent {
  readonly #cache: LRUCache<string, Uint8Array>;
  readonly #maxBytes: number | null;
  readonly #keys: readonly string[];
  readonly #values: ReadonlyArray<Uint8Array | undefined>;

  constructor(cache: LRUCache<string, Uint8Array>, maxBytes: number | null, context: AgentContext) {
    this.#cache = cache;
    this.#maxBytes = maxBytes;
    this.#keys = context.keys;
    this.#values = context.values;
  }

  get(key: number): number {
    const value = this.#cache.get(this.#keys[key]);
    return value === undefined ? -1 : value.length + (value[0] & 0);
  }

  /** Its get is a borrow already: a reference, and no copy. */
  borrow(key: number): number {
    return this.get(key);
  }

  set(key: number, size: number, ttlMs: number): void {
    if (ttlMs === 0) this.#cache.set(this.#keys[key], this.#values[size] as Uint8Array);
    else this.#cache.set(this.#keys[key], this.#values[size] as Uint8Array, { ttl: ttlMs });
  }

  delete(key: number): boolean {
    return this.#cache.delete(this.#keys[key]);
  }

  increment(): void {
    throw new Error("lru-cache has no counters");
  }

  memory(): MemoryUse {
    return { usedBytes: this.#maxBytes === null ? null : this.#cache.calculatedSize, capacityBytes: this.#maxBytes };
  }

  async close(): Promise<void> {
    this.#cache.clear();
  }
}
