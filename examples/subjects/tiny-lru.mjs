/**
 * A cache of one's own under the lab's scenarios: a Map in which the entry used last lies at the end, bounded by bytes.
 *
 *   npx engram check-subject examples/subjects/tiny-lru.mjs
 *   npx engram run tool-cache --subject examples/subjects/tiny-lru.mjs
 */
import { byKey, defineSubject } from "engram/lab";

class TinyLru {
  #entries = new Map();
  #bytes = 0;
  #maxBytes;

  constructor(maxBytes) {
    this.#maxBytes = maxBytes;
  }

  get(key) {
    const value = this.#entries.get(key);
    if (value === undefined) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, value);
    return value;
  }

  set(key, value) {
    this.delete(key);
    this.#entries.set(key, value);
    this.#bytes += value.length;
    for (const oldest of this.#entries.keys()) {
      if (this.#bytes <= this.#maxBytes) return;
      this.delete(oldest);
    }
  }

  delete(key) {
    const value = this.#entries.get(key);
    if (value !== undefined) this.#bytes -= value.length;
    return this.#entries.delete(key);
  }

  memory() {
    return { usedBytes: this.#bytes, capacityBytes: this.#maxBytes };
  }
}

export default defineSubject({
  name: "tiny-lru",
  summary: "a Map in each worker, the entry used last at its end; get returns a reference",
  cannot: ["increment"],
  open(plan) {
    // Each worker has a cache of its own, and all of them together what the scenario allows.
    const capacity = plan.capacityBytes ?? 2 * plan.footprintBytes;
    const maxBytes = Math.max(plan.maxValueBytes, Math.floor(capacity / plan.workers));
    return { attachment: { maxBytes }, notes: [`not shared: a cache of ${maxBytes} bytes of values in each worker`] };
  },
  attach: ({ maxBytes }, context) => byKey(context, new TinyLru(maxBytes)),
});
