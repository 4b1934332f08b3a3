import { createRequire } from "node:module";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import {
  backfill,
  createConsumer,
  createIngest,
  HotClients,
  type InMessage,
  journalIdentity,
  KafkaSink,
  lineOf,
  type Metric,
  murmur2,
  type Placed,
  partitionOf,
  type Sink,
  SinkError,
} from "#dist/src/ingest/index.js";
import { MemoryKafka } from "./memory-kafka.js";
import { one, post, removeTemporary, temporary, until } from "./posting.js";

afterAll(removeTemporary);

const never = new AbortController().signal;
const brokers = "b1:9092,b2:9092";
const metric = (fields: Partial<Metric> = {}): Metric => ({
  ...{ client: "c", name: "n", value: 1, ms: 1_759_579_200_123, belowMs: null, tags: Object.create(null) },
  ...fields,
});
const placed = (line: number, fields: Partial<Metric> = {}): Placed => ({
  metric: metric(fields),
  line,
  text: lineOf(metric(fields)).trimEnd(),
});

describe("the partition of a key", () => {
  it("is by the hash of Kafka's Java clients: the values of its own test", () => {
    const published: [string, number][] = [
      ["21", -973932308],
      ["foobar", -790332482],
      ["a-little-bit-long-string", -985981536],
      ["a-little-bit-longer-string", -1486304829],
      ["lkjh234lh9fiuh90y23oiuhsafujhadof229phr9h19h89h8", -58897971],
      ["abc", 479470107],
    ];
    for (const [key, hash] of published) expect(murmur2(Buffer.from(key)), key).toBe(hash);
  });

  it("is the same as KafkaJS has it, for any bytes", () => {
    const theirs = createRequire(import.meta.url)("kafkajs/src/producer/partitioners/default/murmur2.js");
    fc.assert(
      fc.property(fc.uint8Array({ maxLength: 40 }), (bytes) => {
        expect(murmur2(bytes)).toBe(theirs(Buffer.from(bytes)) | 0);
      }),
    );
    expect(partitionOf("é𝄞", 12)).toBe((theirs(Buffer.from("é𝄞")) & 0x7fffffff) % 12);
  });
});

describe("a client", () => {
  const fill = (hot: HotClients, client: string, share: number, windows = 1, partitions = 10) => {
    for (let i = 0; i < 100 * windows; i++) hot.count(i % 100 < share ? client : `other_${i % 100}`, partitions);
  };

  it("is hot once it brings a partition's share in one window, and not before", () => {
    const hot = new HotClients(100, 1);
    for (let i = 0; i < 99; i++) hot.count("big", 10);
    expect(hot.names).toEqual([]);
    hot.count("big", 10);
    expect(hot.names).toEqual(["big"]);
    expect(hot.largestPart).toBe(1);
    fill(hot, "just", 10);
    fill(hot, "below", 9);
    expect(hot.names).toEqual(["big", "just"]);
  });

  it("is cold again after ten calm windows, and not after nine with one that was not", () => {
    const hot = new HotClients(100, 1);
    fill(hot, "big", 50);
    fill(hot, "big", 4, 9);
    fill(hot, "big", 5);
    fill(hot, "big", 4, 9);
    expect(hot.names).toEqual(["big"]);
    fill(hot, "big", 4);
    expect(hot.names).toEqual([]);
  });

  it("is never hot where there is one partition", () => {
    const hot = new HotClients(100, 1);
    fill(hot, "big", 100, 3, 1);
    expect(hot.names).toEqual([]);
  });
});

describe("the sink for Kafka", () => {
  it("writes the journal's line under its client's key, with where it stands in which journal", async () => {
    const client = new MemoryKafka();
    const directory = temporary();
    const ingest = await createIngest({ journal: directory, port: 0, kafka: { brokers, client } });
    await post(`${ingest.url}/ingest`, one("web-1", "cpu", 75.5, { timestamp: 1_759_579_200_123 }));
    await ingest.drained();
    const [sink] = ingest.stats().sinks;
    expect(sink).toMatchObject({ name: "kafka", delivered: 1, details: { partitions: 12, hot_clients: 0 } });
    await ingest.close();
    expect(client.closed).toBe(1);
    const expected = {
      ...{ key: "web-1", route: "web-1", timestampMs: 1_759_579_200_123 },
      value: '{"timestamp":"2025-10-04T12:00:00.123Z","name":"cpu","value":75.5,"client_id":"web-1"}',
      headers: { journal: journalIdentity(directory), line: "0" },
    };
    expect(client.requests).toEqual([[expected]]);
    // the same again, from the first line on: the same message
    await backfill(directory, new KafkaSink({ brokers, client }));
    expect(client.requests).toEqual([[expected], [expected]]);
  });

  it("spreads a hot client by the names of its metrics, each still in one partition and in order", async () => {
    const client = new MemoryKafka();
    const sink = new KafkaSink({ brokers, client, hotClients: { window: 200 } });
    const give = (from: number) =>
      sink.deliver(
        Array.from({ length: 200 }, (_, i) =>
          placed(from + i, { client: i % 2 === 0 ? "big" : `c${i}`, name: `n${i % 14}` }),
        ),
        never,
      );
    await give(0);
    const of = (key: string) => client.partitions.filter((messages) => messages.some((message) => message.key === key));
    expect(of("big").length).toBe(1);
    expect(sink.hotClients).toEqual(["big"]);
    await give(200);
    expect(of("big").length).toBeGreaterThan(3);
    for (const messages of client.partitions) {
      const lines = messages.map(({ headers }) => Number(headers.line));
      expect(lines).toEqual([...lines].sort((a, b) => a - b));
    }
    const places = new Set(
      client.partitions.flatMap((messages, i) =>
        messages
          .filter(({ key, headers }) => key === "big" && Number(headers.line) >= 200)
          .map(({ value }) => `${JSON.parse(value).name} ${i}`),
      ),
    );
    expect(places.size).toBe(7); // seven names, a partition each
  });

  it("sends a batch that failed to the same partitions again, whatever has become of its clients", async () => {
    const client = new MemoryKafka();
    const sink = new KafkaSink({ brokers, client, hotClients: { window: 10 } });
    const batch = Array.from({ length: 20 }, (_, i) => placed(i, { client: "big", name: `n${i}` }));
    client.failures.push(new Error("the leader has moved"));
    await expect(sink.deliver(batch, never)).rejects.toThrow(SinkError);
    await sink.deliver(batch, never);
    expect(client.partitions.filter(({ length }) => length > 0).length).toBe(1);
    expect(sink.hotClients).toEqual(["big"]);
  });

  it("asks no broker for more than half a MiB at once", async () => {
    const client = new MemoryKafka();
    const sink = new KafkaSink({ brokers, client });
    const tags = { long: "x".repeat(1000), other: "y".repeat(1000) };
    await sink.deliver(
      Array.from({ length: 1000 }, (_, i) => placed(i, { tags })),
      never,
    );
    expect(client.requests.length).toBeGreaterThan(3);
    for (const request of client.requests) {
      expect(request.reduce((sum, { value }) => sum + value.length, 0)).toBeLessThanOrEqual(512 * 1024);
    }
    expect(client.requests.flat().map(({ headers }) => Number(headers.line))).toEqual([...Array(1000).keys()]);
  });

  it("passes by the messages that brokers never take, and delivers those beside them", async () => {
    const client = new MemoryKafka();
    client.refuses = ({ headers }) => headers.line === "3" || headers.line === "700";
    const sink = new KafkaSink({ brokers, client });
    const batch = Array.from({ length: 1000 }, (_, i) => placed(i));
    expect(await sink.deliver(batch, never)).toEqual({ refused: 2, reason: "the message is too large" });
    const lines = client.requests.flat().map(({ headers }) => Number(headers.line));
    expect(lines).toEqual([...Array(1000).keys()].filter((line) => line !== 3 && line !== 700));
  });

  it("connects again after it could not, and ends at once when it is told to", async () => {
    const client = new MemoryKafka();
    const sink = new KafkaSink({ brokers, client });
    client.failures.push(new Error("connect ECONNREFUSED"));
    await expect(sink.deliver([placed(0)], never)).rejects.toThrow(
      "Kafka at b1:9092, b2:9092 did not take messages: connect ECONNREFUSED",
    );
    await sink.deliver([placed(0)], never);
    const stuck = new KafkaSink({ brokers, client: { ...client, producer: () => new Promise(() => {}) } as never });
    const ending = new AbortController();
    const offered = stuck.deliver([placed(0)], ending.signal);
    ending.abort();
    await expect(offered).rejects.toThrow("stopped");
  });

  it.each([
    [{ brokers: "" }, 'kafka.brokers has ""; expected "host:port"'],
    [{ brokers: [] }, 'kafka.brokers is an array of 0; expected "host:port" of one or more'],
    [{ brokers: "b1" }, 'kafka.brokers has "b1"; expected "host:port"'],
    [{ brokers: "b1:0" }, 'kafka.brokers has "b1:0"; expected "host:port"'],
    [{ brokers, topic: "a b" }, 'kafka.topic is "a b"; expected 1 to 249 letters'],
    [{ brokers, topics: "a" }, 'unknown option "topics"; did you mean "topic"?'],
    [{ brokers, tls: { ca: "/nowhere.pem" } }, "/nowhere.pem: no such file"],
    [{ brokers, sasl: { username: "u", password: "secret" } }, "kafka.sasl.mechanism is missing"],
    [{ brokers, sasl: { mechanism: "plain", username: "u" } }, "kafka.sasl.password is unfit; expected text"],
    [{ brokers, hotClients: { window: 1 } }, "kafka.hotClients.window is 1"],
    [{ brokers, batch: 0 }, "kafka.batch is 0"],
  ])("says of %j what is wrong with it", (options, message) => {
    expect(() => new KafkaSink(options as never)).toThrow(message);
  });
});

describe("a worker of a consumer group", () => {
  const message = (offset: number, fields: Partial<InMessage> = {}): InMessage => ({
    ...{ offset: String(offset), key: "c", value: placed(offset).text },
    ...{ headers: { journal: "j", line: String(offset) } },
    ...fields,
  });
  /** What it was given, and what it is to throw first. */
  const recording = (...failures: Error[]) => {
    const lines: number[] = [];
    const sink: Sink = {
      name: "recording",
      batch: 3,
      async deliver(batch) {
        const failure = failures.shift();
        if (failure !== undefined) throw failure;
        lines.push(...batch.map(({ line }) => line));
        return { refused: 0 };
      },
    };
    return { sink, lines };
  };
  const joined = async (sink: Sink) => {
    const client = new MemoryKafka();
    const consumer = createConsumer({ kafka: { brokers, client }, sink });
    await until(() => client.member !== null);
    return { client, consumer };
  };

  it("commits what the sink has taken, and no more", async () => {
    const { sink, lines } = recording();
    const { client, consumer } = await joined(sink);
    await client.give([0, 1, 2, 3, 4].map((i) => message(i)));
    expect(lines).toEqual([0, 1, 2, 3, 4]);
    expect(client.commits).toEqual(["2", "4"]);
    expect(consumer.stats()).toMatchObject({
      ...{ group: "engram-recording", topic: "metrics-raw", messages: 5, delivered: 5, duplicates: 0, batches: 2 },
      partitions: [{ partition: 0, offset: "5", lag: 0 }],
    });
    await consumer.close();
    expect(client.closed).toBe(1);
  });

  it("offers a batch until it is taken, and says all the while that it lives", async () => {
    const { sink, lines } = recording(new SinkError("full", 1), new Error("down"));
    const { client, consumer } = await joined(sink);
    await client.give([message(0)]);
    expect(lines).toEqual([0]);
    expect(client.commits).toEqual(["0"]);
    expect(client.heartbeats).toBeGreaterThanOrEqual(3);
    expect(consumer.stats()).toMatchObject({ failures: 2, lastFailure: "down", failingSince: null });
    await consumer.close();
  });

  it("leaves to others what it could not deliver before its partition was given away", async () => {
    const { sink, lines } = recording(new SinkError("full", 1));
    const { client, consumer } = await joined(sink);
    const { heartbeats } = client;
    client.mine = true;
    const given = client.give([message(0)]);
    client.mine = false;
    await given;
    expect([lines, client.commits]).toEqual([[], []]);
    expect(client.heartbeats).toBe(heartbeats);
    await consumer.close();
  });

  it("counts what comes again, of each journal, and delivers it", async () => {
    const { sink, lines } = recording();
    const { client, consumer } = await joined(sink);
    await client.give([message(0), message(1), message(2, { headers: { journal: "other", line: "0" } })]);
    await client.give([1, 2].map((line, i) => message(3 + i, { headers: { journal: "j", line: String(line) } })));
    expect(lines).toEqual([0, 1, 0, 1, 2]);
    expect(consumer.stats()).toMatchObject({ messages: 5, delivered: 5, duplicates: 1 });
    await consumer.close();
  });

  it("takes metrics of other programs by their offset, and passes by what is none", async () => {
    const { sink, lines } = recording();
    const { client, consumer } = await joined(sink);
    await client.give([message(7, { headers: {} }), message(8, { value: "" }), message(9, { value: "{}" })]);
    expect(lines).toEqual([7]);
    expect(client.commits).toEqual(["9"]);
    expect(consumer.stats()).toMatchObject({ messages: 3, delivered: 1, unreadable: 2 });
    await consumer.close();
  });

  it("joins again when it could not, and when its member ends", async () => {
    const { sink } = recording();
    const client = new MemoryKafka();
    client.failures.push(new Error("no broker"));
    const consumer = createConsumer({ kafka: { brokers, client }, sink });
    await until(() => client.member !== null);
    expect(consumer.stats()).toMatchObject({ failures: 1, lastFailure: "no broker", rebalances: 1 });
    const { member } = client;
    member?.onFailure(new Error("thrown out"), true);
    await until(() => client.member !== member);
    expect(consumer.stats()).toMatchObject({ failures: 2, lastFailure: "thrown out", rebalances: 2 });
    await consumer.close();
  });

  it("comes through whatever a topic holds", async () => {
    const { sink } = recording();
    const { client, consumer } = await joined(sink);
    const texts = fc.oneof(fc.string(), fc.json(), fc.constant(placed(0).text), fc.bigInt().map(String));
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.record({ value: texts, headers: fc.dictionary(fc.constantFrom("journal", "line", "x"), texts) })),
        async (messages) => {
          if (messages.length === 0) return;
          const before = consumer.stats().messages;
          await client.give(messages.map((fields, i) => message(i, fields)));
          expect(consumer.stats().messages).toBe(before + messages.length);
        },
      ),
    );
    const { messages, delivered, unreadable } = consumer.stats();
    expect(delivered + unreadable).toBe(messages);
    await consumer.close();
  });

  it.each([
    [{ kafka: { brokers } }, "influx and sink: expected one of the two"],
    [{ kafka: { brokers, group: "a b" }, sink: recording().sink }, 'kafka.group is "a b"'],
    [{ kafka: { brokers, heartbeat: "20s" }, sink: recording().sink }, 'kafka.heartbeat is "20s"'],
    [{ kafka: { brokers }, sink: {} }, "option sink is an object"],
    [{ kafka: {}, sink: recording().sink }, "kafka.brokers is undefined"],
  ])("says of options %# what is wrong with them", (options, message) => {
    expect(() => createConsumer(options as never)).toThrow(message);
  });
});
