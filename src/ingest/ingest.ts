/**
 * The whole: a receiver, or several in threads; the journal that they write; sinks that read it, each from a cursor of its own.
 *
 * With one thread and `ack: "journal"` the receiver is in the thread that called, and writes for itself, once a turn of its event loop. A ring
 * costs two wake-ups of threads a request: it is used where there are several accepting threads, or the acknowledgement does not wait.
 */
import { expose } from "../monitor/index.js";
import { addReport, Store } from "../store/index.js";
import { familiesOfIngest } from "./families.js";
import { GroupCommit, Journal, type JournalFiles } from "./journal/index.js";
import { requireKafkaJs } from "./kafka/index.js";
import { RateLimiter } from "./limit/rate-limit.js";
import { type CheckedIngest, checkIngest, type IngestOptions } from "./options.js";
import { reportOfIngest } from "./report.js";
import { AcceptThreads, Counters, canReusePort, JournalIntake, Receiver } from "./server/index.js";
import { Forwarder } from "./sinks/forwarder.js";
import type { IngestStats } from "./stats.js";
import { Taps } from "./taps.js";

/** How often old segments are looked for. */
const RETENTION_MS = 10_000;
const STORE_CAPACITY = "64MiB";

/** What accepts: in this thread, or in threads of its own. */
interface Front {
  readonly port: number;
  readonly threads: number;
  readonly healthy: boolean;
  readonly rings: IngestStats["rings"];
  close(): Promise<void>;
}

/**
 * Starts it.
 *
 * @param files for measurements: the calls by which the journal writes, in place of the system's
 * @throws InvalidArgumentError naming the option, its value and what was expected; JournalInUseError; JournalError
 */
export async function createIngest(options: IngestOptions, files?: JournalFiles): Promise<Ingest> {
  const checked = checkIngest(options);
  // told before anything is started, and not by a sink that never delivers
  if (options.kafka !== undefined && options.kafka.client === undefined) await requireKafkaJs();
  return Ingest.start(checked, files);
}

/** Takes metrics over HTTP into a journal, and from there to its sinks. Made by `createIngest`; docs/ingest.md has the whole of it. */
export class Ingest implements AsyncDisposable {
  private readonly counters: SharedArrayBuffer;
  private readonly commit: GroupCommit;
  private readonly limiter: RateLimiter | null;
  private readonly forwarders: Forwarder[] = [];
  private front: Front | null = null;
  private ownStore: Store | null = null;
  private taps: Taps | null = null;
  private stopReport: () => void = () => {};
  private threads = 1;
  private timer: NodeJS.Timeout | undefined;
  private closing: Promise<void> | null = null;
  private readonly begun = performance.now();

  private constructor(
    private readonly options: CheckedIngest,
    private readonly journal: Journal,
  ) {
    this.counters = Counters.memory(options.acceptThreads);
    this.commit = new GroupCommit(journal, options.receiver.underWayBytes, (chunks) => {
      for (const forwarder of this.forwarders) forwarder.wake();
      if (this.taps !== null) for (const chunk of chunks) this.taps.offer(chunk);
    });
    this.limiter = options.rateLimit === null ? null : RateLimiter.create(options.rateLimit);
  }

  /** @internal Use `createIngest`. */
  static async start(options: CheckedIngest, files?: JournalFiles): Promise<Ingest> {
    const ingest = new Ingest(options, Journal.open(options.journal, files));
    try {
      await ingest.open();
    } catch (error) {
      await ingest.close().catch(() => {}); // the first fault is the one to tell
      throw error;
    }
    return ingest;
  }

  /** Where it listens. */
  get url(): string {
    const { host, tls } = this.options.receiver;
    const shown = host.includes(":") ? `[${host}]` : host;
    return `${tls === null ? "http" : "https"}://${shown}:${this.front?.port ?? 0}`;
  }

  /** Its counts, as of now. */
  stats(): IngestStats {
    const { front } = this;
    return {
      url: this.url,
      ack: this.options.ack,
      acceptThreads: front?.threads ?? this.threads,
      ...Counters.sum(this.counters),
      clients: this.limiter?.active ?? null,
      rings: front?.rings ?? NO_RINGS,
      journal: { ...this.journal.stats(), healthy: front?.healthy ?? false },
      sinks: this.forwarders.map((forwarder) => forwarder.stats()),
      taps: this.taps?.stats() ?? [],
      uptimeMs: performance.now() - this.begun,
    };
  }

  /** When every sink has been given what is in the journal now, or the signal aborts. */
  async drained(signal?: AbortSignal): Promise<void> {
    await Promise.all(this.forwarders.map((forwarder) => forwarder.drained(signal)));
  }

  /**
   * Takes nothing new, answers what is under way, writes what was acknowledged, and ends. Sinks end after the batch they have: the rest is in
   * the journal, and is theirs when it is started again.
   */
  close(): Promise<void> {
    this.closing ??= this.closeAll();
    return this.closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  // ---------------------------------------------------------------- inside

  private async open(): Promise<void> {
    const { options, journal } = this;
    if (options.store !== null && options.taps.length > 0) this.taps = new Taps(options.store, options.taps);
    for (const sink of options.sinks) {
      this.forwarders.push(new Forwarder(sink, options.journal.directory, () => journal.end));
    }
    if (options.acceptThreads > 1 && (await canReusePort(options.receiver.host))) this.threads = options.acceptThreads;
    this.front = this.threads > 1 || options.ack === "ring" ? await this.openThreads() : await this.openHere();
    for (const forwarder of this.forwarders) forwarder.start();
    this.timer = setInterval(() => this.removeOld(), RETENTION_MS);
    this.timer.unref();
    if (options.store !== null) this.stopReport = addReport(options.store, () => reportOfIngest(this.stats()));
  }

  private async openHere(): Promise<Front> {
    const intake = new JournalIntake(this.commit);
    const receiver = await Receiver.start(
      { ...this.options.receiver, reusePort: false },
      {
        intake,
        limiter: this.limiter,
        counters: new Counters(this.counters, 0),
        metricsPage: () => this.page(),
      },
    );
    return {
      port: receiver.port,
      threads: 1,
      rings: NO_RINGS,
      get healthy() {
        return intake.healthy;
      },
      close: () => receiver.close(),
    };
  }

  private async openThreads(): Promise<Front> {
    const { options, threads } = this;
    if (options.store === null) {
      this.ownStore = await Store.create({
        capacity: STORE_CAPACITY,
        eviction: "none",
        maxWorkers: Math.min(threads, 62),
      });
    }
    return AcceptThreads.start({
      store: options.store ?? (this.ownStore as Store),
      threads,
      receiver: { ...options.receiver, reusePort: threads > 1 },
      limiter: this.limiter?.handle ?? null,
      counters: this.counters,
      commit: this.commit,
      waits: options.ack === "journal",
      metricsPage: () => this.page(),
    });
  }

  private async page(): Promise<string> {
    return expose(familiesOfIngest(this.stats()));
  }

  private removeOld(): void {
    try {
      this.journal.removeOld(this.forwarders.map(({ position }) => position));
    } catch {
      // looked for again
    }
  }

  private async closeAll(): Promise<void> {
    clearInterval(this.timer);
    this.stopReport();
    const failures: unknown[] = [];
    const ends = [
      () => this.front?.close(),
      () => this.commit.settled(),
      () => allClosed(this.forwarders),
      () => this.journal.close(),
      () => this.ownStore?.close(),
    ];
    // the journal is made durable and let go whatever a sink says of its own end; the first failure is told then
    for (const end of ends) {
      try {
        await end();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  }
}

/** All at once, each to its end. @throws the first of their failures */
async function allClosed(forwarders: readonly Forwarder[]): Promise<void> {
  const outcomes = await Promise.allSettled(forwarders.map((forwarder) => forwarder.close()));
  for (const outcome of outcomes) if (outcome.status === "rejected") throw outcome.reason;
}

const NO_RINGS = { waiting: 0, lostLines: 0 };
