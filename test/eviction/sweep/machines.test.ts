/**
 * `engram evict --workers` and `engram worker` as one starts them, on real servers: workers that are killed, stopped, sent away and refused, servers
 * that go away, coordinators that are interrupted. Whatever happens, the rows are those of one machine, or one line says what is wrong.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type JetStreamManager, jetstream, jetstreamManager } from "@nats-io/jetstream";
import { connect, type NatsConnection } from "@nats-io/transport-node";
import { afterAll, afterEach, beforeAll, describe, expect, it, onTestFinished, vi } from "vitest";
import { type Nats, natsIsMissing, pauseProcess, startNats } from "#dist/harness/services/index.js";
import { codeHere } from "#dist/harness/sweep/machines/code.js";
import { KEPT_MS, removeLeftovers } from "#dist/harness/sweep/machines/leftovers.js";
import { FORMAT, readHello, readResult } from "#dist/harness/sweep/machines/messages.js";
import { CALLS, namesOf, newSweepId, type SweepNames, WORKERS } from "#dist/harness/sweep/machines/names.js";
import { parseServers } from "#dist/harness/sweep/machines/servers.js";
import { Session } from "#dist/harness/sweep/machines/session.js";
import { bytesOf } from "#dist/harness/sweep/machines/trace-bytes.js";
import { CLI, type Ended, engram, engramEach, start } from "../../harness/command-line.js";

const PATIENT = { timeout: 60_000, interval: 5 };
const missing = natsIsMissing();

interface Event {
  readonly event: string;
  readonly sweep?: string;
  readonly job?: string;
  readonly what?: string;
  readonly why?: string;
  readonly delivery?: number;
  readonly again?: boolean;
}

/** A worker process, and what it has told so far. */
class Worker {
  readonly told: Event[] = [];
  readonly ended: Promise<number | null>;
  readonly #process: ChildProcess;
  #stderr = "";

  constructor(url: string, name: string, more: readonly string[] = [], env: NodeJS.ProcessEnv = {}) {
    const args = [CLI, "worker", url, "--name", name, "--threads", "1", "--json", ...more];
    this.#process = spawn(process.execPath, args, {
      stdio: ["ignore", "pipe", "pipe"],
      env: { ...process.env, ...env },
    });
    let rest = "";
    this.#process.stdout?.setEncoding("utf8").on("data", (text: string) => {
      const lines = (rest + text).split("\n");
      rest = lines.pop() as string;
      this.told.push(...lines.map((line) => JSON.parse(line)));
    });
    this.#process.stderr?.setEncoding("utf8").on("data", (text: string) => {
      this.#stderr += text;
    });
    this.ended = new Promise((resolve) => this.#process.once("close", (code) => resolve(code)));
    workers.push(this);
  }

  get stderr(): string {
    return this.#stderr;
  }

  signal(signal: NodeJS.Signals): void {
    this.#process.kill(signal);
  }

  all(event: string): Event[] {
    return this.told.filter((told) => told.event === event);
  }

  /** The first event of its kind, of which `wanted` holds, after so many that were told before. */
  until(event: string, wanted: (told: Event) => boolean = () => true, after = 0): Promise<Event> {
    return vi.waitFor(() => {
      const found = this.told.slice(after).find((told) => told.event === event && wanted(told));
      expect(found, `${event}; told ${JSON.stringify(this.told)} ${this.#stderr}`).toBeDefined();
      return found as Event;
    }, PATIENT);
  }

  /** Stops it in the middle of a job: one that it took and has not handed in nor told anything more of, once it stands still. */
  async stopInTheMiddle(): Promise<Event> {
    const isDone = (job: string | undefined) => this.told.some((told) => told.event === "done" && told.job === job);
    for (;;) {
      const took = await this.until("took", ({ job }) => !isDone(job));
      await pauseProcess(this.#process.pid as number);
      // what it said before is read, and it says no more
      for (let turn = 0; turn < 3; turn++) await new Promise((done) => setImmediate(done));
      await nc.flush();
      if (!isDone(took.job) && !outcomes.has(namesOf(took.sweep as string).resultOf(took.job as string))) return took;
      this.signal("SIGCONT");
      await this.until("done", ({ job }) => job === took.job);
    }
  }
}

let workers: Worker[] = [];
/** Subjects of all that was handed in, of whichever sweep. */
const outcomes = new Set<string>();
const others: ChildProcess[] = [];
let folder: string;
let nats: Nats;
let url: string;
let nc: NatsConnection;
let jsm: JetStreamManager;
let small: string;
let large: string;

/** So many jobs, each of a good part of a second, that some are left when the test has seen what it waits for, also on a fast machine. */
const LONG = ["--policy", "hybrid,adaptive", "--size", Array.from({ length: 20 }, (_, i) => `${i + 1}%`).join()];

beforeAll(async () => {
  if (missing !== null) return;
  folder = mkdtempSync(join(tmpdir(), "engram-machines-"));
  small = join(folder, "small.txt");
  writeFileSync(small, `${Array.from({ length: 4000 }, (_, i) => (i * i) % 531).join("\n")}\n`);
  large = join(folder, "large.oracleGeneral");
  const drawn = ["--count", "300000", "--keys", "20000", "--sizes", "64B-4KiB", "--seed", "7"];
  expect(await engram(["trace", "generate", large, ...drawn])).toMatchObject({ code: 0 });
  alone = engram(["evict", large, ...LONG, "--json"]).then(rowsOf);
  nats = await startNats();
  url = `nats://${nats.addresses[0]}`;
  nc = await connect({ servers: nats.addresses[0], maxReconnectAttempts: -1, reconnectTimeWait: 50 });
  jsm = await jetstreamManager(nc);
  nc.subscribe(namesOf("*").results, { callback: (_, { subject }) => void outcomes.add(subject) });
});

afterEach(async () => {
  for (const worker of workers) {
    worker.signal("SIGKILL");
    await worker.ended;
  }
  workers = [];
  for (const child of others.splice(0)) child.kill("SIGKILL");
  // Whatever a test that failed has left there is none of the next one's.
  if (nc !== undefined) for (const name of await streams()) await jsm.streams.delete(name);
});

afterAll(async () => {
  await nc?.close();
  await nats?.stop();
  if (folder !== undefined) rmSync(folder, { recursive: true });
});

const evict = (...args: string[]) => {
  const started = start(["evict", ...args]);
  others.push(started.child);
  return started;
};

/** The rows of LONG on one machine. */
let alone: Promise<unknown>;

/** All but what is measured: the time that a simulation took. */
function rowsOf({ code, stdout, stderr }: Ended): unknown {
  expect([code, stderr]).toEqual([0, stderr]);
  return JSON.parse(stdout).map((row: { nsPerRequest: number }) => {
    expect(row.nsPerRequest).toBeGreaterThan(0);
    return { ...row, nsPerRequest: "measured" };
  });
}

async function streams(): Promise<string[]> {
  const names: string[] = [];
  for await (const name of jsm.streams.names()) names.push(name);
  return names;
}

describe.skipIf(missing !== null)("a sweep over several machines", () => {
  it("comes to the rows of one machine, by sizes, with windows, curves and hit ratios, and leaves nothing on the servers", async () => {
    new Worker(url, "a", ["--threads", "2"]);
    new Worker(url, "b");
    for (const args of [
      [small, "--policy", "all", "--size", "1%,10%", "--windows", "10"],
      [large, "--policy", "lru,opt,adaptive", "--size", "1%,1MiB", "--windows", "7"],
      [small, large, "--policy", "lru,sieve,opt,random", "--size", "100"],
      [large, "--policy", "lru,arc", "--curve", "4", "--sample", "5%"],
      [small, "--policy", "lru,sieve,lirs", "--hit", "60%"],
    ]) {
      const [there, here] = [
        await evict(...args, "--workers", url, "--json").ended,
        await engram(["evict", ...args, "--json"]),
      ];
      expect(rowsOf(there), args.join(" ")).toEqual(rowsOf(here));
      expect(here.stderr).toBe("");
      // One of them may have done all of it before the other was heard of.
      expect(there.stderr).toMatch(/^engram: worker (a takes part, 2 jobs|b takes part, 1 job) at a time$/m);
      expect(there.stderr).toMatch(/^engram: \d+ jobs by [12] workers?: /m);
    }
    expect(await streams()).toEqual([]);
  });

  it("is what docs/eviction.md shows", async () => {
    const page = readFileSync(new URL("../../../docs/eviction.md", import.meta.url), "utf8");
    const [chapter] = page.split("## On several machines")[1].split("\n## ");
    const [, block] = /```sh\n([\s\S]*?)```/.exec(chapter) as RegExpExecArray;
    const [working, evicting] = block
      .replaceAll("127.0.0.1:4222", nats.addresses[0])
      .replace("my-trace.txt", small)
      .trim()
      .split("\n")
      .map((line) => line.replace(/ +#.*/, "").split(" ").slice(1));
    const worker = start(working);
    others.push(worker.child);
    let said = "";
    worker.child.stdout.on("data", (text: string) => (said += text));
    const { code, stdout, stderr } = await start(evicting).ended;
    expect([code, stderr]).toEqual([0, expect.stringMatching(/^engram: 3[0-9] jobs by 1 worker: /m)]);
    expect(stdout).toBe((await engram(evicting.slice(0, -2))).stdout);
    // Whoever is told to leave before it has heard that the sweep is over does not say it.
    await vi.waitFor(() => expect(said).toContain("is over"), PATIENT);
    worker.child.kill("SIGINT");
    const left = await worker.ended;
    expect(left).toMatchObject({ code: 0, stderr: "" });
    expect(left.stdout).toMatch(
      /^worker \S+ waits for sweeps at nats:\/\/\S+, \d+ jobs? at a time\nsweep \w+ of .*\nsweep \w+ is over, 3\d jobs done here\n$/,
    );
  });

  it("does each job once though a worker is killed in the middle of one and another is stopped for longer than its coordinator's patience", async () => {
    const [a, b, c] = ["a", "b", "c"].map((name) => new Worker(url, name));
    await Promise.all([a, b, c].map((worker) => worker.until("ready")));
    const there = evict(large, ...LONG, "--workers", url, "--patience", "1s", "--json");
    const [ofA, ofB] = await Promise.all([a.stopInTheMiddle(), b.stopInTheMiddle()]);
    a.signal("SIGKILL");
    // Who is left is given what they had, the one after the other; a machine that was slow to stop the second may have let it do the first one's.
    const had = b.all("done").some(({ job }) => job === ofA.job) ? [ofB] : [ofA, ofB];
    for (const { job } of had) {
      const again = await c.until("took", (told) => told.job === job);
      expect(again.delivery).toBeGreaterThan(1);
      await c.until("done", (told) => told.job === job);
    }
    // The sweep is not over before the late one has handed in: somebody else's job is under way.
    const ofC = await c.stopInTheMiddle();
    expect(ofC.job).not.toBe(ofB.job);
    b.signal("SIGCONT");
    expect(await b.until("done", (told) => told.job === ofB.job)).toMatchObject({ again: true });
    c.signal("SIGCONT");
    const ended = await there.ended;
    expect(rowsOf(ended)).toEqual(await alone);
    expect(ended.stderr).toMatch(/engram: 40 jobs by [123] workers?: .*; \d+ given out again/);
    expect(await streams()).toEqual([]);
  });

  it("is removed from the servers when its coordinator is interrupted, and its workers wait for the next", async () => {
    const a = new Worker(url, "a");
    const first = evict(large, ...LONG, "--workers", url, "--json");
    await a.until("took");
    expect((await streams()).length).toBe(2);
    first.child.kill("SIGINT");
    const ended = await first.ended;
    expect([ended.code, ended.stdout]).toEqual([130, ""]);
    expect(ended.stderr).toMatch(/engram: interrupted by SIGINT\n$/);
    expect(await streams()).toEqual([]);
    const args = [small, "--policy", "lru,sieve", "--size", "10,20", "--json"];
    expect(rowsOf(await evict(...args, "--workers", url).ended)).toEqual(rowsOf(await engram(["evict", ...args])));
    await a.until("over", ({ sweep }) => sweep !== a.all("took")[0].sweep);
  });

  it("goes on with others when a worker is asked to leave: what it had is given back at once", async () => {
    const [a, b] = [new Worker(url, "a"), new Worker(url, "b")];
    const there = evict(large, ...LONG, "--workers", url, "--patience", "10m", "--json");
    const took = await a.stopInTheMiddle();
    a.signal("SIGINT");
    a.signal("SIGCONT");
    expect(await a.ended).toBe(0);
    expect(a.all("gave back")).toMatchObject([{ job: took.job, why: "the worker leaves" }]);
    await b.until("took", ({ job, delivery }) => job === took.job && delivery === 2);
    const ended = await there.ended;
    expect(rowsOf(ended)).toEqual(await alone);
    expect(ended.stderr).toContain("engram: worker a has left\n");
  });

  it("goes on where it was when the servers come back", async () => {
    const [a, b] = [new Worker(url, "a"), new Worker(url, "b")];
    const there = evict(large, ...LONG, "--workers", url, "--json");
    await Promise.all([a.until("done"), b.until("took")]);
    await nats.servers[0].kill();
    await Promise.all([a.until("disconnected"), b.until("disconnected")]);
    nats.servers[0].restart();
    await nats.ready();
    const ended = await there.ended;
    expect(rowsOf(ended)).toEqual(await alone);
    expect(ended.stderr).toContain(
      `engram: no connection to ${url}: looking for it\nengram: connected to ${url} again\n`,
    );
    await nc.flush();
    expect(await streams()).toEqual([]);
  });

  it("says what to start when nobody works, and ends when it is to wait no longer", async () => {
    const args = [small, "--policy", "lru", "--size", "10", "--workers", url];
    const { code, stdout, stderr } = await evict(...args, "--wait", "5s").ended;
    expect([code, stdout]).toEqual([3, ""]);
    const what = `engram: no worker is there: start some, here or on other machines, with engram worker ${url}\n`;
    const end = `engram: no worker took a job at ${url} for 5 s: start some with engram worker ${url}\n`;
    // A process that stood still in between has waited long enough before it has looked often enough to say what to start.
    expect([end, what + end]).toContain(stderr);
    expect(await streams()).toEqual([]);
    const late = evict(...args);
    let said = "";
    late.child.stderr.on("data", (text: string) => (said += text));
    await vi.waitFor(() => expect(said).toBe(what), PATIENT);
    new Worker(url, "late");
    expect((await late.ended).code).toBe(0);
  });

  it("fails by name when a job was given out again and again and nobody finished it", async () => {
    const there = evict(small, "--policy", "lru", "--size", "10", "--workers", url, "--patience", "1s");
    const stream = await vi.waitFor(async () => {
      const [name] = await streams();
      await jsm.consumers.info(name, WORKERS);
      return name;
    }, PATIENT);
    const consumer = await jetstream(nc).consumers.get(stream, WORKERS);
    let taken = 0;
    // as a machine that falls over each time
    while (there.child.exitCode === null) {
      const message = await consumer.next({ expires: 1000 }).catch(() => null);
      if (message !== null) taken++;
    }
    const { code, stderr } = await there.ended;
    expect([code, taken]).toEqual([3, 5]);
    expect(stderr).toContain("engram: lru at 10 objects was given out 5 times and nobody finished it\n");
    expect(await streams()).toEqual([]);
  });

  it("fails by name when its stream is deleted, or somebody tells it a result that is none", async () => {
    for (const [act, message] of [
      [
        (stream: string) => jsm.streams.delete(stream),
        `the sweep is gone from ${url}: its stream was deleted, or lost by the servers`,
      ],
      [
        (stream: string) =>
          jetstream(nc).publish(
            namesOf(stream.split("_").at(-1) as string).resultOf("0-0"),
            Buffer.from('{"hits":-1}'),
          ),
        "somebody told a result of this sweep that cannot be read: a result: format: ",
      ],
    ] as const) {
      const there = evict(small, "--policy", "lru", "--size", "10", "--workers", url);
      const stream = await vi.waitFor(async () => {
        const found = (await streams()).find((name) => name.startsWith("ENGRAM_SWEEP_"));
        await jsm.consumers.info(found as string, "coordinator");
        return found as string;
      }, PATIENT);
      await act(stream);
      const { code, stderr } = await there.ended;
      expect([code, stderr.split("\n").filter((line) => line.includes(message)).length]).toEqual([3, 1]);
      expect(await streams()).toEqual([]);
    }
  });
});

describe.skipIf(missing !== null)("a sweep whose coordinator was killed", () => {
  it("is not worked on any more, and all that it stored expires within the hour", async () => {
    const worker = new Worker(url, "w");
    await worker.until("ready");
    const sizes = Array.from({ length: 400 }, (_, i) => 100 + 20 * i).join(",");
    const there = evict(large, "--policy", "hybrid,adaptive", "--size", sizes, "--workers", url);
    await worker.until("took");
    const names = await streams();
    there.child.kill("SIGKILL");
    await there.ended;
    const stream = names.find((name) => name.startsWith("ENGRAM_SWEEP_")) as string;
    // Nobody asks for its jobs, of which there are some, and none is under way: not only between one and the next.
    let looks = 0;
    await vi.waitFor(async () => {
      const { num_waiting, num_ack_pending, num_pending } = await jsm.consumers.info(stream, WORKERS);
      looks = num_waiting === 0 && num_ack_pending === 0 && num_pending > 0 ? looks + 1 : 0;
      expect(looks).toBeGreaterThan(20);
    }, PATIENT);
    expect(names.length).toBe(2);
    for (const name of names) {
      const { config } = await jsm.streams.info(name);
      expect(config.max_age).toBe(KEPT_MS * 1e6);
    }
    // The next one finds a server where it is as if nothing were there, and leaves alone what is not its own.
    const args = [small, "--policy", "lru", "--size", "10", "--json"];
    expect(rowsOf(await evict(...args, "--workers", url).ended)).toEqual(rowsOf(await engram(["evict", ...args])));
    expect((await streams()).sort()).toEqual(names.sort());
  });

  it("leaves a stream that is empty in the end, which the next one removes, and nobody else's", async () => {
    for (const name of ["ENGRAM_SWEEP_0123456789abcdef", "OBJ_ENGRAM_SWEEP_0123456789abcdef", "OTHERS", "OBJ_OTHERS"]) {
      await jsm.streams.add({ name, subjects: [`${name}.x`] });
    }
    await jetstream(nc).publish("OTHERS.x", "1");
    const session = await Session.open(parseServers("--workers", url, {}), "a test");
    await removeLeftovers(session, Date.now() + KEPT_MS / 2);
    expect((await streams()).length).toBe(4);
    await removeLeftovers(session, Date.now() + 2 * KEPT_MS);
    expect((await streams()).sort()).toEqual(["OBJ_OTHERS", "OTHERS"]);
    await session.close();
  });
});

describe.skipIf(missing !== null)("a worker", () => {
  /** A coordinator of one's own, which may say anything. */
  async function sweepOf(wrong: Record<string, unknown> = {}) {
    const names = namesOf(newSweepId());
    const { version, digest: code } = codeHere();
    const call = {
      format: FORMAT,
      sweep: names.sweep,
      version,
      code,
      from: "a test",
      patienceMs: 1000,
      over: false,
      ...wrong,
    };
    await jsm.streams.add({ name: names.stream, subjects: [names.jobs, names.results], retention: "workqueue" });
    await jsm.consumers.add(names.stream, {
      durable_name: WORKERS,
      filter_subject: names.jobs,
      ack_policy: "explicit",
    });
    const hellos: ReturnType<typeof readHello>[] = [];
    const subscription = nc.subscribe(names.hello, { callback: (_, { data }) => void hellos.push(readHello(data)) });
    const calling = setInterval(() => nc.publish(CALLS, JSON.stringify(call)), 200);
    const results = async () => {
      const found = await jsm.streams.getMessage(names.stream, { last_by_subj: names.results }).catch(() => null);
      expect(found).not.toBeNull();
      return readResult((found as NonNullable<typeof found>).data);
    };
    // Also after a test that failed: whoever came next would hear of its sweep.
    onTestFinished(() => {
      clearInterval(calling);
      subscription.unsubscribe();
    });
    return { names, hellos, results };
  }

  async function keepTrace({ bucket }: SweepNames, digest: string, bytes: Uint8Array): Promise<void> {
    const { Objm } = await import("@nats-io/obj");
    const store = await new Objm(nc).create(bucket);
    await store.putBlob({ name: digest }, bytes);
  }

  it.each([
    [{ version: "9.9.9" }, /^the sweep is of engram 9\.9\.9, this worker of \d/],
    [{ code: "f".repeat(64) }, /^the sweep's policies are another build of engram .* \(ffffffff\) than this worker's/],
    [{ format: 2, more: {} }, /^the sweep of engram .* speaks format 2, this worker of .* format 1$/],
  ])("takes no job of a sweep with %j, and says why to both sides", async (wrong, why) => {
    const worker = new Worker(url, "w");
    await worker.until("ready");
    const { names, hellos } = await sweepOf(wrong);
    await jetstream(nc).publish(names.jobOf("0-0"), "{}");
    expect(await worker.until("refused")).toMatchObject({ sweep: names.sweep, why: expect.stringMatching(why) });
    await vi.waitFor(
      () => expect(hellos.at(-1)).toMatchObject({ worker: "w", refuses: expect.stringMatching(why) }),
      PATIENT,
    );
    // two more of its messages: it has had the time to take it
    const before = hellos.length;
    await vi.waitFor(() => expect(hellos.length).toBeGreaterThan(before + 1), PATIENT);
    expect((await jsm.consumers.info(names.stream, WORKERS)).num_pending).toBe(1);
    expect(worker.all("took")).toEqual([]);
  });

  it("hands in by name what it cannot do, and goes on", async () => {
    const worker = new Worker(url, "w");
    const { names, results } = await sweepOf();
    const trace = { digest: "0".repeat(64), bytes: 8 };
    const job = {
      format: FORMAT,
      job: "0-1",
      trace,
      policy: "lru",
      capacity: 5,
      by: "objects",
      seed: 1,
      windows: 0,
    } as const;
    for (const [name, bytes, failure] of [
      ["0-0", "no job", /^a job: no JSON in 6 bytes$/],
      ["0-2", JSON.stringify(job), /^a job under another's name: 0-1$/],
      ["0-3", JSON.stringify({ ...job, policy: "best" }), /^a job: policy: /],
    ] as const) {
      await jetstream(nc).publish(names.jobOf(name), bytes);
      await vi.waitFor(async () => {
        expect(await results()).toMatchObject({ job: name, worker: "w", failure: expect.stringMatching(failure) });
      }, PATIENT);
      await worker.until("failed", (told) => told.job === name);
    }
    await vi.waitFor(async () => {
      const { num_pending, num_ack_pending } = await jsm.consumers.info(names.stream, WORKERS);
      expect([num_pending, num_ack_pending]).toEqual([0, 0]);
    }, PATIENT);
  });

  it("says while a job lasts that it is at it, and has it crossed off when its outcome lies on the server, not before", async () => {
    const worker = new Worker(url, "w");
    await worker.until("ready");
    const { names } = await sweepOf({ patienceMs: 400 });
    const seen: string[] = [];
    const acks = nc.subscribe(`$JS.ACK.${names.stream}.>`, {
      callback: (_, { data }) => void seen.push(String(Buffer.from(data))),
    });
    const results = nc.subscribe(names.results, { callback: () => void seen.push("result") });
    const ids = Uint32Array.from({ length: 1_500_000 }, (_, i) => (i < 5000 ? i : (i * 7919 + ((i * i) % 977)) % 5000));
    const trace = bytesOf({ distinct: 5000, ids, kinds: null, sizes: null, times: null, ttls: null });
    const { digest, bytes } = trace;
    await keepTrace(names, digest, Buffer.concat([...trace.pieces()]));
    const job = {
      format: FORMAT,
      job: "0-0",
      trace: { digest, bytes },
      policy: "hybrid",
      capacity: 500,
      by: "objects",
      seed: 1,
      windows: 0,
    };
    await jetstream(nc).publish(names.jobOf("0-0"), JSON.stringify(job));
    await worker.until("done");
    await vi.waitFor(() => expect(seen).toContain("+ACK"), PATIENT);
    for (const subscription of [acks, results]) subscription.unsubscribe();
    // It may be said once more while the outcome is on its way.
    expect(seen[0]).toBe("+WPI");
    expect(seen.filter((said) => said !== "+WPI")).toEqual(["result", "+ACK"]);
  });

  it("gives back a job whose trace is not what its digest says, and takes no more of that sweep", async () => {
    const worker = new Worker(url, "w");
    const { names, hellos } = await sweepOf();
    const { digest, bytes, pieces } = bytesOf({
      ...{ distinct: 2, ids: Uint32Array.of(0, 1, 0), kinds: null, sizes: null, times: null, ttls: null },
    });
    const damaged = Buffer.concat([...pieces()]);
    damaged[damaged.length - 8] ^= 1;
    await keepTrace(names, digest, damaged);
    const job = {
      format: FORMAT,
      job: "0-0",
      trace: { digest, bytes },
      policy: "lru",
      capacity: 5,
      by: "objects",
      seed: 1,
      windows: 0,
    };
    await jetstream(nc).publish(names.jobOf("0-0"), JSON.stringify(job));
    const why = "the trace's bytes are not those of its digest";
    expect(await worker.until("gave back")).toMatchObject({ job: "0-0", why });
    await vi.waitFor(() => expect(hellos.at(-1)).toMatchObject({ refuses: why }), PATIENT);
  });

  it("is not disturbed by whatever else is said where it listens", async () => {
    const worker = new Worker(url, "w");
    await worker.until("ready");
    for (const said of ["", "{", "[]", '{"format":1}', `{"format":1,"sweep":"../../x","version":"1"}`, "\u0000\u001f"])
      nc.publish(CALLS, said);
    const args = [small, "--policy", "lru", "--size", "10", "--json"];
    expect(rowsOf(await evict(...args, "--workers", url).ended)).toEqual(rowsOf(await engram(["evict", ...args])));
    expect([worker.all("refused"), worker.stderr]).toEqual([[], ""]);
  });
});

/** Hides packages from whoever imports them, as where they are not installed. */
const WITHOUT_NATS = `data:text/javascript,${encodeURIComponent(`
  import { register } from "node:module";
  register("data:text/javascript," + encodeURIComponent(\`export async function resolve(name, context, next) {
    if (!name.startsWith("@nats-io/")) return next(name, context);
    throw Object.assign(new Error("Cannot find package '" + name + "'"), { code: "ERR_MODULE_NOT_FOUND" });
  }\`));`)}`;

describe("what is needed and refused", () => {
  const args = (trace: string, ...more: string[]) => ["evict", trace, "--policy", "lru", "--size", "10", ...more];

  it("is nothing of nats on one machine, and is named with its packages when several are asked for", async () => {
    const there = mkdtempSync(join(tmpdir(), "engram-without-"));
    const trace = join(there, "trace.txt");
    writeFileSync(trace, "1\n2\n1\n");
    const env = { NODE_OPTIONS: `--import ${WITHOUT_NATS} --no-warnings` };
    expect(await start(args(trace, "--csv"), { env }).ended).toMatchObject({ code: 0, stderr: "" });
    const packages = "npm install @nats-io/transport-node @nats-io/jetstream @nats-io/obj";
    for (const line of [args(trace, "--workers", "127.0.0.1:1"), ["worker", "127.0.0.1:1"]]) {
      const { code, stdout, stderr } = await start(line, { env }).ended;
      expect([code, stdout]).toEqual([2, ""]);
      expect(stderr).toBe(`engram: a sweep over several machines needs a package that is not installed: ${packages}\n`);
    }
    rmSync(there, { recursive: true });
  });

  it("is said in one line, whatever is wrong", async () => {
    const evicting: [string[], RegExp][] = [
      [["--workers", "http://a"], /^engram: --workers "http:\/\/a": expected nats:\/\/host:port/],
      [["--workers", "127.0.0.1:1"], /^engram: nats:\/\/127\.0\.0\.1:1: no nats-server answers there: /],
      [["--workers", "a:1", "--threads", "2"], /^engram: --threads does not go with --workers/],
      [["--wait", "3s"], /^engram: --wait goes with --workers only$/],
      [["--patience", "3s"], /^engram: --patience goes with --workers only$/],
      [["--workers", "a:1", "--wait", "soon"], /^engram: --wait soon: expected a time above 0/],
      [["--workers", "a:1", "--patience", "10ms"], /^engram: --patience 10ms: expected a time from 1s to 1h$/],
    ];
    const working: [string[], RegExp][] = [
      [["127.0.0.1:1"], /no nats-server answers there/],
      [["ftp://a"], /^engram: <url> "ftp:\/\/a": expected nats/],
      [["a:1", "--name", "a b"], /^engram: --name "a b": expected 1 to 64 letters/],
      [["a:1", "--threads", "0"], /^engram: --threads 0: expected a whole number from 1 to 1024/],
    ];
    const lines: [string[], RegExp][] = [
      ...evicting.map(([more, message]): [string[], RegExp] => [args("trace.txt", ...more), message]),
      ...working.map(([more, message]): [string[], RegExp] => [["worker", ...more], message]),
    ];
    const all = await engramEach(lines.map(([line]) => line));
    for (const [i, { code, stdout, stderr }] of all.entries()) {
      const [line, message] = lines[i];
      expect([code, stdout, stderr.split("\n").length], line.join(" ")).toEqual([2, "", 2]);
      expect(stderr.trimEnd()).toMatch(message);
    }
  });

  it.skipIf(missing !== null)("is a trace that can be read, before anything is made on the servers", async () => {
    const { code, stderr } = await engram(args(join(folder, "none.txt"), "--workers", url));
    expect([code, stderr]).toEqual([2, expect.stringMatching(/^engram: .*none\.txt/)]);
    expect(await streams()).toEqual([]);
  });

  it.skipIf(missing !== null)(
    "is a name and a password where the servers ask for one, JetStream, and room for the trace",
    async () => {
      const account = (name: string, jetstream: string) =>
        `${name} {\n${jetstream}\nusers: [ { user: ${name}, password: "s3cret" } ]\n}\n`;
      const lines = `accounts { ${account("without", "")} ${account("with", "jetstream: enabled")} ${account("little", "jetstream: { max_file: 200K, max_mem: 1M }")} }`;
      const asked = await startNats({ lines });
      try {
        const [address] = asked.addresses;
        const as = (who: string) => `nats://${who}@${address}`;
        const worker = new Worker(`nats://${address}`, "w", [], { NATS_USER: "with", NATS_PASSWORD: "s3cret" });
        await worker.until("ready");
        expect((await evict(small, "--policy", "lru", "--size", "10", "--workers", as("with:s3cret")).ended).code).toBe(
          0,
        );
        for (const [who, trace, code, message] of [
          ["with:wrong", small, 2, /^engram: nats:\/\/[\d.:]+: the server there does not let us in: /],
          ["without:s3cret", small, 2, /^engram: nats:\/\/[\d.:]+: the server there has no JetStream/],
          ["little:s3cret", large, 3, /^engram: the trace, \d+ bytes: the servers have no room for it \(/],
        ] as const) {
          const ended = await evict(trace, "--policy", "lru", "--size", "10", "--workers", as(who)).ended;
          expect([ended.code, ended.stdout, ended.stderr]).toEqual([code, "", expect.stringMatching(message)]);
          expect(ended.stderr.split("\n").length).toBe(2);
          expect(ended.stderr).not.toContain("s3cret");
        }
      } finally {
        await asked.stop();
      }
    },
  );
});
