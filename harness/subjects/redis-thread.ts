/** The thread that holds a redis connection and answers for a RedisBridge, one call at a time. */
import { parentPort, workerData } from "node:worker_threads";
import { createClient, RESP_TYPES } from "@redis/client";
import { type BridgeBirth, CALL, FAILED, NO_KEY, SLOT, SLOTS } from "./redis-bridge.js";

const { connection, shared, prefix, values, keys: names } = workerData as BridgeBirth;
/** This thread's own copy. */
const keys = [...names];
const slots = new Int32Array(shared, 0, SLOTS);
const bytes = new Uint8Array(shared, SLOTS * 4);
/** The client takes its values as Buffers: views of the same bytes. */
const buffers = values.map((value) => value && Buffer.from(value.buffer, value.byteOffset, value.length));

const client = createClient(connection);
// What goes wrong reaches the caller with the call it went wrong in.
client.on("error", () => {});
const binary = client.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer });

const port = parentPort;
if (port === null) throw new Error("redis-thread runs as a worker thread");
try {
  await client.connect();
  port.on("message", (asked: number | null | { indexes: Uint32Array; names: string[] }) => {
    if (asked === null) end();
    else if (typeof asked === "number") void serve(asked);
    else for (const [i, index] of asked.indexes.entries()) keys[index] = asked.names[i];
  });
  port.postMessage(null);
} catch (error) {
  port.postMessage(textOf(error));
}

function end(): void {
  if (client.isOpen) client.destroy();
  port?.close();
}

async function serve(asked: number): Promise<void> {
  try {
    slots[SLOT.outcome] = await answer(slots[SLOT.call]);
  } catch (error) {
    slots[SLOT.outcome] = FAILED;
    handOver(Buffer.from(textOf(error)));
  }
  Atomics.store(slots, SLOT.answered, asked);
  Atomics.notify(slots, SLOT.answered);
}

async function answer(call: number): Promise<number> {
  const key = prefix + keys[slots[SLOT.key]];
  switch (call) {
    case CALL.nothing:
      return 0;
    case CALL.ping:
      await client.ping();
      return 0;
    case CALL.get: {
      const value = (await binary.get(key)) as Buffer | null;
      return value === null ? NO_KEY : handOver(value);
    }
    case CALL.set: {
      const ttl = slots[SLOT.ttl];
      const value = buffers[slots[SLOT.size]] as Buffer;
      await (ttl === 0 ? client.set(key, value) : client.set(key, value, { expiration: { type: "PX", value: ttl } }));
      return 0;
    }
    case CALL.delete:
      return client.del(key);
    case CALL.increment:
      await client.incr(key);
      return 0;
    case CALL.memory:
      handOver(Buffer.from(field(await client.info("memory"), "used_memory")));
      return 0;
    case CALL.about:
      handOver(Buffer.from(await aboutServer()));
      return 0;
    case CALL.clear:
      return removeAll();
    default:
      throw new Error(`no call ${call}`);
  }
}

/** Copies into the caller's bytes; its length. */
function handOver(value: Uint8Array): number {
  const length = Math.min(value.length, bytes.length);
  bytes.set(value.subarray(0, length));
  slots[SLOT.bytes] = length;
  return value.length;
}

async function aboutServer(): Promise<string> {
  const version = field(await client.info("server"), "redis_version");
  const appends = field(await client.info("persistence"), "aof_enabled") === "1";
  return `redis ${version}, append-only file ${appends ? "on" : "off"}`;
}

/** Removes this run's keys and no others; how many there were. */
async function removeAll(): Promise<number> {
  let removed = 0;
  for await (const found of client.scanIterator({ MATCH: `${prefix}*`, COUNT: 1000 })) {
    if (found.length > 0) removed += await client.unlink(found);
  }
  return removed;
}

function field(info: string, name: string): string {
  return new RegExp(`^${name}:(.*?)\\r?$`, "m").exec(info)?.[1] ?? "";
}

function textOf(error: unknown): string {
  const { message, code } = error as NodeJS.ErrnoException;
  return message || code || String(error);
}
