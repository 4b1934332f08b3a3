/** What `createConsumer` takes, checked before anything is connected. */
import { describe, KnownOptions } from "../../check.js";
import { InvalidArgumentError } from "../../errors.js";
import { type Duration, milliseconds } from "../../units.js";
import { type InfluxOptions, InfluxSink } from "../sinks/influx.js";
import type { Sink } from "../sinks/sink.js";
import type { KafkaClient } from "./client.js";
import {
  type CheckedConnection,
  CONNECTION_OPTIONS,
  checkConnection,
  checkName,
  type KafkaConnection,
} from "./options.js";

/** What a worker takes from a topic, and where it puts it. */
export interface ConsumerOptions {
  /** The topic, and the group that shares it. */
  kafka: KafkaConnection & {
    /** Workers of one group share the topic. Default "engram-" and the sink's name: two sinks have a group each. */
    group?: string;
    /** After so long without word from it a worker is taken for dead, and its partitions are others'. Default 30 s. */
    session?: Duration;
    /** How often it gives word. Default a tenth of the session. */
    heartbeat?: Duration;
  };
  /** An InfluxDB to put it into. Default: none; this or `sink` is needed. */
  influx?: InfluxOptions;
  /** A sink of one's own. Default: none; this or `influx` is needed. */
  sink?: Sink;
}

export interface CheckedConsumer {
  readonly connection: CheckedConnection;
  readonly client: KafkaClient | null;
  readonly group: string;
  readonly sessionMs: number;
  readonly heartbeatMs: number;
  readonly sink: Sink;
}

const OPTIONS = new KnownOptions("createConsumer", ["kafka", "influx", "sink"]);
const KAFKA_OPTIONS = new KnownOptions("kafka", [...CONNECTION_OPTIONS, "group", "session", "heartbeat"]);

/** @throws InvalidArgumentError naming the option, its value and what was expected */
export function checkConsumer(options: ConsumerOptions): CheckedConsumer {
  const { kafka } = OPTIONS.check(options);
  KAFKA_OPTIONS.check(kafka);
  const connection = checkConnection(kafka);
  const sink = sinkOf(options);
  const sessionMs = milliseconds("option kafka.session", kafka.session, 30_000, 1000, 3_600_000);
  const heartbeatMs = milliseconds("option kafka.heartbeat", kafka.heartbeat, sessionMs / 10, 10, sessionMs / 2);
  const group = checkName("kafka.group", kafka.group, `engram-${sink.name}`);
  return { connection, client: kafka.client ?? null, group, sessionMs, heartbeatMs, sink };
}

function sinkOf({ influx, sink }: ConsumerOptions): Sink {
  if ((influx === undefined) === (sink === undefined)) {
    throw new InvalidArgumentError("options influx and sink: expected one of the two");
  }
  if (influx !== undefined) return new InfluxSink(influx);
  if (typeof sink?.deliver === "function" && typeof sink.name === "string") return sink;
  throw new InvalidArgumentError(`option sink is ${describe(sink)}; expected { name, deliver }`);
}
