/**
 * A Kafka cluster of one's own: librdkafka's mock brokers, built from mock-kafka.c with the machine's compiler. Brokers go down and come
 * back with what they had; answers can be made errors. It knows producing, fetching and groups, no transactions' ends and no log on a disk.
 */
import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";

export interface Kafka {
  /** "host:port" of each broker. */
  readonly brokers: readonly string[];
  topic(name: string, partitions: number): Promise<void>;
  /** Broker i, from 0: its connections are closed and it takes none. All of them when none is named. */
  down(broker?: number): Promise<void>;
  up(broker?: number): Promise<void>;
  /** Another broker leads a partition from now on. */
  lead(topic: string, partition: number, broker: number): Promise<void>;
  /** The next requests of a kind are answered with an error's code. */
  fail(request: KafkaRequest, times: number, code: number): Promise<void>;
  stop(): Promise<void>;
}

/** By their keys in Kafka's protocol. */
const REQUESTS = { produce: 0, fetch: 1, metadata: 3, commit: 8, heartbeat: 12 } as const;
export type KafkaRequest = keyof typeof REQUESTS;

/** In the checkout, from this file in dist/harness/services. */
const SOURCE = join(import.meta.dirname, "../../../harness/services/mock-kafka.c");

let built: { readonly program: string } | { readonly missing: string } | undefined;

/** Why no cluster can be started here; null when one can. */
export function kafkaIsMissing(): string | null {
  const { missing = null } = build() as { missing?: string };
  return missing;
}

/** Once a process: it takes a seventh of a second. */
function build(): NonNullable<typeof built> {
  if (built !== undefined) return built;
  const folder = mkdtempSync(join(tmpdir(), "engram-kafka-"));
  process.once("exit", () => rmSync(folder, { recursive: true, force: true }));
  const program = join(folder, "mock-kafka");
  const { status, error, stderr } = spawnSync("cc", ["-O1", "-o", program, SOURCE, "-lrdkafka"], { encoding: "utf8" });
  if (status === 0) built = { program };
  else if (error !== undefined) built = { missing: "there is no C compiler (cc) on this machine" };
  else if (/rdkafka/.test(stderr)) built = { missing: "there is no librdkafka with its headers on this machine" };
  else built = { missing: `mock-kafka.c cannot be compiled here: ${stderr.split("\n")[0]}` };
  return built;
}

/** @throws Error as kafkaIsMissing says, or with the program's last words */
export async function startKafka(brokers = 3): Promise<Kafka> {
  const made = build();
  if ("missing" in made) throw new Error(made.missing);
  const child = spawn(made.program, [String(brokers)], { stdio: ["pipe", "pipe", "ignore"] });
  const killed = (): void => void child.kill("SIGKILL");
  process.once("exit", killed);
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const { value: listening = "" } = await lines.next();
  if (listening === "") throw new Error(`mock-kafka ended with code ${child.exitCode}`);
  const tell = inTurn(child, lines);
  const each = async (command: string, broker: number | undefined): Promise<void> => {
    for (let i = 0; i < brokers; i++) if (broker === undefined || broker === i) await tell(`${command} ${i + 1}`);
  };
  return {
    brokers: listening.split(","),
    topic: (name, partitions) => tell(`topic ${name} ${partitions}`),
    down: (broker) => each("down", broker),
    up: (broker) => each("up", broker),
    lead: (topic, partition, broker) => tell(`leader ${topic} ${partition} ${broker + 1}`),
    fail: (request, times, code) => tell(`error ${REQUESTS[request]} ${times} ${code}`),
    async stop() {
      process.off("exit", killed);
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill("SIGKILL");
      await once(child, "exit");
    },
  };
}

/** Commands one after the other, each with its answer. */
function inTurn(child: ChildProcess, lines: AsyncIterator<string, unknown>): (command: string) => Promise<void> {
  let last: Promise<void> = Promise.resolve();
  return (command) => {
    last = last.then(async () => {
      child.stdin?.write(`${command}\n`);
      const { value } = await lines.next();
      if (value !== "ok") throw new Error(`mock-kafka on ${command}: ${value ?? "it has ended"}`);
    });
    return last;
  };
}
