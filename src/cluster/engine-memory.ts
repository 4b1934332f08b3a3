/**
 * The engine in one process: logs in its memory, several nodes on them. Without a network between it is the default of a node that is alone; with a
 * rough one, its faults decided by a seed, it is what the simulation runs on.
 */
import { InvalidArgumentError } from "../errors.js";
import {
  type Appended,
  type AppendOptions,
  type ClusterClock,
  type Engine,
  type EngineFacts,
  EngineNotSent,
  type EngineSource,
  EngineUnknown,
  type LogDefinition,
  type Logged,
  type LogKey,
  type ReadSince,
} from "./engine.js";
import { MemoryLog, type MemoryLogOptions } from "./memory-log.js";
import { CALM, type MemoryNetwork } from "./memory-network.js";
import { systemClock } from "./system-clock.js";

/** What lies between the nodes of one process: for tests, which want other clocks and worse networks. */
export interface MemoryClusterOptions extends MemoryLogOptions {
  /** What time goes by. Default: the system's. */
  readonly clock?: ClusterClock;
  /** Default: one that loses and delays nothing. */
  readonly network?: MemoryNetwork;
  /** After so long without an answer an outcome is unknown, ms. Default 1,000. */
  readonly timeoutMs?: number;
}

const TIMEOUT_MS = 1000;
const MAX_ENTRY_BYTES = 16 * 2 ** 20;
const MAX_KEY_BYTES = 4096;

/** Logs by domain, for all nodes of one process. */
export class MemoryCluster implements EngineSource {
  /** What its time goes by. */
  readonly clock: ClusterClock;
  /** What lies between its nodes. */
  readonly network: MemoryNetwork;
  /** After so long without an answer an outcome is unknown, ms. */
  readonly timeoutMs: number;
  private readonly logs = new Map<string, MemoryLog>();
  private readonly engines = new Map<string, Set<MemoryEngine>>();

  constructor(private readonly options: MemoryClusterOptions = {}) {
    this.clock = options.clock ?? systemClock;
    this.network = options.network ?? CALM;
    this.timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
  }

  /** Of a domain; made when nobody has asked before. */
  log(name: string): MemoryLog {
    let log = this.logs.get(name);
    if (log === undefined) {
      log = new MemoryLog(this.options);
      this.logs.set(name, log);
      this.engines.set(name, new Set());
    }
    return log;
  }

  async open({ name }: Pick<LogDefinition, "name">, node: string): Promise<MemoryEngine> {
    const log = this.log(name);
    const peers = this.engines.get(name)!;
    const engine = new MemoryEngine(this, log, node, peers);
    peers.add(engine);
    return engine;
  }

  /** Tells a node's engines that what they missed can be fetched: its time apart is over. */
  reconnect(node: string): void {
    for (const peers of this.engines.values()) {
      for (const engine of peers) if (engine.node === node) engine.reconnected();
    }
  }

  async close(): Promise<void> {
    for (const peers of this.engines.values()) for (const engine of [...peers]) await engine.close();
  }
}

/** One node's hands on a log of a `MemoryCluster`. */
export class MemoryEngine implements Engine {
  /** What it can, and how much of it. */
  readonly facts: EngineFacts;
  private readonly castListeners = new Set<(from: string, message: Uint8Array) => void>();
  private readonly changeListeners = new Set<(seq: number, key: LogKey, entry: Uint8Array) => void>();
  private readonly reconnectListeners = new Set<() => void>();
  private readonly waiting = new Set<(error: Error) => void>();
  private readonly unsubscribe: () => void;
  private closed = false;

  constructor(
    private readonly cluster: MemoryCluster,
    private readonly log: MemoryLog,
    /** Its name. */
    readonly node: string,
    private readonly peers: Set<MemoryEngine>,
  ) {
    this.facts = {
      name: "memory",
      version: "1",
      maxEntryBytes: MAX_ENTRY_BYTES,
      maxKeyBytes: MAX_KEY_BYTES,
      replicas: 1,
      duplicateWindowMs: log.duplicateWindowMs,
    };
    this.unsubscribe = log.subscribe((seq, key, entry) => this.feed(seq, key, entry));
  }

  async append(key: LogKey, entry: Uint8Array, { id, expect }: AppendOptions): Promise<Appended> {
    checkSizes(key, entry);
    return this.ask(() => this.log.append(key, entry, id, expect, this.cluster.clock.elapsed()));
  }

  read(key: LogKey): Promise<Logged | null> {
    return this.ask(() => this.log.read(key));
  }

  async since(seq: number, visit: (seq: number, key: LogKey, entry: Uint8Array) => void): Promise<ReadSince> {
    // As servers do it: where the log ends is asked first, what stands up to there is read later.
    const last = await this.ask(() => this.log.last);
    const { found, end } = await this.ask(() => ({ found: this.log.since(seq), end: this.log.last }));
    const standing = found.filter(({ logged }) => logged.seq <= last);
    for (const { key, logged } of standing) visit(logged.seq, key, logged.entry);
    if (last <= seq) return { last: seq, end: seq };
    return { last, end: standing.length === last - seq ? last : end };
  }

  onChange(listener: (seq: number, key: LogKey, entry: Uint8Array) => void): void {
    this.changeListeners.add(listener);
  }

  onReconnect(listener: () => void): void {
    this.reconnectListeners.add(listener);
  }

  cast(message: Uint8Array): void {
    const { network } = this.cluster;
    if (this.closed) return;
    for (const peer of this.peers) {
      if (peer === this || peer.node === this.node || network.loses()) continue;
      this.later(() => {
        if (!this.closed && !peer.closed && network.reaches(this.node, peer.node)) peer.hear(this.node, message);
      });
    }
  }

  /** Tells the listener of each message. */
  onCast(listener: (from: string, message: Uint8Array) => void): void {
    this.castListeners.add(listener);
  }

  forget(key: LogKey, seq: number): Promise<void> {
    return this.ask(() => this.log.forget(key, seq));
  }

  async close(): Promise<void> {
    if (this.closed) return;
    this.closed = true;
    this.unsubscribe();
    this.peers.delete(this);
    for (const fail of [...this.waiting]) fail(new EngineUnknown("the engine was closed before it was answered"));
  }

  /** What was told in between is missing. */
  reconnected(): void {
    if (!this.closed) for (const listener of this.reconnectListeners) listener();
  }

  private hear(from: string, message: Uint8Array): void {
    for (const listener of this.castListeners) listener(from, message);
  }

  private feed(seq: number, key: LogKey, entry: Uint8Array): void {
    const { network } = this.cluster;
    const tell = (): void => {
      if (this.closed || !network.reachesLog(this.node)) return;
      for (const listener of this.changeListeners) listener(seq, key, entry);
    };
    if (!network.reachesLog(this.node) || network.loses()) return;
    this.later(tell);
    if (network.repeats()) this.later(tell);
  }

  /** There, and back again; either way can fail. */
  private ask<T>(work: () => T): Promise<T> {
    const { network, clock, timeoutMs } = this.cluster;
    if (this.closed) return Promise.reject(new EngineNotSent("the engine is closed"));
    return new Promise((resolve, reject) => {
      const end = (settle: () => void): void => {
        this.waiting.delete(fail);
        cancel();
        settle();
      };
      const fail = (error: Error): void => end(() => reject(error));
      const cancel = clock.after(timeoutMs, () => fail(new EngineUnknown(`no answer within ${timeoutMs} ms`)));
      this.waiting.add(fail);
      if (!network.reachesLog(this.node) && network.refuses()) {
        this.later(() => fail(new EngineNotSent("no majority can be reached")));
        return;
      }
      this.later(() => {
        if (this.closed || network.loses() || !network.reachesLog(this.node)) return;
        const answer = outcome(work);
        this.later(() => {
          if (!this.closed && !network.loses() && network.reachesLog(this.node)) end(() => answer(resolve, reject));
        });
      });
    });
  }

  private later(callback: () => void): void {
    const ms = this.cluster.network.delayMs();
    if (ms === 0) queueMicrotask(callback);
    else this.cluster.clock.after(ms, callback);
  }
}

/** What it gives or throws, to be handed on later. */
function outcome<T>(work: () => T): (resolve: (value: T) => void, reject: (error: unknown) => void) => void {
  try {
    const value = work();
    return (resolve) => resolve(value);
  } catch (error) {
    return (_, reject) => reject(error);
  }
}

/** @throws InvalidArgumentError for what a log on a server could not hold either */
function checkSizes(key: LogKey, entry: Uint8Array): void {
  const keyBytes = Buffer.byteLength(key);
  if (keyBytes === 0 || keyBytes > MAX_KEY_BYTES) {
    throw new InvalidArgumentError(`a key of ${keyBytes} bytes: expected 1 to ${MAX_KEY_BYTES}`);
  }
  if (entry.length > MAX_ENTRY_BYTES) {
    throw new InvalidArgumentError(`an entry of ${entry.length} bytes: the log takes ${MAX_ENTRY_BYTES} at most`);
  }
}
