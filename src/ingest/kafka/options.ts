/** Where Kafka is and how it is spoken to, checked before anything is connected. */
import { readFileSync } from "node:fs";
import { choice, describe, flag, KnownOptions, numberWithin, wholeNumber } from "../../check.js";
import { InvalidArgumentError } from "../../errors.js";
import { cannotBeRead } from "../../not-readable.js";
import { type Duration, milliseconds } from "../../units.js";
import type { KafkaClient } from "./client.js";
import type { HotOptions } from "./hot-clients.js";

/** What the sink and the consumer have in common. */
export interface KafkaConnection {
  /** "host:port" of some of its brokers; they tell of the others. */
  brokers: string | readonly string[];
  /** Default "metrics-raw". It must exist. */
  topic?: string;
  /** TLS: true, or a file in PEM with whom to trust. Default: none. */
  tls?:
    | boolean
    | {
        /** A file in PEM. */
        ca: string;
      };
  /** Who this is, where the brokers ask. Default: they do not. */
  sasl?: {
    /** How it is said. */
    mechanism: "plain" | "scram-sha-256" | "scram-sha-512";
    /** Who. */
    username: string;
    /** It is in no message and no log. */
    password: string;
  };
  /** How this program is called in the brokers' logs. Default "engram". */
  clientId?: string;
  /** For an answer of a broker. Default 10 s. */
  timeout?: Duration;
  /** Another library than KafkaJS. Default: KafkaJS, a peer that has to be installed. */
  client?: KafkaClient;
}

/** A topic as a sink. What is out of bounds is an InvalidArgumentError. */
export interface KafkaOptions extends KafkaConnection {
  /** Metrics that are sent at once. Default 1,000. */
  batch?: number;
  /** Default "none". */
  compression?: "none" | "gzip";
  /** Whether clients that bring more than a partition's share are spread by the names of their metrics, and what makes one hot. Default true. */
  hotClients?: boolean | HotOptions;
  /** Its name among the sinks, and its cursor's. Default "kafka". */
  name?: string;
}

/** What a client library is told. */
export interface CheckedConnection {
  readonly brokers: readonly string[];
  readonly topic: string;
  readonly tls: true | { readonly ca: string } | null;
  readonly sasl: NonNullable<KafkaConnection["sasl"]> | null;
  readonly clientId: string;
  readonly timeoutMs: number;
  readonly gzip: boolean;
}

export interface CheckedKafka {
  readonly connection: CheckedConnection;
  readonly client: KafkaClient | null;
  readonly batch: number;
  /** Null: none is looked for. */
  readonly hot: { readonly window: number; readonly share: number } | null;
}

const CONNECTION = ["brokers", "topic", "tls", "sasl", "clientId", "timeout", "client"];
const OPTIONS = new KnownOptions("kafka", [...CONNECTION, "batch", "compression", "hotClients", "name"]);
const HOT_OPTIONS = new KnownOptions("kafka.hotClients", ["window", "share"]);
const SASL_OPTIONS = new KnownOptions("kafka.sasl", ["mechanism", "username", "password"]);
const TLS_OPTIONS = new KnownOptions("kafka.tls", ["ca"]);
const MECHANISMS = ["plain", "scram-sha-256", "scram-sha-512"] as const;
const MOST_METRICS = 20_000;

/** @throws InvalidArgumentError naming the option, its value and what was expected */
export function checkKafka(options: KafkaOptions): CheckedKafka {
  OPTIONS.check(options);
  const compression = choice("option kafka.compression", options.compression, ["none", "gzip"], "none");
  return {
    connection: checkConnection(options, compression === "gzip"),
    client: options.client ?? null,
    batch: wholeNumber("option kafka.batch", options.batch, 1000, 1, MOST_METRICS),
    hot: checkHot(options.hotClients),
  };
}

/** The names of what a connection takes, for whoever checks options of their own beside them. */
export const CONNECTION_OPTIONS: readonly string[] = CONNECTION;

export function checkConnection(options: KafkaConnection, gzip = false): CheckedConnection {
  return {
    brokers: checkBrokers(options.brokers),
    topic: checkName("kafka.topic", options.topic, "metrics-raw"),
    tls: checkTls(options.tls),
    sasl: checkSasl(options.sasl),
    clientId: checkName("kafka.clientId", options.clientId, "engram"),
    timeoutMs: milliseconds("option kafka.timeout", options.timeout, 10_000, 100, 3_600_000),
    gzip,
  };
}

const BROKER = /^(?:\[[\da-fA-F:]+\]|[^\s:,[\]]+):(\d{1,5})$/;

function checkBrokers(brokers: unknown): string[] {
  const list = typeof brokers === "string" ? brokers.split(",") : brokers;
  if (!Array.isArray(list) || list.length === 0) {
    throw new InvalidArgumentError(`option kafka.brokers is ${describe(brokers)}; expected "host:port" of one or more`);
  }
  return list.map((broker) => {
    const trimmed = typeof broker === "string" ? broker.trim() : broker;
    const port = Number(BROKER.exec(String(trimmed))?.[1]);
    if (typeof trimmed === "string" && port >= 1 && port <= 65_535) return trimmed;
    throw new InvalidArgumentError(`option kafka.brokers has ${describe(broker)}; expected "host:port"`);
  });
}

/** Topics, groups and clients: what Kafka lets a topic be called. */
const NAME = /^[\w.-]{1,249}$/;

export function checkName(option: string, name: unknown, standard: string): string {
  if (name === undefined) return standard;
  if (typeof name === "string" && NAME.test(name) && name !== "." && name !== "..") return name;
  throw new InvalidArgumentError(
    `option ${option} is ${describe(name)}; expected 1 to 249 letters, digits, dots, - and _`,
  );
}

function checkTls(tls: KafkaConnection["tls"]): CheckedConnection["tls"] {
  if (tls === undefined || typeof tls === "boolean") return tls ? true : null;
  const { ca } = TLS_OPTIONS.check(tls);
  if (typeof ca !== "string") {
    throw new InvalidArgumentError(`option kafka.tls.ca is ${describe(ca)}; expected the name of a file`);
  }
  try {
    return { ca: readFileSync(ca, "utf8") };
  } catch (error) {
    throw cannotBeRead(ca, error, "certificates in PEM");
  }
}

function checkSasl(sasl: KafkaConnection["sasl"]): CheckedConnection["sasl"] {
  if (sasl === undefined) return null;
  const { mechanism, username, password } = SASL_OPTIONS.check(sasl);
  if (typeof username !== "string" || username === "") {
    throw new InvalidArgumentError(`option kafka.sasl.username is ${describe(username)}; expected text`);
  }
  // the password itself is in no message
  if (typeof password !== "string" || password === "") {
    throw new InvalidArgumentError("option kafka.sasl.password is unfit; expected text");
  }
  if (mechanism === undefined) {
    throw new InvalidArgumentError(`option kafka.sasl.mechanism is missing; expected one of ${MECHANISMS.join(", ")}`);
  }
  return { mechanism: choice("option kafka.sasl.mechanism", mechanism, MECHANISMS, "plain"), username, password };
}

function checkHot(hot: KafkaOptions["hotClients"]): CheckedKafka["hot"] {
  if (hot === undefined || typeof hot === "boolean") {
    return flag("option kafka.hotClients", hot, true) ? { window: 10_000, share: 1 } : null;
  }
  const { window, share } = HOT_OPTIONS.check(hot);
  return {
    window: wholeNumber("option kafka.hotClients.window", window, 10_000, 10, 10_000_000),
    share: numberWithin("option kafka.hotClients.share", share, 1, 1e-3, 1000),
  };
}
