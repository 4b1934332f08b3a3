/**
 * Kafka through KafkaJS, an optional peer. Two of its ways have to be held off:
 *
 * - Its own retry of a request that failed in part leaves out whatever has moved meanwhile to a broker that has answered already, and
 *   reports success. So it is told to retry nothing; the sink sends the whole batch again.
 * - Messages for a partition that its list of brokers does not know are dropped without a word. So the partition is chosen from that same
 *   list, and the answer must name each partition that something was sent to.
 */
import { loadPeer } from "../../peer.js";
import {
  type GroupMember,
  type InMessage,
  type JoinSettings,
  type KafkaClient,
  type KafkaProducer,
  NeverTakenError,
  type OutMessage,
} from "./client.js";
import { partitionOf } from "./murmur2.js";
import type { CheckedConnection } from "./options.js";

type KafkaJs = typeof import("kafkajs");
type Kafka = import("kafkajs").Kafka;
type Payload = import("kafkajs").EachBatchPayload;

/** Of a broker's address: the machine beside is not waited for longer. */
const CONNECT_MS = 3000;
/** A fetch with nothing to bring waits so long at the broker, so that a member that is to end does not wait longer. */
const FETCH_WAIT_MS = 250;
/** To leave a group in good order. A member that takes longer is left to its session. */
const LEAVE_MS = 10_000;
/** Sessions without a heartbeat, a fetch or a failure, after which a member is taken for stuck: to join may take two. */
const SILENT_SESSIONS = 4;
/** Codes of brokers that will say the same to the same messages for ever. */
const NEVER = new Set(["MESSAGE_TOO_LARGE", "RECORD_LIST_TOO_LARGE", "INVALID_TIMESTAMP", "INVALID_RECORD"]);
/** To connect, and no more: whoever sends tries again, and tells of it. */
const PRODUCER_RETRIES = { retries: 1, initialRetryTime: 100 };
/** An empty group is asked for at so many brokers, and again, before a member gives up and joins anew. */
const MEMBER_RETRIES = { retries: 5, initialRetryTime: 100, maxRetryTime: 2000 };

export function kafkaJs(connection: CheckedConnection): KafkaClient {
  return {
    async producer() {
      const library = await load();
      return openProducer(open(library, connection, PRODUCER_RETRIES), library, connection);
    },
    async join(settings) {
      return join(open(await load(), connection, MEMBER_RETRIES), settings);
    },
  };
}

/** @throws InvalidArgumentError when the peer is not installed */
export async function requireKafkaJs(): Promise<void> {
  await load();
}

function load(): Promise<KafkaJs> {
  return loadPeer("Kafka", "kafkajs", async () => (await import("kafkajs")).default as KafkaJs);
}

function open(library: KafkaJs, connection: CheckedConnection, retry: import("kafkajs").RetryOptions): Kafka {
  const { brokers, tls, sasl, clientId, timeoutMs } = connection;
  return new library.Kafka({
    ...{ brokers: [...brokers], clientId, requestTimeout: timeoutMs, connectionTimeout: CONNECT_MS, retry },
    logLevel: library.logLevel.NOTHING,
    ...(tls === null ? {} : { ssl: tls === true ? true : { ca: tls.ca } }),
    ...(sasl === null ? {} : { sasl: sasl as import("kafkajs").SASLOptions }),
  });
}

async function openProducer(kafka: Kafka, library: KafkaJs, connection: CheckedConnection): Promise<KafkaProducer> {
  let partitions = 0;
  const producer = kafka.producer({
    allowAutoTopicCreation: false,
    maxInFlightRequests: 1, // a batch that comes again does not overtake itself
    retry: { retries: 0 }, // see above
    createPartitioner: () => (args) => {
      partitions = args.partitionMetadata.length;
      const { route } = args.message as unknown as { route: string };
      return partitionOf(route, partitions);
    },
  });
  await producer.connect();
  const { CompressionTypes } = library;
  const compression = connection.gzip ? CompressionTypes.GZIP : CompressionTypes.None;
  return {
    async send(topic, messages) {
      const answers = await producer
        .send({ topic, acks: -1, timeout: connection.timeoutMs, compression, messages: messages.map(asKafkaJs) })
        .catch((error: Error) => {
          throw NEVER.has(typeOf(error)) ? new NeverTakenError(error.message, { cause: error }) : error;
        });
      checkAnswers(answers, messages, partitions);
      return { partitions };
    },
    close: () => producer.disconnect(),
  };
}

/** What it does not know, it hands on to the partitioner. */
function asKafkaJs({ key, route, value, timestampMs, headers }: OutMessage) {
  return { key, route, value, timestamp: String(timestampMs), headers: { ...headers } };
}

function checkAnswers(
  answers: readonly { partition: number }[],
  messages: readonly OutMessage[],
  partitions: number,
): void {
  const acknowledged = new Set(answers.map(({ partition }) => partition));
  for (const route of new Set(messages.map((message) => message.route))) {
    const partition = partitionOf(route, partitions);
    if (!acknowledged.has(partition)) throw new Error(`no broker said that partition ${partition} has its messages`);
  }
}

/** KafkaJS wraps what a broker said, at times twice. */
function typeOf(error: unknown): string {
  for (let at = error; at instanceof Error; at = at.cause) {
    const { type } = at as { type?: unknown };
    if (typeof type === "string") return type;
  }
  return "";
}

async function join(kafka: Kafka, settings: JoinSettings): Promise<GroupMember> {
  const { topic, group, sessionMs, heartbeatMs, onBatch, onAssigned, onFailure } = settings;
  const consumer = kafka.consumer({
    groupId: group,
    sessionTimeout: sessionMs,
    rebalanceTimeout: 2 * sessionMs,
    heartbeatInterval: heartbeatMs,
    maxWaitTimeInMs: FETCH_WAIT_MS,
    allowAutoTopicCreation: false,
    retry: MEMBER_RETRIES,
  });
  consumer.on(consumer.events.GROUP_JOIN, ({ payload }) => onAssigned(payload.memberAssignment[topic] ?? []));
  consumer.on(consumer.events.CRASH, ({ payload }) => onFailure(payload.error, !payload.restart));
  let heard = performance.now();
  let left = false;
  const { HEARTBEAT, FETCH, GROUP_JOIN, CRASH, END_BATCH_PROCESS } = consumer.events;
  for (const event of [HEARTBEAT, FETCH, GROUP_JOIN, CRASH, END_BATCH_PROCESS]) {
    consumer.on(event as typeof HEARTBEAT, () => {
      heard = performance.now();
    });
  }
  const watching = setInterval(() => {
    const silentMs = performance.now() - heard;
    if (silentMs < SILENT_SESSIONS * sessionMs) return;
    heard = performance.now();
    onFailure(new Error(`nothing was heard of the group for ${Math.round(silentMs / 1000)} s`), true);
  }, sessionMs);
  watching.unref();
  const leave = async () => {
    left = true;
    clearInterval(watching);
    await atMost(consumer.disconnect(), LEAVE_MS);
  };
  try {
    await consumer.connect();
    await consumer.subscribe({ topic, fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      eachBatch: async (payload) => {
        if (!left) await onBatch(batchOf(payload, consumer, topic, () => left));
      },
    });
  } catch (error) {
    await leave();
    throw error;
  }
  return { close: leave };
}

/** When it is done, however it ends, or has taken so long. */
async function atMost(work: Promise<unknown>, ms: number): Promise<void> {
  let late: NodeJS.Timeout | undefined;
  const waited = new Promise<void>((resolve) => {
    late = setTimeout(resolve, ms);
  });
  await Promise.race([work.catch(() => {}), waited]);
  clearTimeout(late);
}

function batchOf(payload: Payload, consumer: import("kafkajs").Consumer, topic: string, left: () => boolean) {
  const { batch, heartbeat, isRunning, isStale, resolveOffset } = payload;
  const { partition } = batch;
  return {
    partition,
    messages: batch.messages.map(receivedAs),
    end: batch.highWatermark,
    heartbeat,
    isMine: () => !left() && isRunning() && !isStale(),
    async commit(offset: string) {
      resolveOffset(offset);
      await consumer.commitOffsets([{ topic, partition, offset: String(BigInt(offset) + 1n) }]);
    },
  };
}

function receivedAs({ offset, key, value, headers = {} }: import("kafkajs").KafkaMessage): InMessage {
  const texts: Record<string, string> = Object.create(null);
  for (const [name, said] of Object.entries(headers)) {
    const first = Array.isArray(said) ? said[0] : said;
    if (first !== undefined) texts[name] = String(first);
  }
  return { offset, key: key?.toString() ?? "", value: value?.toString() ?? "", headers: texts };
}
