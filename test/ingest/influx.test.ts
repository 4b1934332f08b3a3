import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { rmSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { join, resolve } from "node:path";
import { createInterface } from "node:readline";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { ingestCrash } from "#dist/harness/proofs/ingest-crash/crash.js";
import { type Influx, influxIsMissing, startInflux } from "#dist/harness/services/index.js";
import {
  backfill,
  compare,
  createIngest,
  escapeMeasurement,
  InfluxSink,
  type Ingest,
  type Placed,
  pointLine,
  type Sink,
  SinkError,
} from "#dist/src/ingest/index.js";
import { runsOr, seedOr } from "../given.js";
import { get, journalLines, one, post, removeTemporary, temporary } from "./posting.js";

const missing = influxIsMissing();
if (missing !== null) console.warn(`tests with a real InfluxDB skipped: ${missing}`);
afterAll(removeTemporary);

const never = new AbortController().signal;
const placed = (line: number, fields: Partial<Placed["metric"]> = {}): Placed => ({
  metric: { client: "c", name: "n", value: 1, ms: Date.now(), belowMs: null, tags: {}, ...fields },
  line,
  text: "",
});

describe("a point", () => {
  it("is in the source's schema, with the line's number below the millisecond where nothing was said of it", () => {
    const metric = {
      client: "c 1",
      name: "cpu",
      value: 75.5,
      ms: 1_759_579_200_123,
      belowMs: null,
      unit: 'a"b',
      tags: { host: "h=1", datacenter: "eu" },
    };
    expect(pointLine("server_metrics", { metric, line: 3_000_042, text: "" })).toBe(
      'server_metrics,client_id=c\\ 1,datacenter=eu,host=h\\=1,metric_name=cpu value=75.5,unit="a\\"b" 1759579200123000042',
    );
    expect(pointLine("m", placed(7, { ms: 1_759_579_200_123, belowMs: 5 }))).toBe(
      "m,client_id=c,metric_name=n value=1 1759579200123000005",
    );
    const own = placed(0, { ms: 1_759_579_200_123, tags: { metric_name: "x", time: "t", client_id: "c", empty: "" } });
    expect(pointLine(escapeMeasurement("a b"), own)).toBe(
      "a\\ b,client_id=c,metric_name=n,tag_metric_name=x,tag_time=t value=1 1759579200123000000",
    );
  });
});

/** What a version 2 answers, as its API's reference has it: a server that says what the test tells it to. */
describe("version 2", () => {
  const asked: { url: string; token: string | undefined; lines: number }[] = [];
  let answers: { status: number; body?: object; headers?: Record<string, string> }[] = [];
  const server = createServer(async (request, response) => {
    let body = "";
    for await (const chunk of request) body += chunk;
    asked.push({ url: request.url ?? "", token: request.headers.authorization, lines: body.split("\n").length });
    const { status, body: said, headers } = answers.shift() ?? { status: 204 };
    response.writeHead(status, headers).end(said === undefined ? "" : JSON.stringify(said));
  }).listen(0, "127.0.0.1");
  afterAll(() => server.close());
  const sink = () =>
    new InfluxSink({
      url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/influx`,
      bucket: "b",
      organisation: "o",
      token: "t",
    });
  const deliver = (count: number, ...told: typeof answers) => {
    answers = told;
    asked.length = 0;
    return sink().deliver(
      Array.from({ length: count }, (_, i) => placed(i)),
      never,
    );
  };

  it("is written to with organisation, bucket and token", async () => {
    expect(await deliver(2)).toEqual({ refused: 0 });
    expect(asked).toEqual([{ url: "/influx/api/v2/write?org=o&bucket=b&precision=ns", token: "Token t", lines: 2 }]);
  });

  it("is not asked again for what it refuses, and is for what it cannot take now", async () => {
    const partial = { code: "invalid", message: "partial write: points beyond retention policy dropped=2" };
    expect(await deliver(5, { status: 400, body: partial })).toEqual({
      refused: 2,
      reason: expect.stringContaining("beyond retention"),
    });
    expect(await deliver(5, { status: 422, body: partial })).toMatchObject({ refused: 2 });
    await expect(deliver(5, { status: 429, headers: { "retry-after": "7" } })).rejects.toMatchObject({
      code: "SINK_FAILED",
      waitMs: 7000,
    });
    for (const status of [401, 404, 500, 503])
      await expect(deliver(5, { status })).rejects.toThrow(`answered ${status}`);
    await expect(deliver(5, { status: 400, body: { message: "no such bucket" } })).rejects.toThrow(SinkError);
  });

  it("is given half of what it finds too large", async () => {
    expect(await deliver(4, { status: 413 }, { status: 204 }, { status: 413 })).toEqual({ refused: 0 });
    expect(asked.map(({ lines }) => lines)).toEqual([4, 2, 2, 1, 1]);
    expect(await deliver(1, { status: 413, body: { message: "too large" } })).toMatchObject({ refused: 1 });
  });
});

describe("a sink of one's own", () => {
  it("is given everything in order, again after it failed, from where it was when it was started again", async () => {
    const directory = temporary();
    let fail = 2;
    const got: number[] = [];
    const sink: Sink = {
      name: "mine",
      batch: 3,
      deliver: async (batch) => {
        if (fail-- > 0) throw new SinkError("not now", 1);
        got.push(...batch.map(({ metric }) => metric.value));
        return { refused: 0 };
      },
    };
    for (const life of [0, 1]) {
      const ingest = await createIngest({ journal: directory, port: 0, sinks: [sink] });
      for (let i = 0; i < 10; i++) await post(`${ingest.url}/ingest`, one("c", "n", life * 10 + i));
      await ingest.drained();
      const [stats] = ingest.stats().sinks;
      expect(stats).toMatchObject({
        delivered: 10,
        failures: life === 0 ? 2 : 0,
        lagLines: 0,
        lagBytes: 0,
        failingSince: null,
      });
      await ingest.close();
    }
    expect(got).toEqual(Array.from({ length: 20 }, (_, i) => i));
  });
});

describe.skipIf(missing !== null)("a real InfluxDB", () => {
  let influx: Influx;
  beforeAll(async () => {
    influx = await startInflux();
  });
  afterAll(() => influx?.stop());

  const asking = (database: string) => new InfluxSink({ url: influx.url, database });
  const count = async (database: string) => {
    const [series] = await asking(database).query('SELECT count(value) FROM "7_days"."server_metrics"');
    return series === undefined ? 0 : Number(series.values[0][1]);
  };
  const start = (journal: string, database: string): Promise<Ingest> =>
    createIngest({ journal, port: 0, influx: { url: influx.url, database, timeout: 1000 } });

  it("has a database, a week, three months and minutes made for it, and every event of a series in one ms", async () => {
    const directory = temporary();
    const ms = Date.now();
    const metrics = Array.from({ length: 50 }, (_, i) => ({
      name: "cpu",
      value: i,
      timestamp: ms,
      tags: { host: "h" },
    }));
    const ingest = await start(directory, "made");
    await post(`${ingest.url}/ingest`, JSON.stringify({ client_id: "c", metrics }));
    await ingest.drained();
    await ingest.close();
    expect(await count("made")).toBe(50);
    const policies = await asking("made").query('SHOW RETENTION POLICIES ON "made"');
    expect(policies[0].values.map(([name, duration]) => [name, duration])).toEqual(
      expect.arrayContaining([
        ["7_days", "168h0m0s"],
        ["90_days", "2160h0m0s"],
      ]),
    );
    const queries = await asking("made").query("SHOW CONTINUOUS QUERIES");
    expect(JSON.stringify(queries)).toContain("cq_1min");
    // from the beginning once more, as after the loss of a cursor: the same points
    rmSync(join(directory, "influx.cursor"));
    const again = await start(directory, "made");
    await again.drained();
    expect(again.stats().sinks[0].delivered).toBe(50);
    await again.close();
    expect(await count("made")).toBe(50);
  });

  it("has each tag as it was sent, as far as line protocol can say it", async () => {
    const values = ["a,b", "a=b", "a b", 'q"q', "back\\slash", "end\\", "two\nlines", "é𝄞", "a\\,b"];
    const sink = new InfluxSink({ url: influx.url, database: "tags" });
    expect(
      await sink.deliver(
        values.map((host, i) => placed(i, { tags: { host }, name: `n ${i}` })),
        never,
      ),
    ).toEqual({ refused: 0 });
    const series = await sink.query('SELECT count(value) FROM "7_days"."server_metrics" GROUP BY *');
    const told = new Set(series.map(({ tags }) => tags?.host));
    expect(told).toEqual(new Set(["a,b", "a=b", "a b", 'q"q', "back\\slash", "end/", "two\\nlines", "é𝄞", "a/,b"]));
  });

  it("is told of what it will never take, and has the rest", async () => {
    const sink = new InfluxSink({ url: influx.url, database: "partial" });
    const old = placed(1, { ms: Date.now() - 8 * 86_400_000 });
    expect(await sink.deliver([placed(0), old, placed(2)], never)).toEqual({
      refused: 1,
      reason: expect.stringContaining("retention"),
    });
    expect(await count("partial")).toBe(2);
  });

  it("dead, standing still, and without its database: nothing is lost and nothing doubled", async () => {
    const directory = temporary();
    const ingest = await start(directory, "outage");
    let sent = 0;
    const send = async () => {
      const metrics = Array.from({ length: 20 }, () => ({ name: "cpu", value: sent++ }));
      const answer = await post(`${ingest.url}/ingest`, JSON.stringify({ client_id: `c${sent % 3}`, metrics }));
      expect(answer.status).toBe(202);
    };
    const stats = () => ingest.stats().sinks[0];
    await send();
    await ingest.drained();
    await influx.kill();
    const failures = stats().failures;
    await send();
    await expect.poll(() => stats().failures).toBeGreaterThan(failures);
    expect(stats()).toMatchObject({
      lagLines: 20,
      failingSince: expect.any(Number),
      lastFailure: expect.stringContaining("cannot be reached"),
    });
    expect((await get(`${ingest.url}/metrics`)).body).toContain('engram_ingest_sink_lag_lines{sink="influx"} 20');
    await influx.restart();
    await ingest.drained();
    await influx.pause();
    try {
      const late = stats().failures;
      await send();
      await expect.poll(() => stats().failures).toBeGreaterThan(late); // no answer within its time: it may have been written or not
      expect(stats().lastFailure).toContain("no answer within 1000 ms");
    } finally {
      influx.resume();
    }
    await ingest.drained();
    expect(await count("outage")).toBe(sent);
    await asking("outage").query('DROP DATABASE "outage"');
    await send();
    await ingest.drained();
    expect(await count("outage")).toBe(20);
    // what went with the database, the journal has
    expect(await backfill(directory, asking("outage"))).toMatchObject({ lines: sent, delivered: sent, refused: 0 });
    expect(await count("outage")).toBe(sent);
    await ingest.close();
  });

  it("is compared with the journal by series and hour, filled from it, and is then the same", async () => {
    const directory = temporary();
    const ingest = await start(directory, "cut");
    const hour = Math.floor(Date.now() / 3_600_000) * 3_600_000;
    const body = [
      ...Array.from({ length: 30 }, (_, i) => `load,host=h${i % 3} value=${i}.5 ${hour - 1000 * i}000000`),
      `load,host=h0 value=7 ${hour}000000`, // the same point twice: the later one
      `load,host=h0 value=8 ${hour}000000`,
    ].join("\n");
    expect((await post(`${ingest.url}/write`, body)).status).toBe(204);
    await post(
      `${ingest.url}/ingest`,
      JSON.stringify({
        client_id: "c",
        metrics: Array.from({ length: 10 }, (_, i) => ({ name: "n", value: 0.1 * i, timestamp: hour })),
      }),
    );
    await ingest.drained();
    await ingest.close();
    const same = await compare(directory, asking("cut"));
    expect(same).toMatchObject({ series: 4, hours: 2, journalPoints: 40, databasePoints: 40, differences: [] });
    await asking("cut").query("DROP SERIES FROM server_metrics WHERE host = 'h1'");
    const { differences } = await compare(directory, asking("cut"));
    expect(differences).toEqual([
      expect.objectContaining({
        series: { client_id: "h1", host: "h1", metric_name: "load" },
        journal: { count: 10, sum: 150 },
        database: { count: 0, sum: 0 },
      }),
    ]);
    await backfill(directory, asking("cut"));
    expect((await compare(directory, asking("cut"))).differences).toEqual([]);
    // an hour of which the journal knows nothing is asked for as well
    await asking("cut").deliver([placed(0, { ms: hour - 3 * 3_600_000 })], never);
    const earlier = { fromMs: hour - 4 * 3_600_000, toMs: hour - 2 * 3_600_000 };
    expect(await compare(directory, asking("cut"), earlier)).toMatchObject({
      ...{ hours: 1, journalPoints: 0, databasePoints: 1 },
      differences: [{ hourMs: hour - 3 * 3_600_000, journal: { count: 0 }, database: { count: 1, sum: 1 } }],
    });
  });

  it("and the pipeline, killed under load (npm run ingest:crash), have what was acknowledged once", async () => {
    const { violations, acknowledged, kills } = await ingestCrash(
      { kills: runsOr(4), seed: seedOr(7), longestMs: 200 },
      () => {},
    );
    expect(violations).toEqual([]);
    expect(kills).toBe(runsOr(4));
    expect(acknowledged).toBeGreaterThan(0);
  });

  describe("engram ingest", () => {
    const cli = resolve(import.meta.dirname, "../../dist/harness/cli.js");
    const run = async (...args: string[]) => {
      const child = spawn(process.execPath, [cli, "ingest", ...args]);
      let said = "";
      for (const stream of [child.stdout, child.stderr])
        stream.setEncoding("utf8").on("data", (text) => (said += text));
      const [code] = await once(child, "close");
      return { code, said };
    };
    let serving: ChildProcess | undefined;
    afterAll(() => serving?.kill("SIGKILL"));

    it("serves until it is told to end, loses nothing of what it acknowledged, and compares", async () => {
      const directory = temporary();
      serving = spawn(process.execPath, [
        cli,
        "ingest",
        "--json",
        "--port",
        "0",
        "--journal",
        directory,
        "--influx",
        influx.url,
        "--database",
        "cli",
      ]);
      const lines = createInterface({ input: serving.stdout as NodeJS.ReadableStream })[Symbol.asyncIterator]();
      const { url } = JSON.parse((await lines.next()).value);
      let acknowledged = 0;
      let ended = false;
      const senders = Array.from({ length: 8 }, async (_, sender) => {
        for (let i = 0; !ended; i++) {
          const answer = await post(`${url}/ingest`, one(`c${sender}`, `n${i}`, i)).catch(() => null);
          if (answer?.status === 202) acknowledged++;
          else ended = true;
          if (acknowledged === 200) serving?.kill("SIGTERM");
        }
      });
      const exited = once(serving, "exit");
      await Promise.all(senders);
      expect(await exited).toEqual([0, null]);
      const stats = JSON.parse((await lines.next()).value);
      expect(stats.metrics.accepted).toBeGreaterThanOrEqual(acknowledged);
      expect(journalLines(directory).length).toBe(stats.metrics.accepted);
      expect(await run("backfill", directory, "--to", influx.url, "--database", "cli")).toMatchObject({ code: 0 });
      const compared = await run("compare", directory, "--with", influx.url, "--database", "cli");
      expect(compared).toEqual({ code: 0, said: expect.stringMatching(/0 differences\n$/) });
      await asking("other").deliver([placed(0)], never);
      const other = await run("compare", directory, "--with", influx.url, "--database", "other");
      expect(other.code).toBe(1);
    });

    it("says what is wrong with what it is given", async () => {
      expect(await run("--host", "0.0.0.0", "--journal", temporary())).toEqual({
        code: 2,
        said: expect.stringContaining("give a token"),
      });
      expect(await run("compare", "/nowhere", "--with", influx.url)).toMatchObject({
        code: 2,
        said: expect.stringContaining("/nowhere: no such file"),
      });
      expect(await run("--help")).toMatchObject({ code: 0, said: expect.stringContaining("engram ingest backfill") });
    });
  });
});
