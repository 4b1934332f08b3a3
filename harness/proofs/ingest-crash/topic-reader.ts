/** Reads a topic from its first message on, all the while that it is written: which lines came, how often, and in which order. */
import type { Admin } from "kafkajs";
import { type Consumer, createConsumer, type Placed } from "../../../src/ingest/index.js";
import type { Kafka } from "../../services/index.js";

const GROUP = "reader";
const SESSION = { session: "6s", heartbeat: 300 };
/** Messages that may wait to be read: the brokers keep 5 MiB a partition, and forget the oldest. */
const MOST_BEHIND = 20_000;
const LOOK_MS = 50;

export interface Read {
  readonly messages: number;
  readonly again: number;
  readonly disordered: number;
}

export class TopicReader {
  private readonly lines = new Set<number>();
  private readonly last = new Map<string, number>();
  private readonly consumer: Consumer;
  private readonly admin: Promise<Admin>;
  private messages = 0;
  private disordered = 0;

  constructor(
    kafka: Kafka,
    private readonly topic: string,
  ) {
    this.admin = connected(kafka);
    this.consumer = createConsumer({
      kafka: { brokers: kafka.brokers, topic, group: GROUP, ...SESSION },
      sink: { name: GROUP, batch: 5000, deliver: async (batch) => this.take(batch) },
    });
  }

  /** When so little waits that none of it is forgotten. */
  async keepsUp(): Promise<void> {
    while ((await this.behind()) > MOST_BEHIND) await looking();
  }

  /** Everything there is, and the numbers below `lines` that no message has. */
  async all(lines: number): Promise<Read & { readonly missing: readonly number[] }> {
    while ((await this.behind()) > 0) await looking();
    const missing: number[] = [];
    for (let line = 0; line < lines; line++) if (!this.lines.has(line)) missing.push(line);
    const { messages, disordered } = this;
    return { messages, again: messages - this.lines.size, disordered, missing };
  }

  async close(): Promise<void> {
    await this.consumer.close();
    await this.admin.then((admin) => admin.disconnect()).catch(() => {});
  }

  private async take(batch: readonly Placed[]): Promise<{ refused: number }> {
    this.messages += batch.length;
    for (const { line, metric } of batch) {
      if (this.lines.has(line)) continue;
      this.lines.add(line);
      if ((this.last.get(metric.client) ?? -1) > line) this.disordered++;
      this.last.set(metric.client, line);
    }
    return { refused: 0 };
  }

  /** Messages that are in the topic and not yet committed as read. */
  private async behind(): Promise<number> {
    const admin = await this.admin;
    const ends = await admin.fetchTopicOffsets(this.topic);
    const [{ partitions }] = await admin.fetchOffsets({ groupId: GROUP, topics: [this.topic] });
    const read = new Map(partitions.map(({ partition, offset }) => [partition, Math.max(0, Number(offset))]));
    return ends.reduce((sum, { partition, high }) => sum + Number(high) - (read.get(partition) ?? 0), 0);
  }
}

async function connected(kafka: Kafka): Promise<Admin> {
  const { Kafka: Library } = (await import("kafkajs")).default;
  const admin = new Library({ brokers: [...kafka.brokers], logLevel: 0 }).admin();
  await admin.connect();
  return admin;
}

function looking(): Promise<void> {
  return new Promise((done) => setTimeout(done, LOOK_MS));
}
