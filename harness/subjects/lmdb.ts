import { randomUUID } from "node:crypto";
import { join } from "node:path";
import type { RootDatabase } from "lmdb";
import { defineSubject } from "../../src/lab/index.js";
import type { AgentContext, SharedPart, Subject, SubjectAgent } from "./subject.js";

interface Attachment {
  readonly path: string;
  readonly mapSize: number;
  readonly maxReaders: number;
}

const MIB = 1024 * 1024;

/**
 * lmdb, opened by every worker over one memory-mapped file: shared between threads, and durable if asked (here not: no
 * sync to disk, so that memory is compared with memory). `get` is getBinaryFast, which copies the value into a buffer that
 * is reused; a get sees what is committed. `set` is a put into the batch of the event turn; the commit is awaited at the end
 * of each batch of operations and counted into its cost. A sampled set is therefore only timed until it is queued.
 */
export const lmdb: Subject = defineSubject({
  name: "lmdb",
  summary:
    "lmdb over one memory-mapped file, no sync; get is getBinaryFast (copies into a reused buffer), puts are batched",
  package: "lmdb",
  shared: true,
  cannot: [],
  also: ["scan"],
  expires: false,
  async open(plan): Promise<SharedPart> {
    const attachment: Attachment = {
      path: join(plan.directory, `lmdb-${randomUUID()}`),
      // Room for copy-on-write pages of transactions in flight; the file is sparse, so generosity costs nothing.
      mapSize: Math.ceil((256 * MIB + 8 * plan.footprintBytes) / MIB) * MIB + (plan.grows ? 16 * 1024 * MIB : 0),
      maxReaders: plan.workers + 8,
    };
    const database = await openDatabase(attachment);
    return {
      attachment,
      memory: () => {
        const stats = database.getStats() as { pageSize?: number; lastPageNumber?: number };
        const pages = stats.pageSize !== undefined && stats.lastPageNumber !== undefined;
        return {
          usedBytes: pages ? (stats.pageSize as number) * ((stats.lastPageNumber as number) + 1) : null,
          capacityBytes: attachment.mapSize,
        };
      },
      notes: [
        "get copies into a reused buffer (getBinaryFast) and sees what is committed; a sampled set is timed until queued, its commit is in the batched cost",
        "no bound: nothing is evicted; no sync to disk",
      ],
      close: () => database.close(),
    };
  },
  async attach(attachment: unknown, context: AgentContext): Promise<SubjectAgent> {
    return new LmdbAgent(await openDatabase(attachment as Attachment), context);
  },
});

async function openDatabase(attachment: Attachment): Promise<RootDatabase<Buffer, string>> {
  const { open } = await import("lmdb");
  return open<Buffer, string>({
    path: attachment.path,
    mapSize: attachment.mapSize,
    maxReaders: attachment.maxReaders,
    encoding: "binary",
    noSync: true,
    noSubdir: true,
  });
}

class LmdbAgent implements SubjectAgent {
  readonly #database: RootDatabase<Buffer, string>;
  readonly #keys: readonly string[];
  readonly #values: Array<Buffer | undefined>;
  #lastWrite: Promise<boolean> | undefined;
  #sink = 0;

  constructor(database: RootDatabase<Buffer, string>, context: AgentContext) {
    this.#database = database;
    this.#keys = context.keys;
    this.#values = context.values.map((bytes) => bytes && Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
  }

  get(key: number): number {
    const value = this.#database.getBinaryFast(this.#keys[key]);
    return value === undefined ? -1 : value.length;
  }

  /** Its keys are in order: a range that begins at the key, as YCSB means it. */
  scan(key: number, count: number): number {
    let read = 0;
    for (const { value } of this.#database.getRange({ start: this.#keys[key], limit: count })) {
      this.#sink ^= value[0];
      read++;
    }
    return read;
  }

  set(key: number, size: number): void {
    this.#lastWrite = this.#database.put(this.#keys[key], this.#values[size] as Buffer);
  }

  delete(key: number): boolean {
    this.#lastWrite = this.#database.remove(this.#keys[key]);
    return true;
  }

  /** A read and a write in one synchronous transaction: the only way lmdb keeps two writers from losing an increment. */
  increment(key: number): void {
    const name = this.#keys[key];
    this.#database.transactionSync(() => {
      const old = this.#database.getBinaryFast(name);
      const next = Buffer.alloc(8);
      next.writeBigInt64LE((old === undefined || old.length < 8 ? 0n : old.readBigInt64LE()) + 1n);
      this.#database.putSync(name, next);
    });
  }

  async settle(): Promise<void> {
    const pending = this.#lastWrite;
    if (pending === undefined) return;
    this.#lastWrite = undefined;
    // Writes of one worker commit in order: the last one done means all are.
    await pending;
  }

  async close(): Promise<void> {
    await this.settle();
    await this.#database.close();
  }
}
