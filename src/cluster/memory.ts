/** The distributed memory of one node: joined once a process, used by the thread that joined and, through it, by all others. */
import { ClosedError, InvalidArgumentError } from "../errors.js";
import { beforeClose, identityOf, type Store } from "../store/index.js";
import { type Duration, milliseconds } from "../units.js";
import { AttachedMemory } from "./attached-memory.js";
import type { CheckpointInfo, Checkpoints } from "./checkpoints.js";
import type { ClusterMemory } from "./cluster-memory.js";
import type { Controlled } from "./control.js";
import { Domain } from "./domain.js";
import type { DomainState } from "./domain-state.js";
import { UnavailableError } from "./errors.js";
import type { DomainAdvice } from "./evaluation.js";
import type { Invalidated, InvalidateOptions } from "./invalidation.js";
import type { Scope } from "./invalidation-message.js";
import type { Member } from "./membership.js";
import type { MemoryEvents } from "./memory-events.js";
import { MemoryServer } from "./memory-server.js";
import { NodeState } from "./node-state.js";
import { checkJoin, type JoinOptions } from "./options.js";
import type { RecoveredDomain, RecoverOptions } from "./recovery.js";
import type { Healed } from "./replica-options.js";
import type { ClusterStatus } from "./status.js";
import type { MemoryHandle } from "./thread-messages.js";

const HEAL_MS = 30_000;
const DRAIN_MS = 2000;
const JOINED = new WeakMap<object, DistributedMemory>();

/** One memory over many machines: a node of it, with its domains. Made by `DistributedMemory.join`; docs/cluster.md has the whole of it. */
export class DistributedMemory implements Controlled, AsyncDisposable {
  private readonly listeners = new Map<keyof MemoryEvents, Set<(event: never) => void>>();
  private readonly state: NodeState;
  private server: MemoryServer | null = null;
  private closing: Promise<void> | null = null;

  private constructor(options: JoinOptions) {
    this.state = new NodeState(checkJoin(options), (event, report) => this.tell(event, report));
  }

  /**
   * Joins, with all domains: connected, copies fetched, the name taken. Unsent writes of an earlier life that are in the store are sent.
   *
   * @throws InvalidArgumentError; UnavailableError when the servers do not answer within `timeout`; EngineTooOldError; NodeNameTakenError;
   *   ClockSkewError. Nothing is left open then, and the name is not taken.
   */
  static async join(options: JoinOptions): Promise<DistributedMemory> {
    const memory = new DistributedMemory(options);
    const { settings, opening } = memory.state;
    const { store, node, timeoutMs } = settings;
    const { worker } = identityOf(store);
    if (JOINED.has(worker)) {
      throw new InvalidArgumentError(
        `this store is joined already, as node "${JOINED.get(worker)!.node}"; close that one first`,
      );
    }
    JOINED.set(worker, memory);
    const late = () =>
      new UnavailableError(
        `node "${node}" could not join within ${timeoutMs} ms${memory.state.waitsFor()}; look whether a majority of the servers is up, or give it more with { timeout }`,
      );
    opening.add(() => void JOINED.delete(worker));
    await opening.within(memory.state.open(), timeoutMs, late);
    opening.add(() => memory.server?.close());
    opening.add(beforeClose(store, () => memory.close()) as () => void);
    return memory;
  }

  /**
   * The memory in another thread of the process: `peek` reads the store, all else is asked of the thread that joined.
   *
   * @param store the same one, attached in this thread
   * @throws InvalidArgumentError for anything but a handle, or one of another store
   */
  static attach(store: Store, handle: MemoryHandle): AttachedMemory {
    return AttachedMemory.attach(store, handle);
  }

  /** This node's name. */
  get node(): string {
    return this.state.settings.node;
  }

  /** What another thread needs to attach: structured-cloneable. */
  get handle(): MemoryHandle {
    this.assertOpen();
    const { store, domains } = this.state.settings;
    this.server ??= new MemoryServer(store, new Map([...domains].map(([name, { near }]) => [name, near])), this);
    return this.server.handle;
  }

  /** @typeParam V its values. @throws InvalidArgumentError for a domain that was not joined with */
  domain<V = unknown>(name: string): Domain<V> {
    return new Domain<V>(this.stateOf(name), () => this.closing === null);
  }

  /** Has all nodes forget keys of a domain: one, several, those that bear a tag, or that a pattern with `*` meets. */
  invalidate(domain: string, scope: Scope, options?: InvalidateOptions): Promise<Invalidated> {
    return this.stateOf(domain).invalidations.invalidate(scope, options);
  }

  /** Until all that was written here before is in the logs, and all that was there before is here. @throws UnavailableError */
  async sync(options: { domain?: string; timeout?: Duration } = {}): Promise<void> {
    const timeoutMs = milliseconds("option timeout", options.timeout, HEAL_MS, 1);
    await Promise.all(
      this.statesOf(options.domain).map(async ({ replica, settings }) => {
        const { merged } = await replica.heal(timeoutMs);
        await replica.pass(timeoutMs).catch((cause) => {
          throw new UnavailableError(`domain "${settings.name}" could not be synchronised: the log does not answer`, {
            cause,
          });
        });
        if (!merged) throw new UnavailableError(`domain "${settings.name}" has unsent writes after ${timeoutMs} ms`);
      }),
    );
  }

  /**
   * After a time apart: what each domain missed comes from its log, what it accepted alone goes there.
   *
   * @returns how many nodes there are, whether all is in the logs, and the conflicts of this node's writes since the last `heal`: those that were
   *   resolved by themselves when the connection came back among them
   */
  async heal(options: { domain?: string; timeout?: Duration } = {}): Promise<Healed & { readonly nodes: number }> {
    const timeoutMs = milliseconds("option timeout", options.timeout, HEAL_MS, 1);
    const all = await Promise.all(
      this.statesOf(options.domain).map(async (state) => {
        await state.checkLog().catch(() => {}); // one that does not answer is not another one
        const { merged } = await state.replica.heal(timeoutMs);
        return { merged, conflictsResolved: state.conflictsSinceHealed() };
      }),
    );
    return {
      nodes: this.clusterMemory().nodes,
      merged: all.every(({ merged }) => merged),
      conflictsResolved: all.reduce((sum, one) => sum + one.conflictsResolved, 0),
    };
  }

  /**
   * Rebuilds copies, all that are replicated or one domain's, in the source's five steps, each told as "recovery". One recovery at a time.
   *
   * @throws InvalidArgumentError; UnavailableError when there is nothing to recover from: what had come in is kept
   */
  async recover(options: RecoverOptions = {}): Promise<RecoveredDomain[]> {
    this.assertOpen();
    return this.state.recovery.recover(options);
  }

  /**
   * Takes a checkpoint of this node now, all domains at one moment.
   *
   * @param name default: by the time, of which only the latest are kept
   * @throws InvalidArgumentError when it was joined without `backups`, or for a name that is none; BackupError
   */
  async checkpoint(name?: string): Promise<CheckpointInfo> {
    return this.kept().create(name);
  }

  /** Oldest first; none without `backups`. */
  checkpoints(): CheckpointInfo[] {
    this.assertOpen();
    return this.state.checkpoints?.list() ?? [];
  }

  /**
   * Merges a checkpoint into the copies: where a log answers, that is right already, and only one that lost everything gets it back.
   *
   * @param name default: the latest
   * @throws InvalidArgumentError when there is none of that name; UnavailableError when there is none at all; CorruptBackupError
   */
  restoreCheckpoint(name?: string): Promise<RecoveredDomain[]> {
    return this.recover({ mode: "snapshot", checkpoint: name });
  }

  /** @throws InvalidArgumentError when there is none of that name */
  deleteCheckpoint(name: string): void {
    this.kept().delete(name);
  }

  /**
   * Looks now which backend each domain belongs on, by what it has done since the last look, as it is looked every `evaluateEvery`: a threshold is
   * crossed by a margin, and three looks in a row must agree. Advice only: it moves nothing.
   */
  evaluate(): DomainAdvice[] {
    this.assertOpen();
    return this.state.evaluate();
  }

  /** The other nodes that are known here. */
  members(): Member[] {
    return this.state.members();
  }

  /** What all nodes keep. */
  clusterMemory(): ClusterMemory {
    return this.state.clusterMemory();
  }

  /** How this node fares. */
  status(): ClusterStatus {
    return this.state.status();
  }

  /** Calls whenever it happens; the answer ends that. */
  on<E extends keyof MemoryEvents>(event: E, listener: (report: MemoryEvents[E]) => void): () => void {
    const listeners = this.listeners.get(event) ?? new Set();
    this.listeners.set(event, listeners);
    listeners.add(listener);
    return () => listeners.delete(listener);
  }

  /**
   * Leaves: unsent writes are given `timeout` to reach the log (default 2 s; what does not stays in the store), then the name is given back and all
   * waiting ends.
   */
  close({ timeout }: { timeout?: Duration } = {}): Promise<void> {
    const timeoutMs = milliseconds("option timeout", timeout, DRAIN_MS);
    this.closing ??= (async () => {
      const states = [...this.state.domains.values()];
      if (timeoutMs > 0) await Promise.all(states.map(({ replica }) => replica.untilSent(-1, timeoutMs)));
      await this.state.opening.close();
    })();
    return this.closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  // ---------------------------------------------------------------- inside

  private tell<E extends keyof MemoryEvents>(event: E, report: MemoryEvents[E]): void {
    for (const listener of this.listeners.get(event) ?? []) (listener as (report: MemoryEvents[E]) => void)(report);
  }

  private kept(): Checkpoints {
    this.assertOpen();
    const { checkpoints } = this.state;
    if (checkpoints !== null) return checkpoints;
    throw new InvalidArgumentError(
      `node "${this.node}" has no directory for checkpoints; join with backups, or start it with --checkpoints DIRECTORY`,
    );
  }

  private statesOf(domain: string | undefined): DomainState[] {
    this.assertOpen();
    return domain === undefined ? [...this.state.domains.values()] : [this.stateOf(domain)];
  }

  private stateOf(name: string): DomainState {
    this.assertOpen();
    return this.state.stateOf(name);
  }

  private assertOpen(): void {
    if (this.closing !== null) throw new ClosedError("the distributed memory is closed on this node; join again");
  }
}
