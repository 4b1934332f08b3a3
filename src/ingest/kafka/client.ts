/**
 * What this room asks of a library that speaks to Kafka. KafkaJS is behind it (kafkajs.ts); whoever has another hands it in as
 * `kafka: { client }`.
 */

/** A message on its way to a topic. */
export interface OutMessage {
  /** The client's name. */
  readonly key: string;
  /** What the partition is chosen by, with `partitionOf`: the key, but of hot clients the key and the metric's name. */
  readonly route: string;
  /** The metric, as a line of the journal has it. */
  readonly value: string;
  /** Unix time, ms. */
  readonly timestampMs: number;
  /** The journal's name and the line's number, by which a consumer knows what came again. */
  readonly headers: Readonly<Record<string, string>>;
}

/** The writing end of a library. */
export interface KafkaProducer {
  /**
   * Appends messages in order, each to partition `partitionOf(route, partitions)`; returns once all replicas in sync have all of them.
   *
   * @returns how many partitions the topic has
   * @throws NeverTakenError when the brokers will not take these messages, ever; anything else when they may later
   */
  send(topic: string, messages: readonly OutMessage[]): Promise<{ readonly partitions: number }>;
  /** Ends its connections. */
  close(): Promise<void>;
}

/** Brokers refuse these messages as they are: too large, or with a time that they do not take. */
export class NeverTakenError extends Error {}

/** A message that came. */
export interface InMessage {
  /** In its partition; a decimal number. */
  readonly offset: string;
  /** As it was sent. */
  readonly key: string;
  /** As it was sent. */
  readonly value: string;
  /** As they were sent. */
  readonly headers: Readonly<Record<string, string>>;
}

/** What came from one partition, in order. */
export interface PartitionBatch {
  /** Its number, 0 up. */
  readonly partition: number;
  /** Oldest first. */
  readonly messages: readonly InMessage[];
  /** The offset that the partition's next message will have. */
  readonly end: string;
  /** Says that this member lives: at least as often as the session asks for. @throws when the group is shared out anew */
  heartbeat(): Promise<void>;
  /** False once the member ends or the partition is another's: the rest of the batch is not to be dealt with. */
  isMine(): boolean;
  /** Messages up to this one are dealt with, and will not come again. @throws when the partition is another's by now */
  commit(offset: string): Promise<void>;
}

/** A worker in its group. */
export interface GroupMember {
  /** Leaves the group once the batch under way is dealt with. */
  close(): Promise<void>;
}

/** What a worker joins a group with. */
export interface JoinSettings {
  /** That the group shares. */
  readonly topic: string;
  /** Its name. */
  readonly group: string;
  /** After so long without word a worker is taken for dead. */
  readonly sessionMs: number;
  /** How often word is to be given. */
  readonly heartbeatMs: number;
  /** One batch at a time. What it throws is thrown on to the library: `heartbeat` and `commit` say so what has to be done. */
  onBatch(batch: PartitionBatch): Promise<void>;
  /** The partitions that are this member's from now on. */
  onAssigned(partitions: readonly number[]): void;
  /** Something failed; it goes on by itself, or `ended` says that it does not, and that it must join again. */
  onFailure(error: Error, ended: boolean): void;
}

/** A library that speaks to Kafka. */
export interface KafkaClient {
  /** Opens its writing end. */
  producer(): Promise<KafkaProducer>;
  /** @throws when no broker answers */
  join(settings: JoinSettings): Promise<GroupMember>;
}
