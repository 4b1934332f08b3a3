/** What `createIngest` takes, checked before anything is started. */
import { readFileSync } from "node:fs";
import { choice, describe, KnownOptions, numberWithin, wholeNumber } from "../check.js";
import { InvalidArgumentError } from "../errors.js";
import { cannotBeRead } from "../not-readable.js";
import { Store } from "../store/index.js";
import { type Duration, milliseconds, parseBytes, type Size } from "../units.js";
import { type CheckedJournal, CURSOR_NAME, checkJournal, type JournalOptions } from "./journal/index.js";
import { type KafkaOptions, KafkaSink } from "./kafka/index.js";
import { RATE_MAX, type RateLimit } from "./limit/rate-limit.js";
import type { ReceiverSettings } from "./server/receiver.js";
import { type InfluxOptions, InfluxSink } from "./sinks/influx.js";
import type { Sink } from "./sinks/sink.js";
import { checkTaps } from "./taps.js";

/** How many metrics each client may send. */
export interface RateLimitOptions {
  /** Metrics a second, of each client: above 0, at most 100,000. */
  rate: number;
  /** Metrics that one may send at once after it was idle, and so in one request. Default: those of a second, 1,000 at least. */
  burst?: number;
  /** Clients with a bucket of their own, about: those beyond share one. Default 16,384; 8 bytes each. */
  clients?: number;
}

/** Key and certificate of a server. */
export interface TlsOptions {
  /** A file in PEM. */
  key: string;
  /** A file in PEM, with the chain. */
  cert: string;
}

/**
 * When a request is answered. "journal": when its metrics are written there; what was acknowledged outlasts this process however it ends.
 * "ring": when they are in the memory of this process, on their way there; what is in it dies with the process.
 */
export type Acknowledgement = "journal" | "ring";

/** What the pipeline is made with. What is out of bounds is an InvalidArgumentError that names the option, before anything is opened. */
export interface IngestOptions {
  /** A folder's name, or options. */
  journal: JournalOptions | string;
  /** Default 8087; 0: any that is free. */
  port?: number;
  /** Default 127.0.0.1. Any other than the loopback's asks for a token. */
  host?: string;
  /**
   * What senders must show, as their protocol has it: Bearer, Token, or the password of Basic and `?p=`. 16 characters or more. Default: none,
   * which only the loopback may be without.
   */
  token?: string;
  /** HTTPS with this key and certificate. Default: HTTP. */
  tls?: TlsOptions;
  /** Default "journal". */
  ack?: Acknowledgement;
  /** Threads that accept, where the system lets several listen on one port: else it is one, and `stats()` says so. Default 1. */
  acceptThreads?: number;
  /** Default: none. */
  rateLimit?: RateLimitOptions | number;
  /** An InfluxDB that everything goes to. Default: none. */
  influx?: InfluxOptions;
  /** A Kafka topic that everything goes to. Default: none. */
  kafka?: KafkaOptions;
  /** Others of yours. Default: none. */
  sinks?: readonly Sink[];
  /** Names of live taps, each a ring in `store` that `openTap` reads, in any thread: see docs/ingest.md. Needs a store. Default: none. */
  taps?: readonly string[];
  /** Shown on its live page, where it is monitored; and where rings lie, with `ack: "ring"` or several threads. Default: a store of its own. */
  store?: Store;
  /** Of one body. Default "1MiB"; packed ones may have ten times as many once unpacked. */
  bodyBytes?: Size;
  /** Of all bodies under way in one thread. Default "64MiB". */
  underWayBytes?: Size;
  /** Of one thread. Default 10,000. */
  maxConnections?: number;
  /** Time for the head of a request. Default 10 s. */
  headersTimeout?: Duration;
  /** Time for a whole request. Default 30 s. */
  requestTimeout?: Duration;
  /** Time that an idle connection is kept. Default 60 s. */
  keepAliveTimeout?: Duration;
  /** How far ahead of this machine's clock a time may be. Default 1 h. */
  ahead?: Duration;
}

export interface CheckedIngest {
  readonly journal: CheckedJournal;
  readonly receiver: Omit<ReceiverSettings, "reusePort">;
  readonly ack: Acknowledgement;
  readonly acceptThreads: number;
  readonly rateLimit: RateLimit | null;
  readonly sinks: readonly Sink[];
  readonly store: Store | null;
  readonly taps: readonly string[];
}

const OPTIONS = new KnownOptions("createIngest", [
  ...[
    "journal",
    "port",
    "host",
    "token",
    "tls",
    "ack",
    "acceptThreads",
    "rateLimit",
    "influx",
    "kafka",
    "sinks",
    "store",
    "taps",
  ],
  ...["bodyBytes", "underWayBytes", "maxConnections", "headersTimeout", "requestTimeout", "keepAliveTimeout", "ahead"],
]);
const RATE_OPTIONS = new KnownOptions("rateLimit", ["rate", "burst", "clients"]);
const TLS_OPTIONS = new KnownOptions("tls", ["key", "cert"]);
const ACKS = ["journal", "ring"] as const;
/** InfluxDB's is 8086. */
const DEFAULT_PORT = 8087;
const MOST_THREADS = 64;
/** Shorter tokens can be guessed by trying. */
const TOKEN_MIN = 16;
const MIB = 2 ** 20;
/** A body is one message of a ring and one text in memory. */
const MOST_BODY = 8 * MIB;
const LONGEST_MS = 3_600_000;
const MOST_CLIENTS = 2 ** 24;

/** @throws InvalidArgumentError naming the option, its value and what was expected */
export function checkIngest(options: IngestOptions): CheckedIngest {
  OPTIONS.check(options);
  const journal = checkJournal(options.journal);
  const { host = "127.0.0.1", token, store = null } = options;
  if (typeof host !== "string" || host === "") {
    throw new InvalidArgumentError(`option host is ${describe(host)}; expected an address of this machine`);
  }
  // the token itself is in no message
  if (token !== undefined && (typeof token !== "string" || !/^[\x21-\x7e]+$/.test(token) || token.length < TOKEN_MIN)) {
    throw new InvalidArgumentError(
      `option token is unfit; expected ${TOKEN_MIN} printable ASCII characters or more, without spaces`,
    );
  }
  const loopback = isLoopback(host);
  if (token === undefined && !loopback) {
    throw new InvalidArgumentError(
      `option host is ${describe(host)}, which other machines can reach; give a token as well`,
    );
  }
  if (store !== null && !(store instanceof Store)) {
    throw new InvalidArgumentError(`option store is ${describe(store)}; expected a store`);
  }
  const taps = checkTaps(options.taps);
  if (taps.length > 0 && store === null) {
    throw new InvalidArgumentError("option taps goes with option store, in whose memory they lie");
  }
  return {
    journal,
    receiver: {
      ...{ host, token: token ?? null, loopback, tls: readTls(options.tls) },
      port: wholeNumber("option port", options.port, DEFAULT_PORT, 0, 65_535),
      bodyBytes: bytesUpTo("option bodyBytes", options.bodyBytes, MIB, MOST_BODY),
      underWayBytes: bytesUpTo("option underWayBytes", options.underWayBytes, 64 * MIB, 2 ** 34),
      maxConnections: wholeNumber("option maxConnections", options.maxConnections, 10_000, 1, 1_000_000),
      headersTimeoutMs: milliseconds("option headersTimeout", options.headersTimeout, 10_000, 10, LONGEST_MS),
      requestTimeoutMs: milliseconds("option requestTimeout", options.requestTimeout, 30_000, 10, LONGEST_MS),
      keepAliveTimeoutMs: milliseconds("option keepAliveTimeout", options.keepAliveTimeout, 60_000, 1, LONGEST_MS),
      aheadMs: milliseconds("option ahead", options.ahead, LONGEST_MS, 0),
    },
    ack: choice("option ack", options.ack, ACKS, "journal"),
    acceptThreads: wholeNumber("option acceptThreads", options.acceptThreads, 1, 1, MOST_THREADS),
    rateLimit: readRateLimit(options.rateLimit),
    sinks: checkSinks([
      ...(options.influx === undefined ? [] : [new InfluxSink(options.influx)]),
      ...(options.kafka === undefined ? [] : [new KafkaSink(options.kafka)]),
      ...listOf(options.sinks),
    ]),
    ...{ store, taps },
  };
}

function isLoopback(host: string): boolean {
  return host === "::1" || host === "localhost" || /^127\.\d+\.\d+\.\d+$/.test(host);
}

function readTls(tls: TlsOptions | undefined): ReceiverSettings["tls"] {
  if (tls === undefined) return null;
  const { key, cert } = TLS_OPTIONS.check(tls);
  return {
    key: readPem("tls.key", key, "a private key in PEM"),
    cert: readPem("tls.cert", cert, "a certificate in PEM"),
  };
}

function readPem(option: string, path: unknown, expected: string): string {
  if (typeof path !== "string") {
    throw new InvalidArgumentError(`option ${option} is ${describe(path)}; expected the name of a file`);
  }
  try {
    return readFileSync(path, "utf8");
  } catch (error) {
    throw cannotBeRead(path, error, expected);
  }
}

function readRateLimit(limit: RateLimitOptions | number | undefined): RateLimit | null {
  if (limit === undefined) return null;
  const { rate: asked, burst, clients } = typeof limit === "number" ? { rate: limit } : RATE_OPTIONS.check(limit);
  const rate = numberWithin("option rateLimit.rate", asked, 0, 1e-3, RATE_MAX);
  if (rate === 0) throw new InvalidArgumentError("option rateLimit.rate is missing; expected metrics a second");
  return {
    rate,
    burst: wholeNumber("option rateLimit.burst", burst, Math.max(1000, Math.ceil(rate)), 1, 1e9),
    clients: wholeNumber("option rateLimit.clients", clients, 16_384, 8, MOST_CLIENTS),
  };
}

function listOf(sinks: unknown): readonly Sink[] {
  if (sinks === undefined) return [];
  if (Array.isArray(sinks)) return sinks;
  throw new InvalidArgumentError(`option sinks is ${describe(sinks)}; expected an array of sinks`);
}

function checkSinks(sinks: readonly Sink[]): readonly Sink[] {
  const names = new Set<string>();
  for (const sink of sinks) {
    if (typeof sink?.deliver !== "function" || typeof sink.name !== "string" || !CURSOR_NAME.test(sink.name)) {
      throw new InvalidArgumentError(
        `a sink is ${describe(sink)}; expected { name, deliver }, its name of small letters, digits, - and _`,
      );
    }
    if (names.has(sink.name)) {
      throw new InvalidArgumentError(`two sinks are called ${describe(sink.name)}; each needs a name of its own`);
    }
    names.add(sink.name);
  }
  return sinks;
}

function bytesUpTo(option: string, size: Size | undefined, standard: number, most: number): number {
  const bytes = size === undefined ? standard : parseBytes(size, option);
  if (bytes <= most) return bytes;
  throw new InvalidArgumentError(`${option} is ${describe(size)}; expected ${most} bytes at most`);
}
