/**
 * A worker of sweeps: waits until somebody calls for one, takes a job at a time a thread, says every now and then that it is at it, hands in the
 * outcome, and only then has the job crossed off. Whatever it does not get to hand in is given to somebody else.
 */
import type { JsMsg } from "@nats-io/jetstream";
import type { Msg } from "@nats-io/transport-node";
import type { SharedTrace } from "../shared-trace.js";
import { SimulationPool } from "../simulation-pool.js";
import { type Code, codeHere, differs } from "./code.js";
import { CannotHoldError, HeldTraces, TraceGoneError } from "./held-traces.js";
import {
  type Call,
  FORMAT,
  type Hello,
  InvalidMessageError,
  type Job,
  type Result,
  readCall,
  readEnvelope,
  readJob,
  write,
} from "./messages.js";
import { CALLS, namesOf, type SweepNames, WORKERS } from "./names.js";
import { isGone, pause, type Session } from "./session.js";

/** What a worker tells of its work; `engram worker --json` prints it. */
export type WorkerEvent =
  | { readonly event: "sweep"; readonly sweep: string; readonly from: string }
  | { readonly event: "refused"; readonly sweep: string; readonly why: string }
  | {
      readonly event: "took";
      readonly sweep: string;
      readonly job: string;
      readonly what: string;
      readonly delivery: number;
    }
  /** `again`: the servers had an outcome of this job already. */
  | { readonly event: "done"; readonly sweep: string; readonly job: string; readonly again: boolean }
  | { readonly event: "gave back"; readonly sweep: string; readonly job: string; readonly why: string }
  | { readonly event: "failed"; readonly sweep: string; readonly job: string; readonly why: string }
  | { readonly event: "over"; readonly sweep: string; readonly jobs: number };

export interface WorkerOptions {
  readonly name: string;
  /** Jobs at a time. */
  readonly threads: number;
  readonly signal: AbortSignal;
  tell(event: WorkerEvent): void;
}

interface Sweep {
  readonly names: SweepNames;
  readonly patienceMs: number;
  heardMs: number;
  refuses: string | undefined;
  /** When its stream had no job for us last. */
  emptyMs: number;
  servedMs: number;
  done: number;
  /** That it is over. */
  told: boolean;
  /** Of its jobs here: requests replayed so far. */
  readonly running: Map<string, number>;
}

const HELLO_MS = 1000;
/** A sweep whose coordinator says nothing for so long gets no new work done: nobody may be there to be told. */
const SILENT_MS = 10_000;
/** One of which nothing was heard for so long is over. */
const FORGOTTEN_MS = 3_600_000;
/** How long one asks for a job before looking for another sweep; the shortest that the client takes. */
const PULL_MS = 1000;
const AGAIN_MS = 250;
/** A job is said to be under way so many times in its coordinator's patience. */
const BEATS = 4;
/** A job that could not be done here is another's after so long, ms. */
const ELSEWHERE_MS = 500;

export class SweepWorker {
  readonly #session: Session;
  readonly #options: WorkerOptions;
  readonly #code: Code = codeHere();
  readonly #sweeps = new Map<string, Sweep>();
  readonly #traces: HeldTraces;
  /** Threads that wait for a sweep. */
  readonly #idle = new Set<() => void>();

  constructor(session: Session, options: WorkerOptions) {
    this.#session = session;
    this.#options = options;
    this.#traces = new HeldTraces(session);
  }

  /** Until the signal aborts, what was under way given back; the connection stays. @throws RunFailedError when it has ended */
  async serve(): Promise<void> {
    const { nc, ended } = this.#session;
    const { signal, threads } = this.#options;
    const calls = nc.subscribe(CALLS, { callback: (error, message) => this.#called(error, message) });
    const hello = setInterval(() => this.#helloAll(), HELLO_MS);
    const stop = new AbortController();
    for (const ending of [signal, ended]) {
      if (ending.aborted) stop.abort();
      ending.addEventListener("abort", () => stop.abort(), { once: true });
    }
    try {
      await Promise.all(Array.from({ length: threads }, () => this.#slot(stop.signal)));
      if (!signal.aborted) ended.throwIfAborted();
    } finally {
      clearInterval(hello);
      calls.unsubscribe();
      for (const sweep of this.#sweeps.values()) this.#hello(sweep, true);
      if (!nc.isClosed() && this.#session.up) await nc.flush().catch(() => {}); // the servers have just gone
    }
  }

  /** One job after the other, from whichever sweep has waited longest. */
  async #slot(signal: AbortSignal): Promise<void> {
    let pool = new SimulationPool(1);
    const stop = (): void => void pool.close();
    signal.addEventListener("abort", stop, { once: true });
    try {
      while (!signal.aborted) {
        const sweep = this.#next();
        if (sweep === null) {
          await this.#untilCalled(signal);
          continue;
        }
        const message = await this.#pull(sweep, signal);
        if (message === null) continue;
        if (signal.aborted) message.nak();
        else if (!(await this.#work(sweep, message, pool, signal))) {
          await pool.close();
          pool = new SimulationPool(1);
        }
      }
    } finally {
      signal.removeEventListener("abort", stop);
      await pool.close();
    }
  }

  /** The sweep to ask for a job next; null: there is none. */
  #next(): Sweep | null {
    const now = performance.now();
    const able = [...this.#sweeps.values()].filter(
      ({ refuses, heardMs }) => refuses === undefined && now - heardMs < SILENT_MS,
    );
    const full = able.filter(({ emptyMs }) => now - emptyMs > PULL_MS);
    const [first] = (full.length > 0 ? full : able).sort((a, b) => a.servedMs - b.servedMs);
    if (first === undefined) return null;
    first.servedMs = now;
    return first;
  }

  async #untilCalled(signal: AbortSignal): Promise<void> {
    await new Promise<void>((resolve) => {
      const wake = (): void => {
        this.#idle.delete(wake);
        signal.removeEventListener("abort", wake);
        resolve();
      };
      this.#idle.add(wake);
      signal.addEventListener("abort", wake, { once: true });
    });
  }

  async #pull(sweep: Sweep, signal: AbortSignal): Promise<JsMsg | null> {
    const { stream } = sweep.names;
    try {
      const consumer = await this.#session.js.consumers.get(stream, WORKERS);
      const message = await consumer.next({ expires: PULL_MS });
      if (message === null) sweep.emptyMs = performance.now();
      return message;
    } catch (error) {
      if (isGone(error)) this.#over(sweep);
      else await pause(AGAIN_MS, signal); // the servers are away for a moment
      return null;
    }
  }

  /** @returns whether its thread can be used again */
  async #work(sweep: Sweep, message: JsMsg, pool: SimulationPool, signal: AbortSignal): Promise<boolean> {
    const delivery = message.info.deliveryCount;
    const named = message.subject.split(".").at(-1) as string;
    let job: Job;
    try {
      job = readJob(message.data);
      if (job.job !== named) throw new InvalidMessageError(`a job under another's name: ${job.job}`);
    } catch (error) {
      await this.#fail(sweep, message, named, (error as Error).message, signal);
      return true;
    }
    const { policy, capacity, by } = job;
    const { sweep: id, bucket } = sweep.names;
    this.#options.tell({ event: "took", sweep: id, job: job.job, what: `${policy} at ${capacity} ${by}`, delivery });
    sweep.running.set(job.job, 0);
    const beat = setInterval(() => this.#beat(message), Math.max(100, sweep.patienceMs / BEATS));
    try {
      const simulate = (trace: SharedTrace) => {
        signal.throwIfAborted();
        return this.#simulate(sweep, job, trace, pool);
      };
      const outcome = await this.#traces.use({ bucket, ...job.trace }, policy === "opt", signal, simulate);
      await this.#handIn(sweep, message, { ...this.#about(job.job, delivery), outcome }, signal);
      return true;
    } catch (error) {
      return await this.#notDone(sweep, message, job, error as Error, signal);
    } finally {
      clearInterval(beat);
      sweep.running.delete(job.job);
      if (!this.#sweeps.has(id)) this.#over(sweep);
    }
  }

  async #simulate(sweep: Sweep, { job, seed, windows, ...pair }: Job, trace: SharedTrace, pool: SimulationPool) {
    const { policy, capacity, by } = pair;
    const onReplayed = (requests: number): void => {
      sweep.running.set(job, (sweep.running.get(job) ?? 0) + requests);
    };
    const [outcome] = await pool.run(trace, [{ policy, capacity, by }], { seed, windows }, onReplayed);
    return outcome;
  }

  /** Hands in first, and has the job crossed off then: whoever dies in between has it done twice, never not at all. */
  async #handIn(sweep: Sweep, message: JsMsg, result: Result, signal: AbortSignal): Promise<void> {
    const { names } = sweep;
    const bytes = write(result);
    const send = () => this.#session.js.publish(names.resultOf(result.job), bytes, { msgID: `result ${result.job}` });
    const { duplicate } = await this.#session.ask("handing in an outcome", signal, send);
    await message.ackAck().catch(() => false); // somebody does it again, and is told that it was known
    if (result.failure !== undefined) return;
    sweep.done++;
    this.#options.tell({ event: "done", sweep: names.sweep, job: result.job, again: duplicate });
  }

  /** @returns whether its thread can be used again */
  async #notDone(sweep: Sweep, message: JsMsg, { job }: Job, error: Error, signal: AbortSignal): Promise<boolean> {
    const { sweep: id } = sweep.names;
    const back = (why: string): void => {
      message.nak(signal.aborted ? undefined : ELSEWHERE_MS);
      this.#options.tell({ event: "gave back", sweep: id, job, why });
    };
    if (signal.aborted) {
      back("the worker leaves");
    } else if (isGone(error)) {
      this.#over(sweep);
    } else if (error instanceof TraceGoneError) {
      back(error.message);
    } else if (error instanceof CannotHoldError) {
      back(error.message);
      this.#refuse(sweep, error.message);
    } else {
      await this.#fail(sweep, message, job, error.message, signal);
      return false;
    }
    return true;
  }

  /** The job cannot be done, here or anywhere: its coordinator is told, and nobody else tries. */
  async #fail(sweep: Sweep, message: JsMsg, job: string, why: string, signal: AbortSignal): Promise<void> {
    this.#options.tell({ event: "failed", sweep: sweep.names.sweep, job, why });
    const failure = why.slice(0, 1000);
    await this.#handIn(sweep, message, { ...this.#about(job, message.info.deliveryCount), failure }, signal).catch(
      () => {}, // the sweep is over, or the worker leaves: the job is given to another
    );
  }

  #about(job: string, delivery: number) {
    return { format: FORMAT, job, worker: this.#options.name, delivery } as const;
  }

  #beat(message: JsMsg): void {
    // The client would keep it, and say it when the job is another's.
    if (this.#session.up && !this.#session.nc.isClosed()) message.working();
  }

  #called(error: Error | null, message: Msg): void {
    if (error !== null) return;
    try {
      const { sweep, format, version } = readEnvelope(message.data);
      const why = `the sweep of engram ${version} speaks format ${format}, this worker of ${this.#code.version} format ${FORMAT}`;
      if (format === FORMAT) this.#hearCall(readCall(message.data));
      else this.#hearOther(sweep, why);
    } catch (failure) {
      if (!(failure instanceof InvalidMessageError)) throw failure; // somebody says something else there
    }
  }

  #hearCall(call: Call): void {
    const { sweep: id, over, patienceMs, from, version, code } = call;
    let sweep = this.#sweeps.get(id);
    if (over) {
      if (sweep !== undefined) this.#over(sweep);
      return;
    }
    if (sweep === undefined) {
      sweep = this.#meet(id, patienceMs);
      this.#options.tell({ event: "sweep", sweep: id, from });
      const why = differs({ version, digest: code }, this.#code);
      if (why !== null) this.#refuse(sweep, why);
      else this.#hello(sweep, false);
    }
    sweep.heardMs = performance.now();
    for (const wake of [...this.#idle]) wake();
  }

  #hearOther(id: string, why: string): void {
    const known = this.#sweeps.get(id);
    const sweep = known ?? this.#meet(id, 1000);
    sweep.heardMs = performance.now();
    if (known === undefined) this.#refuse(sweep, why);
  }

  #meet(id: string, patienceMs: number): Sweep {
    const never = Number.NEGATIVE_INFINITY;
    const since = { heardMs: performance.now(), emptyMs: never, servedMs: never };
    const sweep = {
      names: namesOf(id),
      patienceMs,
      ...since,
      refuses: undefined,
      told: false,
      done: 0,
      running: new Map(),
    };
    this.#sweeps.set(id, sweep);
    return sweep;
  }

  #refuse(sweep: Sweep, why: string): void {
    if (sweep.refuses !== undefined) return;
    sweep.refuses = why;
    this.#options.tell({ event: "refused", sweep: sweep.names.sweep, why });
    this.#hello(sweep, false);
  }

  #over(sweep: Sweep): void {
    const { sweep: id } = sweep.names;
    this.#sweeps.delete(id);
    // What is under way may just be handed in.
    if (sweep.told || sweep.refuses !== undefined || sweep.running.size > 0) return;
    sweep.told = true;
    this.#options.tell({ event: "over", sweep: id, jobs: sweep.done });
  }

  #helloAll(): void {
    const now = performance.now();
    for (const sweep of [...this.#sweeps.values()]) {
      if (now - sweep.heardMs > FORGOTTEN_MS) this.#over(sweep);
      else this.#hello(sweep, false);
    }
  }

  #hello(sweep: Sweep, leaving: boolean): void {
    const { nc, up } = this.#session;
    if (!up || nc.isClosed()) return;
    const { name: worker, threads } = this.#options;
    const { refuses } = sweep;
    const jobs = [...sweep.running].map(([job, replayed]) => ({ job, replayed }));
    const hello: Hello = { format: FORMAT, worker, threads, jobs, ...(refuses && { refuses }), leaving };
    nc.publish(sweep.names.hello, write(hello));
  }
}
