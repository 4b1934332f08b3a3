/** The store: many namespaces in one shared memory, reached from many threads. */
import { Worker, type WorkerOptions } from "node:worker_threads";
import { flag, KnownOptions } from "../check.js";
import { compileEngine, createMemory, layout, type Verification, verifyMemory } from "../core/index.js";
import { AccessDeniedError, InvalidArgumentError } from "../errors.js";
import { type Duration, milliseconds } from "../units.js";
import {
  ADMIN,
  AgentAccess,
  checkActingAgent,
  checkAgentId,
  isReserved,
  type Permission,
  permissionBits,
  type ViewState,
  viewClosed,
  WRITE,
} from "./access.js";
import { AgentView, type ViewedStore } from "./agent-view.js";
import {
  type BinaryChannelOptions,
  type Channel,
  type ChannelOptions,
  channelNames,
  dropChannel,
  openChannel,
  readChannelOptions,
  type TextChannelOptions,
} from "./channel.js";
import { monotonicNow } from "./clock.js";
import { type Connection, connect, reapThread, runEvictor, startMaintenance, sweepDaily } from "./connection.js";
import { Gauges } from "./eviction/gauges.js";
import { landAll } from "./flights.js";
import { type Health, type HealthOptions, health } from "./health.js";
import { wake, whileHeld } from "./hold.js";
import { closeLocks, locksOf } from "./locks/locks.js";
import { Mutex } from "./locks/mutex.js";
import { type LockDefinition, readOrder } from "./locks/options.js";
import { RwLock } from "./locks/rw-lock.js";
import { CheckedNamespace } from "./namespace/checked.js";
import { checkName } from "./namespace/directory.js";
import { usageOf } from "./namespace/limits.js";
import { Namespace } from "./namespace/namespace.js";
import {
  type BinaryNamespaceOptions,
  type NamespaceOptions,
  NOTHING_ASKED,
  readNamespaceOptions,
  type TextNamespaceOptions,
} from "./namespace/options.js";
import type { StandardSchema } from "./namespace/schema.js";
import { NearNamespace } from "./near/near-namespace.js";
import { openHandle } from "./open-handle.js";
import { checkOptions, type StoreOptions } from "./options.js";
import { wakeAll } from "./parking.js";
import {
  type BinaryQueueOptions,
  dropQueue,
  openQueue,
  type Queue,
  type QueueOptions,
  queueNames,
  readQueueOptions,
  type TextQueueOptions,
} from "./queue.js";
import { dropRegion, openRegion, type Region, type RegionOptions, regionNames } from "./region.js";
import type { HeldResource } from "./resources/held.js";
import { heldResources } from "./resources/listing.js";
import { checkKind, checkTracking, type TrackOptions } from "./resources/options.js";
import { leaveResources } from "./resources/settle.js";
import { resourcesOf } from "./resources/table.js";
import { Tracked } from "./resources/tracked.js";
import { makeBanks, readSamples, type Sample } from "./sampling/banks.js";
import { type Latencies, latenciesOf } from "./sampling/latencies.js";
import { clockFloor } from "./sampling/sampler.js";
import { collectStats, type StoreStats } from "./stats.js";
import { recheckWatches } from "./watching/watchers.js";
import { type StoreHandle, WorkerConnection } from "./worker.js";

/** Makes the object by which a thread uses a store: the composition of all rooms (src/composition.ts) has one that does more. */
export type StoreMaker<S extends Store> = (connection: Connection) => S;

/** The connection that a store's views and namespaces share in this thread. For seam.ts, which is what other rooms use. */
export let connectionOf: (store: Store) => Connection;

/**
 * The store by itself. Programs meet it as the class of the same name that `engram` exports, which adds one line for each room above this
 * one; nothing here knows of them.
 */
export class Store implements AsyncDisposable {
  static {
    connectionOf = (store) => store.connection;
  }

  private readonly connection: Connection;
  /** Of an agent's view; null for the store itself. */
  private readonly agent: string | null;
  private readonly view: ViewState = { closed: false };

  protected constructor(connection: Connection, agent: string | null = null) {
    this.connection = connection;
    this.agent = agent;
  }

  /**
   * Makes a store and attaches this thread to it.
   *
   * @throws InvalidArgumentError for an option out of bounds
   */
  static async create(options: StoreOptions = {}): Promise<Store> {
    return createStore((connection) => new Store(connection), options);
  }

  /**
   * Attaches this thread to a store made in another one.
   *
   * @param handle `store.handle`, as it came through workerData or postMessage
   * @throws InvalidArgumentError for anything else, or a handle of another layout version; WorkerLimitError; ClosedError
   */
  static async attach(handle: StoreHandle): Promise<Store> {
    return attachStore((connection) => new Store(connection), handle);
  }

  /** What another thread needs to attach: structured-cloneable. */
  get handle(): StoreHandle {
    this.connection.worker.assertOpen();
    if (!this.connection.shared)
      throw new InvalidArgumentError("this store was created with shared: false; it cannot leave its thread");
    return this.connection.worker.handle;
  }

  // ---------------------------------------------------------------- namespaces

  /**
   * The namespace of this name; made when it does not exist yet.
   *
   * Its type is that of its values: `Namespace<Uint8Array>`, with encoding "string" `Namespace<string>`, with "json" or "msgpack" what the
   * program says, `store.namespace<Plan>(name, { encoding: "json" })`, or what the `schema` makes; `unknown` without.
   *
   * @param name 1 to 256 bytes in UTF-8
   * @throws InvalidArgumentError for a bad name or option, or an encoding or whenFull other than it was made with; NamespaceLimitError
   *   when no id is left; OutOfMemoryError; AccessDeniedError for a reserved name (`system`, `system_…`, `system:…`), or an agent's view that may not
   *   write there, and thus not make it, or not change its limits
   */
  namespace(name: string, options?: BinaryNamespaceOptions): Namespace<Uint8Array>;
  namespace<V extends string = string>(name: string, options: TextNamespaceOptions<V>): Namespace<V>;
  namespace<V = unknown>(name: string, options: NamespaceOptions<V>): Namespace<V>;
  namespace<V>(name: string, options?: NamespaceOptions<V>): Namespace<V> {
    const { worker, directory } = this.connection;
    const asked = options === undefined ? NOTHING_ASKED : readNamespaceOptions(name, options);
    this.assertOpen();
    checkName(name);
    if (isReserved(name)) {
      throw new AccessDeniedError(`namespace "${name}" is reserved: names that start with system are the store's own`);
    }
    const { encoding, whenFull } = asked;
    const agent = this.accessTo(name);
    agent?.check(0);
    const limits = { maxEntries: asked.maxEntries ?? 0, maxBytes: asked.maxBytes ?? 0 };
    const record = directory.findOrMake(name, { ...limits, encoding, whenFull }, agent);
    if (encoding !== undefined && encoding !== record.encoding) {
      throw new InvalidArgumentError(`namespace "${name}" was made with encoding ${record.encoding}, not ${encoding}`);
    }
    if (whenFull !== undefined && whenFull !== record.whenFull) {
      throw new InvalidArgumentError(
        `namespace "${name}" was made with whenFull "${record.whenFull}", not "${whenFull}"`,
      );
    }
    const making = { ...limits, encoding: record.encoding, whenFull: record.whenFull };
    const lookup = {
      find: (again: string) => directory.find(again),
      findOrMake: (again: string) => directory.findOrMake(again, making, agent),
    };
    agent?.meet(record.made);
    const { checkReads, near } = asked;
    const schema = asked.schema as StandardSchema<V> | undefined;
    const namespace =
      near !== undefined
        ? new NearNamespace<V>(worker, name, record, lookup, agent, near, schema)
        : schema === undefined
          ? Namespace.open<V>(worker, name, record, lookup, agent)
          : new CheckedNamespace<V>(worker, name, record, lookup, agent, schema, checkReads);
    const limited = asked.maxEntries !== undefined || asked.maxBytes !== undefined;
    if (limited && (record.maxEntries !== limits.maxEntries || record.maxBytes !== limits.maxBytes)) {
      namespace.limit({ maxEntries: asked.maxEntries, maxBytes: asked.maxBytes });
    }
    return namespace;
  }

  /** Names of all namespaces, in no order. On the view of an agent: of those in which it may do something. */
  namespaces(): string[] {
    this.assertOpen();
    const { access, directory } = this.connection;
    const names = directory.names();
    const { agent } = this;
    return agent === null ? names : names.filter((name) => access.permissions(agent, name, access.madeOf(name)) !== 0);
  }

  /**
   * Removes a namespace with all its entries, and what agents were granted on it, and frees its id. False when there is none of that
   * name. Handles of it find nothing from then on; the first write by one of them makes the namespace again, empty, if it may.
   *
   * @throws InvalidArgumentError for a bad name; AccessDeniedError on the view of an agent without "admin" there
   */
  dropNamespace(name: string): boolean {
    this.assertOpen();
    checkName(name);
    const agent = this.accessTo(name);
    agent?.meet(this.connection.directory.find(name)?.made ?? 0);
    agent?.check(ADMIN);
    return this.connection.access.drop(name);
  }

  /**
   * Drops namespaces that were neither made, cleared nor inserted into for `idle`, milliseconds or text such as "1h" (M-008's clean-up); returns their names.
   * Empty ones only, unless told otherwise.
   *
   * @throws AccessDeniedError on an agent's view of the store
   */
  dropIdleNamespaces(idle: Duration, options?: { evenIfFilled?: boolean }): string[] {
    const evenIfFilled =
      options !== undefined && flag("option evenIfFilled", DROP_IDLE_OPTIONS.check(options).evenIfFilled, false);
    this.assertRoot("drop idle namespaces");
    const idleMs = milliseconds("idle", idle, Number.NaN);
    if (idle === undefined)
      throw new InvalidArgumentError('idle is undefined; expected milliseconds, or text such as "1h"');
    const dropped: string[] = [];
    const { worker, directory } = this.connection;
    const now = worker.createdMs + worker.elapsed();
    for (const name of this.namespaces()) {
      const record = directory.find(name);
      if (record === null) continue; // dropped by another thread, and not to be made again for a look at it
      const usage = usageOf(worker, record);
      const unused = Math.max(0, now - usage.lastUsed); // a use is noted in whole ticks
      if (unused >= idleMs && (usage.entries === 0 || evenIfFilled) && this.dropNamespace(name)) dropped.push(name);
    }
    return dropped;
  }

  // ---------------------------------------------------------------- agents

  /**
   * The same store as one agent may use it: it may do everything in `agent_<id>_…`, nothing in reserved namespaces, and elsewhere
   * what it was granted. Closing the view closes the view.
   *
   * @param agentId 1 to 128 characters without `_`, or a number
   * @throws InvalidArgumentError
   */
  as(agentId: string | number): AgentView {
    this.assertRoot("act for another");
    const agent = checkActingAgent(agentId);
    return AgentView.of(agent, new Store(this.connection, agent) as ViewedStore);
  }

  /**
   * Gives an agent permissions on a namespace or channel of that name, in all threads, from now on. They replace what it had, and end when the namespace is
   * dropped: whatever is made under that name later does not inherit them. Given before there is a namespace of that name, they are on
   * the first that is made, and let the agent make it ("write"); and when it was dropped, make it anew.
   *
   * @throws InvalidArgumentError for a bad id, name or permission; AccessDeniedError for a reserved name
   */
  grant(agentId: string | number, namespace: string, permissions: Permission[]): void {
    const bits = permissionBits(permissions);
    this.assertRoot("grant");
    checkName(namespace);
    if (isReserved(namespace))
      throw new AccessDeniedError(`namespace "${namespace}" is reserved; no agent can be granted it`);
    this.connection.access.grant(checkAgentId(agentId), namespace, bits);
  }

  /** Takes all granted permissions on a namespace from an agent. @throws as grant does */
  revoke(agentId: string | number, namespace: string): void {
    this.assertRoot("revoke");
    checkName(namespace);
    this.connection.access.grant(checkAgentId(agentId), namespace, 0);
  }

  // ---------------------------------------------------------------- memory

  /**
   * `length` bytes inside the shared memory, this thread's own: as the target of `getInto` or the value of `set` they save a copy.
   * Given back by `returnBuffer`, when the view is garbage-collected, or when the thread detaches or dies. Keep the view itself,
   * not only a subarray of it. Who takes buffers again and again should return them: a view weighs little to the garbage
   * collector, so it may come late.
   *
   * @param length from 1 to as many bytes as a value may have
   * @throws InvalidArgumentError; OutOfMemoryError when no chunk is free, or buffers would take more than seven eighths of the pool: it says which
   *   threads hold how many, as `stats().memory.buffers` does
   */
  buffer(length: number): Uint8Array {
    const { worker, buffers } = this.connection;
    worker.assertOpen();
    return buffers.take(length);
  }

  /**
   * Gives a buffer back at once. Neither it nor any view of the same bytes may be used afterwards.
   *
   * @throws InvalidArgumentError for anything but a view that came from `buffer()` of this store in this thread, once
   */
  returnBuffer(buffer: Uint8Array): void {
    const { worker, buffers } = this.connection;
    worker.assertOpen();
    buffers.giveBack(buffer);
  }

  // ---------------------------------------------------------------- regions

  /**
   * The region of this name: bytes that every thread of the store may read and write, opened for this thread; made, zeroed, when it
   * does not exist and `bytes` says how large. For what is no value: tables, buffers, counters that are changed in place, under rules
   * of their users' own. It lives until it is dropped and every thread has closed it; backups leave it out.
   *
   * @throws InvalidArgumentError for a bad name or size, another size than it has, or when there is none and no `bytes`;
   *   OutOfMemoryError when no run of 64 KiB slabs is free; AccessDeniedError on an agent's view of the store
   */
  region(name: string, options: RegionOptions = {}): Region {
    this.assertRoot("open regions");
    checkName(name);
    return openRegion(this.connection.worker, name, options);
  }

  /**
   * Takes a region's name away; its memory is given back when every thread that has it open has closed it. False when there is none.
   *
   * @throws InvalidArgumentError for a bad name; AccessDeniedError on an agent's view of the store
   */
  dropRegion(name: string): boolean {
    this.assertRoot("drop regions");
    checkName(name);
    return dropRegion(this.connection.worker, name);
  }

  /** Names of all regions, in no order. */
  regions(): string[] {
    this.connection.worker.assertOpen();
    return regionNames(this.connection.worker);
  }

  // ---------------------------------------------------------------- channels

  /**
   * The channel of this name; made with these options when it does not exist yet, else as it was made (the encoding is each side's own).
   *
   * @throws InvalidArgumentError for a bad name or option, or a capacity, kind or whenFull other than it was made with; OutOfMemoryError
   */
  channel(name: string, options?: BinaryChannelOptions): Channel<Uint8Array>;
  channel<V extends string = string>(name: string, options: TextChannelOptions): Channel<V>;
  channel<V = unknown>(name: string, options: ChannelOptions): Channel<V>;
  channel<V>(name: string, options?: ChannelOptions): Channel<V> {
    const asked = readChannelOptions(name, options);
    this.assertOpen();
    checkName(name);
    const agent = this.accessTo(name, true);
    agent?.check(0);
    return openChannel<V>(this.connection.worker, name, asked, agent);
  }

  /**
   * Takes a channel away, and frees its messages. Whoever waits for it hears of it at once: every operation of its handles, in all threads,
   * throws ClosedError from now on, and iterations end. A channel of the same name may be made at once, with other options; the old handles
   * do not reach it. What agents were granted on the name stays. False when there is none of that name.
   *
   * @throws InvalidArgumentError for a bad name; AccessDeniedError on the view of an agent without "admin" there
   */
  dropChannel(name: string): boolean {
    this.assertOpen();
    checkName(name);
    const agent = this.accessTo(name, true);
    agent?.check(ADMIN);
    return dropChannel(this.connection.worker, name);
  }

  /**
   * The work queue of this name; made with these options when it does not exist yet, else as it was made (the encoding is each side's own). Its messages
   * are delivered at least once, to one taker at a time; backups leave them out, as they do a channel's.
   *
   * @throws InvalidArgumentError for a bad name or option, or a capacity, maxBytes, lease or maxAttempts other than it was made with; OutOfMemoryError
   */
  queue(name: string, options?: BinaryQueueOptions): Queue<Uint8Array>;
  queue<V extends string = string>(name: string, options: TextQueueOptions): Queue<V>;
  queue<V = unknown>(name: string, options: QueueOptions): Queue<V>;
  queue<V>(name: string, options?: QueueOptions): Queue<V> {
    const asked = readQueueOptions(name, options);
    this.assertOpen();
    checkName(name);
    const agent = this.accessTo(name, true);
    agent?.check(0);
    return openQueue<V>(this.connection.worker, name, asked, agent);
  }

  /**
   * Takes a queue away with its messages, those that somebody works on included: every operation of its handles, in all threads, throws ClosedError from now
   * on, iterations end, and what was taken cannot be acknowledged any more. What agents were granted on the name stays. False when there is none of that name.
   *
   * @throws InvalidArgumentError for a bad name; AccessDeniedError on the view of an agent without "admin" there
   */
  dropQueue(name: string): boolean {
    this.assertOpen();
    checkName(name);
    const agent = this.accessTo(name, true);
    agent?.check(ADMIN);
    return dropQueue(this.connection.worker, name);
  }

  /** Names of all queues, in no order. On the view of an agent: of those in which it may do something. */
  queues(): string[] {
    this.assertOpen();
    return this.seenOf(queueNames(this.connection.worker));
  }

  /** Names of all channels, in no order. On the view of an agent: of those in which it may do something. */
  channels(): string[] {
    this.assertOpen();
    return this.seenOf(channelNames(this.connection.worker));
  }

  // ---------------------------------------------------------------- locks

  /**
   * The mutex of this name, made when it does not exist yet: one of all threads' tasks has it at a time. Locks of both kinds share their names. A thread that
   * ends with it in its hands leaves it poisoned.
   *
   * @throws InvalidArgumentError for a bad name or option, another order than it was made with, or a name that a read-write lock has; OutOfMemoryError
   */
  mutex(name: string, definition?: LockDefinition): Mutex {
    const { local, agent } = this.openLock(name, layout.LOCK_MUTEX, definition);
    return Mutex.of(local, agent);
  }

  /** The lock of many readers or one writer of this name, made when it does not exist yet. @throws as `mutex` */
  rwLock(name: string, definition?: LockDefinition): RwLock {
    const { local, agent } = this.openLock(name, layout.LOCK_RW, definition);
    return RwLock.of(local, agent);
  }

  private openLock(name: string, kind: number, definition: LockDefinition | undefined) {
    const order = readOrder(definition);
    this.assertOpen();
    checkName(name);
    const agent = this.accessTo(name, true);
    agent?.check(0);
    const mayMake = () => agent?.check(WRITE);
    return { local: locksOf(this.connection.worker).open(name, kind, order, mayMake), agent };
  }

  /**
   * Takes a lock away that nobody has. Whoever waits for it, in all threads, hears ClosedError, as everybody does who asks for it by an old handle.
   * False when there is none of that name.
   *
   * @throws InvalidArgumentError for a bad name, or while somebody has the lock; AccessDeniedError on the view of an agent without "admin" there
   */
  dropLock(name: string): boolean {
    this.assertOpen();
    checkName(name);
    const agent = this.accessTo(name, true);
    agent?.check(ADMIN);
    return locksOf(this.connection.worker).drop(name);
  }

  /** Names of all locks, in no order. On the view of an agent: of those with which it may do something. */
  locks(): string[] {
    this.assertOpen();
    return this.seenOf(locksOf(this.connection.worker).names());
  }

  // ---------------------------------------------------------------- what threads hold

  /**
   * Notes that this thread holds something with an end: a file, a connection, a subscription. All threads see it in `resources()`; it ends
   * by the handle returned, or with the store's `close` in this thread, the newest first, each within its deadline. A thread that dies
   * leaves a record that is struck off with its slot, and counted.
   *
   * @param kind what it is, such as "file": one of few; what tells it from others is its label
   * @throws InvalidArgumentError for a bad kind or option; OutOfMemoryError when there is no room to note it; ClosedError;
   *   AccessDeniedError on an agent's view of the store
   */
  track<T>(kind: string, resource: T, options: TrackOptions<T>): Tracked<T> {
    const checked = checkTracking(options);
    checkKind(kind);
    this.assertRoot("track resources");
    const { worker, endings } = this.connection;
    return new Tracked(worker, resourcesOf(worker), endings, kind, resource, checked);
  }

  /**
   * What threads hold now, those held longest first: what they track, connections and permits of pools, locks, regions, buffers, watches,
   * and with agents attached in this thread what these have. What dead threads had is freed on the way.
   */
  resources(): HeldResource[] {
    this.assertRoot("list resources");
    const { worker, listed } = this.connection;
    return heldResources(worker, listed);
  }

  // ---------------------------------------------------------------- workers

  /**
   * Starts a worker thread with `workerData.store` set to the handle, and watches it. Own properties of `workerData` go with it; what is
   * no object, or an object of a class, arrives as `workerData.data`.
   *
   * @throws InvalidArgumentError for an option that Node's Worker does not have, or a `workerData` that has a `store` of its own
   */
  spawn(file: string | URL, options: WorkerOptions = {}): Worker {
    SPAWN_OPTIONS.check(options);
    const { workerData } = options;
    const plain =
      typeof workerData === "object" &&
      workerData !== null &&
      [Object.prototype, null].includes(Object.getPrototypeOf(workerData));
    if (plain && "store" in workerData) {
      throw new InvalidArgumentError("workerData.store is where spawn puts the store's handle; name yours otherwise");
    }
    const data = plain ? workerData : { data: workerData };
    const worker = new Worker(file, { ...options, workerData: { ...data, store: this.handle } });
    this.watch(worker);
    return worker;
  }

  /**
   * Takes back a worker's slot when its thread exits, however it exits: what it held is freed, its operation in flight is
   * either done or not. Call it right after `new Worker`.
   */
  watch(worker: Worker): void {
    this.connection.worker.assertOpen();
    const thread = worker instanceof Worker ? worker.threadId : -1;
    if (thread < 0) throw new InvalidArgumentError("watch takes a Worker that has not exited yet");
    worker.once("exit", () => reapThread(this.connection, thread));
  }

  /**
   * One round of maintenance on this thread: the clock, a whole sweep of expired entries and cleared namespaces, and the eviction
   * policy's work. The maintenance thread does this by itself; a store without one needs it now and then. There, the
   * policy runs in the thread that maintains the store first, until that thread detaches: other threads only sweep.
   */
  maintain(): { swept: number; evicted: number } {
    const { worker } = this.connection;
    worker.assertOpen();
    worker.tick();
    const swept = worker.sweep();
    const evicted = runEvictor(this.connection);
    this.connection.gauges ??= new Gauges(worker);
    this.connection.gauges.notePressure();
    return { swept, evicted };
  }

  // ---------------------------------------------------------------- looking at it

  /** Counters, memory by size class, workers: each as of some moment during the call. */
  stats(): StoreStats {
    this.connection.worker.assertOpen();
    const { worker, backups } = this.connection;
    return { ...collectStats(worker), backups: backups?.read() ?? null };
  }

  /** Percentiles of the operations that were timed, of all threads, since the store was made; nanoseconds. */
  latencies(): Latencies {
    const { worker } = this.connection;
    worker.assertOpen();
    const { sampling } = worker.handle;
    return latenciesOf(sampling?.banks ?? null, sampling?.share ?? 0);
  }

  /** The last operations that were timed, up to 10,000 of each thread, oldest first. Empty with `sampling: 0`. */
  samples(): Sample[] {
    const { worker } = this.connection;
    worker.assertOpen();
    const { sampling } = worker.handle;
    return sampling === null ? [] : readSamples(sampling.banks);
  }

  /**
   * How the store is doing, judged from its counters and samples against the documented targets, and what threads hold.
   *
   * @throws InvalidArgumentError
   */
  health(options: HealthOptions = {}): Health {
    return health({ ...this.stats(), latencies: this.latencies() }, options);
  }

  /**
   * Checks the engine's invariants and sweeps for leaked chunks. Only while no thread writes: what is under way would be
   * taken for a violation. The maintenance thread is held meanwhile.
   *
   * @throws EngramError "BUSY" when another thread goes on verifying, or the maintenance thread does not pause, for half a minute or more
   */
  async verify(): Promise<Verification> {
    const { worker } = this.connection;
    worker.assertOpen();
    return whileHeld(worker, () => verifyMemory(worker.currentBuffer()));
  }

  // ---------------------------------------------------------------- the end

  /**
   * Detaches this thread: what it has tracked and opened of the store ends, the newest first, then its slot, caches and buffers go back to
   * the store. On the creating thread it also ends the maintenance thread, and no new thread can attach; those that are attached may go on.
   *
   * @throws what ending something threw, once all has ended and the store is closed; of several an AggregateError
   */
  async close(): Promise<void> {
    const { endings } = this.connection;
    if (endings.isEmpty) return this.detach();
    try {
      await endings.endAll();
    } finally {
      await this.detach();
    }
  }

  private async detach(): Promise<void> {
    const { worker, creator, maintenance } = this.connection;
    if (worker.closed) return;
    this.closing();
    landAll(worker);
    worker.closed = true;
    recheckWatches(worker);
    closeLocks(worker);
    if (creator) {
      worker.header.closed = true;
      if (this.connection.shared) wake(worker);
    }
    // closed inside a borrow: what the view shows must stay, and the slot must be nobody else's, until the borrow returns
    const returned = worker.untilReturned();
    if (returned !== null) await returned;
    if (this.connection.evictor !== null) worker.engine.releaseEvictor();
    leaveResources(worker);
    worker.engine.detach();
    wakeAll(worker);
    if (maintenance !== null) {
      maintenance.ref(); // else a program with nothing else to do would end here, in the middle of its await
      await this.connection.maintenanceDone;
    }
  }

  /** @internal Closes an agent's view, and what was handed out through it. */
  closeView(): void {
    this.view.closed = true;
    recheckWatches(this.connection.worker);
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  // ---------------------------------------------------------------- inside

  /** @internal Called once, when this thread has made the store or attached to it. */
  opened(): void {}

  /** @internal Called once, when this thread closes the store, while it is still open. */
  protected closing(): void {}

  private assertOpen(): void {
    this.connection.worker.assertOpen();
    if (this.agent !== null && this.view.closed) throw viewClosed(this.agent);
  }

  /** Of these names, those with which the agent that this view is of may do something. */
  private seenOf(names: string[]): string[] {
    const { agent } = this;
    if (agent === null) return names;
    const { access } = this.connection;
    return names.filter((name) => access.permissions(agent, name, access.madeOf(name)) !== 0);
  }

  /** How the agent that this view is of may use what has that name; null for the store itself. */
  private accessTo(name: string, channel = false): AgentAccess | null {
    return this.agent === null ? null : new AgentAccess(this.connection.access, this.agent, name, this.view, channel);
  }

  private assertRoot(verb: string): void {
    this.connection.worker.assertOpen();
    if (this.agent !== null)
      throw new AccessDeniedError(`agent "${this.agent}" may not ${verb}; only the store itself can`);
  }
}

/** @throws as Store.create does */
export function createStore<S extends Store>(make: StoreMaker<S>, options: StoreOptions): S {
  const { store, attend } = createAlone(make, options);
  attend();
  return store;
}

/**
 * A store that this thread has to itself until it calls `attend`: no maintenance thread runs, and nobody has been told of it. For
 * restores.
 *
 * @throws as Store.create does
 */
export function createAlone<S extends Store>(
  make: StoreMaker<S>,
  options: StoreOptions,
): { store: S; attend: () => void } {
  const checked = checkOptions(options);
  const module = compileEngine(checked.shared);
  const settings = {
    hashKind: checked.hashKind,
    evict: checked.evict,
    policy: checked.eviction,
    maxEntries: checked.maxEntries,
    valueMax: checked.valueMax,
    keptForSpans: checked.keptForSpans,
    createdMs: Date.now(),
    createdMonotonic: monotonicNow(),
  };
  const memory = createMemory(checked.geometry, settings, checked.shared);
  const { sampling: share, geometry, shared } = checked;
  const sampling = share === 0 ? null : { banks: makeBanks(geometry.slotCount, shared), share, floor: clockFloor() };
  const connection = connect(new WorkerConnection(module, memory, sampling), true, shared);
  const store = make(connection);
  const attend = () => {
    if (checked.maintenance) startMaintenance(connection);
    else sweepDaily(connection);
    store.opened();
  };
  return { store, attend };
}

/** @throws as Store.attach does */
export function attachStore<S extends Store>(make: StoreMaker<S>, handle: StoreHandle): S {
  const { module, memory, sampling } = openHandle(handle);
  const store = make(connect(new WorkerConnection(module, memory, sampling), false, true));
  store.opened();
  return store;
}

const DROP_IDLE_OPTIONS = new KnownOptions("dropIdleNamespaces", ["evenIfFilled"]);
const SPAWN_OPTIONS = new KnownOptions("spawn", [
  "argv",
  "env",
  "eval",
  "execArgv",
  "name",
  "resourceLimits",
  "stderr",
  "stdin",
  "stdout",
  "trackUnmanagedFds",
  "transferList",
  "workerData",
]);
