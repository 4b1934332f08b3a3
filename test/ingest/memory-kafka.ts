/** A Kafka in memory behind the interface that a client library has: what it is given, it keeps; what it is told to fail, it fails. */
import {
  type InMessage,
  type JoinSettings,
  type KafkaClient,
  NeverTakenError,
  type OutMessage,
  partitionOf,
} from "#dist/src/ingest/index.js";

export class MemoryKafka implements KafkaClient {
  readonly requests: OutMessage[][] = [];
  readonly partitions: OutMessage[][];
  /** Thrown by the next calls, one each. */
  readonly failures: Error[] = [];
  /** No request with a message for which it is true is ever taken. */
  refuses: (message: OutMessage) => boolean = () => false;
  closed = 0;

  constructor(readonly count = 12) {
    this.partitions = Array.from({ length: count }, () => []);
  }

  async producer() {
    this.fail();
    return {
      send: async (_topic: string, messages: readonly OutMessage[]) => {
        this.fail();
        if (messages.some(this.refuses)) throw new NeverTakenError("the message is too large");
        this.requests.push([...messages]);
        for (const message of messages) this.partitions[partitionOf(message.route, this.count)].push(message);
        return { partitions: this.count };
      },
      close: async () => void this.closed++,
    };
  }

  /** The member that joined last. */
  member: JoinSettings | null = null;
  readonly commits: string[] = [];
  heartbeats = 0;
  /** Asked before each batch's next part. */
  mine = true;

  async join(settings: JoinSettings) {
    this.fail();
    this.member = settings;
    settings.onAssigned([0]);
    return { close: async () => void this.closed++ };
  }

  /** Hands messages of partition 0 to the member. */
  async give(messages: readonly InMessage[]): Promise<void> {
    await this.member?.onBatch({
      partition: 0,
      messages,
      end: String(BigInt(messages[messages.length - 1].offset) + 1n),
      heartbeat: async () => void this.heartbeats++,
      isMine: () => this.mine,
      commit: async (offset) => void this.commits.push(offset),
    });
  }

  private fail(): void {
    const failure = this.failures.shift();
    if (failure !== undefined) throw failure;
  }
}
