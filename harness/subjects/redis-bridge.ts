/**
 * Calls on a redis connection as if they were synchronous: a thread of its own holds the connection (redis-thread.ts), and the
 * caller sleeps until it has answered. The driver's loop is synchronous for every subject, so that none is measured through
 * promises the others do not need; here that costs two hand-overs between threads for each request, which `handOver` measures.
 */
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { RedisConnection } from "./redis-address.js";

/** Slots of the shared Int32Array, before the bytes of a value. */
export const SLOT = { answered: 0, call: 1, key: 2, size: 3, ttl: 4, outcome: 5, bytes: 6 } as const;
export const SLOTS = 8;

/** `nothing` is answered at once, without a word to the server. */
export const CALL = {
  nothing: 0,
  ping: 1,
  get: 2,
  set: 3,
  delete: 4,
  increment: 5,
  memory: 6,
  about: 7,
  clear: 8,
} as const;
type Call = (typeof CALL)[keyof typeof CALL];

/** `outcome` of a call: what the operation answered (0 or more), no such key, or an error whose text lies in the value's bytes. */
export const NO_KEY = -1;
export const FAILED = -2;

export interface BridgeBirth {
  readonly connection: RedisConnection;
  readonly shared: SharedArrayBuffer;
  /** In front of every key, so that nothing else on the server is touched. */
  readonly prefix: string;
  readonly keys: readonly string[];
  readonly values: ReadonlyArray<Uint8Array | undefined>;
}

const TEXT_BYTES = 1024;
/** A server that says nothing for so long is gone. */
const PATIENCE_MS = 30_000;

export class RedisBridge {
  readonly #thread: Worker;
  readonly #slots: Int32Array;
  readonly #bytes: Uint8Array;
  #asked = 0;

  private constructor(thread: Worker, shared: SharedArrayBuffer) {
    this.#thread = thread;
    this.#slots = new Int32Array(shared, 0, SLOTS);
    this.#bytes = new Uint8Array(shared, SLOTS * 4);
  }

  /** Connects. Throws when the server does not answer. @param maxValueBytes longest value that is read */
  static async open(birth: Omit<BridgeBirth, "shared">, maxValueBytes: number): Promise<RedisBridge> {
    const shared = new SharedArrayBuffer(SLOTS * 4 + Math.max(TEXT_BYTES, maxValueBytes));
    const workerData: BridgeBirth = { ...birth, shared };
    const thread = new Worker(new URL("./redis-thread.js", import.meta.url), { workerData });
    const [answer] = (await once(thread, "message")) as [string | null];
    if (answer !== null) {
      await thread.terminate();
      throw new Error(`redis: ${answer}`);
    }
    return new RedisBridge(thread, shared);
  }

  /** What the call answered. Throws what the server said when it refused. */
  call(call: Call, key = 0, size = 0, ttlMs = 0): number {
    const slots = this.#slots;
    slots[SLOT.call] = call;
    slots[SLOT.key] = key;
    slots[SLOT.size] = size;
    slots[SLOT.ttl] = ttlMs;
    const before = this.#asked;
    this.#asked = (before + 1) | 0;
    this.#thread.postMessage(this.#asked);
    while (Atomics.load(slots, SLOT.answered) !== this.#asked) {
      if (Atomics.wait(slots, SLOT.answered, before, PATIENCE_MS) === "timed-out") {
        throw new Error(`redis: no answer within ${PATIENCE_MS / 1000} s`);
      }
    }
    const outcome = slots[SLOT.outcome];
    if (outcome === FAILED) throw new Error(`redis: ${this.text()}`);
    return outcome;
  }

  /** Some keys have other names from the next call on. */
  rename(indexes: Uint32Array, names: readonly string[]): void {
    this.#thread.postMessage({ indexes, names: Array.from(indexes, (index) => names[index]) });
  }

  /** What the last call left in the value's bytes, as text. */
  text(): string {
    // A decoder refuses shared memory.
    return new TextDecoder().decode(this.#bytes.slice(0, this.#slots[SLOT.bytes]));
  }

  /** A byte of the value read last, so that it is really looked at. */
  firstByte(): number {
    return this.#bytes[0];
  }

  async close(): Promise<void> {
    const ended = once(this.#thread, "exit");
    this.#thread.postMessage(null);
    await ended;
  }
}
