import { defineSubject } from "../../src/lab/index.js";
import { RunningScan } from "./running-scan.js";
import type { AgentContext, SharedPart, Subject, SubjectAgent } from "./subject.js";

/**
 * A JavaScript Map per worker: the limit of what one thread can do with no sharing at all. `get` answers with a
 * reference, nothing is copied; `set` keeps a reference to the value. No bound, no eviction, no expiry, and a worker
 * sees only what it wrote itself.
 */
export const map: Subject = defineSubject({
  name: "map",
  summary: "an unshared Map per worker, get returns a reference: the in-process limit",
  shared: false,
  cannot: [],
  also: ["borrow", "scan"],
  expires: false,
  async open(): Promise<SharedPart> {
    return {
      attachment: null,
      memory: () => ({ usedBytes: null, capacityBytes: null }),
      notes: ["not shared: each worker has a Map of its own, without bound; get returns a reference, no copy"],
      async close() {},
    };
  },
  async attach(_attachment: unknown, context: AgentContext): Promise<SubjectAgent> {
    return new MapAgent(context);
  },
});

class MapAgent implements SubjectAgent {
  readonly #keys: readonly string[];
  readonly #values: ReadonlyArray<Uint8Array | undefined>;
  readonly #map = new Map<string, Uint8Array>();
  /** Apart, so that the map of values stays of one type. */
  readonly #counters = new Map<string, number>();
  readonly #scan = new RunningScan(
    () => this.#map.values(),
    (value) => value[0],
  );

  constructor(context: AgentContext) {
    this.#keys = context.keys;
    this.#values = context.values;
  }

  get(key: number): number {
    const value = this.#map.get(this.#keys[key]);
    // One byte is read, so that the reference is really followed.
    return value === undefined ? -1 : value.length + (value[0] & 0);
  }

  /** Its get is a borrow already: a reference, and no copy. */
  borrow(key: number): number {
    return this.get(key);
  }

  scan(key: number, count: number): number {
    return this.#scan.read(this.get(key) >= 0, count);
  }

  set(key: number, size: number): void {
    this.#map.set(this.#keys[key], this.#values[size] as Uint8Array);
  }

  delete(key: number): boolean {
    return this.#map.delete(this.#keys[key]);
  }

  increment(key: number): void {
    const name = this.#keys[key];
    this.#counters.set(name, (this.#counters.get(name) ?? 0) + 1);
  }

  async close(): Promise<void> {
    this.#map.clear();
    this.#counters.clear();
  }
}
