/**
 * `import … from "engram/ingest"`: metrics from HTTP to a journal, and from there to whatever reads it.
 *
 * @module engram/ingest
 */

export { type Backfilled, type BackfillOptions, backfill } from "./backfill.js";
export { type Amount, type CompareOptions, type Comparison, compare, type Difference } from "./compare.js";
export { BadBodyError, JournalError, JournalInUseError, SinkError } from "./errors.js";
export { createIngest, type Ingest } from "./ingest.js";
export type { JournalOptions, JournalStats, Position, SyncPolicy } from "./journal/index.js";
export {
  type Consumer,
  type ConsumerOptions,
  type ConsumerStats,
  createConsumer,
  type GroupMember,
  type HotOptions,
  type InMessage,
  type JoinSettings,
  type KafkaClient,
  type KafkaConnection,
  type KafkaOptions,
  type KafkaProducer,
  NeverTakenError,
  type OutMessage,
  type PartitionBatch,
} from "./kafka/index.js";
export { lineOf, type Metric, metricOf, pointTime } from "./metric.js";
export type { Acknowledgement, IngestOptions, RateLimitOptions, TlsOptions } from "./options.js";
export type { MetricCount, Refusal } from "./server/index.js";
export { Forwarder, type SinkStats } from "./sinks/forwarder.js";
export { type InfluxOptions, InfluxSink, type Series } from "./sinks/influx.js";
export { escapeMeasurement, pointLine } from "./sinks/influx-lines.js";
export type { Delivered, Placed, Sink } from "./sinks/sink.js";
export type { IngestStats } from "./stats.js";
export { openTap, type Tap, type TapStats } from "./taps.js";

// What tests, campaigns and the fuzz take beside: no program has to.

/** @internal */
export {
  Cursor,
  checkJournal,
  firstPosition,
  GroupCommit,
  Journal,
  type JournalFiles,
  JournalReader,
  journalIdentity,
  listSegments,
  SYSTEM_FILES,
  segmentPath,
} from "./journal/index.js";
/** @internal */
export {
  HotClients,
  KafkaSink,
  murmur2,
  partitionOf,
  requireKafkaJs,
  type Spread,
  spreadOf,
} from "./kafka/index.js";
/** @internal */
export { RATE_MAX, RateLimiter } from "./limit/rate-limit.js";
/** @internal */
export {
  findJsonFault,
  type ParseContext,
  type Parsed,
  PRECISIONS,
  parseJsonBody,
  parseLineProtocol,
  parseOtlp,
} from "./parse/index.js";
/** @internal */
export { Counters, type Intake, Receiver, type ReceiverSettings } from "./server/index.js";
/** @internal */
export { fluxRows } from "./sinks/influx-flux.js";
/** @internal */
export { instantOfNs, parseTimeText } from "./time.js";
