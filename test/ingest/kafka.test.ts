/** Against brokers: librdkafka's mock cluster, and a real InfluxDB where it is there. One start of each for all of it. */
import { type ChildProcess, execFile, spawn } from "node:child_process";
import { once } from "node:events";
import { resolve } from "node:path";
import { createInterface } from "node:readline";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import {
  type Influx,
  influxIsMissing,
  type Kafka,
  kafkaIsMissing,
  startInflux,
  startKafka,
} from "#dist/harness/services/index.js";
import {
  backfill,
  type Consumer,
  compare,
  createConsumer,
  createIngest,
  InfluxSink,
  type Ingest,
  type Placed,
  partitionOf,
  type Sink,
} from "#dist/src/ingest/index.js";
import { journalLines, post, removeTemporary, temporary, until } from "./posting.js";

const missing = kafkaIsMissing();
if (missing !== null) console.warn(`tests with Kafka's brokers skipped: ${missing}`);
const influxMissing = influxIsMissing();
if (influxMissing !== null) console.warn(`tests with a real InfluxDB skipped: ${influxMissing}`);

/** A member is missed, and the group shared out anew, in seconds and not in half a minute. */
const QUICK = { session: 3000, heartbeat: 200 };

describe.skipIf(missing !== null)("Kafka", () => {
  let kafka: Kafka;
  let influx: Influx | null = null;
  beforeAll(async () => {
    kafka = await startKafka(3);
    if (influxMissing === null) influx = await startInflux();
  });
  afterAll(async () => {
    await kafka.stop();
    await influx?.stop();
    removeTemporary();
  });

  /** What is not answered in time is sent again, and may then be there twice: only who takes brokers away waits for a short time. */
  const start = (topic: string, directory = temporary(), timeout = 60_000) =>
    createIngest({ journal: directory, port: 0, kafka: { brokers: kafka.brokers, topic, timeout } });

  /** Ten metrics of each of so many clients, numbered over all that is sent. */
  let sent = 0;
  const send = async (ingest: Ingest, clients = 20) => {
    const answers = await Promise.all(
      Array.from({ length: clients }, (_, client) => {
        const metrics = Array.from({ length: 10 }, () => ({ name: "n", value: sent++ }));
        return post(`${ingest.url}/ingest`, JSON.stringify({ client_id: `client_${client}`, metrics }));
      }),
    );
    expect(answers.every(({ status }) => status === 202)).toBe(true);
  };

  /** Everything that a group is given, and what of it came again or out of a client's order. */
  const recorder = () => {
    const lines = new Set<number>();
    const last = new Map<string, number>();
    const seen = { again: 0, disordered: 0 };
    const sink: Sink = {
      name: "recorder",
      async deliver(batch: readonly Placed[]) {
        for (const { line, metric } of batch) {
          if (lines.has(line)) {
            seen.again++;
            continue;
          }
          lines.add(line);
          if ((last.get(metric.client) ?? -1) > line) seen.disordered++;
          last.set(metric.client, line);
        }
        return { refused: 0 };
      },
    };
    return { sink, lines, seen };
  };

  it("has each client's metrics in the partition that Java's hash says", async () => {
    await kafka.topic("partitions", 12);
    const ingest = await start("partitions");
    await send(ingest, 100);
    await ingest.drained();
    await ingest.close();
    const { Kafka } = (await import("kafkajs")).default;
    const admin = new Kafka({ brokers: [...kafka.brokers], logLevel: 0 }).admin();
    await admin.connect();
    const offsets = await admin.fetchTopicOffsets("partitions");
    await admin.disconnect();
    const expected = Array.from({ length: 12 }, () => 0);
    for (let client = 0; client < 100; client++) expected[partitionOf(`client_${client}`, 12)] += 10;
    expect(offsets.sort((a, b) => a.partition - b.partition).map(({ high }) => Number(high))).toEqual(expected);
  });

  it("passes by a message that is too large for its brokers, and delivers those beside it", async () => {
    await kafka.topic("too-large", 1);
    const directory = temporary();
    await kafka.fail("produce", 1, 10);
    const halved = await start("too-large", directory);
    await send(halved, 1);
    await halved.drained();
    expect(halved.stats().sinks[0]).toMatchObject({ delivered: 10, refused: 0, failures: 0 });
    await kafka.fail("produce", 1, 10);
    await post(`${halved.url}/ingest`, JSON.stringify({ client_id: "c", name: "n", value: 1 }));
    await halved.drained();
    expect(halved.stats().sinks[0]).toMatchObject({
      ...{ delivered: 10, refused: 1 },
      lastRefusal: expect.stringContaining("larger than the max message size"),
    });
    await halved.close();
  });

  it("killed in mid-stream, one broker and all, has every line at least once, each client's in order", async () => {
    await kafka.topic("outage", 12);
    const directory = temporary();
    let ingest = await start("outage", directory, 2000);
    const { sink, lines, seen } = recorder();
    const consumer = createConsumer({ kafka: { brokers: kafka.brokers, topic: "outage", ...QUICK }, sink });
    const state = () => ingest.stats().sinks[0];
    const begun = sent;
    await send(ingest);
    await until(() => lines.size === 200);

    let sending = true;
    const senders = (async () => {
      // no faster than they are read: the brokers keep 5 MiB a partition, and forget the oldest
      for (; sending; await until(() => !sending || sent - begun - lines.size < 5000)) await send(ingest);
    })();
    await kafka.down(0);
    await until(() => state().failures > 0);
    await kafka.up(0);
    const { delivered } = state();
    await until(() => state().delivered > delivered);
    for (let partition = 0; partition < 12; partition++) await kafka.lead("outage", partition, partition % 2);
    const moved = state().delivered;
    await until(() => state().delivered > moved);
    sending = false;
    await senders;

    await kafka.down();
    const { failures } = state();
    await send(ingest);
    await until(() => state().failures > failures);
    expect(state()).toMatchObject({ lagLines: expect.any(Number), failingSince: expect.any(Number) });
    expect(state().lagLines).toBeGreaterThan(0);
    await ingest.close(); // with brokers that do not answer, and goes on where it was
    await kafka.up();
    ingest = await start("outage", directory, 2000);
    await ingest.drained();
    const written = journalLines(directory).length;
    await until(() => lines.size === written);
    await consumer.close();
    await ingest.close();
    expect(seen.disordered).toBe(0);
    const { messages, duplicates, unreadable } = consumer.stats();
    expect({ messages, unreadable }).toEqual({ messages: written + seen.again, unreadable: 0 });
    expect(duplicates).toBe(seen.again);
  });

  it("is given what a journal has by the command, each line once, and again when it is asked again", async () => {
    await kafka.topic("backfilled", 12);
    const directory = temporary();
    const ingest = await createIngest({ journal: directory, port: 0 });
    await send(ingest);
    await ingest.close();
    const cli = resolve(import.meta.dirname, "../../dist/harness/cli.js");
    const run = promisify(execFile);
    const args = [cli, "ingest", "backfill", directory, "--kafka", kafka.brokers.join(","), "--topic", "backfilled"];
    const { stdout } = await run(process.execPath, args);
    expect(stdout).toBe("200 lines read: 200 delivered, 0 refused, 0 no metric\n");
    const { sink, lines, seen } = recorder();
    // Alone in its group for as long as it likes: one that is missed for a while would be given some of it again.
    const consumer = createConsumer({ kafka: { brokers: kafka.brokers, topic: "backfilled" }, sink });
    await until(() => lines.size === 200);
    expect(seen).toEqual({ again: 0, disordered: 0 });
    const again = JSON.parse((await run(process.execPath, [...args, "--json"])).stdout);
    expect(again).toMatchObject({ lines: 200, delivered: 200, refused: 0, unreadable: 0 });
    await until(() => seen.again === 200);
    await consumer.close();
    expect(consumer.stats().duplicates).toBe(200);
  });

  describe.skipIf(influxMissing !== null)("and InfluxDB behind a group of workers", () => {
    const cli = resolve(import.meta.dirname, "../../dist/harness/cli.js");
    const worker = async (topic: string, database: string) => {
      const child = spawn(process.execPath, [
        ...[cli, "ingest", "consume", "--json", "--kafka", kafka.brokers.join(",")],
        ...["--topic", topic, "--group", "workers", "--session", "3s"],
        ...["--influx", (influx as Influx).url, "--database", database],
      ]);
      child.stderr?.pipe(process.stderr);
      const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream })[Symbol.asyncIterator]();
      expect(JSON.parse((await lines.next()).value)).toMatchObject({ topic, group: "workers" });
      return { child, next: async () => JSON.parse((await lines.next()).value) };
    };
    const children: ChildProcess[] = [];
    afterAll(() => {
      for (const child of children) child.kill("SIGKILL");
    });
    const partitionsOf = (consumer: Consumer) => consumer.stats().partitions.length;
    const database = (name: string) => new InfluxSink({ url: (influx as Influx).url, database: name });

    it("one of them joining and killed in mid-stream, has each line as one point", async () => {
      await kafka.topic("workers", 12);
      const directory = temporary();
      const ingest = await start("workers", directory);
      const mine = createConsumer({
        kafka: { brokers: kafka.brokers, topic: "workers", group: "workers", ...QUICK },
        sink: database("workers"),
      });
      await send(ingest);
      await until(() => mine.stats().delivered >= 200 && partitionsOf(mine) === 12);
      const { child } = await worker("workers", "workers");
      children.push(child);
      await until(() => partitionsOf(mine) === 6);

      let sending = true;
      const senders = (async () => {
        // enough for all that follows: each partition is written to InfluxDB in small batches
        for (let rounds = 0; sending && rounds < 50; rounds++) await send(ingest);
      })();
      const { delivered } = mine.stats();
      await until(() => mine.stats().delivered > delivered + 1000);
      child.kill("SIGKILL"); // it tells nobody what it had
      await until(() => partitionsOf(mine) === 12);
      sending = false;
      await senders;
      await ingest.drained();
      const same = async () => (await compare(directory, database("workers"))).differences.length === 0;
      await until(same);
      await mine.close();
      await ingest.close();
      const { journalPoints, databasePoints } = await compare(directory, database("workers"));
      expect([journalPoints, databasePoints]).toEqual([journalLines(directory).length, journalLines(directory).length]);
    });

    // The source's plan: JSONL alone; both, compared and filled up; readers moved, the old way stopped, and the journal kept.
    it("is migrated to as the plan reads: journal, dual write, compare, backfill, cut-over, and back", async () => {
      await kafka.topic("plan", 12);
      const directory = temporary();
      const { url } = influx as Influx;
      const direct = { url, database: "direct", timeout: 1000 };
      const through = { brokers: kafka.brokers, topic: "plan", timeout: 2000 };
      const same = async (name: string) => {
        const found = await compare(directory, database(name)).catch(() => null); // there may be no such database yet
        return found?.differences.length === 0;
      };

      // 1. what was there before: a journal, and nothing behind it
      let ingest = await createIngest({ journal: directory, port: 0 });
      await send(ingest);
      await ingest.close();

      // 2. dual write: two outputs with a cursor each, one of which is behind while the other is not
      ingest = await createIngest({ journal: directory, port: 0, influx: direct, kafka: through });
      const state = (name: string) => ingest.stats().sinks.filter((sink) => sink.name === name)[0];
      const workers = await worker("plan", "through");
      children.push(workers.child);
      await send(ingest);
      await ingest.drained(); // the history as well: a new output begins at the journal's first line
      await kafka.down();
      await send(ingest);
      await until(() => state("influx").lagLines === 0 && state("kafka").failingSince !== null);
      expect(state("kafka").lagLines).toBe(200);
      await kafka.up();
      await until(() => state("kafka").lagLines === 0);
      await influx?.kill();
      await send(ingest);
      await until(() => state("kafka").lagLines === 0 && state("influx").failingSince !== null);
      expect(state("influx").lagLines).toBe(200);
      await influx?.restart();
      await ingest.drained();

      // 3. compared, mended from the journal, compared again: both ways make the same points
      expect(await same("direct")).toBe(true);
      await until(() => same("through"));
      await database("direct").query("DROP SERIES FROM server_metrics WHERE client_id = 'client_3'");
      const { differences } = await compare(directory, database("direct"));
      expect(differences.reduce((sum, { journal, database: its }) => sum + journal.count - its.count, 0)).toBe(40);
      expect(await backfill(directory, database("direct"))).toMatchObject({ delivered: 800, refused: 0 });
      expect(await same("direct")).toBe(true);

      // 4. cut-over: the direct way is stopped; the workers fill the database that is read
      await ingest.close();
      workers.child.kill("SIGTERM");
      const [{ messages, refused, unreadable }, [code]] = await Promise.all([
        workers.next(),
        once(workers.child, "exit"),
      ]);
      expect({ code, refused, unreadable }).toEqual({ code: 0, refused: 0, unreadable: 0 });
      expect(messages).toBeGreaterThanOrEqual(800);
      ingest = await createIngest({ journal: directory, port: 0, kafka: through });
      const moved = await worker("plan", "direct");
      children.push(moved.child);
      await send(ingest);
      await until(() => same("direct"));
      expect((await compare(directory, database("through"))).databasePoints).toBe(800);
      await ingest.close();

      // 5. and back, had it to be: the direct way goes on where it was stopped
      ingest = await createIngest({ journal: directory, port: 0, influx: direct });
      expect(state("influx").lagLines).toBe(200);
      await ingest.drained();
      expect(state("influx")).toMatchObject({ delivered: 200, refused: 0 });
      await ingest.close();
      moved.child.kill("SIGKILL");
      const { journalPoints, databasePoints, differences: left } = await compare(directory, database("direct"));
      expect([journalPoints, databasePoints, left]).toEqual([1000, 1000, []]);
      expect(journalLines(directory).length).toBe(1000); // kept, for audits
    });
  });
});
