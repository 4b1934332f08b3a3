import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type EvictionResult, evictionResultSchema } from "#dist/reports/results.js";
import { policyNames } from "#dist/src/eviction/index.js";
import { type Ended, OneProcess } from "../../harness/command-line.js";

const door = new URL("../../../dist/harness/sweep/index.js", import.meta.url).href;
/** Stands in for the CLI: runs the command and turns what it throws into a line on stderr and an exit code. */
const main = `
  import { evictCommand } from ${JSON.stringify(door)};
  if (process.env.ANNOUNCE_THREADS) process.once("worker", () => process.stderr.write("a thread has started\\n"));
  try {
    await evictCommand().parseAsync(process.argv.slice(1), { from: "user" });
  } catch (error) {
    process.stderr.write(error.code + ": " + error.message + "\\n");
    process.exitCode = error.exitCode ?? 2;
  }`;

let folder: string;
let cli: OneProcess;
let small: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "engram-evict-"));
  cli = new OneProcess();
  small = join(folder, "small.txt");
  await writeFile(small, `${Array.from({ length: 400 }, (_, i) => (i * i) % 53).join("\n")}\n`);
});

afterAll(async () => {
  await cli.close();
  await rm(folder, { recursive: true, force: true });
});

function start(args: string[], env: NodeJS.ProcessEnv = {}) {
  return spawn(process.execPath, ["--input-type=module", "-e", main, "--", ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, NO_COLOR: "1", ...env },
  });
}

const run = (...args: string[]) => cli.run(["evict", ...args]);

describe("engram evict", () => {
  it("prints with --json the rows alone on stdout, and nothing on stderr that is no terminal", async () => {
    const { code, stdout, stderr } = await run(small, "--policy", "lru,opt", "--size", "10,50%", "--json");
    expect([code, stderr]).toEqual([0, ""]);
    const rows = JSON.parse(stdout);
    expect(rows.map((row: { policy: string; capacity: number }) => [row.policy, row.capacity])).toEqual([
      ["lru", 10],
      ["lru", 13],
      ["opt", 10],
      ["opt", 13],
    ]);
    for (const row of rows) expect(row).toMatchObject({ trace: "small.txt", by: "objects", requests: 400 });
  });

  it("tells with --json the sentences of its decision, in the row that was chosen and with the words of the text", async () => {
    const options = [small, "--policy", "lru,sieve,opt", "--size", "3,6,12"];
    const text = (await run(...options)).stdout;
    const rows = JSON.parse((await run(...options, "--json")).stdout) as EvictionResult[];
    const chosen = rows.filter(({ decision }) => decision !== undefined);
    expect(chosen).toHaveLength(1);
    const [{ policy, capacity, decision, windowHitRatios }] = chosen;
    expect(decision!.answer).toMatch(new RegExp(`^Take ${policy} with ${capacity} objects: it hits `));
    for (const sentence of [decision!.answer, ...decision!.reasons]) expect(text).toContain(sentence);
    const said = decision!.reasons.join(" ");
    for (const about of [
      / gains .* of hits/,
      /The counts are exact for small\.txt/,
      /Over 11 equal parts of the trace/,
    ])
      expect(said).toMatch(about);
    expect(decision!.steps.map(({ from, to }) => [from, to])).toEqual([
      [3, 6],
      [6, 12],
    ]);
    expect(windowHitRatios, "nobody asked for the parts").toBeUndefined();
    expect(evictionResultSchema.array().parse(rows)).toEqual(rows);
    const asked = JSON.parse(
      (await run(small, "--policy", "lru", "--hit", "50%", "--json")).stdout,
    ) as EvictionResult[];
    const [enough] = asked.filter((row) => row.decision !== undefined);
    expect(enough.decision!.answer).toContain(`are hit with ${enough.capacity} objects`);
    const none = JSON.parse((await run(small, "--policy", "lru", "--hit", "99%", "--json")).stdout) as EvictionResult[];
    expect(none.at(-1)?.decision?.answer).toMatch(/^small\.txt: no size hits 99\.0 % of the requests/);
  });

  it("says how a trace was read, and doubts it on stderr, in the rows and on the page", async () => {
    const path = join(folder, "cdn.tr");
    const page = join(folder, "cdn.html");
    await writeFile(path, "0 7 101\n1 3 103\n2 7 101\n");
    const { code, stdout, stderr } = await run(path, "--policy", "lru", "--size", "5,1KiB", "-o", page);
    expect(code).toBe(0);
    expect(stderr).toBe(
      "warning: cdn.tr: no header names the columns: they are taken for time, key, size; --columns decides\n",
    );
    expect(stdout).toContain("cdn.tr: read as csv (by its content); key from column 2, time from column 1");
    expect(stdout).toContain("byte miss ratio (bytes missed / bytes asked for), 3 requests");
    const html = await readFile(page, "utf8");
    for (const told of ["object hit ratio", "byte hit ratio", "read as csv", "no header names the columns"]) {
      expect(html.toLowerCase()).toContain(told.replace("read as csv", "csv (by its content)"));
    }
    const [row] = JSON.parse((await run(path, "--policy", "lru", "--size", "1%", "--json")).stdout);
    expect(row).toMatchObject({ by: "objects", read: expect.stringContaining("csv"), warnings: [expect.any(String)] });
  });

  it("prints a table of policies by capacities, with exact misses on request", async () => {
    const { code, stdout } = await run(small, "--policy", "lru,sieve", "--size", "10,100", "--misses");
    expect(code).toBe(0);
    expect(stdout).toContain("small.txt: object miss ratio (misses / requests), exact misses, 400 requests");
    expect(stdout).toMatch(/│ policy │ +10 │ +100 │/);
    // At 100 each of the 27 squares modulo 53 is missed once.
    expect(stdout).toMatch(/│ lru +│ +[\d.]{6} │ +0\.0675 │\n│ +│ +\d+ │ +27 │/);
  });

  it("begins with a decision, in sentences", async () => {
    const { stdout } = await run(small, "--policy", "lru,sieve", "--size", "10,20,27");
    expect(stdout).toMatch(
      /^small\.txt, by objects: Take (lru|sieve) with 27 objects: it hits 93\.3 % of the requests/,
    );
    expect(stdout).toMatch(/\n {2}400 requests are few/);
  });

  it("finds with --hit the smallest size that is enough, as trying all of them does", async () => {
    const sizes = Array.from({ length: 27 }, (_, i) => `${i + 1}`).join(",");
    const all = JSON.parse(
      (await run(small, "--policy", "lru,sieve", "--size", sizes, "--json")).stdout,
    ) as EvictionResult[];
    for (const [wanted, share] of [
      ["20%", 0.2],
      ["90%", 0.9],
    ] as const) {
      const least = Math.min(...all.filter(({ missRatio }) => 1 - missRatio >= share).map(({ capacity }) => capacity));
      const { stdout, code } = await run(small, "--policy", "lru,sieve,opt", "--hit", wanted);
      expect(code).toBe(0);
      expect(stdout).toMatch(
        new RegExp(
          `^small\\.txt: ${wanted.slice(0, -1)}\\.0 % of the requests are hit with ${least} objects? by (lru|sieve) `,
        ),
      );
    }
    const { stdout } = await run(small, "--policy", "lru", "--hit", "99%");
    expect(stdout).toMatch(
      /^small\.txt: no size hits 99\.0 % of the requests: a cache of everything \(27 objects\) hits 93\.3 %/,
    );
    for (const [args, why] of [
      [["--hit", "90"], "expected a share above 0% and below 100%"],
      [["--hit", "100%"], "expected a share"],
      [["--hit", "90%", "--size", "1%"], "does not go with --size"],
    ] as const) {
      const refused = await run(small, ...args);
      expect([refused.code, refused.stdout]).toEqual([2, ""]);
      expect(refused.stderr).toContain(why);
    }
  });

  it("prints with --csv a header and a line a row", async () => {
    const { stdout } = await run(small, "--policy", "all", "--size", "10", "--csv");
    const lines = stdout.trimEnd().split("\n");
    expect(lines[0]).toBe("trace,policy,capacity,by,requests,hits,misses,missRatio,evictions,nsPerRequest");
    expect(lines.length).toBe(1 + policyNames.length);
    expect(lines[1]).toMatch(/^small\.txt,lru,10,objects,400,\d+,\d+,0\.\d+,\d+,[\d.]+$/);
  });

  it.each([["--json"], ["--csv"], ["--misses"]])(
    "writes with -o a page of the rows, besides what %s prints",
    async (flag) => {
      const page = join(folder, "page.html");
      const asked = [small, "--policy", "lru,opt", "--size", "10,50%", flag];
      const { code, stdout, stderr } = await run(...asked, "-o", page);
      expect([code, stderr]).toEqual([0, ""]);
      const text = await readFile(page, "utf8");
      expect(text).toMatch(/^<!doctype html>/i);
      const data = /<script[^>]*type="application\/json"[^>]*>(.*?)<\/script>/s.exec(text);
      const rows = JSON.parse(data?.[1] ?? "null");
      expect(rows.map((row: { policy: string; capacity: number }) => [row.policy, row.capacity])).toEqual([
        ["lru", 10],
        ["lru", 13],
        ["opt", 10],
        ["opt", 13],
      ]);
      if (flag === "--json") expect(JSON.parse(stdout)).toEqual(rows);
      else expect(stdout.endsWith(`\npage: ${page}\n`)).toBe(flag === "--misses");
      expect((await readdir(folder)).filter((name) => name.endsWith(".tmp"))).toEqual([]);
      await rm(page);
    },
  );

  it("takes every policy at sizes in objects and bytes at once, and never holds what is larger than the cache", async () => {
    const sized = join(folder, "sized.csv");
    // Key 0 is requested every tenth time and larger than 1 % of the working set, which the others fit.
    const rows = Array.from({ length: 3000 }, (_, i) =>
      i % 10 === 0 ? "0,5000" : `${1 + ((i * i) % 211)},${20 + ((i * i) % 211)}`,
    );
    await writeFile(sized, `id,size\n${rows.join("\n")}\n`);
    const footprint = [...new Map(rows.map((row) => row.split(",").map(Number) as [number, number])).values()].reduce(
      (a, b) => a + b,
    );
    const tenth = Math.floor(footprint / 10);
    expect(tenth).toBeLessThan(5000);
    const { code, stdout, stderr } = await run(sized, "--policy", "all", "--size", `10,${tenth}B,64KiB`, "--json");
    expect([code, stderr]).toEqual([0, ""]);
    const simulated = JSON.parse(stdout);
    expect(
      simulated.map((row: { policy: string; by: string; capacity: number }) => [row.policy, row.by, row.capacity]),
    ).toEqual(
      policyNames.flatMap((policy) => [
        [policy, "objects", 10],
        [policy, "bytes", tenth],
        [policy, "bytes", 65536],
      ]),
    );
    const distinct = new Set(rows).size;
    for (const row of simulated) {
      expect(row.hits + row.misses).toBe(3000);
      // All of key 0's requests miss where it does not fit; where all fits, only first requests do.
      if (row.capacity === tenth) expect([row.policy, row.misses >= 300 + distinct - 1]).toEqual([row.policy, true]);
      if (row.capacity === 65536) expect([row.policy, row.misses, row.evictions]).toEqual([row.policy, distinct, 0]);
    }
  });

  it("refuses a page it could not write before a trace is opened", async () => {
    const absent = join(folder, "absent.txt");
    const refused: Array<[output: string, says: string]> = [
      [folder, "is a folder"],
      [join(folder, "none", "page.html"), `cannot be written (no folder ${join(folder, "none")})`],
      [join(small, "page.html"), `cannot be written (${small} is no folder)`],
      ["/dev/null", "is no plain file"],
      ["", "is empty"],
    ];
    const ended = await Promise.all(refused.map(([output]) => run(absent, "-o", output)));
    for (const [at, [, says]] of refused.entries()) {
      const { code, stdout, stderr } = ended[at];
      expect([code, stdout]).toEqual([2, ""]);
      expect(stderr).toMatch(/^engram: -o/);
      expect(stderr).toContain(says);
    }
    expect((await stat("/dev/null")).isCharacterDevice()).toBe(true);
  });

  it("does not write its page over a trace, nor any page when a trace is broken", async () => {
    const before = await readFile(small);
    const page = join(folder, "page.html");
    const [over, broken] = await Promise.all([run(small, "-o", small), run(join(folder, "absent.txt"), "-o", page)]);
    expect([over.code, over.stdout]).toEqual([2, ""]);
    expect(over.stderr).toContain("is read as well");
    expect(await readFile(small)).toEqual(before);
    expect(broken.code).toBe(2);
    expect(broken.stderr).toMatch(/^engram: .*absent\.txt: no such file/);
    await expect(stat(page)).rejects.toThrow("ENOENT");
  });

  it("draws with --curve whole curves, and says that they are exact or by how much they are off", async () => {
    const { stdout } = await run(small, "--curve", "3", "--policy", "lru,sieve");
    expect(stdout).toMatch(/│ policy │ +1 │ +27 │/);
    expect(stdout).toContain("small.txt: every count is exact");
    const large = join(folder, "spread.txt");
    await writeFile(large, Array.from({ length: 40_000 }, (_, i) => (i * i) % 9973).join("\n"));
    const sampled = await run(large, "--curve", "3", "--sample", "10%", "--policy", "lru,sieve");
    expect(sampled.stdout).toMatch(/│ lru +│ +[\d.]{6} │/);
    expect(sampled.stdout).toMatch(/│ sieve +│ +[\d.]{6} ±[\d.]{6} │/);
    expect(sampled.stdout).toMatch(
      /over 4 samples of 10 % of the ids each; of lru, known exactly, they are 0\.\d+ off/,
    );
    const csv = await run(large, "--curve", "3", "--sample", "10%", "--policy", "sieve", "--csv");
    expect(csv.stdout.split("\n")[0]).toMatch(/,nsPerRequest,missRatioError$/);
  });

  describe("refuses with one line and nothing on stdout", () => {
    const refused: ReadonlyArray<[args: string[], message: string]> = [
      [["--size", "200%"], "--size 200%: expected a share"],
      [["--policy", "belady"], "--policy belady: no such policy, expected all or any of lru, fifo"],
      [["--threads", "0"], "--threads 0: expected a whole number from 1"],
      [["--by", "blocks"], "--by blocks: expected objects or bytes"],
      [["--seed", "x"], "--seed x: expected a whole number"],
      [["--windows", "0"], "--windows 0: expected a whole number from 1"],
      [["--windows", "9", "--curve"], "--windows goes with --size, not with --curve"],
      [["--curve", "0"], "--curve 0: expected a whole number of points"],
      [["--curve", "--size", "10"], "--size and --curve exclude each other"],
      [["--curve", "--sample", "30%"], "--sample 30%: expected a share above 0% and up to 25%, or 100%"],
      [["--sample", "1%"], "--sample goes with --curve only"],
      [["--json", "--csv"], "--json and --csv exclude each other"],
      [["/dev/null", "/dev/null"], "/dev/null: named twice, and is no file but a stream, which can be read once"],
      [["--size", "1MiB", "--policy", "lru"], "small.txt: no object sizes in this trace"],
    ];
    let ended: Ended[];
    beforeAll(async () => {
      ended = await Promise.all(refused.map(([args]) => run(small, ...args)));
    });

    it.each(refused.map(([args, message], at) => [args.join(" "), message, at] as const))("%s", (_, message, at) => {
      const { code, stdout, stderr } = ended[at];
      expect([code, stdout]).toEqual([2, ""]);
      expect(stderr).toContain(message);
      expect(stderr).toMatch(/^engram: .*\n$/);
    });
  });

  it.skipIf(process.platform === "win32")(
    "looks ahead in a trace that comes through a pipe and cannot be read twice",
    async () => {
      const fromFile = await run(small, "--policy", "opt,lru", "--size", "10", "--csv");
      const node = [process.execPath, "--input-type=module", "-e", main, "--"];
      const asked = ["/dev/stdin", "--policy", "opt,lru", "--size", "10", "--csv"];
      // A pipe of the shell's: what spawn calls one is a socket, which no path opens.
      const child = spawn("sh", ["-c", 'cat "$0" | "$@"', small, ...node, ...asked], {
        stdio: ["ignore", "pipe", "pipe"],
      });
      let stdout = "";
      child.stdout.on("data", (chunk) => (stdout += chunk));
      await once(child, "close");
      const counts = (csv: string) => csv.split("\n").map((line) => line.split(",").slice(1, -1));
      expect(counts(stdout)).toEqual(counts(fromFile.stdout));
    },
  );

  it.each(["1", "100000", "1000%"])(
    "answers size %s for a trace of one request, or says what is wrong with it",
    async (size) => {
      const single = join(folder, "single.txt");
      await writeFile(single, "18446744073709551615\n");
      const { code, stdout, stderr } = await run(single, "--policy", "all", "--size", size, "--json");
      if (size === "1000%") {
        expect([code, stdout]).toEqual([2, ""]);
        expect(stderr).toContain("--size 1000%: expected a share above 0% and up to 100%");
        return;
      }
      const rows = JSON.parse(stdout);
      expect(rows.length).toBe(policyNames.length);
      for (const row of rows)
        expect(row).toMatchObject({ requests: 1, hits: 0, misses: 1, missRatio: 1, evictions: 0 });
    },
  );

  it("ends its threads on an interrupt and leaves with the shell's exit code", async () => {
    const large = join(folder, "large.txt");
    await writeFile(large, Array.from({ length: 300_000 }, (_, i) => (i * 7919) % 200_003).join("\n"));
    // Minutes of work, so that an interrupt that did not end it would run into the time limit.
    const sizes = Array.from({ length: 1000 }, (_, i) => `${(i + 1) / 10}%`).join(",");
    const child = start([large, "--policy", "all", "--size", sizes, "--threads", "2", "--json"], {
      ANNOUNCE_THREADS: "1",
    });
    let stdout = "";
    child.stdout.on("data", (chunk) => (stdout += chunk));
    await once(child.stderr, "data");
    child.kill("SIGINT");
    const [code, signal] = await once(child, "close");
    expect([code ?? signal, stdout]).toEqual([130, ""]);
  });
});
