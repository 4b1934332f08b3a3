import { once } from "node:events";
import { Worker } from "node:worker_threads";
import { describe, expect, it, onTestFinished, vi } from "vitest";
import { type ArenaMemory, type BuildIndexOptions, buildVectorIndex, VectorIndex } from "#dist/src/agents/index.js";
import { OutOfMemoryError } from "#dist/src/errors.js";
import { bareMemory } from "./bare-memory.js";
import { bytesOf, clustered, countedMemory, vectorAt } from "./index-vectors.js";

const D = 24;
const base = clustered(800, D, 5);

async function built(options: Partial<BuildIndexOptions>, shared = true): Promise<Buffer> {
  const arena = countedMemory(8 << 20, shared);
  const address = await buildVectorIndex(arena, { dimensions: D, graph: true, efConstruction: 40, ...options }, base);
  expect([...arena.held]).toEqual([address]);
  return bytesOf(arena, address, new VectorIndex(arena, address).bytes);
}

describe("one seed", () => {
  it.each(["f32", "int8"] as const)(
    "gives one graph of %s, by however many threads, in memory that is shared or not",
    async (kind) => {
      const alone = await built({ kind, threads: 0 });
      expect(await built({ kind, threads: 0 }, false)).toEqual(alone);
      for (const threads of [1, 3]) expect((await built({ kind, threads })).equals(alone)).toBe(true);
      expect((await built({ kind, threads: 0, seed: 2 })).equals(alone)).toBe(false);
    },
  );
});

describe("a build that cannot be", () => {
  const good = [
    [1, 2],
    [3, 4],
  ];
  const options = { dimensions: 2, threads: 0 };
  it.each([
    ["no vectors", options, [], "INVALID_ARGUMENT", /empty/, undefined],
    ["no list", options, "vectors", "INVALID_ARGUMENT", /vectors is "vectors"/, undefined],
    [
      "flat ones that do not come out even",
      options,
      Float32Array.of(1, 2, 3),
      "INVALID_VECTOR",
      /3 numbers; expected whole vectors of 2/,
      [1, null],
    ],
    [
      "another number of dimensions",
      options,
      [
        [1, 2],
        [1, 2, 3],
      ],
      "INVALID_VECTOR",
      /vectors\[1\] has 3 dimensions; expected 2/,
      [1, null],
    ],
    [
      "NaN",
      options,
      [
        [1, 2],
        [1, Number.NaN],
      ],
      "INVALID_VECTOR",
      /vectors\[1\] has NaN at \[1\]/,
      [1, 1],
    ],
    [
      "Infinity",
      options,
      Float32Array.of(Number.NEGATIVE_INFINITY, 0),
      "INVALID_VECTOR",
      /vectors\[0\] has -Infinity at \[0\]/,
      [0, 0],
    ],
    ["what is no vector", options, [[1, 2], null], "INVALID_VECTOR", /vectors\[1\] is null/, [1, null]],
    ["a vector with a hole", options, [[1, undefined]], "INVALID_VECTOR", /undefined at \[1\]/, [0, 1]],
    [
      "zeros under cosine",
      options,
      [
        [1, 2],
        [0, 0],
      ],
      "INVALID_VECTOR",
      /vectors\[1\] is all zeros/,
      [1, null],
    ],
    [
      "too long for a product",
      { ...options, metric: "dot" },
      [[1e30, 0]],
      "INVALID_VECTOR",
      /longer than 2\^62/,
      [0, null],
    ],
    [
      "no dimensions",
      { threads: 0 },
      good,
      "INVALID_ARGUMENT",
      /dimensions is null; expected a whole number from 1 to 65536/,
      undefined,
    ],
    [
      "an unknown kind",
      { ...options, kind: "int4" },
      good,
      "INVALID_ARGUMENT",
      /kind is "int4"; expected one of f32, int8/,
      undefined,
    ],
    [
      "an unknown metric",
      { ...options, metric: "cosin" },
      good,
      "INVALID_ARGUMENT",
      /did you mean "cosine"/,
      undefined,
    ],
    [
      "an unknown option",
      { ...options, M: 3 },
      good,
      "INVALID_ARGUMENT",
      /unknown option "M"; did you mean "m"/,
      undefined,
    ],
    ["too few ids", { ...options, ids: [1] }, good, "INVALID_ARGUMENT", /ids has 1 of them for 2 vectors/, undefined],
    [
      "an id twice",
      { ...options, ids: ["a", "a"] },
      good,
      "INVALID_ARGUMENT",
      /ids\[1\] is "a", as is ids\[0\]/,
      undefined,
    ],
    [
      "ids of two sorts",
      { ...options, ids: [1, "a"] },
      good,
      "INVALID_ARGUMENT",
      /ids\[1\] is "a" and ids\[0\] is 1/,
      undefined,
    ],
    [
      "an id that is no whole number",
      { ...options, ids: [1, 1.5] },
      good,
      "INVALID_ARGUMENT",
      /ids\[1\] is 1.5/,
      undefined,
    ],
    [
      "an id that UTF-8 cannot hold",
      { ...options, ids: ["a", "\ud800"] },
      good,
      "INVALID_ARGUMENT",
      /ids\[1\]/,
      undefined,
    ],
  ])("says why, and leaves nothing: %s", async (_, asked, vectors, code, message, at) => {
    const arena = countedMemory(1 << 20);
    const error = await buildVectorIndex(arena, asked as BuildIndexOptions, vectors as number[][]).catch(
      (e: unknown) => e,
    );
    expect(error).toMatchObject({ code, message: expect.stringMatching(message) });
    if (at !== undefined) expect(error).toMatchObject({ vector: at[0], component: at[1] });
    expect(arena.held.size).toBe(0);
  });

  it.each([1, 2, 3, 4])("leaves nothing when the arena has no room for piece %i of it", async (piece) => {
    const arena = countedMemory();
    let takes = 0;
    const narrow: ArenaMemory = {
      ...arena,
      take(bytes, purpose) {
        if (++takes === piece) throw new OutOfMemoryError(`no room for ${purpose}`);
        return arena.take(bytes, purpose);
      },
    };
    const end = buildVectorIndex(narrow, { dimensions: D, graph: true, threads: 2 }, base);
    await expect(end).rejects.toThrow(OutOfMemoryError);
    expect(takes).toBe(piece);
    expect(arena.held.size).toBe(0);
  });

  it("starts no threads where memory is not shared", async () => {
    const arena = countedMemory(1 << 20, false);
    await expect(buildVectorIndex(arena, { dimensions: 2, threads: 1 }, good)).rejects.toThrow(
      /not shared; expected 0/,
    );
  });
});

describe("a build that goes on", () => {
  /** Each look at the clock finds a turn over, however fast the machine is. */
  function endTurnsAtOnce(): void {
    let ms = 0;
    const clock = vi.spyOn(performance, "now").mockImplementation(() => (ms += 1000));
    onTestFinished(() => clock.mockRestore());
  }

  it.each([0, 2])("by %i threads ends when its signal says so, and leaves nothing", async (threads) => {
    endTurnsAtOnce();
    const arena = countedMemory();
    const reason = new Error("not now");
    const stop = new AbortController();
    let told = 0;
    const onProgress = (done: number, of: number) => {
      told = done / of;
      stop.abort(reason);
    };
    // threads tell of it each 50 ms: they are at it for many times that, on a fast machine too
    const many = clustered(3_000, D, 6);
    const end = buildVectorIndex(
      arena,
      { dimensions: D, threads, signal: stop.signal, onProgress, efConstruction: 3_000 },
      many,
    );
    await expect(end).rejects.toBe(reason);
    expect(told).toBeGreaterThan(0);
    expect(told).toBeLessThan(1);
    expect(arena.held.size).toBe(0);
  });

  it("does not begin when its signal was given before", async () => {
    const arena = countedMemory(1 << 20);
    await expect(buildVectorIndex(arena, { dimensions: 1, signal: AbortSignal.abort("no") }, [[1]])).rejects.toBe("no");
    expect(arena.held.size).toBe(0);
  });

  it("lets its own thread do something else meanwhile", async () => {
    endTurnsAtOnce();
    let turns = 0;
    let building = true;
    const another = () => {
      turns++;
      if (building) setImmediate(another);
    };
    setImmediate(another);
    await buildVectorIndex(bareMemory(), { dimensions: D, graph: true, threads: 0 }, base);
    building = false;
    expect(turns).toBeGreaterThan(base.length / D);
  });

  it("is not an index yet: a thread that looks too early is told so", async () => {
    endTurnsAtOnce();
    const arena = countedMemory();
    let early: unknown;
    const onProgress = (done: number, of: number) => {
      if (done === of || early !== undefined) return;
      try {
        new VectorIndex(arena, [...arena.held][0]);
      } catch (error) {
        early = error;
      }
    };
    await buildVectorIndex(arena, { dimensions: D, graph: true, threads: 0, onProgress }, base);
    expect(early).toMatchObject({ code: "CORRUPT_INDEX", message: expect.stringContaining("still being built") });
  });
});

it("another thread searches the same bytes, and finds the same", async () => {
  const arena = bareMemory();
  const index = new VectorIndex(
    arena,
    await buildVectorIndex(
      arena,
      { dimensions: D, graph: true, threads: 0, ids: Array.from({ length: 800 }, (_, i) => i * 3) },
      base,
    ),
  );
  const queries = Array.from({ length: 20 }, (_, i) => Float32Array.from(vectorAt(base, i * 40, D)));
  const scratch = Array.from({ length: 2 }, () => arena.take(1 << 16, "a worker's"));
  const workers = scratch.map(
    (at) =>
      new Worker(new URL("index-worker.mjs", import.meta.url), {
        workerData: { memory: arena.memory, address: 4096, at, queries },
      }),
  );
  const answers = await Promise.all(workers.map(async (worker) => (await once(worker, "message"))[0]));
  for (const answer of answers) expect(answer).toEqual(queries.map((query) => index.search(query, { k: 5 })));
});
