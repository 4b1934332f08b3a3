import { fork } from "node:child_process";
import { once } from "node:events";
import { clusteredVectors } from "../clustered-vectors.js";
import type { Contender } from "../contender.js";
import { plainFigure } from "../judge.js";
import {
  type Ask,
  type BuiltIndex,
  EF_CONSTRUCTION,
  hnswlibIndex,
  type IndexKindOf,
  LIBRARIES,
  loadLibrary,
  M,
  ownIndex,
  usearchIndex,
} from "../peers/vector-indexes.js";
import type { Figure } from "../results.js";
import { keep } from "../sink.js";
import type { MemoryTask } from "../threads/index-memory.js";
import { privateBytes } from "../threads/private-bytes.js";
import { measureInTurns } from "../turns.js";
import type { Group } from "./group.js";

const K = 10;
const EFS = [16, 32, 64];
const THREADS = 4;
const THREADS_EF = 32;
const SIZES = {
  full: { count: 10_000, dimensions: 384, queries: 500 },
  quick: { count: 1_000, dimensions: 32, queries: 50 },
};

/** One way to ask one index. */
interface Way {
  readonly id: string;
  readonly label: string;
  readonly ask: (query: Float32Array) => ArrayLike<number | bigint>;
}

interface Measured {
  readonly kind: IndexKindOf;
  readonly index: BuiltIndex;
  readonly buildSeconds: number;
}

export const vectorIndex: Group = {
  title: "a vector index: the ten nearest, by one thread and by four",
  async measure({ settings, directory, onRound }) {
    const { count, dimensions, queries } = settings.quick ? SIZES.quick : SIZES.full;
    const all = clusteredVectors(count + queries, dimensions, settings.seed);
    const base = all.slice(0, count * dimensions);
    const asked = Array.from({ length: queries }, (_, i) =>
      all.subarray((count + i) * dimensions, (count + i + 1) * dimensions),
    );
    const kinds = [ownIndex("f32"), ownIndex("int8"), usearchIndex("f32"), usearchIndex("i8"), hnswlibIndex()];
    const built: Measured[] = [];
    for (const kind of kinds.filter((one) => one !== null)) {
      const start = performance.now();
      const index = await kind.build(base, dimensions, directory);
      built.push({ kind, index, buildSeconds: (performance.now() - start) / 1000 });
    }
    const truth = asked.map((query) => new Set(Array.from((built[0].index.askExactly as Ask)(query, K, K), Number)));
    const ways = built.flatMap(waysOf);
    const rounds = await measureInTurns(
      ways.map((way) => contenderOf(way, asked)),
      settings,
      onRound,
    );
    const figures: Figure[] = [];
    for (const { kind, index, buildSeconds } of built) {
      figures.push(plainFigure(`${kind.id}-build`, `${kind.label}, build`, "s", [buildSeconds]));
      if (index.bytes !== undefined) {
        figures.push(plainFigure(`${kind.id}-bytes`, `${kind.label}, index`, "MiB", [index.bytes / 2 ** 20]));
      }
    }
    for (const way of ways) {
      const rate = (rounds.get(way.id) as readonly number[]).map((ns) => 1e9 / ns);
      figures.push(
        plainFigure(`${way.id}-recall`, `${way.label}, recall@${K}`, "of 1", [recallOf(way, asked, truth)]),
        plainFigure(way.id, way.label, "queries/s", rate),
      );
    }
    for (const one of built) figures.push(...(await memoryOf(one, asked)));
    return { reference: null, figures, judgements: [], notes: notesOf(count, dimensions, queries) };
  },
};

function waysOf({ kind, index }: Measured): Way[] {
  const { ask, askExactly } = index;
  const ways: Way[] = EFS.map((ef) => ({
    id: `${kind.id}-${ef}`,
    label: `${kind.label}, ef ${ef}`,
    ask: (query) => ask(query, K, ef),
  }));
  if (askExactly !== undefined) {
    ways.push({
      id: `${kind.id}-exact`,
      label: `${kind.label}, all looked at`,
      ask: (query) => askExactly(query, K, K),
    });
  }
  return ways;
}

function contenderOf({ id, label, ask }: Way, queries: readonly Float32Array[]): Contender {
  let cursor = 0;
  return {
    id,
    label,
    run(operations) {
      let found = 0;
      for (let i = 0; i < operations; i++) found += ask(queries[(cursor + i) % queries.length]).length;
      cursor = (cursor + operations) % queries.length;
      if (found !== operations * K) throw new Error(`${label}: ${operations} queries found ${found}`);
      keep(found);
    },
  };
}

function recallOf({ ask }: Way, queries: readonly Float32Array[], truth: readonly Set<number>[]): number {
  const hits = queries.map((query, i) => Array.from(ask(query), Number).filter((id) => truth[i].has(id)).length);
  return hits.reduce((sum, one) => sum + one, 0) / (queries.length * K);
}

/** What each of four threads has for itself, of a process that does nothing else. */
async function memoryOf({ kind, index }: Measured, queries: readonly Float32Array[]): Promise<Figure[]> {
  if (privateBytes() === null) return [];
  const all = Float32Array.from({ length: queries.length * index.saved.dimensions }, (_, i) => {
    return queries[Math.floor(i / index.saved.dimensions)][i % index.saved.dimensions];
  });
  const task: MemoryTask = { saved: index.saved, threads: THREADS, queries: all, k: K, ef: THREADS_EF };
  const child = fork(new URL("../threads/index-memory.js", import.meta.url), { serialization: "advanced" });
  child.send(task);
  const [bytes] = (await Promise.race([
    once(child, "message"),
    once(child, "exit").then(() => {
      throw new Error(`${kind.label}: the process that opens it for ${THREADS} threads died`);
    }),
  ])) as [number];
  child.kill();
  return [
    plainFigure(`${kind.id}-memory`, `${kind.label}, private to each of ${THREADS} threads`, "MiB", [bytes / 2 ** 20]),
  ];
}

function notesOf(count: number, dimensions: number, queries: number): string[] {
  const notes = [
    `${count} vectors of ${dimensions} dimensions in clusters, ${queries} queries, M ${M}, efConstruction ${EF_CONSTRUCTION}, one thread; recall against our exact scan of float32.`,
  ];
  const missing = LIBRARIES.filter((library) => loadLibrary(library.split("@")[0]) === null);
  if (missing.length > 0) {
    notes.push(
      `Not measured, as not installed: ${missing.join(", ")}. npm install --no-save ${missing.join(" ")} in this folder adds them.`,
    );
  }
  if (privateBytes() === null) notes.push("Memory a thread was not measured: this system does not tell.");
  return notes;
}
