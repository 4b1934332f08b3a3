import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type BuildIndexOptions,
  buildVectorIndex,
  type IndexKind,
  type IndexMetric,
  type SearchOptions,
  VectorIndex,
} from "#dist/src/agents/index.js";
import { bareMemory } from "./bare-memory.js";
import { clustered, countedMemory, vectorAt } from "./index-vectors.js";
import { distanceOf, rowOf } from "./reference-distances.js";

const KINDS: IndexKind[] = ["f32", "int8"];
const METRICS: IndexMetric[] = ["cosine", "l2", "dot"];
const ALL = KINDS.flatMap((kind) => METRICS.map((metric) => ({ kind, metric })));

const D = 64;
const data = clustered(2_100, D, 3);
const base = data.subarray(0, 2_000 * D);
const queries = Array.from({ length: 100 }, (_, i) => vectorAt(data, 2_000 + i, D));

describe("an exact search", () => {
  it("finds what plain code finds that looks at all, to the last bit and in the same order", async () => {
    const number = fc.oneof(fc.integer({ min: -3, max: 3 }), fc.float({ min: -1000, max: 1000, noNaN: true }));
    const drawn = fc.integer({ min: 1, max: 37 }).chain((dimensions) =>
      fc.record({
        dimensions: fc.constant(dimensions),
        shape: fc.constantFrom(...ALL),
        vectors: fc.array(fc.array(number, { minLength: dimensions, maxLength: dimensions }), {
          minLength: 2,
          maxLength: 40,
        }),
        k: fc.integer({ min: 1, max: 39 }),
      }),
    );
    const arena = bareMemory(16 << 20);
    await fc.assert(
      fc.asyncProperty(drawn, async ({ dimensions, shape: { kind, metric }, vectors, k }) => {
        const usable = vectors
          .filter((vector) => vector.some((x) => Math.fround(x) !== 0))
          .map((v) => Float32Array.from(v));
        fc.pre(usable.length > 1);
        const [query, ...rest] = usable;
        const index = new VectorIndex(arena, await buildVectorIndex(arena, { dimensions, kind, metric }, rest));
        const from = rowOf(query, kind, metric);
        const expected = rest
          .map((vector, id) => ({ id, distance: distanceOf(from, rowOf(vector, kind, metric), kind, metric) }))
          .sort((a, b) => a.distance - b.distance || a.id - b.id)
          .slice(0, k)
          .map(({ id, distance }) => ({ id, distance: asTold(distance, metric) }));
        expect(index.search(query, { k: Math.min(k, rest.length) })).toEqual(expected);
      }),
      { numRuns: 150 },
    );
  });

  it("finds all of them when asked for all", async () => {
    const arena = bareMemory();
    const index = new VectorIndex(arena, await buildVectorIndex(arena, { dimensions: D }, base));
    const found = index.search(queries[0], { k: 2_000 });
    expect(new Set(found.map(({ id }) => id)).size).toBe(2_000);
    expect(found.every(({ distance }, i) => i === 0 || distance >= found[i - 1].distance)).toBe(true);
  });
});

function asTold(distance: number, metric: IndexMetric): number {
  if (metric === "l2") return Math.sqrt(distance);
  return metric === "cosine" ? Math.min(2, Math.max(0, distance)) : distance;
}

describe.each(ALL)("the graph of $kind under $metric", ({ kind, metric }) => {
  it("finds 98 of 100 of the ten nearest, and a vector's own first", async () => {
    const arena = bareMemory();
    const index = new VectorIndex(
      arena,
      await buildVectorIndex(arena, { dimensions: D, kind, metric, graph: true, threads: 0 }, base),
    );
    let hits = 0;
    for (const query of queries) {
      const truth = new Set(index.search(query, { exact: true }).map(({ id }) => id));
      hits += index.search(query).filter(({ id }) => truth.has(id)).length;
    }
    expect(hits / 1_000).toBeGreaterThanOrEqual(0.98);
    if (metric === "dot") return; // by the product alone a longer vector is nearer than one's own
    for (const position of [0, 999, 1_999]) {
      const [first] = index.search(vectorAt(base, position, D), { k: 1 });
      expect(first.id).toBe(position);
      expect(first.distance).toBeLessThan(kind === "f32" ? 1e-3 : 0.02);
    }
  });
});

describe("the graph", () => {
  const built = async (vectors: Float32Array, options: Partial<BuildIndexOptions>) => {
    const arena = bareMemory();
    const build = { dimensions: D, metric: "l2", graph: true, threads: 0, ...options } as const;
    return new VectorIndex(arena, await buildVectorIndex(arena, build, vectors));
  };

  it("leads from each cluster to the others, however far apart they are", async () => {
    const far = clustered(1_300, D, 4, 0);
    const index = await built(far.subarray(0, 1_200 * D), { m: 6, efConstruction: 60 });
    let hits = 0;
    for (let i = 1_200; i < 1_300; i++) {
      const query = vectorAt(far, i, D);
      const truth = new Set(index.search(query, { exact: true }).map(({ id }) => id));
      hits += index.search(query, { ef: 16 }).filter(({ id }) => truth.has(id)).length;
    }
    expect(hits / 1_000).toBeGreaterThanOrEqual(0.9);
  });

  it("finds the same each time, each vector once, however often it was asked before", async () => {
    const index = await built(base.subarray(0, 400 * D), { efConstruction: 40 });
    const first = index.search(queries[0], { k: 20 });
    expect(new Set(first.map(({ id }) => id)).size).toBe(20);
    for (let i = 0; i < 600; i++) expect(index.search(queries[0], { k: 20 })).toEqual(first);
  });
});

describe("distances", () => {
  const found = async (metric: IndexMetric, vectors: number[][], query: number[]) => {
    const arena = bareMemory(1 << 20);
    const index = new VectorIndex(arena, await buildVectorIndex(arena, { dimensions: query.length, metric }, vectors));
    return index.search(query, { k: vectors.length }).map(({ id, distance }) => [id, distance]);
  };

  it("are Euclidean under l2", async () => {
    expect(
      await found(
        "l2",
        [
          [0, 0],
          [3, 4],
          [6, 8],
        ],
        [0, 0],
      ),
    ).toEqual([
      [0, 0],
      [1, 5],
      [2, 10],
    ]);
  });

  it("are one less the cosine under cosine, from 0 to 2, whatever the lengths", async () => {
    expect(
      await found(
        "cosine",
        [
          [0, -9],
          [1e-30, 0],
          [0, 7e30],
        ],
        [0, 2],
      ),
    ).toEqual([
      [2, 0],
      [1, 1],
      [0, 2],
    ]);
  });

  it("are the negated product under dot", async () => {
    expect(
      await found(
        "dot",
        [
          [1, 1],
          [-1, 0],
          [2, 5],
        ],
        [3, 1],
      ),
    ).toEqual([
      [2, -11],
      [0, -4],
      [1, 3],
    ]);
  });

  it("are the same both ways, and those of one line add up", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...ALL),
        fc.array(fc.float({ min: -9, max: 9, noNaN: true }), { minLength: 4, maxLength: 40 }),
        (shape, numbers) => {
          const half = numbers.length >> 1;
          const [a, b] = [numbers.slice(0, half), numbers.slice(half, 2 * half)].map((n) =>
            rowOf(Float32Array.from(n), shape.kind, shape.metric),
          );
          expect(distanceOf(a, b, shape.kind, shape.metric)).toEqual(distanceOf(b, a, shape.kind, shape.metric));
        },
      ),
    );
  });
});

describe("ids", () => {
  it.each([{ ids: [7, 2 ** 53 - 1, -4] }, { ids: ["a", "", "ä€𝄞"] }, { ids: undefined }])(
    "of the user come back: $ids",
    async ({ ids }) => {
      const arena = bareMemory(1 << 20);
      const index = new VectorIndex(
        arena,
        await buildVectorIndex(arena, { dimensions: 2, ids }, [
          [1, 0],
          [1, 1],
          [0, 1],
        ]),
      );
      expect(index.search([1, 0.1], { k: 3 }).map(({ id }) => id)).toEqual(ids ?? [0, 1, 2]);
    },
  );
});

describe("a search that cannot be done", () => {
  const arena = countedMemory(1 << 20);
  const index = buildVectorIndex(arena, { dimensions: 3 }, [
    [1, 0, 0],
    [0, 1, 0],
  ]).then((address) => new VectorIndex(arena, address));

  it.each([
    ["more than there are", [1, 2, 3], { k: 3 }, "INVALID_ARGUMENT", /k is 3; expected a whole number from 1 to 2/],
    ["none", [1, 2, 3], { k: 0 }, "INVALID_ARGUMENT", /k is 0/],
    ["too few dimensions", [1, 2], {}, "INVALID_VECTOR", /the query has 2 dimensions; expected 3/],
    ["NaN", [1, Number.NaN, 3], {}, "INVALID_VECTOR", /NaN at \[1\]/],
    ["infinite", Float32Array.of(1, 2, Number.POSITIVE_INFINITY), {}, "INVALID_VECTOR", /Infinity at \[2\]/],
    ["past float32", [1e300, 0, 0], {}, "INVALID_VECTOR", /Infinity at \[0\]/],
    ["no number", [1, "2", 3], {}, "INVALID_VECTOR", /"2" at \[1\]/],
    ["zeros", [0, 0, 0], {}, "INVALID_VECTOR", /all zeros; cosine/],
    ["no vector", "abc", {}, "INVALID_VECTOR", /the query is "abc"/],
    ["ef", [1, 2, 3], { ef: 0 }, "INVALID_ARGUMENT", /ef is 0/],
    ["a graph where there is none", [1, 2, 3], { exact: false }, "INVALID_ARGUMENT", /no graph/],
    ["an unknown option", [1, 2, 3], { K: 2 }, "INVALID_ARGUMENT", /unknown option "K"; did you mean "k"/],
  ])("says so: %s", async (_, query, options, code, message) => {
    expect.assertions(2);
    try {
      (await index).search(query as number[], options as SearchOptions);
    } catch (error) {
      expect((error as { code: string }).code).toBe(code);
      expect((error as Error).message).toMatch(message);
    }
  });

  it("says so when it was closed, and the scratch is given back", async () => {
    const mine = new VectorIndex(arena, [...arena.held][0]);
    mine.search([1, 2, 3]);
    const held = arena.held.size;
    mine.close();
    expect(arena.held.size).toBe(held - 1);
    expect(() => mine.search([1, 2, 3])).toThrow(expect.objectContaining({ code: "CLOSED" }));
  });
});
