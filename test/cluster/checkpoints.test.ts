/** Checkpoints of a real store, and a copy that is recovered from one; a node asked and told over its control port; its figures. */
import { mkdtempSync, rmSync } from "node:fs";
import { request } from "node:http";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { Checkpoints, notesIn } from "#dist/src/cluster/checkpoints.js";
import { askNode, type Controlled, serveControl } from "#dist/src/cluster/control.js";
import { UnavailableError } from "#dist/src/cluster/errors.js";
import { metricsOf, observeCluster, reportOf } from "#dist/src/cluster/metrics.js";
import type { ClusterStatus, DomainStatus } from "#dist/src/cluster/status.js";
import type { Version } from "#dist/src/cluster/versions.js";
import { InvalidArgumentError, Store } from "#dist/src/index.js";
import { addReport } from "#dist/src/store/index.js";
import { Time } from "./tiny-cluster.js";

describe("checkpoints", () => {
  const directory = mkdtempSync(join(tmpdir(), "engram-checkpoints-"));
  const time = new Time();
  let store: Store;
  let checkpoints: Checkpoints;
  let applied = 7;

  const copyIn = (
    from: { namespace(name: string): { entries(): Iterable<[string, Uint8Array]> } },
    domain: string,
  ) => ({
    isWhole: true,
    versions: [...from.namespace(`copy:${domain}`).entries()].map(([key, value]): [string, Version] => [
      key,
      { seq: value[0], entry: null },
    ]),
  });

  beforeAll(async () => {
    store = await Store.create({ capacity: "8MiB" });
    const backups = await store.backup({ directory, strategy: "manual" });
    checkpoints = new Checkpoints(
      store,
      backups,
      {
        clock: time.clock(),
        notes: () => new Map([["shared", { applied, log: "word", stamp: { ms: 1, counter: 2 } }]]),
        copyIn: copyIn as never,
      },
      { everyMs: 1000, keep: 2 },
    );
  });

  afterAll(async () => {
    await checkpoints.close();
    await store.close();
    rmSync(directory, { recursive: true });
  });

  it("hold the copies, and where each was in its log at the least", async () => {
    expect(await checkpoints.open()).toBe(null);
    store.namespace("copy:shared").set("x", Uint8Array.of(5));
    const taken = await checkpoints.create("first");
    expect(taken).toMatchObject({ name: "first" });
    expect(checkpoints.list()).toEqual([taken]);
    applied = 9;
    store.namespace("copy:shared").set("x", Uint8Array.of(8));
    await checkpoints.create("second");
    const first = await checkpoints.open("first");
    const copy = first?.copyOf("shared");
    expect(copy).toMatchObject({ checkpoint: "first", applied: 7, log: "word", isWhole: true });
    expect([...(copy?.versions() ?? [])]).toEqual([["x", { seq: 5, entry: null }]]);
    expect(first?.copyOf("other")).toBe(null);
    await first?.close();
    const latest = await checkpoints.open();
    expect(latest?.copyOf("shared")).toMatchObject({ checkpoint: "second", applied: 9 });
    await latest?.close();
    expect(notesIn(store).get("shared")).toEqual({ applied: 9, log: "word", stamp: { ms: 1, counter: 2 } });
  });

  it("are taken by themselves, the latest of those kept, and those that were named for as long as one likes", async () => {
    for (let i = 0; i < 4; i++) {
      const before = checkpoints.list().at(-1)?.name;
      await time.pass(1000);
      await expect.poll(() => checkpoints.list().at(-1)?.name).not.toBe(before);
    }
    await expect
      .poll(() => checkpoints.list().map(({ name }) => name.replace(/\d{17}/, "…")))
      .toEqual(["first", "second", "auto-…", "auto-…"]);
    checkpoints.delete("first");
    expect(checkpoints.list().map(({ name }) => name)).not.toContain("first");
  });

  it("that are not there are named, with those that are", async () => {
    await expect(checkpoints.open("none")).rejects.toThrow(/there is no checkpoint "none"; there are second, auto-/);
    expect(() => checkpoints.delete("none")).toThrow(InvalidArgumentError);
    await expect(checkpoints.create("a/b")).rejects.toThrow(/a checkpoint is named "a\/b"/);
  });
});

const QUIET: DomainStatus = {
  ...{ backend: "node", advised: null, consistency: "eventual", engine: "memory 1, 1 copy", pressure: "low" },
  ...{ entries: 1, bytes: 9, limitBytes: 100, hits: 0, misses: 0, externalHits: 0, writes: 0, evictions: 0 },
  ...{ applied: 2, staleMs: null, completed: 0, repairs: 0, failedRepairs: 0, repairMs: 0, syncBytes: 0 },
  ...{ outbox: 0, oldestUnsentMs: 0, conflicts: 0, dropped: 0, corrupt: 0, missing: 0, clockRefused: 0, fault: null },
};

const SHARED: DomainStatus = {
  ...QUIET,
  ...{ backend: "cluster", entries: 3, bytes: 50, hits: 3, misses: 1, evictions: 2 },
  ...{ applied: 17, staleMs: 12, completed: 5, repairs: 2, failedRepairs: 1, repairMs: 250, syncBytes: 900 },
  ...{ outbox: 6, oldestUnsentMs: 80, conflicts: 4, dropped: 3, corrupt: 1 },
};

const STATUS: ClusterStatus = {
  node: "a",
  engine: "memory 1",
  members: [
    {
      node: "b",
      incarnation: 2,
      isAlive: true,
      hasLeft: false,
      silentMs: 20,
      aheadMs: 0,
      usedBytes: 5,
      limitBytes: 100,
    },
    {
      node: "c",
      incarnation: 3,
      isAlive: false,
      hasLeft: false,
      silentMs: 9000,
      aheadMs: null,
      usedBytes: 5,
      limitBytes: 100,
    },
    {
      node: "d",
      incarnation: 4,
      isAlive: false,
      hasLeft: true,
      silentMs: 9000,
      aheadMs: null,
      usedBytes: 5,
      limitBytes: 100,
    },
  ],
  memory: { nodes: 2, totalMemoryBytes: 200, usedMemoryBytes: 12, nodeData: [] },
  pressure: "low",
  domains: { shared: SHARED, cache: QUIET },
  external: null,
  recovery: { status: "idle", progress: 0, step: null, domain: null, error: null },
  checkpoints: [],
};

describe("figures of a node", () => {
  it("have the source's names, and those that its promises need besides", () => {
    const metrics = new Map(metricsOf(STATUS).map((metric) => [metric.name, metric]));
    expect([...metrics.keys()]).toEqual([
      ...["erlmcp.memory.used", "erlmcp.memory.limit", "erlmcp.memory.usage_ratio"],
      ...["erlmcp.cache.hits", "erlmcp.cache.misses", "erlmcp.cache.hit_rate", "erlmcp.cache.evictions"],
      ...["erlmcp.sync.duration", "erlmcp.sync.bytes", "erlmcp.sync.errors"],
      ...["erlmcp.sync.lag_ms", "erlmcp.sync.completed", "erlmcp.sync.repairs"],
      ...["erlmcp.conflicts", "erlmcp.outbox.entries", "erlmcp.outbox.oldest_ms", "erlmcp.members"],
    ]);
    const value = (name: string) => metrics.get(`erlmcp.${name}`)?.points.map((point) => point.value);
    expect(value("memory.usage_ratio")).toEqual([0.5, 0.09]);
    expect(value("cache.hit_rate")).toEqual([0.75]);
    expect(["sync.lag_ms", "sync.errors", "conflicts", "outbox.entries", "outbox.oldest_ms"].map(value)).toEqual([
      ...[[12], [2], [4], [6], [80]],
    ]);
    expect(["sync.duration", "sync.bytes", "cache.evictions"].map(value)).toEqual([[0.25], [900], [2, 0]]);
    const never = { ...STATUS, domains: { shared: { ...SHARED, staleMs: null } } };
    expect(metricsOf(never).find(({ name }) => name === "erlmcp.sync.lag_ms")?.points).toEqual([]);
  });

  it("go to a meter under these names", () => {
    const made: string[] = [];
    let callback: (result: { observe(instrument: unknown, value: number): void }) => void = () => {};
    const instrument = (name: string) => {
      made.push(name);
      return { name };
    };
    const stop = observeCluster(() => STATUS, {
      createObservableCounter: instrument,
      createObservableGauge: instrument,
      addBatchObservableCallback: (one) => {
        callback = one;
      },
      removeBatchObservableCallback: () => made.push("stopped"),
    });
    const observed: string[] = [];
    callback({ observe: (one, value) => observed.push(`${(one as { name: string }).name} ${value}`) });
    expect(observed).toContain("erlmcp.outbox.entries 6");
    stop();
    expect(made.at(-1)).toBe("stopped");
  });

  it("stand on the live page and in /metrics of a store that is monitored", async () => {
    const store = await Store.create({ capacity: "8MiB" });
    const monitor = await store.monitor({ listen: true });
    try {
      const none = await (await fetch(`${monitor.url}metrics`)).text();
      expect(none).not.toContain("erlmcp");
      const stop = addReport(store, () => reportOf(STATUS));
      const text = await (await fetch(`${monitor.url}metrics`)).text();
      const lines = text.split("\n");
      expect(lines).toContain('erlmcp_conflicts_total{node="a",domain="shared"} 4');
      expect(lines).toContain('erlmcp_memory_used_bytes{node="a",domain="cache"} 9');
      expect(lines).toContain('erlmcp_memory_usage_ratio{node="a",domain="shared"} 0.5');
      expect(lines).toContain('erlmcp_sync_duration_seconds_total{node="a",domain="shared"} 0.25');
      expect(lines).toContain('erlmcp_sync_bytes_total{node="a",domain="shared"} 900');
      const { reports } = (await (await fetch(`${monitor.url}api/snapshot`)).json()) as {
        reports: { title: string; table: string[][] }[];
      };
      expect(reports[0].title).toBe("Cluster: a with b; silent: c (memory 1)");
      expect(reports[0].table[1]).toContain("in step");
      expect(await (await fetch(monitor.url as string)).text()).toContain('id="reports"');
      stop();
      expect(monitor.snapshot().reports).toEqual([]);
    } finally {
      await store.close();
    }
  });
});

describe("the control port", () => {
  const asked: unknown[] = [];
  const node: Controlled = {
    status: () => STATUS,
    checkpoint: async (name) => {
      asked.push(name);
      return { name: name ?? "auto", takenMs: 1, bytes: 2 };
    },
    recover: async (options) => {
      asked.push(options);
      if (options?.domain === "none") throw new InvalidArgumentError("no such domain");
      throw new UnavailableError("nothing to recover from");
    },
    heal: async () => ({ nodes: 2, merged: true, conflictsResolved: 1 }),
  };
  let server: Awaited<ReturnType<typeof serveControl>>;

  beforeAll(async () => {
    server = await serveControl(node);
  });

  afterAll(() => server.close());

  it("answers and obeys, and hands errors on as they are", async () => {
    const { port } = server;
    expect(await askNode(port, "status")).toEqual(STATUS);
    expect(await askNode(port, "heal")).toEqual({ nodes: 2, merged: true, conflictsResolved: 1 });
    expect(await askNode(port, "checkpoint", { name: "mine" })).toMatchObject({ name: "mine" });
    await expect(askNode(port, "recover", { mode: "auto" })).rejects.toMatchObject({
      code: "UNAVAILABLE",
      message: "nothing to recover from",
    });
    await expect(askNode(port, "recover", { domain: "none" })).rejects.toBeInstanceOf(InvalidArgumentError);
    expect(asked).toEqual(["mine", { mode: "auto" }, { domain: "none" }]);
  });

  it("lets no page of a browser in, and refuses what it does not know", async () => {
    const ask = (method: string, path: string, headers: Record<string, string>, body = "") =>
      new Promise<number>((resolve, reject) => {
        const sent = request({ host: "127.0.0.1", port: server.port, method, path, headers }, (response) => {
          response.resume();
          resolve(response.statusCode ?? 0);
        });
        sent.on("error", reject).end(body);
      });
    const header = { "x-engram-control": "1" };
    expect(await ask("GET", "/status", {})).toBe(403);
    expect(await ask("POST", "/heal", {})).toBe(403);
    expect(await ask("POST", "/heal", { ...header, origin: "http://evil.example" })).toBe(403);
    expect(await ask("GET", "/heal", header)).toBe(404);
    expect(await ask("POST", "/constructor", header)).toBe(404);
    expect(await ask("POST", "/heal", header, "[1]")).toBe(400);
    expect(await ask("POST", "/heal", header, "{")).toBe(400);
    expect(await ask("POST", "/heal", header, `{"a":"${"x".repeat(70_000)}"}`)).toBe(400);
  });

  it("says that nothing answers, or that its port is taken", async () => {
    await expect(askNode(1, "status")).rejects.toThrow(/no node answers on port 1/);
    await expect(serveControl(node, server.port)).rejects.toThrow(/is taken|it is taken/);
  });
});
