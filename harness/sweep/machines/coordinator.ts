/**
 * Simulations on other machines: a sweep's jobs lie in a stream that gives each to one worker at a time until it is done, its trace in an object
 * store beside it, and outcomes come back by the same stream. Nothing here is needed, or loaded, where one machine sweeps alone. Why so:
 * docs/decisions/0067-a-sweep-is-a-work-queue.md.
 */
import { hostname } from "node:os";
import type { JsMsg } from "@nats-io/jetstream";
import { RunFailedError } from "../../command-line/errors.js";
import type { Settings, Simulated } from "../messages.js";
import type { Pair } from "../plan.js";
import type { SharedTrace } from "../shared-trace.js";
import type { Simulations } from "../simulation-pool.js";
import { codeHere } from "./code.js";
import { describe, JobTable } from "./job-table.js";
import { KEPT_MS, removeLeftovers } from "./leftovers.js";
import { FORMAT, InvalidMessageError, type Job, readHello, readResult, write } from "./messages.js";
import { CALLS, COORDINATOR, namesOf, newSweepId, type SweepNames, WORKERS } from "./names.js";
import { Roll } from "./roll.js";
import type { Servers } from "./servers.js";
import { isGone, pause, Session } from "./session.js";
import { bytesOf, type TraceBytes } from "./trace-bytes.js";

export interface CoordinatorOptions {
  readonly servers: Servers;
  /** A job of whose worker nothing is heard for so long is given to another, ms. */
  readonly patienceMs: number;
  /** How long to go on while nobody works, ms; null: for ever. */
  readonly waitMs: number | null;
  readonly signal: AbortSignal;
  /** Told what whoever waits wants to know, a line each. */
  say(line: string): void;
}

/** Nanoseconds of a millisecond. */
const NANOSECONDS = 1_000_000;
/** How often a job is given out before it counts as one that nobody survives. */
export const MOST_DELIVERIES = 5;
/** How often workers are told that the sweep is there; who has just come is answered within this. */
const CALL_MS = 1000;
/** Turns without a worker before it is said: those that are there answer the first. */
const TURNS_UNTIL_SAID = 3;
const RESULTS_AT_ONCE = 256;
/** An outcome is taken in at once; one that was lost on its way is told again after this. */
const RESULT_ACK_MS = 30_000;
/** The server is asked so often whether jobs without an outcome are still there. */
const LOOK_MS = 3000;
/** Two looks with nothing in between: an outcome may be on its way at the first. */
const LOOKS_UNTIL_LOST = 2;
/** How often what is on the servers is given more time. */
const RENEW_MS = KEPT_MS / 6;
/** Jobs on their way to the server at a time. */
const SENT_AT_ONCE = 128;
/** What cleaning up may take where the servers do not answer. */
const CLEAN_UP_MS = 5000;

export class Coordinator implements Simulations {
  readonly #options: CoordinatorOptions;
  readonly #session: Session;
  readonly #names: SweepNames = namesOf(newSweepId());
  readonly #code = codeHere();
  readonly #jobs = new JobTable();
  readonly #roll = new Roll(performance.now());
  /** Aborts when the sweep is over, is interrupted, or cannot go on; its reason is what is thrown then. */
  readonly #end = new AbortController();
  readonly #loops: Promise<void>[] = [];
  #turn = 0;
  #isOpen = false;
  #openedMs = 0;
  #held: string | null = null;
  #running = false;
  #emptyTurns = 0;
  #told = false;
  #onReplayed: (requests: number) => void = () => {};
  #onDone: () => void = () => {};

  private constructor(options: CoordinatorOptions, session: Session) {
    this.#options = options;
    this.#session = session;
    const { signal } = options;
    for (const ending of [signal, session.ended]) {
      if (ending.aborted) this.#end.abort(ending.reason);
      ending.addEventListener("abort", () => this.#end.abort(ending.reason), { once: true });
    }
    session.onUp((isUp) => {
      const { shown } = session;
      options.say(isUp ? `connected to ${shown} again` : `no connection to ${shown}: looking for it`);
      if (isUp) this.#roll.restart(performance.now());
    });
  }

  /** Connects; what is on the servers is made with the first trace. @throws InvalidArgumentError as Session.open does */
  static async open(options: CoordinatorOptions): Promise<Coordinator> {
    return new Coordinator(options, await Session.open(options.servers, "engram evict"));
  }

  /** What there is to say of the work so far, in a few words. */
  get note(): string {
    const { working } = this.#roll;
    const { done, open } = this.#jobs;
    return `${done} of ${done + open} jobs by ${working} ${working === 1 ? "worker" : "workers"}`;
  }

  async run(
    trace: SharedTrace,
    pairs: readonly Pair[],
    settings: Settings,
    onReplayed: (requests: number) => void,
  ): Promise<Simulated[]> {
    const signal = this.#end.signal;
    signal.throwIfAborted();
    const bytes = bytesOf(trace);
    try {
      await this.#open();
      await this.#hand(bytes);
      this.#onReplayed = onReplayed;
      this.#running = true;
      const jobs = pairs.map((pair, place) => this.#jobOf(pair, place, settings, bytes));
      for (const [place, job] of jobs.entries()) {
        const { policy, capacity, by } = pairs[place];
        const what = `${policy} at ${capacity} ${by}`;
        this.#jobs.order(job.job, { what, requests: trace.ids.length, windows: settings.windows });
      }
      await Promise.all([this.#send(jobs), this.#untilDone()]);
      return jobs.map(({ job }) => this.#jobs.outcomeOf(job) as Simulated);
    } catch (error) {
      // What ended it says more than what failed because of it.
      throw signal.aborted ? signal.reason : isGone(error) ? this.#gone() : error;
    } finally {
      this.#running = false;
      this.#turn++;
    }
  }

  /** Tells workers that it is over, and removes all that it made on the servers. */
  async close(): Promise<void> {
    const { nc, jsm } = this.#session;
    this.#end.abort(new RunFailedError("the sweep was closed"));
    await Promise.all(this.#loops);
    if (this.#isOpen) {
      this.#call(true);
      const { stream, bucketStream } = this.#names;
      const gone = Promise.all([stream, bucketStream].map((name) => remove(() => jsm.streams.delete(name))));
      const inTime = await Promise.race([gone.then((all) => all.every(Boolean)), late(CLEAN_UP_MS)]);
      if (!inTime) this.#options.say(`${stream} is left at ${this.#session.shown}: it empties itself within the hour`);
      if (this.#jobs.done > 0) this.#options.say(describe(this.#jobs.account()));
    }
    if (!nc.isClosed()) await this.#session.close();
  }

  async #open(): Promise<void> {
    if (this.#isOpen) return;
    const { jsm, js, nc } = this.#session;
    const { stream, jobs, results, alive, hello } = this.#names;
    const signal = this.#end.signal;
    const ask = <T>(question: () => Promise<T>) => this.#session.ask("opening the sweep", signal, question);
    const info = await ask(() =>
      jsm.streams.add({
        name: stream,
        subjects: [jobs, results, alive],
        retention: "workqueue",
        storage: "file",
        max_age: KEPT_MS * NANOSECONDS,
        duplicate_window: KEPT_MS * NANOSECONDS,
      }),
    );
    this.#isOpen = true;
    this.#openedMs = performance.now();
    await ask(() => js.publish(alive, new Uint8Array(), { msgID: "alive" }));
    const common = { ack_policy: "explicit", deliver_policy: "all", max_ack_pending: -1 } as const;
    const ackWait = (ms: number) => ({ ack_wait: ms * NANOSECONDS });
    const { patienceMs } = this.#options;
    const handsOut = { ...common, ...ackWait(patienceMs), filter_subject: jobs, max_deliver: MOST_DELIVERIES };
    await ask(() => jsm.consumers.add(stream, { ...handsOut, durable_name: WORKERS }));
    const takesIn = { ...common, ...ackWait(RESULT_ACK_MS), filter_subject: results };
    await ask(() => jsm.consumers.add(stream, { ...takesIn, durable_name: COORDINATOR }));
    await removeLeftovers(this.#session, Date.parse(info.created as unknown as string)).catch(() => {}); // the next that comes
    nc.subscribe(hello, {
      callback: (error, message) => {
        if (error === null) this.#hear(message.data);
      },
    });
    this.#loops.push(this.#callAgain(), this.#takeResults(), this.#renew());
  }

  /** Puts a trace where workers find it, unless it is there. */
  async #hand(trace: TraceBytes): Promise<void> {
    if (this.#held === trace.digest) return;
    const { objects } = this.#session;
    const signal = this.#end.signal;
    const ask = <T>(what: string, question: () => Promise<T>) => this.#session.ask(what, signal, question);
    const { bucket } = this.#names;
    const store = await ask("making room for the trace", () =>
      objects.create(bucket, { storage: "file", ttl: KEPT_MS * NANOSECONDS }),
    );
    const before = this.#held;
    if (before !== null) await ask("forgetting the trace before", () => store.delete(before));
    await ask(`the trace, ${trace.bytes} bytes`, () => {
      const pieces = trace.pieces();
      const source = new ReadableStream<Uint8Array>({
        pull(controller) {
          const { value, done } = signal.aborted ? { done: true } : pieces.next();
          if (signal.aborted) controller.error(signal.reason);
          else if (done) controller.close();
          else controller.enqueue(value as Uint8Array);
        },
      });
      return store.put({ name: trace.digest, options: { max_chunk_size: PIECE } }, source);
    });
    this.#held = trace.digest;
  }

  #jobOf(pair: Pair, place: number, { seed, windows }: Settings, { digest, bytes }: TraceBytes): Job {
    return { format: FORMAT, job: `${this.#turn}-${place}`, trace: { digest, bytes }, ...pair, seed, windows };
  }

  /** Each once, whatever is lost on the way: the server knows a job by its name. */
  async #send(jobs: readonly Job[]): Promise<void> {
    const { js } = this.#session;
    for (let from = 0; from < jobs.length; from += SENT_AT_ONCE) {
      const some = jobs.slice(from, from + SENT_AT_ONCE).map((job) => {
        const send = () => js.publish(this.#names.jobOf(job.job), write(job), { msgID: `job ${job.job}` });
        return this.#session.ask("ordering a job", this.#end.signal, send);
      });
      await Promise.all(some);
    }
  }

  #untilDone(): Promise<void> {
    const signal = this.#end.signal;
    return new Promise((resolve, reject) => {
      const stop = (): void => reject(signal.reason);
      this.#onDone = () => {
        signal.removeEventListener("abort", stop);
        resolve();
      };
      if (signal.aborted) stop();
      else signal.addEventListener("abort", stop, { once: true });
      if (this.#jobs.open === 0) this.#onDone();
    });
  }

  /** Until the end: takes outcomes in, and asks from time to time whether there is anything to wait for. */
  async #takeResults(): Promise<void> {
    const { js } = this.#session;
    const { stream } = this.#names;
    const signal = this.#end.signal;
    let lookedMs = performance.now();
    let looks = 0;
    while (!signal.aborted) {
      const before = this.#jobs.open;
      try {
        const consumer = await js.consumers.get(stream, COORDINATOR);
        const messages = await consumer.fetch({ max_messages: RESULTS_AT_ONCE, expires: CALL_MS });
        const stop = (): void => void messages.stop();
        signal.addEventListener("abort", stop, { once: true });
        for await (const message of messages) this.#take(message);
        signal.removeEventListener("abort", stop);
        if (this.#jobs.open < before || this.#jobs.open === 0 || !this.#running) looks = 0;
        else if (performance.now() - lookedMs > LOOK_MS) {
          lookedMs = performance.now();
          looks = (await this.#nothingIsLeft()) ? looks + 1 : 0;
          if (looks >= LOOKS_UNTIL_LOST) throw this.#lost();
        }
      } catch (error) {
        if (isGone(error)) this.#end.abort(this.#gone());
        else if (error instanceof RunFailedError) this.#end.abort(error);
        else await pause(CALL_MS / 4, signal); // the servers are away for a moment
      }
    }
  }

  #take(message: JsMsg): void {
    try {
      const { isFirst, replayed } = this.#jobs.take(readResult(message.data));
      // Only what has been taken in is acknowledged: what is lost before is told again.
      message.ack();
      if (replayed > 0) this.#onReplayed(replayed);
      if (isFirst && this.#jobs.open === 0) this.#onDone();
    } catch (error) {
      message.ack();
      if (!(error instanceof InvalidMessageError)) throw error;
      throw new RunFailedError(`somebody told a result of this sweep that cannot be read: ${error.message}`);
    }
  }

  /** Whether the server has neither jobs nor outcomes, given out or not. */
  async #nothingIsLeft(): Promise<boolean> {
    const { jsm } = this.#session;
    const { stream } = this.#names;
    for (const name of [WORKERS, COORDINATOR]) {
      const { num_pending, num_ack_pending } = await jsm.consumers.info(stream, name);
      if (num_pending > 0 || num_ack_pending > 0) return false;
    }
    return true;
  }

  #lost(): RunFailedError {
    const [first, ...more] = this.#jobs.openJobs();
    const others = more.length === 0 ? "" : ` (and ${more.length} more)`;
    return new RunFailedError(`${first}${others} was given out ${MOST_DELIVERIES} times and nobody finished it`);
  }

  #gone(): RunFailedError {
    return new RunFailedError(
      `the sweep is gone from ${this.#session.shown}: its stream was deleted, or lost by the servers`,
    );
  }

  #hear(bytes: Uint8Array): void {
    try {
      const hello = readHello(bytes);
      const news = this.#roll.hear(hello, performance.now());
      if (news !== null) this.#options.say(news);
      for (const { job, replayed } of hello.jobs) {
        const more = this.#jobs.replayed(job, replayed);
        if (more > 0) this.#onReplayed(more);
      }
    } catch (error) {
      if (!(error instanceof InvalidMessageError)) throw error; // what it says is not for this sweep
    }
  }

  #call(over: boolean): void {
    const { nc, up } = this.#session;
    // The client would keep it, and say it when it is no longer true.
    if (!up || nc.isClosed()) return;
    const { sweep } = this.#names;
    const { version, digest: code } = this.#code;
    const { patienceMs } = this.#options;
    nc.publish(CALLS, write({ format: FORMAT, sweep, version, code, from: here(), patienceMs, over }));
  }

  /** Says that the sweep is there, and looks who answers. */
  async #callAgain(): Promise<void> {
    const signal = this.#end.signal;
    while (!signal.aborted) {
      this.#call(false);
      await pause(CALL_MS, signal);
      if (!signal.aborted) this.#look();
    }
  }

  #look(): void {
    const { patienceMs, waitMs, say } = this.#options;
    const { up, shown } = this.#session;
    const now = performance.now();
    if (up) {
      for (const worker of this.#roll.silent(now)) {
        say(`nothing is heard of worker ${worker} any more: what it had goes to others after ${patienceMs / 1000} s`);
      }
    }
    const nobodyMs = this.#roll.nobodyMs(now);
    this.#emptyTurns = nobodyMs > 0 ? this.#emptyTurns + 1 : 0;
    if (nobodyMs === 0 || !this.#running) {
      this.#told = false;
      return;
    }
    if (waitMs !== null && nobodyMs > waitMs) {
      const start = `start some with engram worker ${shown}`;
      this.#end.abort(new RunFailedError(`no worker took a job at ${shown} for ${waitMs / 1000} s: ${start}`));
    } else if (!this.#told && this.#emptyTurns >= TURNS_UNTIL_SAID) {
      this.#told = true;
      say(`no worker is there: start some, here or on other machines, with engram worker ${shown}`);
    }
  }

  /** What is on the servers goes an hour after nobody has done this any more. */
  async #renew(): Promise<void> {
    const { jsm } = this.#session;
    const { stream, bucketStream } = this.#names;
    const signal = this.#end.signal;
    for (;;) {
      await pause(RENEW_MS, signal);
      if (signal.aborted) return;
      const max_age = Math.ceil(performance.now() - this.#openedMs + KEPT_MS) * NANOSECONDS;
      for (const name of [stream, bucketStream]) await jsm.streams.update(name, { max_age }).catch(() => {}); // the next time
    }
  }
}

/** Bytes of a trace in one message. */
const PIECE = 1 << 19;

function here(): string {
  return `${hostname()} ${process.pid}`;
}

async function remove(ask: () => Promise<unknown>): Promise<boolean> {
  try {
    await ask();
    return true;
  } catch (error) {
    return isGone(error);
  }
}

function late(ms: number): Promise<false> {
  return new Promise((resolve) => void setTimeout(resolve, ms, false).unref());
}
