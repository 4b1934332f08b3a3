/** `engram ingest`: the metric pipeline as a program; `consume`, `backfill` and `compare` beside it. */
import { Command, Option } from "commander";
import { InvalidArgumentError } from "../../src/errors.js";
import { Store } from "../../src/index.js";
import {
  backfill,
  type Comparison,
  compare,
  createIngest,
  InfluxSink,
  type Ingest,
  KafkaSink,
  type Sink,
  type SyncPolicy,
} from "../../src/ingest/index.js";
import { EXIT } from "../command-line/exit-codes.js";
import { wholeNumber } from "../command-line/option-values.js";
import { consumeCommand } from "./consume.js";
import {
  ended,
  type InfluxFlags,
  influxOf,
  influxOptions,
  type KafkaFlags,
  kafkaOf,
  kafkaOptions,
  reading,
  secretIn,
} from "./flags.js";
import { spreadCommand } from "./spread.js";

const DETAILS = `
It takes POST /ingest (JSON), /write and /api/v2/write (InfluxDB line protocol) and /v1/metrics (OTLP/HTTP JSON), and answers when the metrics are in the
journal, a folder of JSON lines. From there they go to InfluxDB and to Kafka, if they are named, each at its own pace. GET /metrics and /healthz tell how it does. SIGTERM or Ctrl-C ends it in good order.

  engram ingest --journal metrics --influx http://127.0.0.1:8086
  engram ingest --journal metrics --kafka broker1:9092,broker2:9092 --topic metrics-raw
  engram ingest --journal metrics --page 9464                  # its counts on a page that is alive
  engram ingest consume --kafka broker1:9092 --influx http://127.0.0.1:8086    # from there to a database
  engram ingest backfill metrics --to http://127.0.0.1:8086    # what the journal has, into a database
  engram ingest compare metrics --with http://127.0.0.1:8086   # does the database have what the journal has?
  engram ingest spread metrics --partitions 12                 # how its clients would share out a topic`;

/** Room for a ring and a thread of the store for each accepting thread. */
const STORE = { capacity: "64MiB", eviction: "none", maxWorkers: 62 } as const;

interface ServeFlags extends InfluxFlags, KafkaFlags {
  journal: string;
  port: number;
  host: string;
  tokenFile?: string;
  tlsKey?: string;
  tlsCert?: string;
  ack: "journal" | "ring";
  sync: SyncPolicy;
  acceptThreads: number;
  rate?: number;
  burst?: number;
  maxAge?: string;
  maxBytes?: string;
  influx?: string;
  hotClients: boolean;
  page?: number;
  json?: boolean;
}

export function ingestCommand(): Command {
  const command = new Command("ingest")
    .description("the metric pipeline: HTTP to a journal, and from there to InfluxDB and Kafka")
    .addHelpText("after", DETAILS)
    .option("--journal <folder>", "where metrics are written", "metrics-journal")
    .option("--port <n>", "0: any that is free", (text) => wholeNumber("--port", text, 0, 65_535), 8087)
    .option("--host <address>", "another than the loopback's asks for a token", "127.0.0.1")
    .option("--token-file <file>", "a file with the token that senders must show")
    .option("--tls-key <file>", "with --tls-cert: HTTPS")
    .option("--tls-cert <file>")
    .addOption(new Option("--ack <when>", "what an answer waits for").choices(["journal", "ring"]).default("journal"))
    .addOption(
      new Option("--sync <policy>", "when what was written is made to outlast a loss of power")
        .choices(["always", "interval", "never"])
        .default("interval"),
    )
    .option(
      "--accept-threads <n>",
      "where several can listen on one port",
      (text) => wholeNumber("--accept-threads", text, 1, 64),
      1,
    )
    .option("--rate <n>", "metrics a second, of each client", (text) => wholeNumber("--rate", text, 1, 100_000))
    .option("--burst <n>", "metrics that one may send at once", (text) => wholeNumber("--burst", text, 1, 1e9))
    .option("--max-age <time>", "read segments of the journal are removed when they are so old (default: 7d)")
    .option("--max-bytes <size>", "or when all have more than this (default: no limit)")
    .option("--influx <url>", "an InfluxDB to deliver to")
    .option("--kafka <brokers>", "a Kafka to deliver to: host:port of one or more of its brokers")
    .option("--no-hot-clients", "keeps clients that bring more than a partition's share in one partition too")
    .option("--page <port>", "a live page of its counts on the loopback, and /metrics (0: any that is free)", (text) =>
      wholeNumber("--page", text, 0, 65_535),
    )
    .option("--json", "the address and, at the end, all counts as JSON")
    .action(serve);
  kafkaOptions(influxOptions(command));
  for (const one of [consumeCommand(), backfillCommand(), compareCommand(), spreadCommand()]) command.addCommand(one);
  return command;
}

async function serve(flags: ServeFlags): Promise<void> {
  const { tlsKey, tlsCert } = flags;
  if ((tlsKey === undefined) !== (tlsCert === undefined)) {
    throw new InvalidArgumentError("--tls-key and --tls-cert go together; expected both or none");
  }
  if (flags.burst !== undefined && flags.rate === undefined) throw new InvalidArgumentError("--burst goes with --rate");
  // Where its rings lie, made here so that a monitor can be asked of it.
  const store = flags.page === undefined ? null : await Store.create(STORE);
  const ingest = await createIngest({
    ...(store === null ? {} : { store }),
    journal: { directory: flags.journal, sync: flags.sync, maxAge: flags.maxAge, maxBytes: flags.maxBytes },
    ...{ port: flags.port, host: flags.host, ack: flags.ack, acceptThreads: flags.acceptThreads },
    ...(flags.tokenFile === undefined ? {} : { token: secretIn(flags.tokenFile) }),
    ...(tlsKey === undefined || tlsCert === undefined ? {} : { tls: { key: tlsKey, cert: tlsCert } }),
    ...(flags.rate === undefined ? {} : { rateLimit: { rate: flags.rate, burst: flags.burst } }),
    ...(flags.influx === undefined ? {} : { influx: influxOf(flags.influx, flags) }),
    ...(flags.kafka === undefined ? {} : { kafka: { ...kafkaOf(flags.kafka, flags), hotClients: flags.hotClients } }),
  });
  const signal = ended();
  try {
    const page = (await store?.monitor({ listen: { port: flags.page as number } }))?.url;
    const told = { url: ingest.url, pid: process.pid, ...(page === undefined ? {} : { page }) };
    const where = `listening on ${ingest.url}${page === undefined ? "" : `, page at ${page}`}`;
    process.stdout.write(`${flags.json ? JSON.stringify(told) : where}\n`);
    await signal;
  } finally {
    await ingest.close();
    await store?.close();
  }
  process.stdout.write(`${flags.json ? JSON.stringify(ingest.stats()) : summary(ingest)}\n`);
}

function summary(ingest: Ingest): string {
  const { metrics, refusals, sinks, journal } = ingest.stats();
  const refused = Object.entries(refusals).filter(([, count]) => count > 0);
  return [
    `${metrics.accepted} metrics accepted, ${journal.lines} lines journalled`,
    ...refused.map(([reason, count]) => `${count} requests ${reason}`),
    ...sinks.map(
      ({ name, delivered, refused: never, lagLines }) =>
        `${name}: ${delivered} delivered, ${never} refused, ${lagLines} to come`,
    ),
  ].join("; ");
}

interface RangeFlags extends InfluxFlags, KafkaFlags {
  from?: number;
  before?: number;
  json?: boolean;
}

function rangeOptions(command: Command): Command {
  return kafkaOptions(influxOptions(command))
    .option("--from <time>", "only what is of this time or later, such as 2025-10-04T12:00:00Z", (text) =>
      timeOf("--from", text),
    )
    .option("--before <time>", "only what is earlier", (text) => timeOf("--before", text))
    .option("--json", "all of it as JSON");
}

function timeOf(option: string, text: string): number {
  const ms = /^\d{4}-\d\d-\d\d(?:T|$)/.test(text) ? Date.parse(text) : Number.NaN;
  if (!Number.isNaN(ms)) return ms;
  throw new InvalidArgumentError(`${option} ${JSON.stringify(text)}: expected a time such as 2025-10-04T12:00:00Z`);
}

function backfillCommand(): Command {
  const command = new Command("backfill")
    .description(
      "what a journal has, into a database, where points that are there stay one, or into Kafka, where messages come again",
    )
    .argument("<folder>", "the journal")
    .option("--to <url>", "an InfluxDB")
    .option("--kafka <brokers>", "a Kafka")
    .action(async (folder: string, _: object, own: Command) => {
      const flags = own.optsWithGlobals<RangeFlags & { to?: string }>();
      const sink = sinkOf(flags);
      const done = await reading(folder, () => backfill(folder, sink, { fromMs: flags.from, toMs: flags.before }));
      const { lines, delivered, refused, lastRefusal, unreadable } = done;
      const why = lastRefusal === null ? "" : ` (${lastRefusal})`;
      const words = `${lines} lines read: ${delivered} delivered, ${refused} refused${why}, ${unreadable} no metric`;
      process.stdout.write(`${flags.json ? JSON.stringify(done) : words}\n`);
      if (refused > 0) process.exitCode = EXIT.failed;
    });
  return rangeOptions(command);
}

function sinkOf(flags: RangeFlags & { to?: string }): Sink {
  const { to, kafka } = flags;
  if (to !== undefined && kafka === undefined) return new InfluxSink(influxOf(to, flags));
  if (to === undefined && kafka !== undefined) return new KafkaSink(kafkaOf(kafka, flags));
  throw new InvalidArgumentError("backfill writes --to <url> or into --kafka <brokers>; expected one of the two");
}

/** Differences that are shown one by one. */
const SHOWN = 20;

function compareCommand(): Command {
  const command = new Command("compare")
    .description(
      "does a database have what a journal has? Counts and sums of each series and hour; exit code 1 when not",
    )
    .argument("<folder>", "the journal")
    .requiredOption("--with <url>", "an InfluxDB")
    .action(async (folder: string, _: object, own: Command) => {
      const flags = own.optsWithGlobals<RangeFlags & { with: string }>();
      const sink = new InfluxSink(influxOf(flags.with, flags));
      const found = await reading(folder, () => compare(folder, sink, { fromMs: flags.from, toMs: flags.before }));
      process.stdout.write(`${flags.json ? JSON.stringify(found) : comparisonText(found)}\n`);
      if (found.differences.length > 0) process.exitCode = EXIT.negative;
    });
  return rangeOptions(command);
}

function comparisonText({ series, hours, journalPoints, databasePoints, unreadable, differences }: Comparison): string {
  const lines = differences.slice(0, SHOWN).map(({ hourMs, series: tags, journal, database }) => {
    const names = Object.entries(tags).map(([tag, text]) => `${tag}=${text}`);
    const hour = new Date(hourMs).toISOString().slice(0, 13);
    return `${hour} ${names.join(",")}: ${journal.count} points of ${journal.sum} in the journal, ${database.count} of ${database.sum} in the database`;
  });
  const more = differences.length - lines.length;
  return [
    ...lines,
    ...(more > 0 ? [`and ${more} more`] : []),
    `${series} series, ${hours} hours: ${journalPoints} points in the journal, ${databasePoints} in the database, ${unreadable} lines no metric; ${differences.length} differences`,
  ].join("\n");
}
