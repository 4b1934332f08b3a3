/** `engram ingest consume`: a worker of a consumer group, which takes a topic's metrics to InfluxDB. */
import { Command } from "commander";
import { InvalidArgumentError } from "../../src/errors.js";
import { type ConsumerStats, createConsumer, requireKafkaJs } from "../../src/ingest/index.js";
import { ended, type InfluxFlags, influxOf, influxOptions, type KafkaFlags, kafkaOf, kafkaOptions } from "./flags.js";

interface ConsumeFlags extends InfluxFlags, KafkaFlags {
  influx?: string;
  group?: string;
  session?: string;
  json?: boolean;
}

const DETAILS = `
As many workers share a topic as it has partitions: start one a machine, all with the same --group. A message is dealt with once InfluxDB has its point;
what a worker that died had not told of comes again to another, and is the same point. SIGTERM or Ctrl-C ends it in good order.

  engram ingest consume --kafka broker1:9092,broker2:9092 --influx http://127.0.0.1:8086`;

export function consumeCommand(): Command {
  const command = new Command("consume")
    .description("a worker of a consumer group: from Kafka to InfluxDB")
    .addHelpText("after", DETAILS)
    .option("--kafka <brokers>", "host:port of one or more")
    .option("--influx <url>", "an InfluxDB to deliver to")
    .option("--group <name>", "whose workers share the topic (default: engram-influx)")
    .option("--session <time>", "without word for so long, a worker's partitions are given to others (default: 30s)")
    .option("--json", "all counts as JSON at the end")
    .action(async (_: object, own: Command) => consume(own.optsWithGlobals<ConsumeFlags>()));
  return kafkaOptions(influxOptions(command));
}

async function consume(flags: ConsumeFlags): Promise<void> {
  const { kafka, influx, group, session } = flags;
  if (kafka === undefined || influx === undefined) {
    throw new InvalidArgumentError("consume takes from --kafka <brokers> to --influx <url>; expected both");
  }
  await requireKafkaJs();
  const consumer = createConsumer({
    kafka: { ...kafkaOf(kafka, flags), group, session },
    influx: influxOf(influx, flags),
  });
  const signal = ended();
  const { topic, group: joined } = consumer.stats();
  process.stdout.write(
    flags.json ? `${JSON.stringify({ topic, group: joined, pid: process.pid })}\n` : `joining ${joined} for ${topic}\n`,
  );
  await signal;
  const stats = consumer.stats(); // with the partitions it had
  await consumer.close();
  const end = { ...consumer.stats(), partitions: stats.partitions };
  // whatever a library has still open to brokers that do not answer is not waited for
  process.stdout.write(`${flags.json ? JSON.stringify(end) : summary(end)}\n`, () => process.exit());
}

function summary(stats: ConsumerStats): string {
  const { messages, delivered, duplicates, refused, unreadable, partitions, lastFailure, failingSince } = stats;
  const lag = partitions.reduce((sum, partition) => sum + partition.lag, 0);
  return [
    `${messages} messages of ${partitions.length} partitions: ${delivered} delivered, ${duplicates} had come before, ${refused} refused, ${unreadable} no metric, ${lag} to come`,
    ...(failingSince === null ? [] : [`last failure: ${lastFailure}`]),
  ].join("; ");
}
