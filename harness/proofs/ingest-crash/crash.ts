/**
 * Kills the pipeline under load at a random instant, again and again, and at times the database or a broker with it; then lets it come to its
 * end, and looks at what is there: every acknowledged metric is in the journal once, whole; every line of the journal is one point, and
 * one message or more, each client's in order.
 */
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { compare, createIngest, InfluxSink, listSegments, metricOf, segmentPath } from "../../../src/ingest/index.js";
import { Mulberry32 } from "../../../src/random.js";
import { Child } from "../../child/index.js";
import {
  type Influx,
  influxIsMissing,
  type Kafka,
  kafkaIsMissing,
  startInflux,
  startKafka,
} from "../../services/index.js";
import type { LifeOptions } from "./life.js";
import { Senders } from "./senders.js";
import { TopicReader } from "./topic-reader.js";

export interface CrashSettings {
  readonly kills: number;
  readonly seed: number;
  /** Longest life of a process after it listens, ms. */
  readonly longestMs: number;
}

export interface CrashCounts {
  kills: number;
  /** Of the database, meanwhile. */
  influxKills: number;
  /** Of brokers, all or one, which come back with what they had. */
  brokerKills: number;
  requests: number;
  acknowledged: number;
  /** Metrics of acknowledged requests, and lines in the journal: more, for some were written and never answered. */
  metrics: number;
  lines: number;
  points: number;
  /** Messages in the topic, how many of them come again, and how many came only after a later one of their client. */
  messages: number;
  again: number;
  disordered: number;
  /** Lines without an end that a kill left behind. */
  torn: number;
  /** Each a sentence: must stay empty. */
  readonly violations: string[];
}

const LIFE = new URL("./life.js", import.meta.url);
const DATABASE = "crash";
const TOPIC = "crash";
const PARTITIONS = 12;
const BROKERS = 3;
/** Small, so that segments are ended and begun under the kills. */
const SEGMENT_BYTES = 100_000;
const ONE_IN = { influxKill: 8, brokerKill: 6, allBrokers: 3, syncAlways: 3 };

/** What runs beside; null: it is missing on this machine. */
interface Services {
  readonly influx: Influx | null;
  readonly kafka: Kafka | null;
}

export async function ingestCrash(
  settings: CrashSettings,
  onKill: (counts: CrashCounts) => void,
): Promise<CrashCounts> {
  const random = new Mulberry32(settings.seed);
  const counts: CrashCounts = {
    ...{ kills: 0, influxKills: 0, brokerKills: 0, requests: 0, acknowledged: 0, metrics: 0, lines: 0, torn: 0 },
    ...{ points: 0, messages: 0, again: 0, disordered: 0 },
    violations: [],
  };
  const directory = mkdtempSync(join(tmpdir(), "engram-ingest-crash-"));
  const influx = influxIsMissing() === null ? await startInflux() : null;
  const kafka = kafkaIsMissing() === null ? await startKafka(BROKERS) : null;
  const services = { influx, kafka };
  await kafka?.topic(TOPIC, PARTITIONS);
  const reader = kafka === null ? null : new TopicReader(kafka, TOPIC);
  const senders = new Senders();
  try {
    while (counts.kills < settings.kills) {
      const sync = random.below(ONE_IN.syncAlways) === 0 ? "always" : "never";
      await liveAndDie(optionsOf(directory, services, sync), senders, services, random, settings, counts);
      counts.kills++;
      counts.torn += isTorn(directory) ? 1 : 0;
      Object.assign(counts, { requests: senders.requests, acknowledged: senders.acknowledged.size });
      await reader?.keepsUp();
      onKill(counts);
    }
    const lines = await comeToTheEnd(directory, services, counts);
    if (reader !== null) {
      const { missing, ...read } = await reader.all(lines);
      Object.assign(counts, read);
      for (const line of missing) counts.violations.push(`line ${line} of the journal is in no message`);
    }
    if (counts.disordered > 0)
      counts.violations.push(`${counts.disordered} messages behind a later one of their client`);
    lookAtJournal(directory, senders, counts);
  } finally {
    await reader?.close();
    await kafka?.stop();
    await influx?.stop();
    rmSync(directory, { recursive: true, force: true });
  }
  return counts;
}

function optionsOf(directory: string, { influx, kafka }: Services, sync: "always" | "never"): LifeOptions {
  return {
    journal: { directory, segmentBytes: SEGMENT_BYTES, sync },
    ...(influx === null ? {} : { influx: { url: influx.url, database: DATABASE, batch: 200 } }),
    // a client that becomes hot moves to other partitions, and each new life knows of no hot ones: order is looked at without
    ...(kafka === null
      ? {}
      : { kafka: { brokers: kafka.brokers, topic: TOPIC, batch: 200, timeout: 2000, hotClients: false } }),
  };
}

async function liveAndDie(
  options: LifeOptions,
  senders: Senders,
  { influx, kafka }: Services,
  random: Mulberry32,
  { longestMs }: CrashSettings,
  counts: CrashCounts,
): Promise<void> {
  let listening: (url: string) => void = () => {};
  const url = new Promise<string>((resolve) => {
    listening = resolve;
  });
  const child = Child.program(process.execPath, [fileURLToPath(LIFE), JSON.stringify(options)], {
    onStdout: (text) => listening(text.trim()),
  });
  const first = await Promise.race([url, child.ended]);
  if (typeof first !== "string") {
    counts.violations.push(`a life did not begin: ${first.stderr.slice(-500)}`);
    return;
  }
  const answered = senders.nextAcknowledged();
  const sending = senders.sendTo(first);
  // a slow machine may kill every life before its first answer: the first one has one
  if (counts.kills === 0) await Promise.race([answered, child.ended]);
  const life = random.below(longestMs) + 1;
  if (influx !== null && random.below(ONE_IN.influxKill) === 0) {
    counts.influxKills++;
    await passing(life / 2);
    await influx.kill();
    await passing(life / 2);
    child.kill();
    await influx.restart();
  } else if (kafka !== null && random.below(ONE_IN.brokerKill) === 0) {
    counts.brokerKills++;
    const broker = random.below(ONE_IN.allBrokers) === 0 ? undefined : random.below(BROKERS);
    await passing(life / 2);
    await kafka.down(broker);
    await passing(life / 2);
    child.kill();
    await kafka.up(broker);
  } else {
    await passing(life);
    child.kill();
  }
  await child.ended;
  await sending;
}

function passing(ms: number): Promise<void> {
  return new Promise((done) => setTimeout(done, ms));
}

function isTorn(directory: string): boolean {
  const last = listSegments(directory).at(-1);
  if (last === undefined) return false;
  const bytes = readFileSync(segmentPath(directory, last));
  return bytes.length > 0 && bytes.at(-1) !== 10;
}

/** In this process: the journal is read to its end, then compared. Returns how many lines it has. */
async function comeToTheEnd(directory: string, services: Services, counts: CrashCounts): Promise<number> {
  const { influx } = services;
  const ingest = await createIngest({ ...optionsOf(directory, services, "always"), port: 0 });
  await ingest.drained();
  const lines = ingest.stats().journal.nextLine;
  for (const { refused, unreadable, gone, lastRefusal } of ingest.stats().sinks) {
    if (refused + unreadable + gone > 0) {
      counts.violations.push(
        `${refused} metrics refused (${lastRefusal}), ${unreadable} lines unreadable, ${gone} gone`,
      );
    }
  }
  await ingest.close();
  if (influx === null) return lines;
  const { databasePoints, journalPoints, differences } = await compare(
    directory,
    new InfluxSink({ url: influx.url, database: DATABASE }),
  );
  counts.points = databasePoints;
  for (const { series, journal, database } of differences) {
    counts.violations.push(`${JSON.stringify(series)}: ${journal.count} in the journal, ${database.count} points`);
  }
  if (databasePoints !== journalPoints) counts.violations.push(`${journalPoints} lines, ${databasePoints} points`);
  return lines;
}

/** A request is written whole or not at all, and once. */
function lookAtJournal(directory: string, { acknowledged, sizes }: Senders, counts: CrashCounts): void {
  const found = new Map<number, Set<number>>();
  for (const first of listSegments(directory)) {
    for (const line of readFileSync(segmentPath(directory, first), "utf8").split("\n").slice(0, -1)) {
      counts.lines++;
      const metric = metricOf(line);
      if (metric === null) {
        counts.violations.push(`a line is no metric: ${line.slice(0, 100)}`);
        continue;
      }
      const request = Number(metric.tags.request);
      const values = found.get(request) ?? new Set();
      if (values.has(metric.value))
        counts.violations.push(`metric ${metric.value} of request ${request} is there twice`);
      found.set(request, values.add(metric.value));
    }
  }
  for (const request of acknowledged) {
    const size = sizes.get(request) ?? 0;
    counts.metrics += size;
    const has = found.get(request)?.size ?? 0;
    if (has !== size)
      counts.violations.push(`request ${request} was acknowledged with ${size} metrics, ${has} are there`);
  }
}
