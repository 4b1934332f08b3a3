/** The store: many namespaces in one shared memory, reached from many threads. */
import { setTimeout } from "node:timers/promises";
import { Worker, type WorkerOptions } from "node:worker_threads";
import { compileEngine, createMemory, layout, type Verification, verifyMemory } from "../core/index.js";
import { type Health, health } from "../monitor/index.js";
import { Access, AgentAccess, checkAgentId, isReserved, type Permission, permissionBits } from "./access.js";
import { Channel, type ChannelOptions, checkChannelOptions } from "./channel.js";
import { checkEncoding, type EncodingName } from "./encoding.js";
import {
  AccessDeniedError,
  ClosedError,
  InvalidArgumentError,
  NamespaceLimitError,
  OutOfMemoryError,
} from "./errors.js";
import { Evictor } from "./eviction/evictor.js";
import { Gauges } from "./eviction/gauges.js";
import { Loader } from "./loader.js";
import { checkLimits, type NamespaceLimits } from "./namespace/limits.js";
import { Namespace } from "./namespace/namespace.js";
import type { Record } from "./namespace/record.js";
import { checkWhenFull, encodingOf, namespaceWord, type WhenFull, whenFullOf } from "./namespace-word.js";
import { checkOptions, type StoreOptions } from "./options.js";
import { describe } from "./sizes.js";
import { collectStats, type StoreStats } from "./stats.js";
import { monotonicNow, type StoreHandle, WorkerConnection } from "./worker.js";

export interface NamespaceOptions<E extends EncodingName = EncodingName> extends NamespaceLimits {
  /** How values are written. Default: the namespace's own if it exists, else "binary". */
  encoding?: E;
  /**
   * What a write does that would break the limits: "refuse" throws NamespaceLimitError, "evict" evicts entries of this namespace until it
   * fits, those first that were not read lately. Decided when the namespace is made. Default "refuse".
   */
  whenFull?: WhenFull;
}

/** What all views of a store in one thread share. */
interface Connection {
  readonly worker: WorkerConnection;
  readonly access: Access;
  /** Directory entries as last seen, by name. */
  readonly records: Map<string, Record>;
  maintenance: Worker | null;
  readonly creator: boolean;
  readonly shared: boolean;
  readonly buffers: FinalizationRegistry<number>;
  /** Chunks of the buffers that are out. */
  readonly lent: WeakMap<Uint8Array, number>;
  maintenanceDone: Promise<void>;
  /** The store's evictor, when that is this thread: in a store without a maintenance thread, whoever maintains it first. */
  evictor: Evictor | null;
  /** Made when this thread first maintains the store. */
  gauges: Gauges | null;
  /** What else ends with this thread's connection, before it does. */
  readonly endings: Set<() => Promise<void>>;
}

const { MISS, NO_IDS, OK } = layout;

/** What other rooms add to a store: each declares its methods here and puts them on the prototype (src/backup/attach.ts). */
// biome-ignore lint/suspicious/noEmptyInterface: it is filled from outside
export interface StoreExtensions {}

export interface Store extends StoreExtensions {}

// biome-ignore lint/suspicious/noUnsafeDeclarationMerging: see above
export class Store implements AsyncDisposable {
  /** @internal Called with each store that this thread makes or attaches to: how other rooms come to know of it. */
  static readonly opened = new Set<(store: Store) => void>();
  /** @internal Called when this thread closes a store, while it is still open. */
  static readonly closing = new Set<(store: Store) => void>();

  private readonly connection: Connection;
  private readonly agent: string | null;

  private constructor(connection: Connection, agent: string | null) {
    this.connection = connection;
    this.agent = agent;
  }

  /**
   * Makes a store and attaches this thread to it.
   *
   * @throws InvalidArgumentError for an option out of bounds
   */
  static async create(options: StoreOptions = {}): Promise<Store> {
    const { store, attend } = Store.createAlone(options);
    attend();
    return store;
  }

  /**
   * @internal A store that this thread has to itself until it calls `attend`: no maintenance thread runs, and nobody has been
   * told of it. For restores.
   */
  static createAlone(options: StoreOptions): { store: Store; attend: () => void } {
    const checked = checkOptions(options);
    const module = compileEngine(checked.shared);
    const settings = {
      hashKind: checked.hashKind,
      evict: checked.evict,
      policy: checked.eviction,
      maxEntries: checked.maxEntries,
      createdMs: Date.now(),
      createdMonotonic: monotonicNow(),
    };
    const memory = createMemory(checked.geometry, settings, checked.shared);
    const worker = new WorkerConnection(module, memory);
    const connection = connect(worker, true, checked.shared);
    const store = new Store(connection, null);
    const attend = () => {
      if (checked.maintenance) startMaintenance(connection);
      open(store);
    };
    return { store, attend };
  }

  /**
   * Attaches this thread to a store made in another one.
   *
   * @param handle `store.handle`, as it came through workerData or postMessage
   * @throws InvalidArgumentError for anything else, or a handle of another layout version; WorkerLimitError; ClosedError
   */
  static async attach(handle: StoreHandle): Promise<Store> {
    checkHandle(handle);
    const memory = handle.memory as WebAssembly.Memory;
    const header = new Uint32Array(memory.buffer, 0, layout.HEADER_SIZE / 4);
    if (header[layout.H_CLOSED / 4] !== 0) throw new ClosedError("the store was closed by the thread that created it");
    const worker = new WorkerConnection(handle.module as WebAssembly.Module, memory);
    return open(new Store(connect(worker, false, true), null));
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
   * @throws InvalidArgumentError for a bad name, or an encoding other than the one it was made with;
   *   NamespaceLimitError when no id is left; AccessDeniedError for an agent and a reserved name
   */
  namespace<E extends EncodingName = "binary">(name: string, options: NamespaceOptions<E> = {}): Namespace<E> {
    const { worker, access } = this.connection;
    worker.assertOpen();
    checkName(name);
    checkObject(options, "namespace()");
    if (isReserved(name)) {
      throw new AccessDeniedError(`namespace "${name}" is reserved: names that start with system are the store's own`);
    }
    const agent = this.agent === null ? null : new AgentAccess(access, this.agent, name);
    agent?.check(0);
    const encoding = options.encoding === undefined ? undefined : checkEncoding(options.encoding);
    const limits = checkLimits(options, { maxEntries: 0, maxBytes: 0 });
    const whenFull = options.whenFull === undefined ? undefined : checkWhenFull(options.whenFull);
    const record = this.findOrMake(name, { encoding, whenFull }, limits, agent);
    if (encoding !== undefined && encoding !== record.encoding) {
      throw new InvalidArgumentError(`namespace "${name}" was made with encoding ${record.encoding}, not ${encoding}`);
    }
    if (whenFull !== undefined && whenFull !== record.whenFull) {
      throw new InvalidArgumentError(
        `namespace "${name}" was made with whenFull "${record.whenFull}", not "${whenFull}"`,
      );
    }
    const namespace = new Namespace<E>(
      worker,
      name,
      record,
      (again) => this.findOrMake(again, record, limits, null),
      agent,
    );
    const asked = options.maxEntries !== undefined || options.maxBytes !== undefined;
    if (asked && (record.maxEntries !== limits.maxEntries || record.maxBytes !== limits.maxBytes))
      namespace.limit(options);
    return namespace;
  }

  /** Names of all namespaces, in no order. */
  namespaces(): string[] {
    const { worker } = this.connection;
    worker.assertOpen();
    const names: string[] = [];
    const buckets = worker.header[layout.H_BUCKET_MASK / 4] + 1;
    for (let bucket = 0; bucket < buckets; ) {
      const result = worker.engine.list(layout.DIRECTORY_ID, bucket, worker.slot + layout.S_MANY, 1024);
      bucket = Number(result & 0xffffffffn);
      const count = Number(result >> 32n);
      const listed = Array.from(worker.manyWords.subarray(0, count * 2), (word) => word >>> 0);
      for (let i = 0; i < count; i++) {
        const lengths = worker.engine.readListed(listed[i * 2], listed[i * 2 + 1]) >>> 0;
        if (lengths !== 0) names.push(Buffer.from(worker.keyCopy(lengths >>> 16)).toString("utf8"));
      }
    }
    return names;
  }

  /** Removes a namespace with all its entries and frees its id. False when there is none of that name. */
  dropNamespace(name: string): boolean {
    const { worker, access, records } = this.connection;
    worker.assertOpen();
    checkName(name);
    if (this.agent !== null) new AgentAccess(access, this.agent, name).check(permissionBits(["admin"]));
    for (;;) {
      const record = this.find(name);
      if (record === null) return false;
      records.delete(name);
      if (worker.engine.dropNamespace(record.entry, record.version, worker.putKey(name)) === OK) return true;
    }
  }

  /**
   * Drops namespaces that were neither made, cleared nor inserted into for `idleMs` (ADR-008's clean-up); returns their names.
   * Empty ones only, unless told otherwise.
   *
   * @throws AccessDeniedError on an agent's view of the store
   */
  dropIdleNamespaces(idleMs: number, options: { evenIfFilled?: boolean } = {}): string[] {
    this.assertRoot("drop idle namespaces");
    if (typeof idleMs !== "number" || !(idleMs >= 0)) {
      throw new InvalidArgumentError(`idleMs is ${describe(idleMs)}; expected milliseconds, 0 or more`);
    }
    const dropped: string[] = [];
    const now = this.connection.worker.createdMs + this.connection.worker.elapsed();
    for (const name of this.namespaces()) {
      const usage = this.namespace(name).usage();
      if (now - usage.lastUsed >= idleMs && (usage.entries === 0 || options.evenIfFilled) && this.dropNamespace(name))
        dropped.push(name);
    }
    return dropped;
  }

  // ---------------------------------------------------------------- agents

  /**
   * The same store, access-checked for one agent: it may do everything in `agent_<id>_…`, nothing in `system…`, and elsewhere
   * what it was granted.
   */
  as(agentId: string | number): Store {
    this.connection.worker.assertOpen();
    return new Store(this.connection, checkAgentId(agentId));
  }

  /** Gives an agent permissions on a namespace, in all threads, from now on. They replace what it had. */
  grant(agentId: string | number, namespace: string, permissions: Permission[]): void {
    this.assertRoot("grant");
    checkName(namespace);
    if (isReserved(namespace))
      throw new AccessDeniedError(`namespace "${namespace}" is reserved; no agent can be granted it`);
    this.connection.access.grant(checkAgentId(agentId), namespace, permissionBits(permissions));
  }

  /** Takes all granted permissions on a namespace from an agent. */
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
   */
  buffer(length: number): Uint8Array {
    const { worker, buffers } = this.connection;
    worker.assertOpen();
    const max = layout.CHUNK_MAX - layout.E_KEY;
    if (!Number.isInteger(length) || length < 1 || length > max) {
      throw new InvalidArgumentError(`buffer length is ${describe(length)}; expected a whole number from 1 to ${max}`);
    }
    const chunk = worker.engine.takeBuffer(length) >>> 0;
    if (chunk === 0) throw new OutOfMemoryError(`no chunk is free for a buffer of ${length} bytes`);
    const view = new Uint8Array(worker.currentBuffer(), chunk + layout.E_KEY, length);
    buffers.register(view, chunk, view);
    this.connection.lent.set(view, chunk);
    return view;
  }

  /**
   * Gives a buffer back at once. Neither it nor any view of the same bytes may be used afterwards.
   *
   * @throws InvalidArgumentError for anything but a view that came from `buffer()` of this store in this thread, once
   */
  returnBuffer(buffer: Uint8Array): void {
    const { worker, buffers, lent } = this.connection;
    worker.assertOpen();
    const chunk = lent.get(buffer);
    if (chunk === undefined) throw new InvalidArgumentError("returnBuffer takes a view that came from buffer(), once");
    lent.delete(buffer);
    buffers.unregister(buffer);
    worker.engine.returnBuffer(chunk);
  }

  // ---------------------------------------------------------------- channels

  /** The channel of this name; made with these options when it does not exist yet, else as it was made. */
  channel<E extends EncodingName = "binary">(name: string, options: ChannelOptions<E> = {}): Channel<E> {
    const { worker } = this.connection;
    worker.assertOpen();
    checkName(name);
    checkObject(options, "channel()");
    const checked = checkChannelOptions(options);
    const encoding = (options.encoding === undefined ? "binary" : checkEncoding(options.encoding)) as E;
    const key = `channel:${name}`;
    const existing = this.findRing(key);
    if (existing !== 0) return new Channel(worker, name, existing, encoding);
    const size = layout.R_CELLS + checked.capacity * 8;
    const ring = worker.engine.takeRing(size, checked.capacity, checked.kind, checked.whenFull) >>> 0;
    if (ring === 0) throw new OutOfMemoryError(`no chunk is free for a channel of ${checked.capacity} messages`);
    worker.values.writeUInt32LE(ring, 0);
    const status = worker.engine.setSystem(worker.putKey(key), 4, layout.MODE_IF_ABSENT);
    if (status === OK) {
      worker.engine.publishRing(ring);
      return new Channel(worker, name, ring, encoding);
    }
    worker.engine.returnBuffer(ring);
    if (status !== 0) throw new OutOfMemoryError(`no memory is left for channel "${name}"`);
    return new Channel(worker, name, this.findRing(key), encoding); // another thread was first
  }

  private findRing(key: string): number {
    const { worker } = this.connection;
    return worker.engine.getSystem(worker.putKey(key)) === 4 ? worker.values.readUInt32LE(0) : 0;
  }

  // ---------------------------------------------------------------- workers

  /** Starts a worker thread with `workerData.store` set to the handle, and watches it. */
  spawn(file: string | URL, options: WorkerOptions = {}): Worker {
    const data =
      typeof options.workerData === "object" && options.workerData !== null
        ? options.workerData
        : { data: options.workerData };
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
    worker.once("exit", () => this.reapThread(thread));
  }

  /** Reaps every slot a thread left behind. Only for threads that have exited. */
  private reapThread(thread: number): number {
    const { worker } = this.connection;
    if (worker.closed) return 0;
    let reaped = 0;
    const slots = worker.header[layout.H_SLOT_COUNT / 4];
    for (let number = 0; number < slots; number++) {
      const words = new Uint32Array(
        worker.currentBuffer(),
        worker.header[layout.H_SLOTS / 4] + number * layout.SLOT_SIZE,
        16,
      );
      if (
        number === worker.slotNumber ||
        words[layout.S_STATE / 4] !== layout.SLOT_ACTIVE ||
        words[layout.S_THREAD / 4] !== thread
      )
        continue;
      if (worker.engine.reap(number)) reaped++;
    }
    return reaped;
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
    const swept = this.sweep();
    const evicted = runEvictor(this.connection);
    this.connection.gauges ??= new Gauges(worker);
    this.connection.gauges.notePressure();
    return { swept, evicted };
  }

  private sweep(): number {
    const { worker } = this.connection;
    return worker.engine.sweep(worker.bucketCount) >>> 0;
  }

  /** @internal This thread's connection, which all views and namespaces of the store share, and the store's number. */
  connectionId(): { worker: object; storeId: number; shared: boolean } {
    const { worker, shared } = this.connection;
    worker.assertOpen();
    return { worker, storeId: worker.header[layout.H_STORE_ID / 4], shared };
  }

  /** @internal The way in for a whole backup. */
  loader(): Loader {
    this.connection.worker.assertOpen();
    return new Loader(this.connection.worker);
  }

  // ---------------------------------------------------------------- looking at it

  /** Counters, memory by size class, workers: each as of some moment during the call. */
  stats(): StoreStats {
    this.connection.worker.assertOpen();
    return collectStats(this.connection.worker);
  }

  /** How the store is doing, judged from its counters against the documented targets. */
  health(): Health {
    return health(this.stats());
  }

  /**
   * Checks the engine's invariants and sweeps for leaked chunks. Only while no thread writes: what is under way would be
   * taken for a violation. The maintenance thread is held meanwhile.
   */
  async verify(): Promise<Verification> {
    const { worker } = this.connection;
    worker.assertOpen();
    const header = new Int32Array(worker.currentBuffer(), 0, layout.HEADER_SIZE / 4);
    Atomics.store(header, layout.H_HOLD / 4, 1);
    try {
      while (Atomics.load(header, layout.H_MAINTAINED / 4) !== 0 && Atomics.load(header, layout.H_HELD / 4) === 0) {
        await setTimeout(1);
      }
      return verifyMemory(worker.currentBuffer());
    } finally {
      Atomics.store(header, layout.H_HOLD / 4, 0);
      Atomics.notify(header, layout.H_HOLD / 4);
    }
  }

  // ---------------------------------------------------------------- the end

  /**
   * Detaches this thread: its slot, caches and buffers go back to the store. On the creating thread it also ends the
   * maintenance thread, and no new thread can attach; those that are attached may go on.
   */
  async close(): Promise<void> {
    if (this.connection.endings.size === 0) return this.detach();
    const endings = await Promise.allSettled([...this.connection.endings].map((end) => end()));
    await this.detach();
    const failed = endings.find((ending) => ending.status === "rejected");
    if (failed !== undefined) throw failed.reason;
  }

  /**
   * @internal Runs `end` when this thread closes the store, while it is still open. A failure of it is `close`'s to throw, once
   * the store is closed all the same. The function returned takes it back.
   */
  beforeClose(end: () => Promise<void>): () => void {
    const { endings } = this.connection;
    endings.add(end);
    return () => endings.delete(end);
  }

  private async detach(): Promise<void> {
    const { worker, creator, maintenance } = this.connection;
    if (worker.closed) return;
    for (const hear of Store.closing) hear(this);
    worker.closed = true;
    if (creator) {
      Atomics.store(worker.header, layout.H_CLOSED / 4, 1);
      if (this.connection.shared) wake(worker);
    }
    if (this.connection.evictor !== null) worker.engine.releaseEvictor();
    worker.engine.detach();
    if (maintenance !== null) {
      maintenance.ref(); // else a program with nothing else to do would end here, in the middle of its await
      await this.connection.maintenanceDone;
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  // ---------------------------------------------------------------- inside

  private assertRoot(verb: string): void {
    this.connection.worker.assertOpen();
    if (this.agent !== null)
      throw new AccessDeniedError(`agent "${this.agent}" may not ${verb}; only the store itself can`);
  }

  private find(name: string): Record | null {
    const { worker } = this.connection;
    const length = worker.engine.resolve(worker.putKey(name));
    if (length === MISS) return null;
    const value = worker.values;
    const word = value.readUInt32LE(layout.N_ENCODING);
    return {
      entry: worker.out[0],
      version: worker.out[1],
      id: value.readUInt32LE(layout.N_ID),
      encoding: encodingOf(word) as EncodingName,
      whenFull: whenFullOf(word),
      maxEntries: value.readUInt32LE(layout.N_MAX_ENTRIES),
      maxBytes: Number(value.readBigUInt64LE(layout.N_MAX_BYTES)),
    };
  }

  private findOrMake(
    name: string,
    made: { encoding?: EncodingName; whenFull?: WhenFull },
    limits: Required<NamespaceLimits>,
    agent: AgentAccess | null,
  ): Record {
    const { worker, records } = this.connection;
    const cached = records.get(name);
    if (cached !== undefined && worker.engine.isCurrentRecord(cached.entry, cached.version)) return cached;
    for (;;) {
      const record = this.find(name);
      if (record !== null) {
        records.set(name, record);
        return record;
      }
      agent?.check(permissionBits(["write"]));
      const status = worker.engine.createNamespace(
        worker.putKey(name),
        namespaceWord(made.encoding ?? "binary", made.whenFull ?? "refuse"),
        limits.maxEntries,
        BigInt(limits.maxBytes),
      );
      if (status === NO_IDS && this.sweep() > 0) continue; // ids of dropped namespaces whose entries are still there
      if (status === NO_IDS) {
        const ids = worker.header[layout.H_ID_COUNT / 4] - layout.FIRST_ID;
        throw new NamespaceLimitError(
          `all ${ids} namespace ids are in use; drop namespaces, or create the store with a larger maxNamespaces`,
        );
      }
      if (status === layout.NO_MEMORY) throw new OutOfMemoryError(`no memory is left to make namespace "${name}"`);
    }
  }
}

function open(store: Store): Store {
  for (const heard of Store.opened) heard(store);
  return store;
}

function connect(worker: WorkerConnection, creator: boolean, shared: boolean): Connection {
  const connection: Connection = {
    worker,
    evictor: null,
    gauges: null,
    endings: new Set(),
    access: new Access(worker),
    records: new Map(),
    maintenance: null,
    creator,
    shared,
    lent: new WeakMap(),
    buffers: new FinalizationRegistry((chunk) => {
      if (!worker.closed) worker.engine.returnBuffer(chunk);
    }),
    maintenanceDone: Promise.resolve(),
  };
  // no other thread can reach private memory, so this one runs the policy as it goes
  if (!shared) worker.background = () => runEvictor(connection);
  return connection;
}

/** What one round of the eviction policy on an agent's own thread may spend on finding what the logs lost. */
const RECOVER_MS = 1;

/** A round of the eviction policy, if it is this thread's to run; how many entries it evicted. */
function runEvictor(connection: Connection): number {
  const { worker } = connection;
  if (worker.header[layout.H_LOG / 4] === 0 || worker.header[layout.H_MAINTAINED / 4] !== 0) return 0;
  connection.evictor ??= Evictor.claim(worker);
  const { evictor } = connection;
  if (evictor === null) return 0;
  const before = evictor.evicted;
  evictor.round();
  evictor.recover(RECOVER_MS);
  return evictor.evicted - before;
}

/** Makes the maintenance thread look up. */
function wake(worker: WorkerConnection): void {
  const header = new Int32Array(worker.header.buffer, 0, layout.HEADER_SIZE / 4);
  Atomics.store(header, layout.H_WAKE / 4, 1);
  Atomics.notify(header, layout.H_WAKE / 4);
}

/** The clock and the sweep have a thread of their own, which does not keep the process alive. */
function startMaintenance(connection: Connection): void {
  const { worker } = connection;
  worker.header[layout.H_MAINTAINED / 4] = 1; // from now on, though it is not there yet: it is the one to evict
  // no one else has the handle yet, so the last slot is free: those who attach until the thread is there leave it alone
  const slot = worker.header[layout.H_SLOT_COUNT / 4] - 1;
  const place = worker.header[layout.H_SLOTS / 4] + slot * layout.SLOT_SIZE;
  Atomics.store(new Uint32Array(worker.currentBuffer(), place, 1), layout.S_STATE / 4, layout.SLOT_RESERVED);
  const thread = new Worker(new URL("./maintenance.js", import.meta.url), {
    workerData: { store: worker.handle, slot },
    stdin: false,
    execArgv: [],
  });
  thread.unref();
  connection.maintenance = thread;
  connection.maintenanceDone = new Promise((done) => {
    thread.once("exit", () => {
      // also when it never came to say so itself: verify() would wait for it
      Atomics.store(worker.header, layout.H_MAINTAINED / 4, 0);
      done();
    });
  });
}

function checkObject(options: unknown, what: string): void {
  if (options === null || typeof options !== "object") {
    throw new InvalidArgumentError(`${what} takes an object of options, not ${describe(options)}`);
  }
}

function checkName(name: unknown): void {
  if (typeof name !== "string" || name === "") {
    throw new InvalidArgumentError(`a namespace is named ${describe(name)}; expected a non-empty string`);
  }
  const bytes = Buffer.byteLength(name);
  if (bytes > layout.NAMESPACE_NAME_MAX) {
    throw new InvalidArgumentError(
      `a namespace name has ${bytes} bytes in UTF-8; the limit is ${layout.NAMESPACE_NAME_MAX}`,
    );
  }
}

function checkHandle(handle: unknown): asserts handle is StoreHandle {
  const fault = (what: string) =>
    new InvalidArgumentError(`Store.attach: ${what}; expected the handle of a store (store.handle)`);
  if (handle === null || typeof handle !== "object") throw fault(`the handle is ${describe(handle)}`);
  const { engram, module, memory } = handle as Partial<StoreHandle>;
  if (engram === undefined) throw fault("the handle has no layout version");
  if (engram !== layout.LAYOUT_VERSION) {
    throw new InvalidArgumentError(
      `Store.attach: the handle has layout version ${describe(engram)}, this engine has ${layout.LAYOUT_VERSION}; use the same engram version in all threads`,
    );
  }
  if (!(module instanceof WebAssembly.Module) || !(memory instanceof WebAssembly.Memory))
    throw fault("the handle holds no module and memory");
  if (memory.buffer.byteLength < layout.HEADER_SIZE) throw fault("its memory is no store's");
  const header = new Uint32Array(memory.buffer, 0, 2);
  if (header[0] !== layout.MAGIC || header[1] !== layout.LAYOUT_VERSION) throw fault("its memory is no store's");
}
