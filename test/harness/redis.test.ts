import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { measureRuns } from "#dist/harness/runner/measure-runs.js";
import { loadSubject, type SubjectAgent, type SubjectPlan } from "#dist/harness/subjects/index.js";
import {
  REDIS_URL_VARIABLE,
  redisConnection,
  shownAddress,
  whyUnreachable,
  withoutPasswords,
} from "#dist/harness/subjects/redis-address.js";
import { loadScenario } from "#dist/workloads/scenarios.js";

const KEYS = Array.from({ length: 8 }, (_, i) => `agent_${i}/state`);
const SIZES = [1, 64, 333];
const CLI = join(import.meta.dirname, "../../dist/harness/cli.js");

const SMALL_SCENARIO = `title: A few keys
story: One agent reads and writes them.
preload: 100%
phases:
  - name: all
    operations: 300
    mix: { get: 1, set: 1 }
    keys: { distribution: uniform, count: 50 }
    values: { distribution: constant, size: 64 }
`;

const missing = whyMissing();
if (missing !== null) process.stderr.write(`redis: tests against a server skipped: ${missing}\n`);

function whyMissing(): string | null {
  if (spawnSync("redis-server", ["--version"]).status !== 0) return "there is no redis-server on this machine";
  try {
    import.meta.resolve("@redis/client");
    return null;
  } catch {
    return "the package @redis/client is not installed";
  }
}

describe("the address of a redis server", () => {
  it.each(["localhost:6379", "http://localhost", "redis://", "unix://host/path", "unix:///", ""])(
    "%j is refused",
    (address) => {
      expect(() => redisConnection(address)).toThrow(/^--redis .*expected redis:\/\/HOST:PORT or unix:/);
    },
  );

  it("keeps its password out of what is shown and stored", () => {
    expect(shownAddress("redis://me:secret@host:6379/1")).toBe("redis://***@host:6379/1");
    expect(withoutPasswords(["run", "--redis", "redis://:a@h", "--redis=redis://:b@h", "x"])).toEqual([
      "run",
      "--redis",
      "redis://***@h",
      "--redis=redis://***@h",
      "x",
    ]);
    expect(() => redisConnection("ftp://me:secret@host")).toThrow(/^(?!.*secret)/);
  });

  it("at which nothing answers is told by name", async () => {
    if (missing?.includes("package")) return;
    expect(await whyUnreachable("unix:///nowhere/redis.sock")).toMatch(
      /^subject redis left out: no answer from unix:\/\/\/nowhere\/redis.sock \(.*ENOENT/,
    );
  });
});

describe.skipIf(missing !== null)("subject redis", () => {
  let directory: string;
  let server: ChildProcess;
  let address: string;
  beforeAll(async () => {
    directory = await mkdtemp(join(tmpdir(), "engram-redis-"));
    const socket = join(directory, "redis.sock");
    server = spawn("redis-server", ["--port", "0", "--unixsocket", socket, "--save", "", "--dir", directory]);
    await new Promise<void>((resolve, reject) => {
      let said = "";
      server.stdout?.on("data", (text) => {
        said += text;
        if (said.includes(socket) && existsSync(socket)) resolve();
      });
      server.once("exit", () => reject(new Error(`redis-server ended: ${said}`)));
    });
    address = `unix://${socket}`;
    process.env[REDIS_URL_VARIABLE] = address;
  });
  afterAll(async () => {
    delete process.env[REDIS_URL_VARIABLE];
    server.kill();
    await rm(directory, { recursive: true, force: true });
  });

  const plan = (): SubjectPlan => ({
    workers: 1,
    keyBytes: Uint16Array.from(KEYS, (key) => key.length),
    largestValues: new Int32Array(KEYS.length).fill(333),
    entries: KEYS.length,
    footprintBytes: 3000,
    maxValueBytes: 333,
    maxKeyBytes: 14,
    capacityBytes: null,
    eviction: null,
    directory,
  });

  async function withAgents(use: (...agents: SubjectAgent[]) => Promise<void> | void): Promise<void> {
    const redis = await loadSubject("redis");
    const shared = await redis.open(plan());
    const values: Array<Uint8Array | undefined> = [];
    for (const size of SIZES) values[size] = new Uint8Array(size).fill(7);
    const context = { workers: 2, keys: KEYS, namespaces: [{ name: "bench" }], namespaceOf: null, values };
    const attach = (worker: number) => redis.attach(shared.attachment, { ...context, worker, maxValueBytes: 333 });
    const agents = [await attach(0), await attach(1)];
    try {
      await use(...agents);
      expect(shared.memory().usedBytes).toBeGreaterThanOrEqual(0);
      expect(shared.notes.join()).toMatch(/redis \d.*idle PING \d+ us.*of that \d+ us are the hand-over/);
    } finally {
      for (const agent of agents) await agent.close();
      await shared.close();
    }
  }

  it("answers as a map of sizes would, whichever worker writes", async () => {
    const key = fc.nat(KEYS.length - 1);
    const step = fc.record({
      do: fc.constantFrom("set", "get", "delete"),
      key,
      size: fc.constantFrom(...SIZES),
      by: fc.nat(1),
    });
    await withAgents((...agents) => {
      const model = new Map<number, number>();
      fc.assert(
        fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
          for (const { do: what, key, size, by } of steps) {
            const agent = agents[by];
            if (what === "set") {
              agent.set(key, size, 0);
              model.set(key, size);
            } else if (what === "delete") expect(agent.delete(key)).toBe(model.delete(key));
            else expect(agent.get(key)).toBe(model.get(key) ?? -1);
          }
        }),
        { numRuns: 15 },
      );
    });
  });

  it("counts, says what the server refuses, and lets what has a time to live go", async () => {
    await withAgents((one, other) => {
      for (const agent of [one, other, one]) agent.increment(0);
      expect(one.get(0)).toBe("3".length);
      one.set(1, 64, 0);
      expect(() => one.increment(1)).toThrow(/^redis: .*not an integer/);
      expect(other.get(1)).toBe(64);
      one.set(2, 64, 1);
      // Asked until it is gone: the server's clock decides, and the test's own time limit.
      while (other.get(2) !== -1);
    });
  });

  it("leaves nothing on the server, and touches nothing that was there", async () => {
    const { createClient } = await import("@redis/client");
    const client = createClient(redisConnection(address));
    await client.connect();
    try {
      await client.set(KEYS[0], "another's");
      await withAgents((agent) => {
        agent.set(0, 64, 0);
        agent.set(1, 64, 0);
      });
      expect(await client.keys("*")).toEqual([KEYS[0]]);
      expect(await client.get(KEYS[0])).toBe("another's");
    } finally {
      client.destroy();
    }
  });

  it("is measured like any other, and the notices name what was left out", async () => {
    const scenario = join(directory, "small.yaml");
    await writeFile(scenario, SMALL_SCENARIO);
    const { results, recordings, failures } = await measureRuns(
      {
        scenarios: [loadScenario(scenario)],
        subjects: ["redis"],
        leftOut: ["subject other left out: for the test"],
        ...{ workers: null, durationMs: null, ops: 200, rate: null, seed: 1, trace: null, noiseRuns: 0 },
      },
      new AbortController().signal,
      { show() {}, stop() {} },
    );
    expect(failures).toEqual([]);
    const [{ subject, errors, latency, notes }] = results.runs;
    expect([subject, errors]).toEqual(["redis", {}]);
    expect(latency.get.count + latency.set.count).toBeGreaterThan(0);
    // What --hlog writes holds every value that the percentiles were taken from.
    for (const { name, pairs } of recordings[0].histograms) {
      expect(pairs.reduce((sum, [, count]) => sum + count, 0)).toBe(latency[name].count);
    }
    expect(notes?.join()).toContain("round trip over the socket");
    expect(results.notices).toContain("subject other left out: for the test");
  });
});

describe("engram run", () => {
  it.each([
    [["--subjects", "redis"], "subject redis needs the server's address: --redis URL"],
    [["--redis", "redis:6379"], '--redis "redis:6379": expected redis://HOST:PORT or unix:///PATH/TO/SOCKET'],
    [["--subjects", "redis", "--redis", "unix:///nowhere/redis.sock"], "subject redis left out: "],
  ])("%j exits with 2 and one line", (options, line) => {
    const { status, stderr } = spawnSync(process.execPath, [CLI, "run", "ycsb-c", ...options], { encoding: "utf8" });
    expect([status, stderr.split("\n").length]).toEqual([2, 2]);
    expect(stderr).toContain(line);
  });
});
