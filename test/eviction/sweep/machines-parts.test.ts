/** The parts of a sweep over several machines that need no server: addresses, the table of jobs, the roll of workers, what a dead coordinator leaves. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { codeHere, differs } from "#dist/harness/sweep/machines/code.js";
import { describe as describeAccount, JobTable } from "#dist/harness/sweep/machines/job-table.js";
import { isLeft, KEPT_MS } from "#dist/harness/sweep/machines/leftovers.js";
import { FORMAT, type Hello, type Result } from "#dist/harness/sweep/machines/messages.js";
import { Roll, SILENT_MS } from "#dist/harness/sweep/machines/roll.js";
import { parseServers } from "#dist/harness/sweep/machines/servers.js";
import { InvalidArgumentError } from "#dist/src/errors.js";

describe("the servers' address", () => {
  const parse = (text: string, env: NodeJS.ProcessEnv = {}) => parseServers("--workers", text, env);

  it("is one or more hosts, with who asks in it or in the variables of nats", () => {
    expect(parse("nats://a:4222")).toEqual({ addresses: ["a:4222"], shown: "nats://a:4222" });
    expect(parse("a, b:4333")).toMatchObject({ addresses: ["a:4222", "b:4333"], shown: "nats://a:4222,nats://b:4333" });
    expect(parse("nats://[::1]:99")).toMatchObject({ addresses: ["[::1]:99"] });
    expect(parse("nats://me:p%40ss@a,b")).toMatchObject({
      user: "me",
      pass: "p@ss",
      shown: "nats://a:4222,nats://b:4222",
    });
    expect(parse("nats://t0ken@a")).toMatchObject({ token: "t0ken" });
    expect(parse("a", { NATS_USER: "me", NATS_PASSWORD: "x" })).toMatchObject({ user: "me", pass: "x" });
    expect(parse("me:y@a", { NATS_USER: "you" })).toMatchObject({ user: "me", pass: "y" });
    expect(parse("a", { NATS_TOKEN: "t" })).toMatchObject({ token: "t" });
    expect(parse("tls://a")).toHaveProperty("tls");
  });

  it("takes credentials and certificates from files, and names one that cannot be read", () => {
    const folder = mkdtempSync(join(tmpdir(), "engram-servers-"));
    try {
      const creds = join(folder, "me.creds");
      writeFileSync(creds, "the credentials");
      expect(parse("a", { NATS_CREDS: creds })).toMatchObject({ creds: "the credentials" });
      expect(parse("a", { NATS_CA: creds })).toMatchObject({ tls: { caFile: creds } });
      for (const name of ["NATS_CREDS", "NATS_CA"]) {
        expect(() => parse("a", { [name]: join(folder, "none") })).toThrow(/NATS_C|caFile/);
      }
    } finally {
      rmSync(folder, { recursive: true });
    }
  });

  it.each([
    "",
    "http://a:1",
    "nats://",
    "nats://a:99999",
    "nats://a/path",
    "nats://a?x=1",
    "a,,b",
    "nats://a:b:c",
    "%",
  ])("is refused when it is %j", (text) => {
    expect(() => parse(text)).toThrow(InvalidArgumentError);
    expect(() => parse(text)).toThrow(/^--workers .*expected nats:\/\/host:port/);
  });

  it("is never shown with its password, and never ends with anything but a refusal", () => {
    fc.assert(
      fc.property(fc.string({ maxLength: 40 }), (text) => {
        try {
          expect(parse(`nats://me:s3cret@${text}`).shown).not.toContain("s3cret");
        } catch (error) {
          expect(error).toBeInstanceOf(InvalidArgumentError);
          expect((error as Error).message).not.toContain("s3cret");
        }
      }),
    );
  });
});

const outcome = { hits: 4, misses: 6, missedBytes: null, evictions: 1, milliseconds: 2 };
const told = (job: string, more: Partial<Result> = {}): Result => ({
  ...{ format: FORMAT, job, worker: "a", delivery: 1, outcome },
  ...more,
});

describe("the table of jobs", () => {
  const ordered = (windows = 0) => ({ what: "lru at 5 objects", requests: 10, windows });

  it("counts each job once, whoever tells it, in whatever order and however often", () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: 8 }),
        fc.array(fc.tuple(fc.nat({ max: 7 }), fc.constantFrom("a", "b", "c"), fc.integer({ min: 1, max: 4 })), {
          maxLength: 60,
        }),
        (jobs, results) => {
          const table = new JobTable();
          for (let job = 0; job < jobs; job++) table.order(`0-${job}`, ordered());
          let replayed = 0;
          const first = new Map<number, string>();
          for (const [job, worker, delivery] of results) {
            // another time of the same job takes another time
            const taken = table.take(
              told(`0-${job}`, { worker, delivery, outcome: { ...outcome, milliseconds: delivery } }),
            );
            expect(taken.isFirst).toBe(job < jobs && !first.has(job));
            if (taken.isFirst) first.set(job, worker);
            replayed += taken.replayed;
          }
          const of = results.filter(([job]) => job < jobs).length;
          expect(table.open).toBe(jobs - first.size);
          expect(replayed).toBe(10 * first.size);
          const account = table.account();
          expect(account).toMatchObject({ jobs: first.size, cameTwice: of - first.size });
          expect([...account.workers.values()].reduce((sum, done) => sum + done, 0)).toBe(first.size);
        },
      ),
    );
  });

  it("tells progress that only grows, though a job that is given out again begins anew", () => {
    const table = new JobTable();
    table.order("0-0", ordered());
    expect([table.replayed("0-0", 6), table.replayed("0-0", 2), table.replayed("0-0", 9)]).toEqual([6, 0, 3]);
    expect([table.replayed("0-0", 99), table.replayed("9-9", 5)]).toEqual([1, 0]);
    expect(table.take(told("0-0"))).toEqual({ isFirst: true, replayed: 0 });
    expect(table.replayed("0-0", 10)).toBe(0);
  });

  it.each([
    [
      "a job that cannot be done",
      [told("0-0", { outcome: undefined, failure: "no room" })],
      /^lru at 5 objects failed at worker a: no room$/,
    ],
    ["more look-ups than requests", [told("0-0", { outcome: { ...outcome, hits: 5 } })], /11 look-ups in 10 requests/],
    [
      "windows that nobody asked for",
      [told("0-0", { outcome: { ...outcome, windows: [{ hits: 4, lookups: 10 }] } })],
      /1 windows where 0/,
    ],
    [
      "two that differ",
      [told("0-0"), told("0-0", { worker: "b", outcome: { ...outcome, hits: 3, misses: 7 } })],
      /worker b came to other counts than worker a/,
    ],
  ])("fails with %s", (_, results, message) => {
    const table = new JobTable();
    table.order("0-0", ordered());
    expect(() => results.map((result) => table.take(result))).toThrow(message);
  });

  it("fails with windows that do not add up", () => {
    const table = new JobTable();
    table.order("0-0", ordered(2));
    const windows = [
      { hits: 4, lookups: 5 },
      { hits: 0, lookups: 4 },
    ];
    expect(() => table.take(told("0-0", { outcome: { ...outcome, windows } }))).toThrow(/windows of 9 look-ups/);
  });

  it("is told in one line", () => {
    const table = new JobTable();
    for (const job of ["0-0", "0-1", "0-2"]) table.order(job, ordered());
    table.take(told("0-0", { worker: "b" }));
    table.take(told("0-1", { delivery: 2 }));
    table.take(told("0-1", { worker: "b" }));
    expect(describeAccount(table.account())).toBe("2 jobs by 2 workers: a 1, b 1; 1 given out again; 1 told twice");
    expect(table.openJobs()).toEqual(["lru at 5 objects"]);
  });
});

describe("the roll of workers", () => {
  const hello = (worker: string, more: Partial<Hello> = {}): Hello => ({
    ...{ format: FORMAT, worker, threads: 1, jobs: [], leaving: false },
    ...more,
  });

  it("says who comes, refuses, leaves and falls silent, once each, and how long there has been nobody", () => {
    const roll = new Roll(0);
    expect(roll.nobodyMs(500)).toBe(500);
    expect(roll.hear(hello("b", { refuses: "another version" }), 600)).toBe("worker b takes no job: another version");
    expect([roll.working, roll.hear(hello("b", { refuses: "another version" }), 700)]).toEqual([0, null]);
    expect(roll.nobodyMs(1000)).toBeGreaterThan(0);
    expect(roll.hear(hello("a", { threads: 2 }), 1000)).toBe("worker a takes part, 2 jobs at a time");
    expect([roll.working, roll.nobodyMs(2000), roll.hear(hello("a", { threads: 2 }), 2000)]).toEqual([1, 0, null]);
    expect(roll.silent(2000 + SILENT_MS)).toEqual(["b"]);
    expect(roll.silent(2001 + SILENT_MS)).toEqual(["a"]);
    expect(roll.nobodyMs(3001 + SILENT_MS)).toBe(1000);
    expect(roll.hear(hello("a"), 20_000)).toBe("worker a takes part, 1 job at a time");
    expect(roll.hear(hello("a", { leaving: true }), 21_000)).toBe("worker a has left");
    expect([roll.hear(hello("a", { leaving: true }), 21_500), roll.nobodyMs(22_000)]).toEqual([null, 1000]);
  });

  it("gives everybody time anew once they can be heard again", () => {
    const roll = new Roll(0);
    roll.hear(hello("a"), 0);
    roll.restart(60_000);
    expect([roll.silent(60_000 + SILENT_MS), roll.working]).toEqual([[], 1]);
  });
});

describe("what a coordinator left", () => {
  const own = Date.parse("2026-11-29T12:00:00Z");
  const stream = (name: string, messages: number, created: number) =>
    ({ config: { name }, state: { messages }, created: new Date(created).toISOString() }) as unknown as Parameters<
      typeof isLeft
    >[0];

  it("is an empty stream of its names that is older than what any message is kept", () => {
    const old = own - KEPT_MS - 1;
    expect(isLeft(stream("ENGRAM_SWEEP_0123456789abcdef", 0, old), own)).toBe(true);
    expect(isLeft(stream("OBJ_ENGRAM_SWEEP_0123456789abcdef", 0, old), own)).toBe(true);
    expect(isLeft(stream("ENGRAM_SWEEP_0123456789abcdef", 1, old), own)).toBe(false);
    expect(isLeft(stream("ENGRAM_SWEEP_0123456789abcdef", 0, own - KEPT_MS), own)).toBe(false);
    for (const other of ["ORDERS", "MEM_shared", "OBJ_files", "X_ENGRAM_SWEEP_1"]) {
      expect(isLeft(stream(other, 0, old), own)).toBe(false);
    }
  });
});

describe("whose code simulates", () => {
  it("is told by version and by the build of the policies", () => {
    const here = codeHere();
    expect(here).toEqual(codeHere());
    expect(here.digest).toMatch(/^[0-9a-f]{64}$/);
    expect(differs(here, here)).toBeNull();
    expect(differs({ ...here, version: "9.9.9" }, here)).toBe(
      `the sweep is of engram 9.9.9, this worker of ${here.version}`,
    );
    expect(differs({ ...here, digest: "f".repeat(64) }, here)).toMatch(/another build of engram .* \(ffffffff\)/);
  });
});
