/** Kafka: the sink that writes a topic, and the worker of a group that takes it on to another sink. */
export type {
  GroupMember,
  InMessage,
  JoinSettings,
  KafkaClient,
  KafkaProducer,
  OutMessage,
  PartitionBatch,
} from "./client.js";
export { NeverTakenError } from "./client.js";
export { Consumer, type ConsumerStats, createConsumer } from "./consumer.js";
export type { ConsumerOptions } from "./consumer-options.js";
export { HotClients, type HotOptions } from "./hot-clients.js";
export { requireKafkaJs } from "./kafkajs.js";
export { murmur2, partitionOf } from "./murmur2.js";
export type { KafkaConnection, KafkaOptions } from "./options.js";
export { KafkaSink } from "./sink.js";
export { type Spread, spreadOf } from "./spread.js";
