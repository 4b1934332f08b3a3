/** What keeps a domain of the distributed memory, as the bench asks it: one call after the other, or many on their way at once. */
import { createClient } from "@redis/client";
import type { Consistency, Domain } from "../../../../src/cluster/index.js";
import type { Contender } from "../contender.js";
import { keep } from "../sink.js";

/** Keys that are gone around in turn. */
const KEYS = 200;
/** Calls that wait for their answer at the same time. */
export const AT_ONCE = 64;

const keys = Array.from({ length: KEYS }, (_, i) => `k${i}`);
const keyAt = (i: number): string => keys[i % KEYS];

/** A map somewhere. */
export interface Backend {
  readonly id: string;
  readonly label: string;
  put(key: string, value: string): Promise<unknown>;
  get(key: string): Promise<string | null | undefined>;
  /** Until what was put is where it is to be; nothing where `put` waits for that. */
  settle?(): Promise<unknown>;
}

export function domainBackend(
  id: string,
  label: string,
  domain: Domain<string>,
  consistency: Consistency,
  settle?: () => Promise<unknown>,
): Backend {
  const how = { consistency };
  return {
    ...{ id, label, settle },
    put: (key, value) => domain.put(key, value, how),
    get: (key) => domain.get(key, how),
  };
}

/** @param url of a server that is the bench's own: keys `k…` are written */
export async function redisBackend(url: string): Promise<{ readonly backend: Backend; close(): Promise<void> }> {
  const client = createClient({ url });
  // what goes wrong is told by the call that it goes wrong in
  client.on("error", () => {});
  await client.connect();
  return {
    backend: {
      ...{ id: "redis", label: "Redis, one server" },
      put: (key, value) => client.set(key, value),
      get: (key) => client.get(key),
    },
    close: () => client.close(),
  };
}

export function puts({ id, label, put, settle }: Backend, value: string): Contender {
  return {
    id: `put-${id}`,
    label: `put: ${label}${settle === undefined ? "" : ", until all is in the log"}`,
    // the waiting is shared by as many as an outbox holds of these keys
    lot: settle === undefined ? 1 : KEYS,
    async run(operations) {
      for (let i = 0; i < operations; i++) await put(keyAt(i), value);
      await settle?.();
      keep(operations);
    },
  };
}

export function gets({ id, label, get }: Backend, valueLength: number): Contender {
  return {
    id: `get-${id}`,
    label: `get: ${label}`,
    async run(operations) {
      let length = 0;
      for (let i = 0; i < operations; i++) length += (await get(keyAt(i)))?.length ?? 0;
      found(label, operations, length, valueLength);
    },
  };
}

export function putsAtOnce({ id, label, put }: Backend, value: string): Contender {
  return {
    ...{ id: `put-${id}-${AT_ONCE}`, label: `put, ${AT_ONCE} on their way: ${label}`, lot: AT_ONCE },
    async run(operations) {
      for (let i = 0; i < operations; i += AT_ONCE) {
        await Promise.all(Array.from({ length: AT_ONCE }, (_, n) => put(keyAt(i + n), value)));
      }
      keep(operations);
    },
  };
}

export function getsAtOnce({ id, label, get }: Backend, valueLength: number): Contender {
  return {
    ...{ id: `get-${id}-${AT_ONCE}`, label: `get, ${AT_ONCE} on their way: ${label}`, lot: AT_ONCE },
    async run(operations) {
      let length = 0;
      for (let i = 0; i < operations; i += AT_ONCE) {
        const answers = await Promise.all(Array.from({ length: AT_ONCE }, (_, n) => get(keyAt(i + n))));
        for (const answer of answers) length += answer?.length ?? 0;
      }
      found(label, operations, length, valueLength);
    },
  };
}

/** Every key once, so that every get finds something. */
export async function fill({ put, settle }: Backend, value: string): Promise<void> {
  for (const key of keys) await put(key, value);
  await settle?.();
}

function found(label: string, operations: number, length: number, each: number): void {
  if (length !== operations * each) throw new Error(`${label}: ${operations} gets found ${length / each} values`);
  keep(length);
}
