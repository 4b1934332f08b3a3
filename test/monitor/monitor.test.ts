import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync, rmSync } from "node:fs";
import { request } from "node:http";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Worker } from "node:worker_threads";
import { afterAll, afterEach, describe, expect, it, onTestFinished } from "vitest";
import { Store, type StoreOptions } from "#dist/src/index.js";
import { DOCUMENTED_RULES, type Monitor, type MonitorOptions, readHistory } from "#dist/src/monitor/index.js";

const folder = mkdtempSync(join(tmpdir(), "engram-monitor-"));
afterAll(() => rmSync(folder, { recursive: true }));
const open: (Store | Monitor)[] = [];
afterEach(async () => {
  for (const one of open.splice(0).reverse()) await one.close();
});

async function monitored(options: MonitorOptions = {}, of: StoreOptions = {}) {
  const store = await Store.create({ capacity: "8MiB", maintenance: false, ...of });
  const monitor = await store.monitor({ every: 100, ...options });
  open.push(store, monitor);
  return { store, monitor };
}

/** One request as it goes over the wire; `fetch` sets the Host header itself. */
async function ask(url: string, { path = "/", method = "GET", headers = {} } = {}) {
  const { hostname, port } = new URL(url);
  const sent = request({ hostname, port, path, method, headers }).end();
  const [response] = await once(sent, "response");
  let body = "";
  for await (const chunk of response) body += chunk;
  return { status: response.statusCode as number, headers: response.headers as Record<string, string>, body };
}

describe("a monitor", () => {
  it("tells each interval's figures, and keeps them", async () => {
    const { store, monitor } = await monitored();
    const ns = store.namespace("n", { encoding: "string" });
    await once(monitor, "tick"); // the namespace was looked up in the first
    for (let i = 0; i < 500; i++) ns.set(`k${i}`, "v");
    for (let i = 0; i < 1000; i++) ns.get(`k${i % 500}`);
    const [interval] = await once(monitor, "tick");
    expect(interval.figures).toMatchObject({ hitRate: 100, entries: 500, workers: 1, evictions: 0 });
    expect((interval.figures.gets * interval.ms) / 1000).toBeCloseTo(1000, 0);
    expect(monitor.history().at(-1)).toEqual(interval);
    expect(monitor.snapshot().figures).toEqual(interval.figures);
  });

  it("makes one long interval of the time that its event loop was blocked", async () => {
    const { store, monitor } = await monitored();
    const ns = store.namespace("n");
    await once(monitor, "tick");
    const end = performance.now() + 450;
    let sets = 0;
    while (performance.now() < end) for (let i = 0; i < 100; i++, sets++) ns.set("k", new Uint8Array(8));
    const [interval] = await once(monitor, "tick");
    expect(interval.ms).toBeGreaterThan(400);
    expect((interval.figures.sets * interval.ms) / 1000 / sets).toBeGreaterThan(0.5);
  });

  it("goes on when a worker dies, which is a thread less", async () => {
    const { store, monitor } = await monitored({}, { maxWorkers: 2 });
    const worker = new Worker(
      `const { workerData: w, parentPort } = require("node:worker_threads");
       import(w.engram).then(async ({ Store }) => {
         const ns = (await Store.attach(w.store)).namespace("n");
         parentPort.postMessage("attached");
         for (;;) ns.set("k", new Uint8Array(100));
       });`,
      { eval: true, workerData: { store: store.handle, engram: import.meta.resolve("#dist/src/index.js") } },
    );
    onTestFinished(async () => void (await worker.terminate()));
    store.watch(worker);
    await once(worker, "message");
    await expect.poll(() => monitor.snapshot().figures?.workers).toBe(2);
    await worker.terminate();
    await expect.poll(() => monitor.snapshot().figures?.workers).toBe(1);
    expect(monitor.snapshot().figures?.sets).toBeGreaterThanOrEqual(0);
  });

  it("keeps a history file, and goes on in it", async () => {
    const history = join(folder, "kept.jsonl");
    const first = await monitored({ history });
    await once(first.monitor, "tick");
    await first.monitor.close();
    const { monitor } = await monitored({ history });
    expect(monitor.history().length).toBeGreaterThanOrEqual(1);
    await once(monitor, "tick");
    expect(readHistory(history).intervals.tick.length).toBe(monitor.history().length);
  });

  it("keeps its history from other monitors, and takes over that of a process that was killed", async () => {
    const history = join(folder, "one-writer.jsonl");
    const child = spawn(
      process.execPath,
      [
        "--input-type=module",
        "-e",
        `import { Store } from ${JSON.stringify(import.meta.resolve("#dist/src/index.js"))};
         await (await Store.create({ capacity: "8MiB" })).monitor({ history: ${JSON.stringify(history)}, every: 100 });
         console.log("has it");
         setInterval(() => {}, 1000);`,
      ],
      { stdio: ["ignore", "pipe", "inherit"] },
    );
    try {
      await once(child.stdout, "data");
      await expect(monitored({ history })).rejects.toThrow(
        new RegExp(`the history .*one-writer.jsonl is written by another monitor, of process ${child.pid} `),
      );
    } finally {
      child.kill("SIGKILL");
      await once(child, "exit");
    }
    const { monitor } = await monitored({ history });
    await once(monitor, "tick");
    // nor by a port that is taken is it kept from the next
    await monitor.close();
    const taken = createServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
    const { port } = taken.address() as { port: number };
    await expect(monitored({ history, listen: { port } })).rejects.toThrow(/the port is taken/);
    taken.close();
    await monitored({ history });
  });

  it("tells of the backups that its thread has open: the last, its age and size, and what failed since", async () => {
    const { store, monitor } = await monitored({ listen: true });
    const metrics = async () => (await ask(monitor.url as string, { path: "/metrics" })).body;
    expect(monitor.snapshot().stats.backups).toBeNull();
    expect(await metrics()).not.toContain("engram_backup");
    const directory = mkdtempSync(join(folder, "backups-"));
    const backups = await store.backup({ directory, strategy: "manual", onClose: false });
    expect(monitor.snapshot().stats.backups).toEqual({
      ...{ directory, taken: 0, failed: 0, failedSince: 0, error: null, last: null },
    });
    store.namespace("n").set("k", new Uint8Array(100));
    const report = await backups.now("full");
    const { last, taken } = monitor.snapshot().stats.backups ?? {};
    expect([taken, last]).toMatchObject([
      1,
      { kind: "full", takenMs: report.takenMs, bytes: report.bytesWritten, tookMs: report.totalMs },
    ]);
    expect(last?.ageMs).toBeGreaterThanOrEqual(report.totalMs);
    expect(await metrics()).toMatch(
      new RegExp(
        `engram_backups_total\\{result="taken"\\} 1\n.*result="failed"\\} 0\n[^]*^engram_backup_last_size_bytes ${report.bytesWritten}$`,
        "m",
      ),
    );
    rmSync(directory, { recursive: true });
    await expect(backups.now("full")).rejects.toThrow();
    expect(monitor.snapshot().stats.backups).toMatchObject({
      ...{ taken: 1, failed: 1, failedSince: 1, error: expect.stringContaining(directory) },
      last: { takenMs: report.takenMs },
    });
    await backups.close();
    expect(monitor.snapshot().stats.backups).toBeNull();
  });

  it("ends with its store, and by itself, any number of times", async () => {
    const { store, monitor } = await monitored({ listen: {} });
    const url = monitor.url as string;
    expect((await ask(url, { path: "/healthz" })).body).toBe("ok\n");
    await store.close();
    expect(monitor.url).toBeNull();
    await expect(ask(url)).rejects.toThrow();
    await monitor.close();
  });

  it("tells a breach, sweeps and evicts if its rule says so, and tells the end, of a real store", async () => {
    const rule = {
      name: "full",
      figure: "utilisation",
      beyond: "above",
      warning: 50,
      forMs: 0,
      actions: ["evict"],
    } as const;
    const { store, monitor } = await monitored(
      { alerts: [rule] },
      { capacity: "4MiB", eviction: "lru", maxEntries: 100 },
    );
    const ns = store.namespace("n");
    const alerted = once(monitor, "alert");
    for (let i = 0; i < 150; i++) ns.set(`k${i}`, new Uint8Array(12_000));
    const [alert] = await alerted;
    expect(alert).toMatchObject({ severity: "warning", value: expect.any(Number) });
    const ended = once(monitor, "clear");
    for (let i = 0; i < 140; i++) ns.delete(`k${i}`);
    expect((await ended)[0]).toMatchObject({ severity: "ok" });
  });

  interface Texts {
    get(key: string): unknown;
    set(key: string, value: string): boolean;
  }
  /** Into each documented rule, and out again: as the rule has it, except that nobody waits, and that latencies are told apart by thousands. */
  const fast = (ns: Texts) => () => {
    for (let i = 0; i < 3000; i++) ns.get("small");
  };
  const write = (ns: Texts, bytes: number, times: number) => () => {
    for (let i = 0; i < times; i++) ns.set("k", "v".repeat(bytes));
  };
  const reads = (ns: Texts, key: string) => () => {
    for (let i = 0; i < 500; i++) ns.get(key);
  };
  const drives: Record<string, (store: Store) => { into: () => void; out: () => void }> = {
    "read-latency": (store) => {
      const ns = store.namespace("n", { encoding: "json" });
      ns.set("small", 1);
      ns.set("large", new Array(60_000).fill(1));
      const slow = () => {
        for (let i = 0; i < 20; i++) ns.get("large");
      };
      return { into: slow, out: fast(ns) };
    },
    "write-latency": (store) => {
      const ns = store.namespace("n", { encoding: "json" });
      return { into: write(ns, 400_000, 20), out: write(ns, 1, 3000) };
    },
    memory: (store) => {
      const ns = store.namespace("n");
      let written = 0;
      const into = () => {
        for (; store.stats().memory.utilisation < 0.96; written++) ns.set(`k${written}`, new Uint8Array(4000));
      };
      const out = () => {
        ns.clear();
        store.maintain();
      };
      return { into, out };
    },
    "hit-rate": hitRate,
    "hit-rate-collapse": hitRate,
  };
  function hitRate(store: Store) {
    const ns = store.namespace("n", { encoding: "string" });
    ns.set("there", "v");
    return { into: reads(ns, "nowhere"), out: reads(ns, "there") };
  }

  it.each(DOCUMENTED_RULES.map((rule) => [rule.name, rule] as const))(
    "alarms by the documented rule %s of a real store that is driven into it, and says its end when it is driven out",
    async (name, rule) => {
      // A tenth of what a large value takes, and a hundred times what a small one does: machines differ by less.
      const limits = name.endsWith("latency") ? { warning: 60_000, critical: 100_000 } : {};
      const { store, monitor } = await monitored(
        { alerts: [{ ...rule, ...limits, forMs: 0 }] },
        { capacity: "4MiB", sampling: 1, eviction: "none" },
      );
      const { into, out } = drives[name](store);
      for (const [drive, event] of [
        [into, "alert"],
        [out, "clear"],
      ] as const) {
        const told = once(monitor, event);
        monitor.on("tick", drive);
        drive();
        const [{ rule: of, severity }] = await told;
        monitor.off("tick", drive);
        expect([of.name, severity === "ok"]).toEqual([name, event === "clear"]);
      }
    },
  );

  it.each([
    [{ evry: 1 }, /unknown option "evry"; did you mean "every"/],
    [{ every: 50 }, /option every is 50; expected a whole number from 100/],
    [{ every: "50ms" }, /option every is 50; expected a whole number from 100/],
    [{ every: "soon" }, /option every is "soon"; expected a whole number from 100/],
    [{ history: "" }, /option history is ""; expected the name of a file/],
    [{ alerts: "all" }, /alerts is "all"; expected an array of rules/],
    [{ listen: { port: 70_000 } }, /option listen.port is 70000/],
    [{ listen: { prt: 1 } }, /listen: unknown option "prt"/],
    [
      { listen: { host: "0.0.0.0" } },
      /option listen.host is "0.0.0.0", which other machines can reach; give a listen.token/,
    ],
    [{ listen: { token: "short" } }, /option listen.token is unfit; expected 16 printable/],
    [{ listen: { host: "203.0.113.7", token: "x".repeat(20) } }, /cannot listen on 203.0.113.7/],
  ])("refuses %j", async (options, message) => {
    await expect(monitored(options as MonitorOptions)).rejects.toThrow(message);
  });

  it("says that a port is taken", async () => {
    const taken = createServer().listen(0, "127.0.0.1");
    await once(taken, "listening");
    const { port } = taken.address() as { port: number };
    await expect(monitored({ listen: { port } })).rejects.toThrow(
      `the monitor cannot listen on 127.0.0.1, port ${port}: the port is taken`,
    );
    taken.close();
  });
});

describe("what it serves", () => {
  it("is a page that may load nothing from elsewhere, figures as JSON, history and metrics", async () => {
    const { monitor } = await monitored({ listen: true });
    const url = monitor.url as string;
    const page = await ask(url);
    expect([page.status, page.headers["content-type"]]).toEqual([200, "text/html; charset=utf-8"]);
    expect(page.headers["content-security-policy"]).toMatch(
      /^default-src 'none'; script-src 'sha256-[^']+' 'sha256-[^']+'; /,
    );
    expect(page.body).not.toMatch(/(?:src|href)="(?:https?:)?\/\//);
    await once(monitor, "tick");
    const snapshot = JSON.parse((await ask(url, { path: "/api/snapshot" })).body);
    expect(snapshot).toMatchObject({ every: 100, figures: { workers: 1 }, alerts: expect.any(Array) });
    const history = JSON.parse((await ask(url, { path: "/api/history?of=tick" })).body);
    expect(history.figures[history.names.indexOf("workers")]).toEqual(history.at.map(() => 1));
    const metrics = await ask(url, { path: "/metrics" });
    expect(metrics.headers["content-type"]).toMatch(/^text\/plain; version=0\.0\.4/);
    expect(metrics.body).toMatch(/^engram_workers 1$/m);
    const head = await ask(url, { path: "/metrics", method: "HEAD" });
    expect([head.status, head.body]).toEqual([200, ""]);
  });

  it("tells each tick as an event, and its end", async () => {
    const { monitor } = await monitored({ listen: true });
    const events = await fetch(new URL("/events", monitor.url as string));
    const reader = (events.body as ReadableStream<Uint8Array>).getReader();
    const decoder = new TextDecoder();
    let text = "";
    const until = async (part: string) => {
      while (!text.includes(part)) {
        const { value, done } = await reader.read();
        if (done) throw new Error(`the events ended without ${part}`);
        text += decoder.decode(value, { stream: true });
      }
    };
    await until("event: tick");
    await monitor.close();
    await until("event: end");
    expect(text).toMatch(/^retry: \d+\n\nevent: start\ndata: \{/);
  });

  it.each([
    ["a page it has not", { path: "/nothing" }, 404, /no such page; there are \/, \/metrics/],
    ["a grain it has not", { path: "/api/history?of=week" }, 400, /of is "week"; expected one of tick, minute, hour/],
    ["another method", { method: "POST" }, 405, /only GET and HEAD/],
    ["another site's name for this machine", { headers: { host: "evil.example" } }, 421, /not a name of this machine/],
    ["an address that is none", { path: "http://[" }, 400, /no such address/],
  ])("refuses %s", async (_, asked, status, body) => {
    const { monitor } = await monitored({ listen: true });
    const answer = await ask(monitor.url as string, asked);
    expect([answer.status, answer.body]).toEqual([status, expect.stringMatching(body)]);
  });

  it("is only for who has the token, by header, by address once, and by cookie from then on", async () => {
    const token = "sixteen-characters-and-more";
    const { monitor } = await monitored({ listen: { token } });
    const url = monitor.url as string;
    for (const path of ["/", "/metrics", "/events", "/api/snapshot"]) {
      expect(await ask(url, { path })).toMatchObject({ status: 401, headers: { "www-authenticate": "Bearer" } });
    }
    expect(await ask(url, { headers: { authorization: "Bearer wrong-wrong-wrong-wrong" } })).toMatchObject({
      status: 401,
    });
    expect(await ask(url, { headers: { cookie: "engram=%E0%A4%A" } })).toMatchObject({ status: 401 });
    expect(await ask(url, { path: "/metrics", headers: { authorization: `Bearer ${token}` } })).toMatchObject({
      status: 200,
    });
    const first = await ask(url, { path: `/?token=${token}` });
    expect(first).toMatchObject({ status: 303, headers: { location: "/" } });
    const cookie = String(first.headers["set-cookie"]);
    expect(cookie).toMatch(/HttpOnly; SameSite=Strict/);
    expect(await ask(url, { headers: { cookie: cookie.split(";")[0] } })).toMatchObject({ status: 200 });
    expect((await ask(url, { path: "/healthz" })).status).toBe(200);
  });
});
