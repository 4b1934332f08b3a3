/**
 * The store as one agent may use it: its namespaces, channels, queues and locks, and nothing of what belongs to the store itself. It guards against
 * mistakes, not against hostile code: all agents of a process share its memory.
 */

import { AccessDeniedError } from "../errors.js";
import type { BinaryChannelOptions, Channel, ChannelOptions, TextChannelOptions } from "./channel.js";
import type { Mutex } from "./locks/mutex.js";
import type { LockDefinition } from "./locks/options.js";
import type { RwLock } from "./locks/rw-lock.js";
import type { Namespace } from "./namespace/namespace.js";
import type { BinaryNamespaceOptions, NamespaceOptions, TextNamespaceOptions } from "./namespace/options.js";
import type { BinaryQueueOptions, Queue, QueueOptions, TextQueueOptions } from "./queue.js";

/** What a view passes on to: the store, checked for the agent. */
export interface ViewedStore {
  namespace<V>(name: string, options?: NamespaceOptions<V>): Namespace<V>;
  namespaces(): string[];
  dropNamespace(name: string): boolean;
  channel<V>(name: string, options?: ChannelOptions): Channel<V>;
  dropChannel(name: string): boolean;
  channels(): string[];
  queue<V>(name: string, options?: QueueOptions): Queue<V>;
  dropQueue(name: string): boolean;
  queues(): string[];
  mutex(name: string, definition?: LockDefinition): Mutex;
  rwLock(name: string, definition?: LockDefinition): RwLock;
  dropLock(name: string): boolean;
  locks(): string[];
  closeView(): void;
}

/** Made by `store.as()`. Everything throws ClosedError once the view, or the store in this thread, is closed. */
export class AgentView implements AsyncDisposable {
  /** The agent's id. */
  readonly agent: string;
  readonly #store: ViewedStore;

  private constructor(agent: string, store: ViewedStore) {
    this.agent = agent;
    this.#store = store;
  }

  /** @internal Use `store.as()`. */
  static of(agent: string, store: ViewedStore): AgentView {
    return new AgentView(agent, store);
  }

  /** As `store.namespace`. @throws AccessDeniedError where the agent may not write, and thus not make it, or not change its limits */
  namespace(name: string, options?: BinaryNamespaceOptions): Namespace<Uint8Array>;
  namespace<V extends string = string>(name: string, options: TextNamespaceOptions<V>): Namespace<V>;
  namespace<V = unknown>(name: string, options: NamespaceOptions<V>): Namespace<V>;
  namespace<V>(name: string, options?: NamespaceOptions<V>): Namespace<V> {
    return this.#store.namespace(name, options);
  }

  /** Names of the namespaces that there are and in which the agent may do something, in no order. */
  namespaces(): string[] {
    return this.#store.namespaces();
  }

  /** As `store.dropNamespace`. @throws AccessDeniedError without "admin" there */
  dropNamespace(name: string): boolean {
    return this.#store.dropNamespace(name);
  }

  /**
   * As `store.channel`, with the same permissions as a namespace of that name: "write" makes it and sends, "read" receives. `agent_<id>_…` are
   * the agent's own.
   *
   * @throws AccessDeniedError where there is none and the agent may not write
   */
  channel(name: string, options?: BinaryChannelOptions): Channel<Uint8Array>;
  channel<V extends string = string>(name: string, options: TextChannelOptions): Channel<V>;
  channel<V = unknown>(name: string, options: ChannelOptions): Channel<V>;
  channel<V>(name: string, options?: ChannelOptions): Channel<V> {
    return this.#store.channel(name, options);
  }

  /** As `store.dropChannel`. @throws AccessDeniedError without "admin" there */
  dropChannel(name: string): boolean {
    return this.#store.dropChannel(name);
  }

  /** Names of the channels that there are and in which the agent may do something, in no order. */
  channels(): string[] {
    return this.#store.channels();
  }

  /**
   * As `store.queue`, with the same permissions as a namespace of that name: "write" makes it and sends, "read" takes and acknowledges, "delete" clears
   * dead letters.
   *
   * @throws AccessDeniedError where there is none and the agent may not write
   */
  queue(name: string, options?: BinaryQueueOptions): Queue<Uint8Array>;
  queue<V extends string = string>(name: string, options: TextQueueOptions): Queue<V>;
  queue<V = unknown>(name: string, options: QueueOptions): Queue<V>;
  queue<V>(name: string, options?: QueueOptions): Queue<V> {
    return this.#store.queue(name, options);
  }

  /** As `store.dropQueue`. @throws AccessDeniedError without "admin" there */
  dropQueue(name: string): boolean {
    return this.#store.dropQueue(name);
  }

  /** Names of the queues that there are and in which the agent may do something, in no order. */
  queues(): string[] {
    return this.#store.queues();
  }

  /**
   * As `store.mutex`, with the same permissions as a namespace of that name: "write" makes it and takes it. `agent_<id>_…` are the agent's own.
   *
   * @throws AccessDeniedError where there is none and the agent may not write
   */
  mutex(name: string, definition?: LockDefinition): Mutex {
    return this.#store.mutex(name, definition);
  }

  /** As `store.rwLock`: "read" takes it to read, "write" makes it and takes it to write. @throws as `mutex` */
  rwLock(name: string, definition?: LockDefinition): RwLock {
    return this.#store.rwLock(name, definition);
  }

  /** As `store.dropLock`. @throws AccessDeniedError without "admin" there */
  dropLock(name: string): boolean {
    return this.#store.dropLock(name);
  }

  /** Names of the locks that there are and with which the agent may do something, in no order. */
  locks(): string[] {
    return this.#store.locks();
  }

  /** Closes this view, its namespaces and its channels; the store stays open. */
  async close(): Promise<void> {
    this.#store.closeView();
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }
}

/** What only the store itself can do, for programs without types that ask a view for it. */
const OF_THE_STORE = {
  as: "act for another agent",
  grant: "grant",
  revoke: "revoke",
  dropIdleNamespaces: "drop idle namespaces",
  region: "open regions",
  dropRegion: "drop regions",
  regions: "list regions",
  buffer: "take buffers",
  returnBuffer: "return buffers",
  spawn: "start threads",
  watch: "watch threads",
  maintain: "maintain the store",
  stats: "read the store's counters",
  health: "ask for the store's health",
  verify: "verify the store",
  backup: "back up the store",
  record: "record the store",
};

function denied(view: AgentView, what: string): AccessDeniedError {
  return new AccessDeniedError(`agent "${view.agent}" may not ${what}; only the store itself can`);
}

for (const [method, what] of Object.entries(OF_THE_STORE)) {
  Object.defineProperty(AgentView.prototype, method, {
    value(this: AgentView): never {
      throw denied(this, what);
    },
  });
}
Object.defineProperty(AgentView.prototype, "handle", {
  get(this: AgentView): never {
    throw denied(this, "hand the store to another thread");
  },
});
