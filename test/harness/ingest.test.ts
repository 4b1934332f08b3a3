/** The metric pipeline under the load of a scenario, and the plain server beside it: small loads, run for real. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { Clients } from "#dist/harness/ingest/clients.js";
import { executeRun } from "#dist/harness/runner/execute-run.js";
import { judgeRuns } from "#dist/harness/runner/judge-runs.js";
import { influxIsMissing } from "#dist/harness/services/index.js";
import { type IngestUse, ingestUseSchema, type Run, runSchema } from "#dist/reports/results.js";
import { ingestSection } from "#dist/reports/sections/ingest.js";
import { findTarget, measuredBy, TARGETS } from "#dist/reports/targets/index.js";
import { loadScenario, parseScenario } from "#dist/workloads/scenarios.js";

const folder = mkdtempSync(join(tmpdir(), "engram-ingest-load-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const HEAD = `title: T
story: S
phases: [{ operations: 2000, mix: { get: 1 }, keys: { distribution: uniform, count: 10 } }]
`;
const PLAN = `${HEAD}ingest:
  clients: 10
  metrics: 2
  paced: { rate: 400, duration: 400ms, rounds: 2 }
  saturation: { duration: 200ms, steps: [single, slow-sink] }
  outage: { rate: 200, before: 300ms, away: 300ms, after: 300ms }
targets: [s-clients-served, s-mean-latency, s-requests]
`;

async function runPlan(subject: string): Promise<Run> {
  const scenario = join(folder, "load.yaml");
  writeFileSync(scenario, PLAN);
  const directory = mkdtempSync(join(folder, "files-"));
  const plan = {
    scenario: loadScenario(scenario),
    subject,
    workers: 2,
    directory,
    trace: null,
    durationMs: null,
    rate: null,
  };
  const outcome = await executeRun(
    { ...plan, ops: null, seed: 1, hasty: true },
    new AbortController().signal,
    () => {},
  );
  return runSchema.parse(outcome.run);
}

describe("a scenario that loads the pipeline", () => {
  it("counts every request of every server, finds every line, answers its targets and is in the report", async () => {
    const run = await runPlan("engram");
    const { paced, saturation, outage } = ingestUseSchema.parse(run.ingest);

    const paceds = paced?.servers ?? [];
    expect(paceds.map(({ server }) => server)).toEqual(["engram", "engram, ring", "plain server"]);
    for (const { sent, answered, refused, failed, lines, acknowledged, means, intended, sentAt } of paceds) {
      expect({ sent, answered, refused, failed }).toEqual({ sent: 160, answered: 160, refused: {}, failed: 0 });
      expect({ lines, acknowledged }).toEqual({ lines: 320, acknowledged: 320 });
      expect(means).toHaveLength(2);
      // what waited before it was sent is in the one and not in the other
      expect(intended.max).toBeGreaterThanOrEqual(sentAt.p50);
    }

    expect(saturation?.map(({ step }) => step)).toEqual([
      expect.stringMatching(/single/),
      expect.stringMatching(/output/),
    ]);
    for (const { servers } of saturation ?? []) {
      expect(servers.map(({ server }) => server)).toEqual(
        expect.arrayContaining(["engram", "engram, ring", "plain server"]),
      );
      for (const { sent, answered, failed, lines, acknowledged, memory } of servers) {
        expect(answered + failed).toBe(sent);
        expect(lines).toBe(acknowledged);
        expect(memory.most).toBeGreaterThanOrEqual(memory.start);
      }
    }

    if (influxIsMissing() === null) {
      const [own, plain] = outage?.servers ?? [];
      // nothing that was acknowledged is missing, and nothing is there twice
      expect(own).toMatchObject({
        server: "engram",
        sent: 180,
        answered: 180,
        acknowledged: 360,
        points: 360,
        lost: 0,
      });
      expect(plain.lost).toBe(plain.acknowledged - plain.points);
      expect(plain.lost).toBeGreaterThan(0);
    } else expect(run.notes).toContain(`${influxIsMissing()}: its outage is left out`);

    const own = { ...run, scenario: "load" };
    const parsed = { ...parseScenario(PLAN, "load.yaml"), name: "load" };
    const verdicts = judgeRuns([own], [parsed]).filter(({ id }) => parsed.targets.includes(id));
    expect(verdicts.map(({ id }) => id).sort()).toEqual([...parsed.targets].sort());
    for (const { measured, method } of verdicts) {
      expect(measured).toBeGreaterThan(0);
      expect(method).toMatch(/^load: .*10 clients/);
    }
    expect(verdicts.find(({ id }) => id === "s-clients-served")).toMatchObject({ measured: 100, verdict: "met" });
  });

  it("is left out by others, by name", async () => {
    const run = await runPlan("map");
    expect(run.ingest).toBeUndefined();
    expect(run.notes).toContain("map has no metric pipeline: the load over HTTP is left out");
    expect(ingestSection([run])).toBeNull();
  });

  it("is in three scenarios, and every figure of MetricStream has what measures it", () => {
    const named = ["ingest-100-clients", "ingest-saturation", "ingest-outage"].map((name) => loadScenario(name));
    expect(named.map(({ ingest }) => Object.keys(ingest ?? {}).at(-1))).toEqual(["paced", "saturation", "outage"]);
    expect(named[0].ingest).toMatchObject({ clients: 100, paced: { rate: 2253 } });
    const targets = named.flatMap(({ targets: ids }) => ids);
    for (const { id, source } of TARGETS) {
      if (source !== "S") continue;
      const { command } = measuredBy(id) as { command: string };
      if (command.startsWith("engram run")) expect(targets, id).toContain(id);
      else expect(command, id).toMatch(/^npm run bench -- --only /);
    }
    expect(findTarget("s-mean-latency")).toMatchObject({ target: 0.25 });
  });

  it.each([
    ["{}", /expected paced, saturation or outage/],
    ["{ paced: { rate: 0, duration: 1s } }", /ingest\.paced\.rate.*1 to 1000000/],
    ["{ paced: { rate: 10, duration: 0s } }", /ingest\.paced\.duration.*above 0/],
    ["{ saturation: { duration: 1s, steps: [quick] } }", /ingest\.saturation\.steps.*single/],
    ["{ outage: { rate: 1, before: 1s, away: 1s } }", /ingest\.outage\.after/],
  ])("refuses ingest: %s, by name", (part, said) => {
    expect(() => parseScenario(`${HEAD}ingest: ${part}\n`, "mine.yaml")).toThrow(said);
  });
});

describe("clients", () => {
  it("count what a server refuses by its status, and what it does not answer as failed; each request is sent once", async () => {
    let asked = 0;
    const server = createServer((request, response) => {
      request.resume().on("end", () => {
        const number = asked++ % 4;
        if (number === 3) response.destroy();
        else
          response
            .writeHead([202, 503, 204][number], number === 2 ? {} : { "content-length": 2 })
            .end(number === 2 ? "" : "{}");
      });
    });
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    const clients = new Clients((server.address() as AddressInfo).port, 3, 1);
    const { tally, intended, sentAt } = await clients.offer(400, [0.05, 0.1], new AbortController().signal);
    clients.close();
    server.close();
    expect(asked).toBe(40);
    expect(tally).toMatchObject({ sent: 40, answered: 20, refused: { 503: 10 }, failed: 10 });
    expect(intended[0].count + intended[1].count).toBe(30);
    expect([intended[0].count > 0, intended[1].count > 0]).toEqual([true, true]);
    expect(sentAt.count).toBe(30);
  });

  it("count the time that a request waits for the one before it on its connection", async () => {
    const server = createServer((request, response) => {
      const answer = () => response.writeHead(202, { "content-length": 0 }).end();
      request.resume().on("end", () => setTimeout(answer, 100));
    });
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    const clients = new Clients((server.address() as AddressInfo).port, 1, 1);
    // due at 0, 10, 20, 30 ms, and each answered 100 ms after it has come: the last waits for three before it
    const { tally, intended, sentAt } = await clients.offer(100, [0.04], new AbortController().signal);
    clients.close();
    server.close();
    expect(tally).toMatchObject({ sent: 4, answered: 4 });
    expect(intended[0].max).toBeGreaterThanOrEqual(350e6);
    expect(sentAt.percentile(0)).toBeGreaterThanOrEqual(90e6);
    // what it waited for the others is no part of what it took from when it was sent
    expect(intended[0].max).toBeGreaterThan(sentAt.max);
  });

  it("end when nobody listens any more", async () => {
    const clients = new Clients(1, 2, 1);
    const { tally } = await clients.saturate(0.05, new AbortController().signal);
    expect(tally.answered).toBe(0);
    expect(tally.failed).toBe(tally.sent);
  });
});

/** What a report says of it, from figures that are given. */
describe("the report's section", () => {
  const latency = { mean: 0.3, p50: 0.25, p99: 1, p999: 2, max: 9 };
  const served = { sent: 100, answered: 97, refused: { "503": 2 }, failed: 1, seconds: 1, lines: 97, acknowledged: 97 };
  const memory = { start: 60 * 2 ** 20, most: 70 * 2 ** 20, end: 65 * 2 ** 20 };
  const ingest: IngestUse = {
    clients: 100,
    paced: {
      ...{ rate: 2253, metrics: 1, rounds: 2 },
      servers: [{ ...served, server: "engram", intended: latency, sentAt: latency, means: [0.2, 0.4], cpuUs: 54 }],
    },
    saturation: [
      {
        ...{ step: "a disk that stalls", metrics: 50 },
        servers: [
          {
            ...{ ...served, server: "engram", requestsPerSecond: 9000, metricsPerSecond: 450_000, latency, cpuUs: 100 },
            ...{ memory, waiting: 1234, series: [0, 1, 2].map((t) => ({ t, bytes: memory.start })) },
          },
        ],
      },
    ],
    outage: {
      ...{ database: "InfluxDB", rate: 300, metrics: 10, killed: 3, back: 8 },
      servers: [
        {
          ...{ ...served, server: "plain server", points: 90, lost: 7, caughtUp: null, memory },
          periods: ["before", "after"].map((name) => ({ name, latency })),
          series: [0, 1, 2].map((t) => ({ t, waiting: t })),
        },
      ],
    },
  };

  it("tells what was refused and lost, and draws memory and what waits", () => {
    const run = { scenario: "s", subject: "engram", ingest } as unknown as Run;
    const body = String(ingestSection([run])?.body);
    for (const words of [
      "97 of 100, 2 × 503, 1 lost",
      "0.2 ms",
      "9 K",
      "70 MiB",
      "comes back 5 s later",
      "<svg",
      "killed",
    ]) {
      expect(body).toContain(words);
    }
  });
});
