/**
 * Where the rooms are joined: the store as programs have it, which can be backed up and recorded. Each room above the store is a function
 * over one; what stands here is a line for each, and what a thread does when it opens and closes a store.
 */
import { isMainThread } from "node:worker_threads";
import {
  type BackupOptions,
  hearOfThreads,
  type RestoreOptions,
  Backups as RoomBackups,
  type Restored as RoomRestored,
  restoreStore,
} from "./backup/index.js";
import type { Monitor, MonitorOptions } from "./monitor/index.js";
import { listen, type Recording, record, unlisten } from "./recording/index.js";
import {
  type ConfigData,
  type ConfigOptions,
  type ConnectionManager,
  config,
  type MutableSharedData,
  openMutable,
  openPool,
  openShared,
  type Pool,
  type PoolOptions,
  type SharedData,
  type SharedOptions,
} from "./resources/index.js";
import {
  attachStore,
  type Connection,
  createStore,
  Store as RoomStore,
  type StandardSchema,
  type StoreHandle,
  type StoreOptions,
} from "./store/index.js";

/** Many namespaces in one shared memory, reached from many threads; with its backups and recordings. */
export class Store extends RoomStore {
  private constructor(connection: Connection) {
    super(connection);
  }

  /**
   * Makes a store and attaches this thread to it.
   *
   * @throws InvalidArgumentError for an option out of bounds
   */
  static override async create(options: StoreOptions = {}): Promise<Store> {
    return createStore(Store.make, options);
  }

  /**
   * Attaches this thread to a store made in another one.
   *
   * @param handle `store.handle`, as it came through workerData or postMessage
   * @throws InvalidArgumentError for anything else, or a handle of another layout version; WorkerLimitError; ClosedError
   */
  static override async attach(handle: StoreHandle): Promise<Store> {
    return attachStore(Store.make, handle);
  }

  /**
   * Opens this store's backups in a directory: consistent, incremental, taken while everyone goes on writing. They end with the store's
   * `close` in this thread.
   *
   * @throws InvalidArgumentError for an option out of bounds, a directory that holds another store's backups, or newer ones than this store
   *   was restored from, a store whose backups are open already, or one that is not shared; DirectoryInUseError
   */
  backup(options: BackupOptions): Promise<Backups> {
    return RoomBackups.open(this, options, Store.make);
  }

  /**
   * Logs every get, set, delete and increment of this store from now on to a file (made anew), an operation log that `engram trace info`,
   * `engram evict` and `engram run replay` read: operation, hash of namespace and key, sizes, ttl and time. Threads that are attached join
   * as soon as their event loop turns, threads that attach later at once.
   *
   * What is on the file is readable at any time, after a crash too; a thread that dies takes its last fifth of a second with it. Iteration,
   * `clear` and expiry are not logged.
   *
   * @throws InvalidArgumentError when the file cannot be written, or the store is being recorded already
   */
  record(path: string): Recording {
    return record(this, path);
  }

  /**
   * Watches the store from this thread: figures once a second, alerts, history, a live page and Prometheus's metrics. It ends with the
   * store's `close` in this thread, and keeps no process alive.
   *
   * @throws InvalidArgumentError for an option out of bounds, a history file that is none or cannot be written, or a port that is taken
   */
  async monitor(options: MonitorOptions = {}): Promise<Monitor> {
    const { Monitor } = await import("./monitor/index.js"); // a program that is not monitored loads none of it
    return Monitor.start(this, options);
  }

  /**
   * Opens a pool of connections, or of anything else that is dear to make, for this thread: at most `max` at a time, first come, first
   * served. It ends with the store's `close` in this thread.
   *
   * @throws InvalidArgumentError for an option out of bounds, or a name that is another pool's in this thread; ClosedError
   */
  pool<C>(name: string, manager: ConnectionManager<C>, options: PoolOptions = {}): Pool<C> {
    return openPool(this, name, manager, options);
  }

  /**
   * The value of this name that all threads share, made when it is not there yet: read as cheaply as a value that is kept near, changed by putting another in its
   * place. No eviction takes it, and backups keep it.
   *
   * @throws InvalidArgumentError for a bad name or option, or when it is not there and there is no `initial`; InvalidValueError, ValueTooLargeError,
   *   OutOfMemoryError; ClosedError
   */
  shared<T>(name: string, options: SharedOptions<T> = {}): SharedData<T> {
    return openShared(this, name, options);
  }

  /** As `shared`, read by many or changed by one at a time, under a read-write lock. */
  mutable<T>(name: string, options: Omit<SharedOptions<T>, "checkReads"> = {}): MutableSharedData<T> {
    return openMutable(this, name, options);
  }

  /**
   * The configuration of this name, made when it is not there yet: a shared value of which the schema has accepted every version.
   *
   * @param schema any validator that has the Standard Schema interface (zod, valibot, arktype, …) and answers at once; what it makes of a value is kept
   * @throws as `shared`
   */
  config<T>(name: string, schema: StandardSchema<T>, options: ConfigOptions = {}): ConfigData<T> {
    return config(this, name, schema, options);
  }

  /** @internal */
  static make(this: void, connection: Connection): Store {
    return new Store(connection);
  }

  /** @internal */
  override opened(): void {
    listen(this);
    if (isMainThread) hearOfThreads();
  }

  /** @internal */
  protected override closing(): void {
    unlisten(this);
  }
}

/** A store's backups: `store.backup(options)`. */
export type Backups = RoomBackups<Store>;
export const Backups = RoomBackups as unknown as {
  readonly prototype: Backups;
  [Symbol.hasInstance](value: unknown): value is Backups;
};

/** What `restore` and `backups.restoreCheckpoint` give: the store, and what became of what the file held. */
export type Restored = RoomRestored<Store>;

/**
 * Makes a store from a backup file, or from the newest whole generation in a directory.
 *
 * @throws CorruptBackupError naming file, byte and expectation when there is no whole generation;
 *   InvalidArgumentError when there is no such file, or an option of the store is out of bounds;
 *   OutOfMemoryError when the new store is too small and does not evict
 */
export function restore(path: string, options: RestoreOptions = {}): Promise<Restored> {
  return restoreStore(Store.make, path, options);
}
