/**
 * The tier outside on Redis or Valkey. Every question has a deadline, and the first that is not met ends the asking: reads answer that there
 * is nothing, writes wait in a bounded queue, and a new connection is tried now and then until one answers. A server that is stopped, cut off
 * or gone so costs one deadline, once.
 */
import { InvalidArgumentError } from "../errors.js";
import { loadPeer } from "../peer.js";
import type { ClusterClock } from "./engine.js";
import { type ClusterEntry, decodeEntry, encodeEntry } from "./entry.js";
import { type ExternalCounts, type ExternalTier, nameOf } from "./external.js";
import { systemClock } from "./system-clock.js";
import { type Waiting, WriteBehind } from "./write-behind.js";

/** Where a Redis or Valkey is, and how long it is waited for. */
export interface RedisTierOptions {
  /** `redis://[user:password@]host:port[/database]`, `rediss://…` or `unix:/path`. */
  readonly url: string;
  /** Before every key there. Default `engram:`. */
  readonly prefix?: string;
  /** What one question waits for its answer. Default 50. */
  readonly deadlineMs?: number;
  /** Versions that wait to be written, at most. Default 10,000. */
  readonly mostWaiting?: number;
  /** Bytes of the values that wait, at most. Default 16 MiB. */
  readonly mostWaitingBytes?: number;
  /** How long a deleted key is remembered there, so that no older version comes back. Default one hour. */
  readonly tombstoneMs?: number;
}

const DEADLINE_MS = 50;
/** To connect takes longer than to ask. */
const CONNECT_MS = 1000;
const MOST_WAITING = 10_000;
const MOST_WAITING_BYTES = 16 << 20;
const TOMBSTONE_MS = 3_600_000;
/** Between two attempts to connect; doubled up to the most. */
const [RETRY_MS, RETRY_MOST_MS] = [100, 10_000];
/** Sent together; each has the deadline of one. */
const BATCH = 64;

/**
 * Sets KEYS[1] to ARGV[1], for ARGV[2] milliseconds unless 0, if its stamp is later than that of what is there: of two equal ones the node's
 * name decides, and then which of its writes it is. Offsets are those of entry.ts, from 1. What is no version of a key is replaced.
 */
const LATER_WINS = `
local function head(bytes)
  if not bytes or #bytes < 36 or bytes:byte(1) ~= 231 then return nil end
  local ms, counter = struct.unpack('<I6I2', bytes, 9)
  local count = struct.unpack('<I6', bytes, 25)
  return ms, counter, bytes:sub(37, 36 + bytes:byte(4)), count
end
local function later(a, b)
  for i = 1, math.min(#a, #b) do
    if a:byte(i) ~= b:byte(i) then return a:byte(i) > b:byte(i) end
  end
  return #a > #b
end
local ms, counter, node, count = head(ARGV[1])
local oldMs, oldCounter, oldNode, oldCount = head(redis.call('GET', KEYS[1]))
if oldMs then
  local wins
  if ms ~= oldMs then wins = ms > oldMs
  elseif counter ~= oldCounter then wins = counter > oldCounter
  elseif node ~= oldNode then wins = later(node, oldNode)
  else wins = count > oldCount end
  if not wins then return 0 end
end
if ARGV[2] == '0' then redis.call('SET', KEYS[1], ARGV[1]) else redis.call('SET', KEYS[1], ARGV[1], 'PX', ARGV[2]) end
return 1`;

type Redis = typeof import("@redis/client");
type Client = ReturnType<Redis["createClient"]>;

/** @throws InvalidArgumentError for options, and when the client's package is not installed. A server that is not there is no error. */
export async function redisTier(options: RedisTierOptions, clock: ClusterClock = systemClock): Promise<ExternalTier> {
  const connection = connectionOf(options.url);
  const { deadlineMs = DEADLINE_MS, mostWaiting = MOST_WAITING, mostWaitingBytes = MOST_WAITING_BYTES } = options;
  for (const [name, value] of Object.entries({ deadlineMs, mostWaiting, mostWaitingBytes })) {
    if (!(Number.isSafeInteger(value) && value > 0)) {
      throw new InvalidArgumentError(`external ${name} ${value}: expected a whole number above 0`);
    }
  }
  const redis = await loadPeer("the external tier on Redis", "@redis/client", () => import("@redis/client"));
  const queue = new WriteBehind(mostWaiting, mostWaitingBytes);
  return new RedisTier({ ...options, deadlineMs }, connection, redis, queue, clock);
}

type Connection = { url: string } | { socket: { path: string } };

function connectionOf(url: unknown): Connection {
  if (typeof url === "string") {
    if (/^unix:\/?[^/]/.test(url)) return { socket: { path: url.slice("unix:".length) } };
    if (/^rediss?:/.test(url) && URL.canParse(url) && new URL(url).hostname !== "") return { url };
  }
  throw new InvalidArgumentError(
    `external ${JSON.stringify(withoutPassword(url))}: expected redis://HOST:PORT, rediss://HOST:PORT or unix:/PATH`,
  );
}

function withoutPassword(url: unknown): unknown {
  return typeof url === "string" ? url.replace(/\/\/.*@/, "//***@") : url;
}

class RedisTier implements ExternalTier {
  readonly #connection: Connection;
  readonly #redis: Redis;
  readonly #queue: WriteBehind;
  readonly #clock: ClusterClock;
  readonly #prefix: string;
  readonly #deadlineMs: number;
  readonly #tombstoneMs: number;
  readonly #settled = new Set<() => void>();
  #client: Client | null = null;
  #connecting = false;
  #pauseMs = RETRY_MS;
  #cancelRetry: () => void = () => {};
  #pumping = false;
  #inHand = 0;
  #reads = 0;
  #hits = 0;
  #missed = 0;
  #written = 0;
  #foreign = 0;
  #closed = false;

  constructor(
    { prefix = "engram:", deadlineMs = DEADLINE_MS, tombstoneMs = TOMBSTONE_MS }: RedisTierOptions,
    connection: Connection,
    redis: Redis,
    queue: WriteBehind,
    clock: ClusterClock,
  ) {
    this.#connection = connection;
    this.#redis = redis;
    this.#queue = queue;
    this.#clock = clock;
    this.#prefix = prefix;
    this.#deadlineMs = deadlineMs;
    this.#tombstoneMs = tombstoneMs;
    void this.#connect();
  }

  get counts(): ExternalCounts {
    const reads = { reads: this.#reads, hits: this.#hits, missed: this.#missed, foreign: this.#foreign };
    const waiting = this.#queue.size + this.#inHand;
    return { ...reads, written: this.#written, dropped: this.#queue.dropped, waiting, up: this.#client !== null };
  }

  async read(domain: string, key: string): Promise<ClusterEntry | null> {
    this.#reads++;
    const client = this.#client;
    if (client === null) {
      this.#missed++;
      return null;
    }
    let bytes: Buffer | null;
    try {
      const { RESP_TYPES } = this.#redis;
      const asked = client.withTypeMapping({ [RESP_TYPES.BLOB_STRING]: Buffer });
      bytes = (await this.#within(asked.get(this.#prefix + nameOf(domain, key)), this.#deadlineMs)) as Buffer | null;
    } catch {
      this.#missed++;
      this.#lost(client);
      return null;
    }
    if (bytes === null) return null;
    try {
      // Copied: the client's answer is a piece of a larger buffer.
      const entry = decodeEntry(new Uint8Array(bytes));
      this.#hits++;
      return entry;
    } catch {
      this.#foreign++;
      return null;
    }
  }

  write(domain: string, key: string, entry: ClusterEntry): void {
    if (this.#closed) return;
    this.#queue.add(nameOf(domain, key), entry);
    if (!this.#pumping) void this.#pump();
  }

  async settle(timeoutMs: number): Promise<boolean> {
    const idle = (): boolean => this.#queue.size + this.#inHand === 0;
    if (idle()) return true;
    await new Promise<void>((done) => {
      const cancel = this.#clock.after(timeoutMs, () => end());
      const look = (): void => {
        if (idle()) end();
      };
      const end = (): void => {
        cancel();
        this.#settled.delete(look);
        done();
      };
      this.#settled.add(look);
    });
    return idle();
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    if (this.#client !== null) await this.settle(this.#deadlineMs);
    this.#closed = true;
    this.#cancelRetry();
    this.#queue.dropAll();
    const client = this.#client;
    this.#client = null;
    if (client?.isOpen) client.destroy();
  }

  async #connect(): Promise<void> {
    if (this.#connecting || this.#closed) return;
    this.#connecting = true;
    const client = this.#redis.createClient({
      ...this.#connection,
      socket: {
        ...("socket" in this.#connection ? this.#connection.socket : {}),
        connectTimeout: CONNECT_MS,
        // A connection that broke is given up whole; another is made when its time has come.
        reconnectStrategy: false,
      },
      disableOfflineQueue: true,
    }) as Client;
    client.on("error", () => this.#lost(client));
    client.on("end", () => this.#lost(client));
    try {
      // A server that is stopped takes connections all the same, and answers none of them.
      await this.#within(
        client.connect().then(() => client.ping()),
        CONNECT_MS,
      );
      if (this.#closed) client.destroy();
      else {
        this.#client = client;
        this.#pauseMs = RETRY_MS;
        void this.#pump();
      }
    } catch {
      if (client.isOpen) client.destroy();
      this.#again();
    } finally {
      this.#connecting = false;
    }
  }

  #again(): void {
    if (this.#closed) return;
    this.#cancelRetry();
    this.#cancelRetry = this.#clock.after(this.#pauseMs, () => void this.#connect());
    this.#pauseMs = Math.min(2 * this.#pauseMs, RETRY_MOST_MS);
  }

  /** It does not answer: nobody asks it again before a new connection does. */
  #lost(client: Client): void {
    if (this.#client !== client) return;
    this.#client = null;
    if (client.isOpen) client.destroy();
    this.#again();
  }

  async #pump(): Promise<void> {
    if (this.#pumping) return;
    this.#pumping = true;
    // What is written in one turn goes together.
    await new Promise<void>((done) => setImmediate(done));
    for (let client = this.#client; client !== null && this.#queue.size > 0; client = this.#client) {
      const taken = this.#queue.take(BATCH);
      this.#inHand = taken.length;
      const sent = client;
      try {
        const writing = Promise.all(taken.map((waiting) => this.#write(sent, waiting)));
        await this.#within(writing, this.#deadlineMs);
        this.#written += taken.length;
      } catch {
        // Some may have been written: to write a version again changes nothing.
        this.#queue.giveBack(taken);
        this.#lost(sent);
      }
      this.#inHand = 0;
    }
    this.#pumping = false;
    for (const look of [...this.#settled]) look();
  }

  #write(client: Client, { name, entry }: Waiting): Promise<unknown> {
    const left = entry.expiresAt === 0 ? 0 : entry.expiresAt - this.#clock.now();
    const forMs = entry.value === null ? this.#tombstoneMs : left;
    if (forMs < 0) return Promise.resolve();
    const bytes = encodeEntry(entry);
    const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
    // The whole program each time: it is short, and a server that was emptied does not know it by its hash.
    return client.eval(LATER_WINS, { keys: [this.#prefix + name], arguments: [buffer, String(Math.ceil(forMs))] });
  }

  #within<T>(promise: Promise<T>, ms: number): Promise<T> {
    return new Promise<T>((resolve, reject) => {
      const cancel = this.#clock.after(ms, () => reject(new Error(`no answer within ${ms} ms`)));
      promise.then(
        (value) => {
          cancel();
          resolve(value);
        },
        (error) => {
          cancel();
          reject(error);
        },
      );
    });
  }
}
