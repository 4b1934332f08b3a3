/**
 * A pool of connections, or of anything else that is dear to make: at most `max` at a time, first come, first served.
 *
 * What always holds
 *
 * 1. A connection is in one state: being made, idle, in use, being checked, being recycled, being closed. For each of them, in whichever
 *    state, one permit is taken, and it is given back when closing has ended. So there are never more than `max`, however slowly they close.
 * 2. Nothing is handed to a caller who has given up: a waiter that times out or aborts leaves the list in the same turn, and whoever hands
 *    over takes from the list.
 * 3. A lease ends once. Only the lease of a connection in use can give it back, so nobody gets one twice.
 * 4. Nobody waits while a connection lies idle that would do, and no more are made or checked than callers wait for (or `min` asks for).
 * 5. Every state ends: what a manager's function does not finish in its time is given up. A connection that `create` brings after its time
 *    is closed at once and has no permit: until that is done, one more may be open than the pool counts (`stats().late`).
 *
 * A manager's functions are the caller's code. They are called when the pool's own books are in order, so they may call the pool.
 *
 * When making one fails, the pool tries one at a time, after pauses that double from 10 ms to 1 s, and only while somebody needs one: a server
 * that is down is asked once a second at most, and no loop keeps the thread from its timers.
 */
import { InvalidArgumentError } from "../../errors.js";
import { AcquireTimeoutError, ConnectionFailedError, ManagerTimeoutError, PoolClosedError } from "../errors.js";
import { callSite, LeakTrace } from "../leaks.js";
import { ByAge, Connection } from "./connection.js";
import { Lease, type Lessor } from "./lease.js";
import { type ConnectionManager, checkManager } from "./manager.js";
import {
  type AcquireOptions,
  type CheckedPool,
  type ClosePoolOptions,
  checkAcquire,
  checkClose,
  checkPool,
  LONGEST_TIMER_MS,
  type PoolOptions,
} from "./options.js";
import { LocalPermits, type Permits } from "./permits.js";
import type { ConnectionRecords } from "./records.js";
import { type Waiter, Waiters } from "./waiters.js";
import { isPromise, within } from "./within.js";

/** Others' callers wait so long, in ms, before a connection that this pool's own wait for is closed to make room for theirs. */
const FAIR_AFTER_MS = 50;
const FIRST_PAUSE_MS = 10;
const LONGEST_PAUSE_MS = 1000;

/** What a pool holds and has done. */
export interface PoolStats {
  /** Open, and nobody's. */
  readonly idle: number;
  /** Lent out. */
  readonly inUse: number;
  /** Being made. */
  readonly creating: number;
  /** Asked `isValid`, or being recycled. */
  readonly checking: number;
  /** Being closed; they count. */
  readonly ending: number;
  /** All of these: never above `max`. */
  readonly size: number;
  /** Kept open, idle or not. */
  readonly min: number;
  /** Open at most. */
  readonly max: number;
  /** Callers that wait. */
  readonly waiting: number;
  /** Since the pool was made: leases handed out, */
  readonly acquired: number;
  /** callers that gave up, by time-out or signal, */
  readonly givenUp: number;
  /** connections made, */
  readonly created: number;
  /** attempts to make one that failed or took too long, */
  readonly failed: number;
  /** connections closed, */
  readonly destroyed: number;
  /** closed while in use, or whose closing failed or did not end, */
  readonly forced: number;
  /** connections that came after `createTimeout`, and were closed, */
  readonly late: number;
  /** and leases that were forgotten, where leaks are looked for. */
  readonly leaked: number;
}

/** How a pool ended. */
export interface PoolClosing {
  /** What was still in somebody's hands, or not closed, at the deadline. 0: everything ended in order. */
  readonly forced: number;
}

interface Closing {
  readonly ended: Promise<PoolClosing>;
  readonly resolve: (closing: PoolClosing) => void;
  timer: NodeJS.Timeout | null;
  /** As performance.now() counts. */
  deadline: number;
  over: boolean;
}

/** Connections that are made once and lent out: `pool.use(async (connection) => …)`. docs/resources.md has the whole of it. */
export class Pool<C> {
  /** As it was made with. */
  readonly name: string;
  readonly #manager: ConnectionManager<C>;
  readonly #options: CheckedPool;
  readonly #permits: Permits;
  readonly #all = new ByAge<C>();
  /** A stack: the one used last is handed out first, so that those beyond need grow old and are closed. */
  readonly #idle: Connection<C>[] = [];
  readonly #waiters: Waiters<C>;
  readonly #creations = new Set<AbortController>();
  readonly #lessor: Lessor<C>;
  readonly #onClose: (() => void) | undefined;
  readonly #records: ConnectionRecords | null;
  readonly #leaks: LeakTrace<Connection<C>> | null;
  #inUse = 0;
  #checking = 0;
  #ending = 0;
  /** Connections that came too late and are being closed: nobody's, and without a permit. */
  #lateEnding = 0;
  #idleTimer: NodeJS.Timeout | null = null;
  #retryTimer: NodeJS.Timeout | null = null;
  #retryAt = 0;
  /** Rounds of attempts in a row that failed. */
  #failures = 0;
  #lastError: unknown;
  #unwait: (() => void) | null = null;
  #unasked: (() => void) | undefined;
  #pumping = false;
  #pumpAgain = false;
  #closing: Closing | null = null;
  #acquired = 0;
  #givenUp = 0;
  #created = 0;
  #failed = 0;
  #destroyed = 0;
  #forced = 0;
  #late = 0;
  #leaked = 0;

  /**
   * Begins to open `min` connections.
   *
   * @param seams for those who join pools to something: whose permits, who lists its connections, and what runs once the pool begins to close
   * @throws InvalidArgumentError
   */
  constructor(
    manager: ConnectionManager<C>,
    options: PoolOptions = {},
    seams: { readonly permits?: Permits; readonly records?: ConnectionRecords; readonly onClose?: () => void } = {},
  ) {
    this.#manager = checkManager(manager);
    this.#options = checkPool(options);
    if (this.#options.overThreads && seams.permits === undefined) {
      throw new InvalidArgumentError(
        'option scope is "process" of a pool without a store; open it with store.pool(name, manager, options)',
      );
    }
    this.#permits = seams.permits ?? new LocalPermits(this.#options.max);
    this.#records = seams.records ?? null;
    this.#onClose = seams.onClose;
    const { name } = this.#options;
    this.name = name;
    this.#waiters = new Waiters((waiter) => this.#timeOut(waiter));
    this.#lessor = { takeBack: (connection, lease, how) => this.#takeBack(connection, lease, how) };
    this.#leaks = this.#options.traceLeaks ? new LeakTrace((connection) => this.#reclaim(connection)) : null;
    this.#unasked = this.#permits.onAsked?.(() => this.#makeRoom());
    this.#pump();
  }

  /**
   * A connection, as soon as one is free and it is this caller's turn.
   *
   * @throws AcquireTimeoutError; PoolClosedError; ConnectionFailedError when none is open and none can be made; the signal's reason;
   *   InvalidArgumentError
   */
  acquire(options?: AcquireOptions): Promise<Lease<C>> {
    // no async function: one that is free is had a turn of the microtasks earlier
    try {
      this.#assertOpen();
      const wish = options === undefined ? null : checkAcquire(options, this.#options.acquireTimeout);
      const signal = wish?.signal;
      signal?.throwIfAborted();
      const site = this.#leaks === null ? null : callSite(this.acquire);
      const connection = this.#waiters.count === 0 ? this.#takeIdle() : null;
      if (connection !== null) return Promise.resolve(this.#lease(connection, site));
      return this.#enqueue(wish?.timeout ?? this.#options.acquireTimeout, signal, site);
    } catch (error) {
      return Promise.reject(error);
    }
  }

  /** One that is idle and needs no check; undefined when there is none, or others wait. @throws PoolClosedError */
  tryAcquire(): Lease<C> | undefined {
    this.#assertOpen();
    const site = this.#leaks === null ? null : callSite(this.tryAcquire);
    const connection = this.#waiters.count === 0 ? this.#takeIdle() : null;
    return connection === null ? undefined : this.#lease(connection, site);
  }

  /**
   * Runs `fn` with a connection and gives it back, whatever happens. One whose use threw is asked `isValid` before anybody else has it.
   *
   * @throws what `acquire` and `fn` throw
   */
  async use<T>(fn: (connection: C) => Promise<T> | T, options?: AcquireOptions): Promise<T> {
    const lease = await this.acquire(options);
    try {
      const result = await fn(lease.value);
      lease.release();
      return result;
    } catch (error) {
      lease.releaseSuspect();
      throw error;
    }
  }

  /** Its counts, as of now. */
  stats(): PoolStats {
    return {
      idle: this.#idle.length,
      inUse: this.#inUse,
      creating: this.#creations.size,
      checking: this.#checking,
      ending: this.#ending,
      size: this.#size(),
      min: this.#options.min,
      max: this.#options.max,
      waiting: this.#waiters.count,
      acquired: this.#acquired,
      givenUp: this.#givenUp,
      created: this.#created,
      failed: this.#failed,
      destroyed: this.#destroyed,
      forced: this.#forced,
      late: this.#late,
      leaked: this.#leaked,
    };
  }

  /**
   * Ends the pool. Who waits is told at once, and nobody gets a connection any more. Idle connections are closed, the newest first; those in use
   * when they are given back. What has not ended by the deadline is closed under its holder, the newest first, and counted. Called again it gives
   * the same answer, by the earlier of the deadlines.
   *
   * @throws InvalidArgumentError
   */
  async close(options: ClosePoolOptions = {}): Promise<PoolClosing> {
    const ms = checkClose(options);
    const closing = this.#closing ?? this.#beginClosing();
    this.#endBy(closing, performance.now() + ms);
    return closing.ended;
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }

  // ---------------------------------------------------------------- who waits

  #enqueue(timeout: number, signal: AbortSignal | undefined, site: string | null): Promise<Lease<C>> {
    return new Promise<Lease<C>>((resolve, reject) => {
      const deadline = performance.now() + timeout;
      const waiter: Waiter<C> = { resolve, reject, deadline, timeout, site, detach: null, earlier: null, later: null };
      if (signal !== undefined) {
        const abort = (): void => this.#giveUp(waiter, signal.reason);
        signal.addEventListener("abort", abort, { once: true });
        waiter.detach = () => signal.removeEventListener("abort", abort);
      }
      this.#waiters.add(waiter);
      this.#retryTimer?.ref();
      this.#pump();
    });
  }

  #timeOut(waiter: Waiter<C>): void {
    const { inUse, creating, waiting, max } = this.stats();
    const cause = this.#failures > 0 ? this.#lastError : undefined;
    this.#giveUp(waiter, new AcquireTimeoutError(this.name, waiter.timeout, { inUse, creating, waiting, max }, cause));
  }

  #giveUp(waiter: Waiter<C>, error: unknown): void {
    this.#waiters.remove(waiter);
    this.#givenUp++;
    waiter.reject(error);
    if (this.#waiters.count === 0) this.#stopWaitingForPermits();
  }

  #rejectAll(error: Error): void {
    for (let waiter = this.#waiters.shift(); waiter !== null; waiter = this.#waiters.shift()) waiter.reject(error);
  }

  // ---------------------------------------------------------------- handing out

  /** In use; its lease is still to be made. */
  #takeIdle(): Connection<C> | null {
    for (let connection = this.#idle.pop(); connection !== undefined; connection = this.#idle.pop()) {
      connection.state = "in use";
      this.#inUse++;
      if (!this.#looksAlive(connection)) {
        this.#inUse--;
        this.#end(connection);
        continue;
      }
      if (!this.#needsCheck(connection)) return connection;
      this.#inUse--;
      connection.state = "idle";
      this.#idle.push(connection);
      return null;
    }
    return null;
  }

  #lease(connection: Connection<C>, site: string | null): Lease<C> {
    this.#acquired++;
    this.#records?.use(connection.mark);
    const lease = new Lease(this.#lessor, connection);
    if (site !== null) this.#leaks?.watch(lease, connection, `a lease of pool ${JSON.stringify(this.name)}`, site);
    return lease;
  }

  #looksAlive(connection: Connection<C>): boolean {
    if (this.#manager.isAlive === undefined) return true;
    try {
      return this.#manager.isAlive(connection.value);
    } catch {
      return false;
    }
  }

  #needsCheck(connection: Connection<C>): boolean {
    if (this.#manager.isValid === undefined) return false;
    return connection.suspect || performance.now() - connection.at >= this.#options.checkAfter;
  }

  /** To whoever came first; to the stack when nobody waits. It is known to be good. */
  #offer(connection: Connection<C>): void {
    if (this.#closing !== null) {
      this.#end(connection);
      return;
    }
    const waiter = this.#waiters.shift();
    if (waiter !== null) {
      connection.state = "in use";
      this.#inUse++;
      waiter.resolve(this.#lease(connection, waiter.site));
      if (this.#waiters.count === 0) this.#stopWaitingForPermits();
      return;
    }
    if (this.#permits.isOwed?.(0)) {
      this.#end(connection);
      return;
    }
    connection.state = "idle";
    connection.at = Math.trunc(performance.now());
    this.#records?.rest(connection.mark);
    this.#idle.push(connection);
    this.#watchIdle();
  }

  // ---------------------------------------------------------------- taking back

  #takeBack(connection: Connection<C>, lease: object, how: "fit" | "suspect" | "broken"): void {
    this.#leaks?.unwatch(lease);
    if (connection.state !== "in use") return; // it was taken by force
    this.#inUse--;
    if (how === "suspect") connection.suspect = true;
    if (how === "broken" || this.#closing !== null) {
      this.#end(connection);
    } else if (this.#manager.recycle === undefined) {
      this.#returned(connection);
    } else {
      this.#recycle(connection);
    }
  }

  /** Given back and made fit: straight on to the next, who asks what everybody asks. */
  #returned(connection: Connection<C>): void {
    if (this.#waiters.count === 0) {
      this.#offer(connection);
      return;
    }
    if (this.#permits.isOwed?.(FAIR_AFTER_MS)) {
      this.#end(connection);
      return;
    }
    connection.state = "checking";
    this.#checking++;
    const alive = this.#looksAlive(connection);
    this.#checking--;
    if (!alive) this.#end(connection);
    else if (connection.suspect && this.#manager.isValid !== undefined) this.#check(connection);
    else this.#offer(connection);
  }

  #recycle(connection: Connection<C>): void {
    connection.state = "recycling";
    this.#checking++;
    this.#ask(
      "recycle",
      () => this.#manager.recycle?.(connection.value),
      (recycled) => {
        this.#checking--;
        if (recycled) this.#returned(connection);
        else this.#end(connection);
      },
    );
  }

  #check(connection: Connection<C>): void {
    connection.state = "checking";
    this.#checking++;
    this.#ask(
      "isValid",
      () => this.#manager.isValid?.(connection.value),
      (answered, valid) => {
        this.#checking--;
        if (answered && valid) {
          connection.suspect = false;
          this.#offer(connection);
        } else {
          this.#end(connection);
        }
        this.#pump();
      },
    );
  }

  /** Runs a manager's function to its end, or to the end of its time. */
  #ask<T>(what: string, call: () => Promise<T> | T, then: (ended: boolean, answer?: T) => void): void {
    let pending: Promise<T> | T;
    try {
      pending = call();
    } catch {
      then(false);
      return;
    }
    if (!isPromise(pending)) {
      then(true, pending);
      return;
    }
    const limit = what === "destroy" ? this.#options.destroyTimeout : this.#options.checkTimeout;
    within(pending, limit, (outcome) => {
      if (outcome.kind === "done") then(true, outcome.value);
      else then(false);
    });
  }

  // ---------------------------------------------------------------- making

  /** Gives those who wait what is there, and sees to it that as many are made as are wanted. May be called at any time. */
  #pump(): void {
    this.#pumpAgain = true;
    if (this.#pumping) return; // called out of a manager's function: the call that is under way goes round once more
    this.#pumping = true;
    try {
      while (this.#pumpAgain) {
        this.#pumpAgain = false;
        if (this.#closing !== null) return;
        this.#serve();
        this.#makeWanted();
      }
    } finally {
      this.#pumping = false;
    }
  }

  #serve(): void {
    while (this.#waiters.count > 0 && this.#idle.length > 0) {
      const connection = this.#takeIdle();
      if (connection !== null) {
        this.#inUse--;
        this.#offer(connection);
        continue;
      }
      if (this.#idle.length === 0 || this.#waiters.count <= this.#underWay()) return;
      this.#check(this.#idle.pop() as Connection<C>);
    }
  }

  /** What somebody who waits will get, if it turns out well. */
  #underWay(): number {
    return this.#creations.size + this.#checking;
  }

  #size(): number {
    return this.#idle.length + this.#inUse + this.#checking + this.#creations.size + this.#ending;
  }

  #makeWanted(): void {
    const forWaiters = this.#waiters.count - this.#underWay();
    const forMin = this.#options.min - (this.#size() - this.#ending);
    for (let wanted = Math.max(forWaiters, forMin); wanted > 0; wanted--) {
      if (this.#failures > 0 && !this.#mayRetry()) return;
      if (!this.#permits.tryTake()) {
        // what `min` asks for alone is no reason to ask others for theirs
        if (this.#waiters.count > 0 && this.#unwait === null && this.#closing === null)
          this.#unwait = this.#permits.wait(() => this.#pump());
        return;
      }
      this.#stopWaitingForPermits(); // it has waited: for the next one it waits anew, behind others
      this.#create();
      if (this.#closing !== null) return;
    }
  }

  /** After a failure: one at a time, and not before the pause is over. */
  #mayRetry(): boolean {
    if (this.#creations.size > 0) return false;
    const pause = this.#retryAt - performance.now();
    if (pause <= 0) return true;
    if (this.#retryTimer === null) {
      this.#retryTimer = setTimeout(() => {
        this.#retryTimer = null;
        this.#pump();
      }, Math.ceil(pause));
      if (this.#waiters.count === 0) this.#retryTimer.unref();
    }
    return false;
  }

  #create(): void {
    const abort = new AbortController();
    const round = this.#failures;
    this.#creations.add(abort);
    let pending: Promise<C>;
    try {
      pending = Promise.resolve(this.#manager.create(abort.signal));
    } catch (error) {
      pending = Promise.reject(error);
    }
    const { createTimeout } = this.#options;
    within(
      pending,
      createTimeout,
      (outcome) => {
        this.#creations.delete(abort);
        if (outcome.kind === "done") {
          this.#made(outcome.value);
          return;
        }
        this.#permits.give();
        if (outcome.kind === "failed") {
          this.#notMade(outcome.error, round);
        } else {
          const error = new ManagerTimeoutError(this.name, "create", createTimeout);
          abort.abort(error);
          this.#notMade(error, round);
        }
      },
      (value) => this.#endLate(value),
    );
  }

  #made(value: C): void {
    this.#created++;
    this.#failures = 0;
    this.#lastError = undefined;
    this.#stopRetrying();
    const connection = new Connection(value);
    if (this.#records !== null) connection.mark = this.#records.add(this.#options.destroyTimeout);
    this.#all.add(connection);
    this.#offer(connection);
    this.#pump();
  }

  /** @param round of failures in which the attempt began: those that began together are one */
  #notMade(error: unknown, round: number): void {
    this.#failed++;
    if (this.#closing !== null) {
      this.#settle();
      return;
    }
    this.#lastError = error;
    if (round === this.#failures) {
      this.#retryAt = performance.now() + Math.min(LONGEST_PAUSE_MS, FIRST_PAUSE_MS * 2 ** this.#failures);
      this.#failures++;
    }
    const hopeless = this.#failures >= this.#options.createAttempts && this.#size() === this.#ending;
    if (hopeless) this.#rejectAll(new ConnectionFailedError(this.name, this.#failures, error));
    this.#pump();
  }

  #stopRetrying(): void {
    if (this.#retryTimer !== null) clearTimeout(this.#retryTimer);
    this.#retryTimer = null;
  }

  #stopWaitingForPermits(): void {
    this.#unwait?.();
    this.#unwait = null;
  }

  // ---------------------------------------------------------------- closing connections

  /** Closes one that is in no other state's books any more. */
  #end(connection: Connection<C>): void {
    connection.state = "ending";
    this.#ending++;
    this.#records?.end(connection.mark);
    this.#ask(
      "destroy",
      () => this.#manager.destroy?.(connection.value),
      (ended) => {
        connection.state = "ended";
        this.#all.remove(connection);
        this.#ending--;
        this.#destroyed++;
        if (!ended) this.#forced++;
        this.#records?.strike(connection.mark, ended ? "ended" : "forced");
        this.#permits.give();
        this.#moveOn();
      },
    );
    if (connection.state === "ending") this.#moveOn(); // it takes its time; others may do instead
  }

  #moveOn(): void {
    if (this.#closing === null) this.#pump();
    else this.#settle();
  }

  #endLate(value: C): void {
    this.#late++;
    this.#lateEnding++;
    this.#ask(
      "destroy",
      () => this.#manager.destroy?.(value),
      (ended) => {
        this.#lateEnding--;
        if (!ended) this.#forced++;
        if (this.#closing !== null) this.#settle();
      },
    );
  }

  /** Another thread's pool waits: what is idle here is closed, one for each that nobody else has promised to make room for. */
  #makeRoom(): void {
    while (this.#closing === null && this.#idle.length > 0 && this.#permits.isOwed?.(0)) {
      this.#end(this.#idle.shift() as Connection<C>);
    }
  }

  #watchIdle(): void {
    if (this.#idleTimer !== null || this.#options.idleTimeout > LONGEST_TIMER_MS) return;
    if (this.#size() - this.#ending <= this.#options.min) return;
    const oldest = this.#idle[0].at + this.#options.idleTimeout - performance.now();
    this.#idleTimer = setTimeout(() => this.#closeIdle(), Math.max(1, Math.ceil(oldest))).unref();
  }

  #closeIdle(): void {
    this.#idleTimer = null;
    const since = performance.now() - this.#options.idleTimeout;
    const spare = this.#size() - this.#ending - this.#options.min;
    let old = 0;
    while (old < this.#idle.length && old < spare && this.#idle[old].at <= since) old++;
    for (const connection of this.#idle.splice(0, old)) this.#end(connection);
    if (this.#idle.length > 0) this.#watchIdle();
  }

  /** The lease of a connection in use was collected: nobody can give it back. */
  #reclaim(connection: Connection<C>): void {
    if (connection.state !== "in use") return;
    this.#leaked++;
    this.#inUse--;
    this.#end(connection);
  }

  // ---------------------------------------------------------------- closing the pool

  #assertOpen(): void {
    if (this.#closing !== null) throw new PoolClosedError(this.name);
  }

  #beginClosing(): Closing {
    let resolve: (closing: PoolClosing) => void = () => {};
    const ended = new Promise<PoolClosing>((done) => {
      resolve = done;
    });
    const closing: Closing = { ended, resolve, timer: null, deadline: Number.POSITIVE_INFINITY, over: false };
    this.#closing = closing;
    this.#onClose?.();
    this.#unasked?.();
    const reason = new PoolClosedError(this.name);
    this.#rejectAll(reason);
    this.#stopWaitingForPermits();
    this.#stopRetrying();
    if (this.#idleTimer !== null) clearTimeout(this.#idleTimer);
    this.#idle.length = 0;
    this.#endAll("idle");
    for (const abort of this.#creations) abort.abort(reason);
    this.#settle();
    return closing;
  }

  /** Those in a state, the newest first. */
  #endAll(state: "idle" | "in use"): void {
    const chosen: Connection<C>[] = [];
    for (let connection = this.#all.newest; connection !== null; connection = connection.older) {
      if (connection.state === state) chosen.push(connection);
    }
    for (const connection of chosen) {
      if (connection.state !== state) continue; // given back by what closed another
      if (state === "in use") {
        this.#inUse--;
        this.#forced++;
      }
      this.#end(connection);
    }
  }

  #endBy(closing: Closing, deadline: number): void {
    if (closing.over || (closing.timer !== null && deadline >= closing.deadline)) return;
    if (closing.timer !== null) clearTimeout(closing.timer);
    closing.deadline = deadline;
    const ms = Math.min(LONGEST_TIMER_MS, Math.max(0, Math.ceil(deadline - performance.now())));
    closing.timer = setTimeout(() => this.#force(closing), ms);
  }

  #force(closing: Closing): void {
    closing.over = true;
    const forced = this.#size() + this.#lateEnding;
    this.#endAll("in use");
    closing.resolve({ forced });
  }

  #settle(): void {
    const closing = this.#closing as Closing;
    if (closing.over || this.#size() + this.#lateEnding > 0) return;
    closing.over = true;
    if (closing.timer !== null) clearTimeout(closing.timer);
    closing.resolve({ forced: 0 });
  }
}
