import { mkdtemp, readdir, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { loadTrace } from "#dist/workloads/index.js";
import { engram, start } from "./command-line.js";

const library = JSON.stringify(new URL("../../dist/src/index.js", import.meta.url).href);

/** A program that knows nothing of recording: the main thread writes, two workers read, and one of them never closes. */
const PROGRAM = `
  import { isMainThread, Worker, workerData } from "node:worker_threads";
  import { Store } from ${library};
  if (isMainThread) {
    const store = await Store.create({ capacity: "8MiB" });
    const ns = store.namespace("board", { encoding: "string" });
    for (let i = 0; i < 100; i++) ns.set("k" + i, "v".repeat(10));
    const workers = [0, 1].map((n) => store.spawn(new URL(import.meta.url), { workerData: { n } }));
    await Promise.all(workers.map((worker) => new Promise((done) => worker.once("exit", done))));
    process.stdout.write("args " + process.argv.slice(2).join(" ") + "\\n");
    await store.close();
    process.exitCode = 7;
  } else {
    const store = await Store.attach(workerData.store);
    const ns = store.namespace("board");
    for (let i = 0; i < 5000; i++) ns.get("k" + (i % 100));
    if (workerData.n === 0) await store.close();
  }`;

/** Says when it has begun, and then waits to be ended. */
const ENDLESS = `
  import { Store } from ${library};
  const store = await Store.create({ capacity: "8MiB" });
  const ns = store.namespace("n", { encoding: "string" });
  for (let i = 0; i < 5000; i++) ns.get("k" + i);
  process.stdout.write("begun\\n");
  if (process.argv[2] === "crash") process.kill(process.pid, "SIGKILL");
  setInterval(() => {}, 1000);`;

let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "engram-record-"));
  await writeFile(join(folder, "program.mjs"), PROGRAM);
  await writeFile(join(folder, "endless.mjs"), ENDLESS);
});
afterAll(() => rm(folder, { recursive: true, force: true }));

const record = (...args: string[]) => engram(["trace", "record", ...args], { cwd: folder });
const temporaries = async () => (await readdir(folder)).filter((name) => name.endsWith(".tmp"));

describe("engram trace record", () => {
  it("brings home what all threads of a program did, passes its output and exit code on, and the simulator reads it", async () => {
    const { code, stdout, stderr } = await record(
      "--json",
      "all.oplog",
      "--",
      process.execPath,
      "program.mjs",
      "--x",
      "1",
    );
    expect([code, stderr]).toEqual([7, ""]);
    const [printed, report] = stdout.trimEnd().split("\n");
    expect(printed).toBe("args --x 1");
    expect(JSON.parse(report)).toMatchObject({ file: "all.oplog", format: "oplog", operations: 10_100, exitCode: 7 });
    const trace = await loadTrace(join(folder, "all.oplog"));
    expect([trace.requests, trace.distinct]).toEqual([10_100, 100]);
    const { stdout: rows } = await engram(["evict", "all.oplog", "--policy", "lru", "--size", "100,10", "--json"], {
      cwd: folder,
    });
    // 100 writes that are not counted, then everything is found; a loop of 100 at a tenth of it is LRU's worst
    expect(
      JSON.parse(rows).map(({ requests, hits }: { requests: number; hits: number }) => [requests, hits > 9000]),
    ).toEqual([
      [10_000, true],
      [10_000, false],
    ]);
    expect(await temporaries()).toEqual([]);
  });

  it("writes another format when the name or --to says so", async () => {
    const { code, stdout } = await record("all.csv", "--", process.execPath, "program.mjs");
    expect(code).toBe(7);
    expect(stdout).toMatch(/all\.csv: 10,100 operations, [\d,]+ bytes, written as csv\n$/);
    const trace = await loadTrace(join(folder, "all.csv"));
    expect([trace.requests, trace.distinct, trace.sizes?.[0]]).toEqual([10_100, 100, 12]);
  });

  it("keeps what a program that is killed had written", async () => {
    const { code, stdout } = await record("crash.oplog", "--", process.execPath, "endless.mjs", "crash");
    expect(code).toBe(128 + 9);
    expect(stdout).toContain("crash.oplog: 4,096 operations");
    expect((await loadTrace(join(folder, "crash.oplog"))).requests).toBe(4096);
    expect(await temporaries()).toEqual([]);
  });

  it("passes an interrupt on, waits, and keeps the log", async () => {
    const signal = "SIGINT";
    const { child, ended } = start(["trace", "record", `${signal}.oplog`, "--", process.execPath, "endless.mjs"], {
      cwd: folder,
    });
    child.stdout?.once("data", () => child.kill(signal));
    const { code } = await ended;
    expect(code).toBe(130);
    expect((await loadTrace(join(folder, `${signal}.oplog`))).requests).toBeGreaterThanOrEqual(4096);
    expect(await temporaries()).toEqual([]);
  });

  it("says when there was nothing to record, and leaves nothing behind", async () => {
    const idle = `import(${library}).then(async ({ Store }) => (await Store.create({ capacity: "8MiB" })).close())`;
    const [none, asked] = await Promise.all([
      record("none.oplog", "--", process.execPath, "-e", "0"),
      record("none-asked.oplog", "--", process.execPath, "-e", idle),
    ]);
    expect([none.code, none.stderr]).toEqual([
      3,
      `engram: none.oplog: nothing to write: ${process.execPath} opened no store of this package, and no recorder (it ended with 0)\n`,
    ]);
    expect([asked.code, asked.stderr]).toEqual([
      3,
      `engram: none-asked.oplog: nothing to write: ${process.execPath} asked nothing of its stores (it ended with 0)\n`,
    ]);
    expect((await readdir(folder)).filter((name) => name.startsWith("none"))).toEqual([]);
  });

  it("refuses in one line what it cannot do, before anything runs", async () => {
    const refused: [args: string[], message: string][] = [
      [["x.oplog"], "missing required argument"],
      [["x.oplog", "--", "no-such-program"], "no-such-program: cannot be run (ENOENT)"],
      [["no/folder/x.oplog", "--", "node"], "output no/folder/x.oplog: cannot be written (no folder no/folder)"],
      [["x.oplog.gz", "--to", "oplog", "--", "node"], "x.oplog.gz: an operation log is written as it is"],
      [["x.what", "--", "node"], "x.what: the name does not tell the format to write"],
    ];
    const results = await Promise.all(refused.map(([args]) => record(...args)));
    for (const [i, { code, stdout, stderr }] of results.entries()) {
      expect([code, stdout], refused[i][1]).toEqual([2, ""]);
      expect(stderr).toContain(refused[i][1]);
      expect(stderr.trimEnd().split("\n").length).toBe(1);
    }
    expect((await readdir(folder)).filter((name) => name.startsWith("x."))).toEqual([]);
  });
});
