/** Flags that the commands of ingest share: where a database and a Kafka are. */
import { readFileSync } from "node:fs";
import { type Command, Option } from "commander";
import { InvalidArgumentError } from "../../src/errors.js";
import { type InfluxOptions, type KafkaOptions, listSegments } from "../../src/ingest/index.js";
import { cannotBeRead } from "../../src/not-readable.js";

export interface InfluxFlags {
  database: string;
  retentionPolicy: string;
  prepare: boolean;
  bucket?: string;
  organisation?: string;
  influxTokenFile?: string;
}

export interface KafkaFlags {
  kafka?: string;
  topic: string;
  kafkaTls?: boolean;
  kafkaCa?: string;
  kafkaUser?: string;
  kafkaPasswordFile?: string;
  kafkaMechanism: "plain" | "scram-sha-256" | "scram-sha-512";
}

/** What `ingest` takes as well is found there, wherever it stands on the line: so the subcommands ask for all that there is. */
export function influxOptions(command: Command): Command {
  return command
    .option("--database <name>", "of InfluxDB 1", "metrics")
    .option("--retention-policy <name>", "of InfluxDB 1", "7_days")
    .option("--no-prepare", "makes no database, retention policies and continuous query where they are missing")
    .option("--bucket <name>", "of InfluxDB 2, with --organisation")
    .option("--organisation <name>")
    .option("--influx-token-file <file>", "a file with InfluxDB's token");
}

export function kafkaOptions(command: Command): Command {
  return command
    .option("--topic <name>", "of Kafka", "metrics-raw")
    .option("--kafka-tls", "Kafka over TLS")
    .option("--kafka-ca <file>", "the same, trusting the certificates of this file (PEM)")
    .option("--kafka-user <name>", "with --kafka-password-file: SASL")
    .option("--kafka-password-file <file>")
    .addOption(
      new Option("--kafka-mechanism <name>", "of SASL")
        .choices(["plain", "scram-sha-256", "scram-sha-512"])
        .default("scram-sha-512"),
    );
}

export function influxOf(url: string, flags: InfluxFlags): InfluxOptions {
  const { database, retentionPolicy, prepare, bucket, organisation, influxTokenFile } = flags;
  return {
    url,
    ...(bucket === undefined ? { database, retentionPolicy, prepare } : { bucket, organisation }),
    ...(influxTokenFile === undefined ? {} : { token: secretIn(influxTokenFile) }),
  };
}

type KafkaSettings = Pick<KafkaOptions, "brokers" | "topic" | "tls" | "sasl">;

export function kafkaOf(brokers: string, flags: KafkaFlags): KafkaSettings {
  const { topic, kafkaTls, kafkaCa, kafkaUser, kafkaPasswordFile, kafkaMechanism } = flags;
  if ((kafkaUser === undefined) !== (kafkaPasswordFile === undefined)) {
    throw new InvalidArgumentError("--kafka-user and --kafka-password-file go together; expected both or none");
  }
  return {
    ...{ brokers, topic },
    ...(kafkaCa === undefined ? { tls: kafkaTls ?? false } : { tls: { ca: kafkaCa } }),
    ...(kafkaUser === undefined || kafkaPasswordFile === undefined
      ? {}
      : { sasl: { mechanism: kafkaMechanism, username: kafkaUser, password: secretIn(kafkaPasswordFile) } }),
  };
}

export function secretIn(path: string): string {
  try {
    return readFileSync(path, "utf8").trim();
  } catch (error) {
    throw cannotBeRead(path, error, "a file with a token or a password");
  }
}

/** When the process is asked to end. A second signal ends it at once, as it would anyway. */
export function ended(): Promise<void> {
  return new Promise((resolve) => {
    for (const signal of ["SIGTERM", "SIGINT"] as const) process.once(signal, () => resolve());
  });
}

/** What a folder's journal is read for, with a word for what is none. */
export async function reading<T>(folder: string, work: () => T | Promise<T>): Promise<T> {
  try {
    // an empty answer of a folder that is no journal would read as that all is well
    if (listSegments(folder).length === 0) {
      throw new InvalidArgumentError(
        `${folder}: there is no segment of a journal in it; expected files such as 0000000000000000.jsonl, as --journal of engram ingest writes them`,
      );
    }
    return await work();
  } catch (error) {
    if ((error as NodeJS.ErrnoException).syscall === undefined) throw error;
    throw cannotBeRead(folder, error, "the folder of a journal");
  }
}
