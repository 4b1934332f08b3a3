import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from "node:fs";
import { request as httpsRequest } from "node:https";
import { join, resolve } from "node:path";
import { gzipSync } from "node:zlib";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { prometheusIsMissing, promtool } from "#dist/harness/services/index.js";
import {
  Counters,
  createIngest,
  type Ingest,
  type Intake,
  JournalError,
  JournalInUseError,
  Receiver,
  type ReceiverSettings,
} from "#dist/src/ingest/index.js";
import { get, journalLines, journalled, one, post, raw, removeTemporary, temporary } from "./posting.js";

const MIB = 2 ** 20;
afterAll(removeTemporary);

describe("ingest", () => {
  let ingest: Ingest;
  let directory: string;
  let url: string;
  beforeAll(async () => {
    directory = temporary();
    ingest = await createIngest({ journal: directory, port: 0 });
    url = ingest.url;
  });
  afterAll(() => ingest.close());

  it("takes JSON, line protocol of both versions and OTLP, and journals what it acknowledges", async () => {
    const before = ingest.stats();
    const answers = [
      await post(
        `${url}/ingest`,
        one("web-1", "cpu", 75.5, { unit: "%", tags: { host: "h" }, timestamp: "2025-10-04T12:00:00.123Z" }),
      ),
      await post(`${url}/write?precision=s`, 'mem,host=h1 free=8192i,note="x" 1759579200'),
      await post(`${url}/api/v2/write?org=o&bucket=b`, gzipSync("load,host=h2 value=1"), {
        "content-encoding": "gzip",
      }),
      await post(
        `${url}/v1/metrics`,
        '{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"q","sum":{"dataPoints":[{"asInt":"5"}]}}]}]}]}',
      ),
    ];
    expect(answers.map(({ status, body }) => [status, body])).toEqual([
      [202, '{"accepted":1}'],
      [204, ""],
      [204, ""],
      [200, "{}"],
    ]);
    expect(journalLines(directory)[0]).toBe(
      '{"timestamp":"2025-10-04T12:00:00.123Z","name":"cpu","value":75.5,"client_id":"web-1","unit":"%","tags":{"host":"h"}}',
    );
    expect(journalled(directory).map(({ client, name, value }) => [client, name, value])).toEqual([
      ["web-1", "cpu", 75.5],
      ["h1", "mem.free", 8192],
      ["h2", "load", 1],
      ["127.0.0.1", "q", 5],
    ]);
    const { requests, metrics, journal } = ingest.stats();
    expect(requests - before.requests).toBe(4);
    expect(metrics).toMatchObject({ accepted: 4, skipped: 1, refused: 0 });
    expect(journal).toMatchObject({ lines: 4, healthy: true });
  });

  it("takes the good part of line protocol and OTLP, and says what it did not take", async () => {
    const before = ingest.stats().metrics;
    const first = await post(`${url}/write`, "good v=1\nbad\ngood v=2");
    expect([first.status, JSON.parse(first.body)]).toEqual([
      400,
      { error: "partial write: line 2, column 4: missing fields dropped=1" },
    ]);
    const second = await post(`${url}/api/v2/write`, "bad");
    expect([second.status, JSON.parse(second.body).code]).toEqual([400, "invalid"]);
    const third = await post(
      `${url}/v1/metrics`,
      '{"resourceMetrics":[{"scopeMetrics":[{"metrics":[{"name":"q","gauge":{"dataPoints":[{"asDouble":1},{}]}}]}]}]}',
    );
    expect([third.status, JSON.parse(third.body).partialSuccess.rejectedDataPoints]).toEqual([200, "1"]);
    const { accepted, refused } = ingest.stats().metrics;
    expect([accepted - before.accepted, refused - before.refused]).toEqual([3, 3]);
  });

  const body = one("c", "n", 1);
  const bomb = gzipSync(Buffer.alloc(100 * MIB, " "));
  it.each([
    ["broken JSON", "/ingest", "{", {}, 400, "broken", "line 1, column 2"],
    ["a wrong field", "/ingest", '{"client_id":"c","name":"n","value":"1"}', {}, 400, "broken", 'value is \\"1\\"'],
    [
      "no UTF-8",
      "/ingest",
      new Uint8Array([0x7b, 0xff]),
      { "content-type": "application/json" },
      400,
      "broken",
      "no UTF-8",
    ],
    ["an unknown precision", "/write?precision=d", "a v=1", {}, 400, "broken", 'precision is \\"d\\"'],
    [
      "text for JSON",
      "/ingest",
      body,
      { "content-type": "text/plain" },
      415,
      "unsupported",
      "expected application/json",
    ],
    [
      "protobuf for OTLP",
      "/v1/metrics",
      "x",
      { "content-type": "application/x-protobuf" },
      415,
      "unsupported",
      "OTEL_EXPORTER_OTLP_PROTOCOL=http/json",
    ],
    ["another packing", "/ingest", body, { "content-encoding": "br" }, 415, "unsupported", "expected gzip"],
    ["no gzip", "/write", "a v=1", { "content-encoding": "gzip" }, 400, "broken", "is no gzip"],
    ["10 MiB", "/write", "x".repeat(10 * MIB), {}, 413, "tooLarge", "more than 1048576 bytes"],
    ["100 MiB in 100 KiB", "/write", bomb, { "content-encoding": "gzip" }, 413, "tooLarge", "unpacked"],
    ["another place", "/nowhere", "x", {}, 404, "unknown", "POST /ingest"],
    ["a page of a browser", "/ingest", body, { origin: "http://evil.example" }, 403, "foreign", "browsers"],
  ] as const)(
    "answers %s as it should, with its reason counted, and journals nothing",
    async (_, path, sent, headers, status, reason, said) => {
      const before = ingest.stats();
      const answer = await post(url + path, sent as string, { ...headers });
      expect([answer.status, answer.body]).toEqual([status, expect.stringContaining(said)]);
      const after = ingest.stats();
      expect(after.refusals[reason] - before.refusals[reason]).toBe(1);
      expect(after.journal.lines).toBe(before.journal.lines);
    },
  );

  it("refuses a GET, and a name that is not this machine's", async () => {
    expect(await get(`${url}/ingest`)).toMatchObject({ status: 405 });
    const { socket, said, ended } = await raw(url);
    socket.write(`POST /write HTTP/1.1\r\nHost: evil.example\r\nConnection: close\r\nContent-Length: 5\r\n\r\na v=1`);
    await ended;
    expect(said()).toMatch(/^HTTP\/1\.1 421 /);
  });

  it("reads a body in chunks up to its limit, and tells who asks first before it has sent", async () => {
    const big = await raw(url);
    big.socket.write(
      "POST /write HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n",
    );
    const chunk = "x".repeat(2 ** 16);
    for (let i = 0; i < 40; i++) big.socket.write(`10000\r\n${chunk}\r\n`);
    big.socket.write("0\r\n\r\n");
    await big.ended;
    expect(big.said()).toMatch(/^HTTP\/1\.1 413 /);
    const asks = await raw(url);
    asks.socket.write(
      "POST /write HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nExpect: 100-continue\r\nContent-Length: 5\r\n\r\n",
    );
    await expect.poll(asks.said).toMatch(/^HTTP\/1\.1 100 Continue/);
    asks.socket.write("a v=1");
    await asks.ended;
    expect(asks.said()).toContain("HTTP/1.1 204");
    const asksTooMuch = await raw(url);
    asksTooMuch.socket.write(
      "POST /write HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\nExpect: 100-continue\r\nContent-Length: 9999999\r\n\r\n",
    );
    await expect.poll(asksTooMuch.said).toMatch(/^HTTP\/1\.1 413 /);
    asksTooMuch.socket.destroy();
  });

  it("counts a sender that goes away, and takes nothing of it", async () => {
    const before = ingest.stats();
    const { socket } = await raw(url);
    socket.write("POST /write HTTP/1.1\r\nHost: localhost\r\nContent-Length: 500\r\n\r\na v=1\n");
    socket.destroy();
    await expect
      .poll(
        () =>
          ingest.stats().refusals.aborted -
          before.refusals.aborted +
          ingest.stats().refusals.malformed -
          before.refusals.malformed,
      )
      .toBe(1);
    expect(ingest.stats().journal.lines).toBe(before.journal.lines);
  });

  it("answers what clients of InfluxDB ask before they write", async () => {
    expect((await get(`${url}/ping`)).headers.get("x-influxdb-version")).toBeTruthy();
    expect(await post(`${url}/query?q=CREATE+DATABASE+telegraf`, "")).toMatchObject({
      status: 200,
      body: '{"results":[{"statement_id":0}]}',
    });
    expect(await get(`${url}/query?q=SELECT+1`)).toMatchObject({ status: 400 });
  });

  it("tells Prometheus all that it counts, in its format", async () => {
    const { body: page, status } = await get(`${url}/metrics`);
    expect(status).toBe(200);
    expect(page).toContain('engram_ingest_refused_requests_total{reason="tooLarge"}');
    expect(page).toMatch(/^engram_ingest_metrics_total\{outcome="accepted"\} \d+$/m);
    if (prometheusIsMissing() === null) expect(promtool(["check", "metrics"], page)).toEqual({ code: 0, said: "" });
    expect(await get(`${url}/healthz`)).toMatchObject({ status: 200, body: '{"status":"ok"}' });
  });

  it("leaves its folder to nobody else, and its port neither", async () => {
    await expect(createIngest({ journal: directory, port: 0 })).rejects.toThrow(JournalInUseError);
    const other = temporary();
    const port = Number(new URL(url).port);
    await expect(createIngest({ journal: other, port })).rejects.toThrow(
      `cannot listen on 127.0.0.1, port ${port}: the port is taken`,
    );
    // and has let go of what it had taken by then
    await (await createIngest({ journal: other, port: 0 })).close();
  });
});

it("docs/ingest.md shows a program that runs as printed", async () => {
  const page = readFileSync(resolve(import.meta.dirname, "../../docs/ingest.md"), "utf8");
  const programs = [...page.matchAll(/```js\n([\s\S]*?)```/g)].map(([, program]) => program);
  const folder = temporary();
  mkdirSync(join(folder, "node_modules"));
  symlinkSync(resolve(import.meta.dirname, "../.."), join(folder, "node_modules", "engram"));
  writeFileSync(join(folder, "program.mjs"), programs.join("\n"));
  const { stdout, stderr } = spawnSync(process.execPath, ["program.mjs"], { cwd: folder, encoding: "utf8" });
  expect([stdout, stderr]).toEqual(["202 { accepted: 1 } 1\n[]\n", ""]);
});

describe("options of ingest", () => {
  it.each([
    [{ host: "0.0.0.0" }, "which other machines can reach; give a token as well"],
    [{ token: "short" }, "option token is unfit"],
    [{ prot: 1 }, 'unknown option "prot"; did you mean "port"?'],
    [{ ack: "disk" }, "option ack"],
    [{ rateLimit: 0 }, "rateLimit.rate is 0"],
    [{ influx: { url: "127.0.0.1:8086" } }, 'option influx.url is "127.0.0.1:8086"'],
    [{ influx: { url: "http://x", bucket: "b" } }, "option influx.organisation is undefined"],
    [{ sinks: [{ name: "../up", deliver: () => {} }] }, "its name of small letters"],
    [{ tls: { key: "/nowhere", cert: "/nowhere" } }, "/nowhere: no such file; expected a private key in PEM"],
    [{ journal: { directory: "x", sync: "sometimes" } }, "option journal.sync"],
  ])("refuses %j", async (options, said) => {
    await expect(createIngest({ journal: temporary(), ...options } as never)).rejects.toThrow(said);
  });
});

describe("a client over its rate", () => {
  it("is told when to come again, and nothing of its request is taken; others are not held up", async () => {
    const directory = temporary();
    // So slow that a machine that stands still for a while brings nobody a share that counts.
    await using ingest = await createIngest({ journal: directory, port: 0, rateLimit: { rate: 0.1, burst: 20 } });
    const many = (client: string, count: number) =>
      post(
        `${ingest.url}/ingest`,
        JSON.stringify({
          client_id: client,
          metrics: Array.from({ length: count }, (_, i) => ({ name: "n", value: i })),
        }),
      );
    expect((await many("a", 20)).status).toBe(202);
    const refused = await many("a", 15);
    expect([refused.status, refused.headers.get("retry-after")]).toEqual([429, expect.stringMatching(/^\d+$/)]);
    // Fifteen take 150 s, less what has passed since the first twenty.
    expect(Number(refused.headers.get("retry-after"))).toBeGreaterThan(60);
    expect(Number(refused.headers.get("retry-after"))).toBeLessThanOrEqual(150);
    expect((await many("b", 20)).status).toBe(202);
    expect(await many("c", 21)).toMatchObject({ status: 413, body: expect.stringContaining("it may send 20") });
    // all clients of a request or none: what was drawn for the first is given back
    const both = await post(`${ingest.url}/write`, `m,host=d v=1\n${"m,host=a v=1\n".repeat(15)}`);
    expect(both.status).toBe(429);
    expect((await many("d", 20)).status).toBe(202);
    expect(journalled(directory).length).toBe(60);
    expect(ingest.stats()).toMatchObject({ refusals: { limited: 2, tooLarge: 1 }, metrics: { limited: 52 } });
  });
});

describe("a token", () => {
  it("lets in who has it, as each protocol sends it", async () => {
    const token = "a-token-of-this-test";
    await using ingest = await createIngest({ journal: temporary(), port: 0, host: "0.0.0.0", token });
    const url = ingest.url.replace("0.0.0.0", "127.0.0.1");
    const status = async (headers: Record<string, string>, query = "") =>
      (await post(`${url}/write${query}`, "a v=1", headers)).status;
    expect(await status({})).toBe(401);
    expect(await status({ authorization: "Bearer another-token-of-it" })).toBe(401);
    expect(await status({ authorization: `Bearer ${token}` })).toBe(204);
    expect(await status({ authorization: `Token ${token}` })).toBe(204);
    expect(await status({ authorization: `Basic ${Buffer.from(`user:${token}`).toString("base64")}` })).toBe(204);
    expect(await status({}, `?u=user&p=${token}`)).toBe(204);
    expect((await get(`${url}/metrics`)).status).toBe(401);
    expect((await get(`${url}/healthz`)).status).toBe(200);
    expect(ingest.stats().refusals.unauthorised).toBe(3);
  });
});

describe("TLS", () => {
  it.skipIf(spawnSync("openssl", ["version"]).status !== 0)(
    "is spoken with the key and certificate of two files",
    async () => {
      const folder = temporary();
      const [key, cert] = [join(folder, "key.pem"), join(folder, "cert.pem")];
      const args = [
        "req",
        "-x509",
        "-newkey",
        "ec",
        "-pkeyopt",
        "ec_paramgen_curve:prime256v1",
        "-nodes",
        "-subj",
        "/CN=localhost",
      ];
      spawnSync("openssl", [...args, "-keyout", key, "-out", cert]);
      await using ingest = await createIngest({ journal: join(folder, "journal"), port: 0, tls: { key, cert } });
      expect(ingest.url).toMatch(/^https:/);
      const status = await new Promise((done, failed) => {
        httpsRequest(`${ingest.url}/write`, { method: "POST", rejectUnauthorized: false }, (response) =>
          done(response.statusCode),
        )
          .on("error", failed)
          .end("a v=1");
      });
      expect(status).toBe(204);
      await expect(
        createIngest({ journal: join(folder, "other"), port: 0, tls: { key: cert, cert: key } }),
      ).rejects.toThrow("option tls:");
    },
  );
});

describe("acknowledged from the ring", () => {
  it("comes into the journal by another thread, and is all there when it is closed", async () => {
    const directory = temporary();
    const ingest = await createIngest({ journal: directory, port: 0, ack: "ring" });
    const statuses = await Promise.all(
      Array.from({ length: 200 }, (_, i) => post(`${ingest.url}/ingest`, one("c", `n${i}`, i))),
    );
    expect(new Set(statuses.map(({ status }) => status))).toEqual(new Set([202]));
    expect((await get(`${ingest.url}/metrics`)).body).toContain("engram_ingest_ring_messages");
    await ingest.close();
    expect(new Set(journalled(directory).map(({ name }) => name)).size).toBe(200);
    expect(ingest.stats()).toMatchObject({ metrics: { accepted: 200 }, rings: { lostLines: 0 } });
  });
});

describe("several accepting threads", () => {
  it("are as many as the system lets listen on one port", async () => {
    const directory = temporary();
    await using ingest = await createIngest({
      journal: directory,
      port: 0,
      acceptThreads: 3,
      rateLimit: { rate: 0.001, burst: 50 },
    });
    const [major, minor] = process.versions.node.split(".").map(Number);
    if (major < 22 || (major === 22 && minor < 12)) expect(ingest.stats().acceptThreads).toBe(1);
    const statuses = await Promise.all(
      Array.from({ length: 80 }, () => post(`${ingest.url}/write`, "a,host=h v=1", { connection: "close" })),
    );
    // one count, however many threads
    expect(statuses.filter(({ status }) => status === 204).length).toBe(50);
    expect(journalled(directory).length).toBe(50);
  });
});

const SETTINGS: ReceiverSettings = {
  ...{ host: "127.0.0.1", port: 0, reusePort: false, token: null, loopback: true, tls: null },
  ...{ bodyBytes: MIB, underWayBytes: 3000, maxConnections: 20, aheadMs: 1000 },
  ...{ headersTimeoutMs: 600_000, requestTimeoutMs: 600_000, keepAliveTimeoutMs: 1000 },
};

describe("a receiver", () => {
  const counters = () => {
    const memory = Counters.memory(1);
    return { counters: new Counters(memory, 0), counted: () => Counters.sum(memory) };
  };
  const running: Receiver[] = [];
  const start = async (intake: Partial<Intake>, counted: Counters, settings: Partial<ReceiverSettings> = {}) => {
    const whole: Intake = { put: async () => {}, healthy: true, ...intake };
    const receiver = await Receiver.start(
      { ...SETTINGS, ...settings },
      { intake: whole, limiter: null, counters: counted, metricsPage: async () => "" },
    );
    running.push(receiver);
    return `http://127.0.0.1:${receiver.port}`;
  };
  afterEach(() => Promise.all(running.splice(0).map((receiver) => receiver.close())));

  it("acknowledges nothing that could not be written", async () => {
    const { counters: own, counted } = counters();
    const url = await start(
      {
        put: async () => {
          throw new JournalError("no room is left (ENOSPC)");
        },
        healthy: false,
      },
      own,
    );
    for (const [path, body] of [
      ["/ingest", one("c", "n", 1)],
      ["/write", "a v=1"],
      ["/api/v2/write", "a v=1"],
    ]) {
      const answer = await post(url + path, body);
      expect([answer.status, answer.headers.get("retry-after"), answer.body]).toEqual([
        503,
        "1",
        expect.stringContaining("ENOSPC"),
      ]);
    }
    expect(counted()).toMatchObject({ refusals: { unwritten: 3 }, metrics: { unwritten: 3, accepted: 0 } });
    expect((await get(`${url}/healthz`)).status).toBe(503);
  });

  it("ends who sends its head or its body too slowly", async () => {
    const { counters: own, counted } = counters();
    const url = await start({}, own, { headersTimeoutMs: 200, requestTimeoutMs: 600 });
    const [head, body] = [await raw(url), await raw(url)];
    head.socket.write("POST /write HTTP/1.1\r\nHost: localhost\r\nX-Slow: ");
    body.socket.write("POST /write HTTP/1.1\r\nHost: localhost\r\nContent-Length: 100\r\n\r\nslow");
    await Promise.all([head.ended, body.ended]);
    expect(head.said()).toMatch(/^HTTP\/1\.1 408 /);
    expect(counted().refusals.malformed).toBeGreaterThanOrEqual(1);
    expect(counted().metrics.accepted).toBe(0);
  });

  it("refuses bodies that there is no memory for, and has it back when the others are done", async () => {
    const { counters: own, counted } = counters();
    const url = await start({}, own);
    const slow = await raw(url);
    slow.socket.write(`POST /write HTTP/1.1\r\nHost: localhost\r\nContent-Length: 2900\r\n\r\n${"#".repeat(2800)}`);
    await expect.poll(async () => (await post(`${url}/write`, `#${" ".repeat(500)}`)).status).toBe(503);
    expect(counted().refusals.overloaded).toBeGreaterThanOrEqual(1);
    slow.socket.write("#".repeat(100));
    await expect.poll(slow.said).toMatch(/^HTTP\/1\.1 204 /);
    slow.socket.destroy();
    expect((await post(`${url}/write`, `#${" ".repeat(2900)}`)).status).toBe(204);
  });

  it("closes connections beyond its number, and counts them", async () => {
    const { counters: own, counted } = counters();
    const url = await start({}, own, { maxConnections: 2 });
    const first = await Promise.all([raw(url), raw(url)]);
    await expect.poll(async () => (await raw(url)).ended).toBeDefined();
    await expect.poll(() => counted().refusals.crowded).toBeGreaterThanOrEqual(1);
    for (const { socket } of first) socket.destroy();
  });

  it("answers what is under way when it is closed, and takes nothing new", async () => {
    const { counters: own } = counters();
    let come: (write: () => void) => void = () => {};
    const came = new Promise<() => void>((resolve) => {
      come = resolve;
    });
    const url = await start({ put: () => new Promise((done) => come(done)) }, own);
    const under = post(`${url}/write`, "a v=1");
    const write = await came;
    const closed = running[0].close();
    await expect(post(`${url}/write`, "a v=1")).rejects.toThrow();
    write();
    expect((await under).status).toBe(204);
    await closed;
  });
});
