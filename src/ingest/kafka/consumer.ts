/**
 * A worker of a consumer group: takes what a topic has to a sink, and says that a message is dealt with only once the sink has it. As many of
 * them share a topic as it has partitions; one that dies leaves its partitions to the others after its session, and what it had not
 * committed comes again.
 *
 * Nothing is left out for having come before: a number of a line is given anew after a loss of power, and the points of a database are the
 * same when they come twice. What comes again is counted.
 */
import { setTimeout as sleep } from "node:timers/promises";
import { SinkError } from "../errors.js";
import type { Placed, Sink } from "../sinks/sink.js";
import type { GroupMember, InMessage, KafkaClient, PartitionBatch } from "./client.js";
import { type CheckedConsumer, type ConsumerOptions, checkConsumer } from "./consumer-options.js";
import { kafkaJs } from "./kafkajs.js";
import { receivedOf } from "./messages.js";
import { Seen } from "./seen.js";

/** What a worker has taken on since it was started. */
export interface ConsumerStats {
  /** As it was given. */
  readonly topic: string;
  /** That it is a worker of. */
  readonly group: string;
  /** Those that are this worker's now. `offset` is the next one to come, null before the first; `lag` is in messages, as of the last batch. */
  readonly partitions: readonly {
    /** Its number. */
    readonly partition: number;
    /** The next one to come; null before the first. */
    readonly offset: string | null;
    /** Messages that are still to come, as of the last batch. */
    readonly lag: number;
  }[];
  /** How often the group was shared out anew while this worker was in it. */
  readonly rebalances: number;
  /** That it was given. */
  readonly messages: number;
  /** Metrics that the sink took, those that came again counted again. */
  readonly delivered: number;
  /** Of the messages, those whose line, or a later one of its journal, had come from their partition before. */
  readonly duplicates: number;
  /** Metrics that the sink will never take. */
  readonly refused: number;
  /** Why the last of them, in words; null when there was none. */
  readonly lastRefusal: string | null;
  /** Messages that are no metric. */
  readonly unreadable: number;
  /** That the sink took. */
  readonly batches: number;
  /** Failures of the sink and of the group. */
  readonly failures: number;
  /** How the last one was, in words; null when there was none. */
  readonly lastFailure: string | null;
  /** Unix time, ms, since when nothing goes on; null while it does. */
  readonly failingSince: number | null;
}

const FIRST_PAUSE_MS = 100;
const LONGEST_PAUSE_MS = 30_000;
/** Time that a batch under way has when it is stopped. */
const CLOSE_MS = 2000;
const SINK_BATCH = 1000;

/**
 * Starts one. It is there at once; brokers that are not are waited for.
 *
 * @throws InvalidArgumentError naming the option, its value and what was expected
 */
export function createConsumer(options: ConsumerOptions): Consumer {
  return new Consumer(checkConsumer(options));
}

/** A worker of a consumer group: takes a topic on to a sink. Made by `createConsumer`; docs/ingest.md has the whole of it. */
export class Consumer implements AsyncDisposable {
  private readonly client: KafkaClient;
  private readonly sink: Sink;
  private readonly stopping = new AbortController();
  private readonly aborting = new AbortController();
  private readonly running: Promise<void>;
  private readonly places = new Map<number, { offset: string | null; lag: number }>();
  private readonly seen = new Seen();
  /** Ends the member that cannot go on: another joins in its place. */
  private leave: () => void = () => {};
  private closing: Promise<void> | null = null;
  private counts = {
    ...{ rebalances: 0, messages: 0, delivered: 0, refused: 0, unreadable: 0, batches: 0, failures: 0 },
    lastRefusal: null as string | null,
    lastFailure: null as string | null,
    failingSince: null as number | null,
  };

  /** @internal Use `createConsumer`. */
  constructor(private readonly options: CheckedConsumer) {
    this.client = options.client ?? kafkaJs(options.connection);
    this.sink = options.sink;
    this.running = this.run();
  }

  /** Its counts, as of now. */
  stats(): ConsumerStats {
    const { group, connection } = this.options;
    const partitions = [...this.places].map(([partition, place]) => ({ partition, ...place }));
    return {
      ...{ topic: connection.topic, group, ...this.counts, duplicates: this.seen.duplicates },
      partitions: partitions.sort((a, b) => a.partition - b.partition),
    };
  }

  /** Leaves the group, after the batch under way or without it when that takes long; then closes the sink. */
  close(): Promise<void> {
    this.closing ??= this.closeAll();
    return this.closing;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.close();
  }

  // ---------------------------------------------------------------- inside

  private async closeAll(): Promise<void> {
    this.stopping.abort();
    this.leave();
    const late = setTimeout(() => this.aborting.abort(), CLOSE_MS);
    await this.running;
    clearTimeout(late);
    await this.sink.close?.();
  }

  /** Joins, and joins again whenever a member cannot go on. */
  private async run(): Promise<void> {
    const { signal } = this.stopping;
    for (let pause = FIRST_PAUSE_MS; !signal.aborted; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
      try {
        const left = new Promise<void>((resolve) => {
          this.leave = resolve;
        });
        const joining = this.join();
        const member = await Promise.race([joining, left]);
        if (member === undefined) {
          // told to end before it had joined: brokers that do not answer are not waited for
          joining.then((late) => late.close()).catch(() => {});
        } else {
          pause = FIRST_PAUSE_MS;
          await left;
          await member.close();
        }
        this.places.clear();
      } catch (error) {
        this.failed(error as Error);
      }
      await sleep(pause * (0.5 + Math.random() / 2), undefined, { signal }).catch(() => {});
    }
  }

  private join(): Promise<GroupMember> {
    const { group, connection, sessionMs, heartbeatMs } = this.options;
    return this.client.join({
      ...{ topic: connection.topic, group, sessionMs, heartbeatMs },
      onBatch: (batch) => this.take(batch),
      onAssigned: (partitions) => this.assigned(partitions),
      onFailure: (error, ended) => {
        this.failed(error);
        if (ended) this.leave();
      },
    });
  }

  private assigned(partitions: readonly number[]): void {
    this.counts.rebalances++;
    this.counts.failingSince = null;
    const mine = new Set(partitions);
    for (const partition of this.places.keys()) if (!mine.has(partition)) this.places.delete(partition);
    for (const partition of mine) {
      if (!this.places.has(partition)) this.places.set(partition, { offset: null, lag: 0 });
    }
  }

  private failed(error: Error): void {
    if (this.stopping.signal.aborted) return;
    this.counts.failures++;
    this.counts.lastFailure = error.message;
    this.counts.failingSince ??= Date.now();
  }

  private async take(batch: PartitionBatch): Promise<void> {
    const size = this.sink.batch ?? SINK_BATCH;
    for (let from = 0; from < batch.messages.length && this.goesOn(batch); from += size) {
      const messages = batch.messages.slice(from, from + size);
      if (!(await this.deliver(batch, messages))) return;
      const { offset } = messages[messages.length - 1];
      const next = BigInt(offset) + 1n;
      this.places.set(batch.partition, { offset: String(next), lag: Math.max(0, Number(BigInt(batch.end) - next)) });
      await batch.commit(offset);
      await batch.heartbeat();
    }
  }

  private goesOn(batch: PartitionBatch): boolean {
    return !this.stopping.signal.aborted && batch.isMine();
  }

  /** Until the sink has them; false when they are to be left to somebody else. */
  private async deliver(batch: PartitionBatch, messages: readonly InMessage[]): Promise<boolean> {
    const received = messages.map(receivedOf);
    const placed: Placed[] = [];
    received.forEach(({ metric, line }, i) => {
      if (metric !== null) placed.push({ metric, line, text: messages[i].value });
    });
    for (let pause = FIRST_PAUSE_MS; ; pause = Math.min(2 * pause, LONGEST_PAUSE_MS)) {
      try {
        const none = { refused: 0 } as { refused: number; reason?: string };
        const work = placed.length === 0 ? none : this.sink.deliver(placed, this.aborting.signal);
        const { refused, reason } = await this.beating(batch, Promise.resolve(work));
        this.counts.batches++;
        this.counts.messages += messages.length;
        this.counts.unreadable += messages.length - placed.length;
        this.counts.delivered += placed.length - refused;
        this.counts.refused += refused;
        if (reason !== undefined) this.counts.lastRefusal = reason;
        this.counts.failingSince = null;
        for (const { journal, line } of received) if (journal !== null) this.seen.add(batch.partition, journal, line);
        return true;
      } catch (error) {
        if (!this.goesOn(batch)) return false;
        this.failed(error as Error);
        const asked = error instanceof SinkError ? error.waitMs : null;
        const waiting = sleep(asked ?? pause * (0.5 + Math.random() / 2), undefined, { signal: this.stopping.signal });
        await this.beating(
          batch,
          waiting.catch(() => {}),
        );
        await batch.heartbeat();
        if (!this.goesOn(batch)) return false;
      }
    }
  }

  /** Says that it lives while something takes its time. That the group is shared out anew is said by the next word to it. */
  private async beating<T>(batch: PartitionBatch, work: Promise<T>): Promise<T> {
    const timer = setInterval(() => void batch.heartbeat().catch(() => {}), this.options.heartbeatMs);
    try {
      return await work;
    } finally {
      clearInterval(timer);
    }
  }
}
