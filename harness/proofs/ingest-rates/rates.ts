/**
 * Metrics a second into a topic, and out of it by a worker to nothing and to InfluxDB, beside InfluxDB written directly: the same metrics, in
 * turns, in one run. Brokers, database and this process share the machine, so a ratio says more than a rate; the processor's time is this
 * process's alone.
 */
import {
  createConsumer,
  InfluxSink,
  KafkaSink,
  lineOf,
  type Metric,
  type Placed,
  type Sink,
} from "../../../src/ingest/index.js";
import { type Influx, type Kafka, startInflux, startKafka } from "../../services/index.js";
import { median } from "../../statistics/index.js";

export interface RateSettings {
  readonly metrics: number;
  readonly rounds: number;
}

export interface Rate {
  readonly what: string;
  /** Medians of the rounds. */
  readonly perSecond: number;
  /** Of this process, a metric. */
  readonly cpuMicroseconds: number;
}

const PARTITIONS = 12;
const CLIENTS = 200;
const BATCH = 1000;
const never = new AbortController().signal;

export async function ingestRates({ metrics, rounds }: RateSettings, onRound: () => void): Promise<Rate[]> {
  const kafka = await startKafka(3);
  const influx = await startInflux();
  const measured = new Map<string, { seconds: number[]; cpu: number[] }>();
  const measure = async (what: string, work: () => Promise<void>): Promise<void> => {
    const [cpu, began] = [process.cpuUsage(), performance.now()];
    await work();
    const { user, system } = process.cpuUsage(cpu);
    const kept = measured.get(what) ?? { seconds: [], cpu: [] };
    kept.seconds.push((performance.now() - began) / 1000);
    kept.cpu.push((user + system) / metrics);
    measured.set(what, kept);
  };
  try {
    for (let round = 0; round < rounds; round++) {
      await oneRound(round, placed(metrics), kafka, influx, measure);
      onRound();
    }
  } finally {
    await kafka.stop();
    await influx.stop();
  }
  return [...measured].map(([what, { seconds, cpu }]) => ({
    what,
    perSecond: metrics / median(seconds),
    cpuMicroseconds: median(cpu),
  }));
}

type Measure = (what: string, work: () => Promise<void>) => Promise<void>;

async function oneRound(round: number, all: readonly Placed[], kafka: Kafka, influx: Influx, measure: Measure) {
  const topic = `rates-${round}`;
  await kafka.topic(topic, PARTITIONS);
  const into = new KafkaSink({ brokers: kafka.brokers, topic });
  const direct = new InfluxSink({ url: influx.url, database: `direct_${round}` });
  for (const sink of [into, direct] as Sink[]) await sink.deliver([all[0]], never); // connected and prepared
  await measure("into the topic", () => deliverAll(into, all));
  await into.close();
  await measure("InfluxDB, directly", () => deliverAll(direct, all));
  const nothing: Sink = { name: "nothing", batch: BATCH, deliver: async () => ({ refused: 0 }) };
  const through = new InfluxSink({ url: influx.url, database: `through_${round}` });
  await through.deliver([all[0]], never);
  await consume("out of the topic", topic, nothing, all.length + 1, kafka, measure);
  await consume("out of the topic to InfluxDB", topic, through, all.length + 1, kafka, measure);
}

async function deliverAll(sink: Sink, all: readonly Placed[]): Promise<void> {
  for (let from = 0; from < all.length; from += BATCH) await sink.deliver(all.slice(from, from + BATCH), never);
}

/** From the first message on: to join takes the seconds that the group waits for others. */
async function consume(what: string, topic: string, to: Sink, count: number, kafka: Kafka, measure: Measure) {
  let arrived = 0;
  let [begin, end] = [() => {}, () => {}];
  const [begun, ended] = [
    new Promise<void>((resolve) => (begin = resolve)),
    new Promise<void>((resolve) => (end = resolve)),
  ];
  const sink: Sink = {
    name: to.name,
    batch: to.batch,
    async deliver(batch, signal) {
      begin();
      const delivered = await to.deliver(batch, signal);
      arrived += batch.length;
      if (arrived >= count) end();
      return delivered;
    },
  };
  const consumer = createConsumer({ kafka: { brokers: kafka.brokers, topic, session: "6s" }, sink });
  await begun;
  await measure(what, () => ended);
  await consumer.close();
}

function placed(count: number): Placed[] {
  const ms = Date.now();
  return Array.from({ length: count }, (_, line) => {
    const metric: Metric = {
      ...{ client: `client_${line % CLIENTS}`, name: `metric_${line % 7}`, value: line, ms, belowMs: null },
      tags: { host: `host_${line % CLIENTS}`, datacenter: "eu" },
    };
    return { metric, line, text: lineOf(metric).trimEnd() };
  });
}
