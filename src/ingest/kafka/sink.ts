/**
 * Kafka: each metric is a message whose key is its client, so that a client's metrics are in order in one partition. At least once: what is
 * sent again, after a failure in part or after a crash, is there again, with the same journal and line in its headers.
 */
import { InvalidArgumentError } from "../../errors.js";
import { SinkError } from "../errors.js";
import type { Delivered, Placed, Sink } from "../sinks/sink.js";
import { unlessAborted } from "../sinks/unless-aborted.js";
import { type KafkaClient, type KafkaProducer, NeverTakenError, type OutMessage } from "./client.js";
import { HotClients } from "./hot-clients.js";
import { kafkaJs } from "./kafkajs.js";
import { messageOf } from "./messages.js";
import { checkKafka, checkName, type KafkaOptions } from "./options.js";

/** Of one request: brokers take 1 MiB a partition unless they are told otherwise, and all may go to one. */
const REQUEST_BYTES = 512 * 1024;
/** About what a message has besides key and value. */
const MESSAGE_BYTES = 100;
/** Of what a broker said, as much as a message may show. */
const SHOWN = 300;

export class KafkaSink implements Sink {
  readonly name: string;
  readonly batch: number;
  private readonly client: KafkaClient;
  private readonly topic: string;
  private readonly brokers: string;
  private readonly hot: HotClients | null;
  private producer: Promise<KafkaProducer> | null = null;
  private journal = "";
  private partitions = 0;

  /** @throws InvalidArgumentError naming the option */
  constructor(options: KafkaOptions) {
    const { connection, client, batch, hot } = checkKafka(options);
    this.name = checkName("kafka.name", options.name, "kafka");
    this.batch = batch;
    this.topic = connection.topic;
    this.brokers = connection.brokers.join(", ");
    this.client = client ?? kafkaJs(connection);
    this.hot = hot === null ? null : new HotClients(hot.window, hot.share);
  }

  /** Clients whose messages are spread by the names of their metrics now. */
  get hotClients(): readonly string[] {
    return this.hot?.names ?? [];
  }

  begin(journal: string): void {
    this.journal = journal;
  }

  details(): Readonly<Record<string, number>> {
    return {
      partitions: this.partitions,
      hot_clients: this.hot?.names.length ?? 0,
      largest_client_part: this.hot?.largestPart ?? 0,
    };
  }

  async deliver(batch: readonly Placed[], signal: AbortSignal): Promise<Delivered> {
    const messages = batch.map((placed) =>
      messageOf(placed, this.journal, this.hot?.has(placed.metric.client) ?? false),
    );
    const delivered = await unlessAborted(this.sendAll(messages), signal).catch((error: Error) => {
      if (error instanceof InvalidArgumentError) throw error; // no such package: no time helps
      throw new SinkError(`Kafka at ${this.brokers} did not take messages: ${short(error)}`, null, { cause: error });
    });
    // only now: a batch that is sent again goes to the partitions that it went to before
    if (this.hot !== null) for (const { metric } of batch) this.hot.count(metric.client, this.partitions);
    return delivered;
  }

  async close(): Promise<void> {
    const producer = await this.producer?.catch(() => null);
    this.producer = null;
    await producer?.close();
  }

  // ---------------------------------------------------------------- inside

  private async sendAll(messages: readonly OutMessage[]): Promise<Delivered> {
    const producer = await this.connected();
    let delivered: Delivered = { refused: 0 };
    for (const request of requestsOf(messages)) delivered = added(delivered, await this.send(producer, request));
    return delivered;
  }

  private async connected(): Promise<KafkaProducer> {
    this.producer ??= this.client.producer();
    try {
      return await this.producer;
    } catch (error) {
      this.producer = null;
      throw error;
    }
  }

  /** What brokers never take together they may take apart: halves, down to the message that is to blame. */
  private async send(producer: KafkaProducer, messages: readonly OutMessage[]): Promise<Delivered> {
    try {
      this.partitions = (await producer.send(this.topic, messages)).partitions;
      return { refused: 0 };
    } catch (error) {
      if (!(error instanceof NeverTakenError)) throw error;
      if (messages.length === 1) return { refused: 1, reason: short(error) };
      const half = messages.length >> 1;
      const first = await this.send(producer, messages.slice(0, half));
      return added(first, await this.send(producer, messages.slice(half)));
    }
  }
}

function requestsOf(messages: readonly OutMessage[]): OutMessage[][] {
  const requests: OutMessage[][] = [];
  let room = 0;
  for (const message of messages) {
    const bytes = MESSAGE_BYTES + Buffer.byteLength(message.key) + Buffer.byteLength(message.value);
    if (requests.length === 0 || bytes > room) {
      requests.push([]);
      room = REQUEST_BYTES;
    }
    requests[requests.length - 1].push(message);
    room -= bytes;
  }
  return requests;
}

function added(a: Delivered, b: Delivered): Delivered {
  const reason = b.reason ?? a.reason;
  return { refused: a.refused + b.refused, ...(reason === undefined ? {} : { reason }) };
}

function short({ message }: Error): string {
  const line = message.replaceAll("\n", " ").trim();
  return line.length > SHOWN ? `${line.slice(0, SHOWN - 3)}...` : line;
}
