import { randomUUID } from "node:crypto";
import { InvalidArgumentError } from "../../src/errors.js";
import { defineSubject } from "../../src/lab/index.js";
import { REDIS_URL_VARIABLE, type RedisConnection, redisConnection } from "./redis-address.js";
import { CALL, RedisBridge } from "./redis-bridge.js";
import type { AgentContext, SharedPart, Subject, SubjectAgent } from "./subject.js";

interface Attachment {
  readonly connection: RedisConnection;
  readonly prefix: string;
}

/** Round trips from which the medians in the notes are taken. */
const TRIALS = 300;
const NS_PER_US = 1000;

/**
 * A redis server, one connection and one request in flight per worker: what agents share today that share over a network.
 * `get` copies the value into memory of the caller's. Keys carry a prefix drawn for the run, which is all that is ever read,
 * written or removed on the server.
 */
export const redis: Subject = defineSubject({
  name: "redis",
  summary: "a redis server over its socket, a connection and one request in flight per worker; get copies",
  package: "@redis/client",
  shared: true,
  cannot: [],
  expires: true,
  async open(): Promise<SharedPart> {
    const address = process.env[REDIS_URL_VARIABLE];
    if (address === undefined) throw new InvalidArgumentError("subject redis needs the server's address: --redis URL");
    const attachment: Attachment = { connection: redisConnection(address), prefix: `engram-${randomUUID()}:` };
    const bridge = await RedisBridge.open({ ...attachment, keys: [], values: [] }, 0);
    const usedBefore = memoryOf(bridge);
    notes ??= describe(bridge);
    return {
      attachment,
      memory: () => ({ usedBytes: Math.max(0, memoryOf(bridge) - usedBefore), capacityBytes: null }),
      notes,
      async close() {
        try {
          bridge.call(CALL.clear);
        } finally {
          await bridge.close();
        }
      },
    };
  },
  async attach(attachment: unknown, context: AgentContext): Promise<SubjectAgent> {
    const { keys, values, maxValueBytes } = context;
    const bridge = await RedisBridge.open({ ...(attachment as Attachment), keys, values }, maxValueBytes);
    return new RedisAgent(bridge, keys);
  },
});

/** Of this process: each pass makes the shared part anew, and the medians would differ from one to the next. */
let notes: readonly string[] | undefined;

function describe(bridge: RedisBridge): readonly string[] {
  const roundTrip = medianUs(() => bridge.call(CALL.ping));
  const handOver = medianUs(() => bridge.call(CALL.nothing));
  bridge.call(CALL.about);
  return [
    `${bridge.text()}: every operation is a round trip over the socket, one request in flight per worker (an idle PING ${roundTrip} us, the median of ${TRIALS})`,
    `of that ${handOver} us are the hand-over between the worker and the thread that holds its connection, which redis itself does not need`,
    "no bound: the scenario's capacity is not set on the server; memory is the server's growth since the run began",
  ];
}

function memoryOf(bridge: RedisBridge): number {
  bridge.call(CALL.memory);
  return Number(bridge.text());
}

function medianUs(call: () => void): string {
  const taken: bigint[] = [];
  for (let trial = 0; trial < TRIALS; trial++) {
    const start = process.hrtime.bigint();
    call();
    taken.push(process.hrtime.bigint() - start);
  }
  taken.sort((a, b) => Number(a - b));
  return (Number(taken[TRIALS >> 1]) / NS_PER_US).toFixed(0);
}

class RedisAgent implements SubjectAgent {
  readonly #bridge: RedisBridge;
  readonly #keys: readonly string[];
  #sink = 0;

  constructor(bridge: RedisBridge, keys: readonly string[]) {
    this.#bridge = bridge;
    this.#keys = keys;
  }

  get(key: number): number {
    const length = this.#bridge.call(CALL.get, key);
    this.#sink ^= this.#bridge.firstByte();
    return length;
  }

  set(key: number, size: number, ttlMs: number): void {
    // The server takes whole milliseconds, and none that is 0.
    this.#bridge.call(CALL.set, key, size, Math.ceil(ttlMs));
  }

  delete(key: number): boolean {
    return this.#bridge.call(CALL.delete, key) === 1;
  }

  increment(key: number): void {
    this.#bridge.call(CALL.increment, key);
  }

  renamed(keys: Uint32Array): void {
    this.#bridge.rename(keys, this.#keys);
  }

  close(): Promise<void> {
    return this.#bridge.close();
  }
}
