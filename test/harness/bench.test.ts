import { spawn } from "node:child_process";
import { once } from "node:events";
import { watch } from "node:fs";
import { mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { benchCommand } from "#dist/harness/proofs/bench/command.js";
import { avalanche, chiSquaredAway, collisions, spreadOver } from "#dist/harness/proofs/bench/hash-measures.js";
import { figuresOf, judge, judgeRatio } from "#dist/harness/proofs/bench/judge.js";
import { type BenchResults, benchResultsSchema } from "#dist/harness/proofs/bench/results.js";
import { keep } from "#dist/harness/proofs/bench/sink.js";
import { storePadding } from "#dist/harness/proofs/bench/store-padding.js";
import { measureInTurns, rotated } from "#dist/harness/proofs/bench/turns.js";
import { findTarget, measuredBy, TARGETS } from "#dist/reports/targets/index.js";

const MAIN = fileURLToPath(new URL("../../dist/harness/proofs/bench/main.js", import.meta.url));

let folder: string;

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "engram-bench-test-"));
});

afterAll(() => rm(folder, { recursive: true, force: true }));

/** The bench with a temporary folder of its own, so that what it leaves behind is seen. */
function start(temporary: string, ...args: string[]) {
  return spawn(process.execPath, [MAIN, ...args], {
    stdio: ["ignore", "pipe", "pipe"],
    env: { ...process.env, TMPDIR: temporary, NO_COLOR: "1" },
  });
}

async function run(...args: string[]) {
  const temporary = await mkdtemp(join(folder, "tmp-"));
  const child = start(temporary, ...args);
  let stdout = "";
  let stderr = "";
  child.stdout.on("data", (chunk) => (stdout += chunk));
  child.stderr.on("data", (chunk) => (stderr += chunk));
  const [code] = await once(child, "close");
  return { code, stdout, stderr, left: await readdir(temporary) };
}

/** Rows that must be there, by group; a row more does no harm. */
const ROWS: Record<string, string[]> = {
  "prepared-get": ["map", "map-copy-64", "get-prepared", "get-into-prepared", "empty"],
  "string-get": ["map", "map-equal", "get-64", "get-into-64", "lru-cache", "lmdb", "sharedmap", "empty"],
  "string-put": ["map", "set", "set-many", "set-from-buffer", "lru-cache", "lmdb-1000", "lmdb-100000", "sharedmap"],
  "value-size": ["get-64", "get-1024", "get-into-64", "get-into-1024"],
  "large-40k": [
    "copy-in",
    "set",
    "copy-out",
    "get-into-40960",
    "get-40960",
    "borrow",
    "map-set-copy",
    "lmdb",
    "lmdb-set",
  ],
  "large-1m": ["copy-in", "set", "copy-out", "get-into-1048576", "borrow", "map-copy-1048576", "lmdb", "lmdb-set"],
  "read-ways": ["get-64", "get-into-64", "get-many", "borrow"],
  near: [
    "map-object",
    "near-json",
    "near-json-prepared",
    "get-json",
    "map-parse",
    "map-clone",
    "map",
    "near-64",
    "get-64",
  ],
  expiry: ["get", "get-ttl", "set", "set-ttl"],
  workers: ["mapReads/scaling", "reads/scaling", "readsInto/scaling", "mixed/scaling", "processors"],
  contention: ["alone/retries", "own/retries", "same/retries", "own/scaling", "same/scaling"],
  locks: ["mutex-with", "mutex-guard", "rw-read", "rw-write", "by-hand", "async-mutex", "two-mutex", "two-by-hand"],
  messages: ["get-into-64", "get-64", "ask-64", "ask-1", "send", "enqueue", "post"],
  changes: [
    "set-nobody",
    "set-elsewhere",
    "set-another-key",
    "set-all",
    "wait-for-p50",
    "wait-for-sync-p99",
    "message-p50",
  ],
  attach: ["attach"],
  "start-up": ["engram", "lmdb", "ratio", "empty-process"],
  engine: ["allocate", "namespace"],
  hash: [4, 16, 64, 256].flatMap((n) =>
    ["xxhash32", "murmur3", "fnv1a", "xxhash32-js", "xxhash-wasm", "crc32"].map((name) => `${name}-${n}`),
  ),
  "hash-quality": ["chi-squared", "avalanche", "collisions", "partition-deviation", "partition-spread"],
  padding: ["padded/2", "packed4/2", "packed8/2", "packed4/padded", "packed8/padded", "overhead"],
  cache: ["get-into-prepared", "borrow", "set", "miss-insert", "efficiency", "overhead"],
  "cache-aside": ["hit-lru-cache", "hit-engram-lru", "miss-lru-cache", "miss-engram-lru"],
  tracking: ["map-track", "track", "track-label", "track-p99", "track-heap"],
  "shared-data": ["property", "map-entry", "shared-value", "shared-clone", "near-value", "shared-update"],
  pool: ["warm-engram", "warm-engram-try", "warm-tarn", "users-engram", "users-lightning-pool", "heap-engram"],
  buffers: ["take-return", "acquire", "encoding", "held", "chunk", "heap", "cleanup", "success", "pool-1024"],
  agents: [
    "block",
    "block-charged",
    "store-buffer",
    "new-array",
    "create-drop",
    "hand-over-adopt",
    "claim-check",
    "encoding",
    "blocks-256",
  ],
  learning: [
    "update",
    "update-plain",
    "best",
    "act",
    "row",
    "push-uniform",
    "push-prioritised",
    "sample-uniform",
    "sample-prioritised",
    "accumulate",
  ],
  monitoring: ["get-into-off", "get-into-usual", "get-usual", "set-documented", "get-into-overhead-usual"],
  "client-rings": ["ring", "ring-mutex", "ring-channel", "ring-batch", "ring-empty", "ring-speedup", "ring-told"],
  recorders: ["map", "lru"].flatMap((of) =>
    ["get", "set"].flatMap((asked) => [`${of}-${asked}`, `${of}-${asked}-recorded`]),
  ),
  records: ["record", "record-mutex", "health", "speedup", "jsonl"],
  "vector-index": ["engram-f32-build", "engram-f32-32", "engram-f32-32-recall", "engram-f32-exact", "engram-int8-64"],
  cluster: ["put-node", "put-log", "put-log-64", "get-node", "get-log", "get-log-64"],
  limits: ["tolerance", "refill", "pool-share", "namespaces", "medium", "high", "critical", "emergency"],
};

describe("npm run bench", () => {
  it("prints every row and every goal, writes the same figures as JSON, and leaves no files", async () => {
    const file = join(folder, "bench.json");
    const { code, stdout, stderr, left } = await run("--quick", "--rounds", "1", "--json", file);
    expect([code, stderr, left]).toEqual([0, "", []]);
    const results: BenchResults = benchResultsSchema.parse(JSON.parse(await readFile(file, "utf8")));
    expect(results.groups.map(({ name }) => name)).toEqual(Object.keys(ROWS));
    for (const { name, figures, judgements, notes } of results.groups) {
      expect(figures.map(({ id }) => id)).toEqual(expect.arrayContaining(ROWS[name]));
      expect(new Set(figures.map(({ id }) => id)).size, `${name}: ids are unique`).toBe(figures.length);
      for (const { id, label, unit, median } of figures) {
        expect(stdout).toContain(label);
        // Bytes that are taken are the difference of two looks, and what is collected in between may outweigh what one small round made.
        expect(median, `${name}: ${id}`).toBeGreaterThanOrEqual(
          ["bytes", "MiB"].includes(unit) ? -Number.MAX_VALUE : 0,
        );
      }
      for (const { what, source } of judgements) {
        expect(stdout).toContain(what);
        expect(stdout).toContain(source);
      }
      for (const note of notes) expect(stdout).toContain(note);
    }
    // What the table of targets leaves to a group of the bench, that group answers: neither more nor less, a file that cannot be mapped aside.
    for (const { name, answers } of results.groups) {
      for (const { target } of answers)
        expect(measuredBy(target), target).toEqual({ command: `npm run bench -- --only ${name}` });
    }
    const answered = results.groups.flatMap(({ answers }) => answers.map(({ target }) => target));
    const asked = TARGETS.flatMap(({ id }) => {
      const by = measuredBy(id);
      return "command" in by && by.command.startsWith("npm run bench -- ") ? [id] : [];
    });
    expect(asked).toEqual(expect.arrayContaining(answered));
    // A row that one hasty round could not tell from an empty loop is suspect and answers nothing: none of the targets it is for, two at most.
    const rows = results.groups.flatMap(({ figures, judgements }) => [...figures, ...judgements]);
    const suspect = rows.filter((row) => row.suspect).length;
    const missing = asked.filter((id) => !answered.includes(id) && id !== "p-map-file");
    expect(missing.length, `missing: ${missing}`).toBeLessThanOrEqual(2 * suspect);
    for (const { target, unit, value } of results.groups.flatMap(({ answers }) => answers)) {
      expect(unit, target).toBe(findTarget(target)?.unit);
      expect(value, target).toBeGreaterThanOrEqual(0);
    }
    const judgements = results.groups.flatMap((group) => group.judgements);
    const met = judgements.filter((judgement) => judgement.met).length;
    expect(stdout.trimEnd().split("\n").at(-1)).toContain(`bench: ${met} of ${judgements.length} goals met`);
  });

  it("measures only the groups that are asked for, in its own order", async () => {
    const { code, stdout } = await run("--quick", "--rounds", "1", "--only", "hash", "--only", "engine");
    expect(code).toBe(0);
    expect(stdout).toMatch(/\nengine: [\s\S]*\nhash: /);
    expect(stdout).not.toContain("\nattach: ");
  });

  it("profiles each row on request: the shares of its places add up, and a read is partly the engine's", async () => {
    const file = join(folder, "profile.json");
    const only = ["--only", "prepared-get", "--profile", "--json", file];
    const { code, stdout } = await run("--quick", "--rounds", "1", ...only);
    expect(code).toBe(0);
    expect(stdout).toContain("where the time of a row goes");
    const [group] = benchResultsSchema.parse(JSON.parse(await readFile(file, "utf8"))).groups;
    expect(group.profiles.map(({ id }) => id)).toEqual(group.figures.map(({ id }) => id));
    for (const { label, places } of group.profiles) {
      expect(
        places.reduce((sum, { share }) => sum + share, 0),
        label,
      ).toBeCloseTo(1, 6);
    }
    const own = group.profiles.find(({ id }) => id === "get-into-prepared");
    expect(own?.places.map(({ place }) => place)).toContain("the engine");
  });

  it.each([
    [["--rounds", "0"], /^--rounds 0: expected a whole number from 1 to 1000$/],
    [["--rounds", "3x"], /^--rounds 3x: expected/],
    [["--seed", "-1"], /^--seed -1: expected a whole number from 0/],
    [["--only", ""], /^--only "": no such group/],
    [["--json", "/no/such/folder/bench.json"], /^--json .*: cannot be written \(no folder/],
    [["--json", tmpdir()], /^--json .*: is a folder, expected the name of a file/],
    [["--fast"], /unknown option '--fast'/],
    [["--rounds"], /option '--rounds <n>' argument missing$/],
    [["more"], /too many arguments/],
  ])("refuses %j before it starts anything", async (args, message) => {
    const bench = benchCommand(() => {}).exitOverride();
    const refused = bench.configureOutput({ outputError: () => {} }).parseAsync(args, { from: "user" });
    await expect(refused).rejects.toThrow(message);
    await expect(refused).rejects.toThrow(/^[^\n]*$/);
  });

  it("ends with one line and exit code 2 when it refuses", async () => {
    const { code, stdout, stderr } = await run("--only", "hsah");
    expect([code, stdout]).toEqual([2, ""]);
    expect(stderr).toMatch(/^bench: --only "hsah": no such group.*hash[^\n]*\n$/);
  });

  it("ends with 130 when interrupted, and removes what it made", async () => {
    const temporary = await mkdtemp(join(folder, "tmp-"));
    const watching = new AbortController();
    const made = new Promise<void>((resolve) => {
      watch(temporary, { signal: watching.signal }, (_event, name) => name?.startsWith("engram-bench-") && resolve());
    });
    const child = start(temporary, "--rounds", "1000", "--only", "string-get");
    await made;
    child.kill("SIGINT");
    const [code] = await once(child, "close");
    watching.abort();
    expect([code, await readdir(temporary)]).toEqual([130, []]);
  });
});

describe("turns", () => {
  it("rotates the order from round to round", () => {
    expect([0, 1, 2, 3].map((round) => rotated(["a", "b", "c"], round).join(""))).toEqual(["abc", "bca", "cab", "abc"]);
  });

  it("gives every contender one turn a round, each of whole lots and long enough to be timed", async () => {
    // by round, the one that `onRound` has not ended yet last; a turn that was too short to be timed is taken again at once
    const seen: string[][] = [[]];
    const contender = (id: string, lot: number) => ({
      id,
      label: id,
      lot,
      run(operations: number) {
        expect(operations % lot).toBe(0);
        const round = seen[seen.length - 1];
        if (round.at(-1) !== id) round.push(id);
        for (let i = 0; i < operations; i++) keep(Math.imul(i, i));
      },
    });
    const rounds = await measureInTurns([contender("a", 1), contender("b", 64)], { rounds: 3, turnMs: 0.5 }, () =>
      seen.push([]),
    );
    expect([...rounds].map(([id, sample]) => [id, sample.length])).toEqual([
      ["a", 3],
      ["b", 3],
    ]);
    // The warm-up comes before the first round.
    expect(seen.slice(1, 3)).toEqual([
      ["b", "a"],
      ["a", "b"],
    ]);
  });

  it("measures a contender whose time to warm up the machine took for something else", async () => {
    const contender = {
      id: "late",
      label: "late",
      run(operations: number) {
        for (let i = 0; i < operations; i++) keep(Math.imul(i, i));
      },
    };
    const rounds = await measureInTurns([contender], { rounds: 1, turnMs: 0 }, () => {});
    expect(rounds.get("late")?.map(Number.isFinite)).toEqual([true]);
  });

  it("does not believe a contender that does nothing", async () => {
    await expect(
      measureInTurns([{ id: "idle", label: "idle", run() {} }], { rounds: 1, turnMs: 0.5 }, () => {}),
    ).rejects.toThrow("idle: 2147483648 operations take no time");
  });
});

describe("verdicts", () => {
  const goal = { id: "g", what: "g", source: "here", unit: "x" } as const;

  it("takes the median of the rounds, and counts the distance in the direction of worse", () => {
    expect(judge({ ...goal, comparison: "<=", goal: 2 }, [1, 3, 50])).toMatchObject({
      value: 3,
      met: false,
      distance: 0.5,
    });
    expect(judge({ ...goal, comparison: ">=", goal: 4 }, [1, 3, 50])).toMatchObject({
      value: 3,
      met: false,
      distance: 0.25,
    });
    expect(judge({ ...goal, comparison: ">=", goal: 3 }, [3])).toMatchObject({ met: true, distance: 0 });
    expect(judge({ ...goal, comparison: "<=", goal: 3 }, [3])).toMatchObject({ met: true, distance: 0 });
    expect(judge({ ...goal, comparison: "<", goal: 3 }, [3])).toMatchObject({ met: false, distance: 0 });
  });

  it("compares within a round, so that a slow round of the machine does not count", () => {
    const rounds = new Map([
      ["own", [10, 100, 10]],
      ["peer", [20, 200, 20]],
    ]);
    const contenders = [...rounds.keys()].map((id) => ({ id, label: id, run() {} }));
    const figures = figuresOf(contenders, rounds, { reference: "peer" });
    expect(figures.map(({ id, median, ratio }) => [id, median, ratio])).toEqual([
      ["own", 10, 0.5],
      ["peer", 20, null],
    ]);
    const ratio = { id: "r", what: "r", source: "here", comparison: "<=", goal: 0.5, of: "own", to: "peer" } as const;
    expect(judgeRatio(ratio, rounds, figures)).toMatchObject({ value: 0.5, upperQuartile: 0.5, met: true });
  });

  it("lets a figure close to the empty loop decide nothing", () => {
    const rounds = new Map([
      ["own", [1.3, 1.3]],
      ["peer", [9, 9]],
      ["empty", [1, 1]],
    ]);
    const contenders = [...rounds.keys()].map((id) => ({ id, label: id, run() {} }));
    const figures = figuresOf(contenders, rounds, { reference: "peer", floor: "empty" });
    expect(figures.map(({ suspect }) => suspect)).toEqual([true, false, false]);
    const ratio = { id: "r", what: "r", source: "here", comparison: "<=", goal: 1, of: "own", to: "peer" } as const;
    expect(judgeRatio(ratio, rounds, figures)).toMatchObject({ met: false, suspect: true });
  });
});

describe("padding of the store", () => {
  it("is counted over parts that lie in the store, none of them packed into more than they take", () => {
    const { parts, padded, packed, capacity } = storePadding();
    for (const part of parts) expect(part.packed).toBeLessThan(part.padded);
    expect(padded).toBe(parts.reduce((sum, part) => sum + part.padded, 0));
    expect(packed).toBe(parts.reduce((sum, part) => sum + part.packed, 0));
    expect(padded).toBeLessThan(capacity);
  });
});

describe("measures of a hash", () => {
  const hashes = (of: (i: number) => number) => Uint32Array.from({ length: 1000 }, (_, i) => of(i));

  it("tell an even one from one that crowds", () => {
    expect(
      chiSquaredAway(
        hashes((i) => i),
        3,
      ),
    ).toBeCloseTo(1);
    expect(
      chiSquaredAway(
        hashes(() => 5),
        3,
      ),
    ).toBeGreaterThan(900);
    expect(collisions(hashes((i) => i))).toBe(0);
    expect(collisions(hashes((i) => i >> 1))).toBe(0.5);
    expect(
      spreadOver(
        hashes((i) => i),
        10,
        90,
      ),
    ).toEqual({ furthest: 10, deviation: 0 });
    expect(
      spreadOver(
        hashes((i) => i & 1),
        4,
        250,
      ),
    ).toEqual({ furthest: 250, deviation: 1 });
  });

  it("count the output bits that one key bit changes", () => {
    const key = Uint8Array.of(1, 2);
    expect(avalanche([key], ([a, b]) => a | (b << 8))).toBe(1 / 32);
    expect(avalanche([key], ([a, b]) => (((a ^ b).toString(2).replaceAll("0", "").length & 1) === 1 ? -1 : 0))).toBe(1);
    expect([...key]).toEqual([1, 2]);
  });
});
