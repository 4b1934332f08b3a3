/**
 * The campaign: threads that hold one of each kind of resource, give it back and take the next without a pause, terminated at random instants while
 * others go on. After each death nothing is listed of the dead thread; after the last, nothing at all.
 */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Worker } from "node:worker_threads";
import { Agents } from "../../../src/agents/index.js";
import { Store } from "../../../src/index.js";
import { ProgramRandom } from "../../../src/random.js";
import { layout, MappedFile } from "../../../src/resources/index.js";
import { comesTo, startVictim, terminate } from "../kill-crew.js";
import { BLOCKS, CONNECTIONS_MOST, OPEN, PEAK, REGION, STEPS, WORDS } from "./words.js";

export interface ResourceKillFigures {
  kills: number;
  /** What the killed had in their hands when they died, by kind. */
  held: Record<string, number>;
  steps: number;
  /** The most connections that were open at a time, over all threads. */
  peak: number;
  /** Threads that did not go on. */
  stuck: number;
  /** What is listed of the dead, sentences of verify, permits out to nobody, more open than there may be. */
  violations: string[];
  seconds: number;
}

export interface ResourceKillCampaign {
  readonly kills: number;
  readonly seed: number;
  readonly interrupt?: AbortSignal;
  readonly onProgress?: (figures: ResourceKillFigures) => void;
}

const THREADS = 3;
/** After so many kills all threads end. */
const ROUND = 20;

/** What the file holds that every thread maps. */
export const POINT = layout({ id: "u32", score: "f64" });

export async function runResourceKills(campaign: ResourceKillCampaign): Promise<ResourceKillFigures> {
  const { kills, seed, interrupt, onProgress } = campaign;
  const random = new ProgramRandom(seed);
  const figures: ResourceKillFigures = { kills: 0, held: {}, steps: 0, peak: 0, stuck: 0, violations: [], seconds: 0 };
  const began = performance.now();
  const folder = await mkdtemp(join(tmpdir(), "engram-resources-"));
  try {
    const file = join(folder, "points.bin");
    await (await MappedFile.create(file, POINT, { records: 10 })).close();
    while (figures.kills < kills && !interrupt?.aborted) {
      await playRound(figures, Math.min(ROUND, kills - figures.kills), random, file);
      figures.seconds = (performance.now() - began) / 1000;
      onProgress?.(figures);
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return figures;
}

async function playRound(
  figures: ResourceKillFigures,
  kills: number,
  random: ProgramRandom,
  file: string,
): Promise<void> {
  const store = await Store.create({ capacity: "16MiB", maxWorkers: THREADS + 2 });
  const agents = await Agents.create(store, { arenaBytes: "8MiB", pools: { [BLOCKS]: [256, 64] } });
  store.region(REGION, { bytes: 64 }).close();
  const words = new Int32Array(new SharedArrayBuffer(WORDS * 4));
  const start = (): Promise<Worker> => {
    // what its server sees of it alone: closed when it dies, before its permits are others'
    const open = new Int32Array(new SharedArrayBuffer(4));
    const seed = random.next32() >>> 0;
    const workerData = { store: store.handle, agents: agents.handle, words, open, file, seed };
    return startVictim(store, new URL("./victim.js", import.meta.url), workerData, (thread) => {
      for (const { kind, owner } of store.resources())
        if (owner.thread === thread) figures.held[kind] = (figures.held[kind] ?? 0) + 1;
      Atomics.sub(words, OPEN, Atomics.exchange(open, 0, 0));
    });
  };
  const crew: Worker[] = [];
  for (let i = 0; i < THREADS; i++) crew.push(await start());
  const killOne = async (): Promise<void> => {
    const [victim] = crew.splice(random.below(crew.length), 1);
    const { threadId } = victim;
    await terminate(victim);
    figures.kills++;
    const left = store.resources().filter(({ owner }) => owner.thread === threadId);
    figures.violations.push(...left.map(({ kind, label }) => `${kind} ${label} is listed of a thread that is gone`));
  };
  for (let i = THREADS; i < kills; i++) {
    // at some instant of its work, whichever that is
    const until = Atomics.load(words, STEPS) + random.below(40);
    if (!(await comesTo(() => Atomics.load(words, STEPS) >= until))) figures.stuck++;
    await killOne();
    crew.push(await start());
  }
  while (crew.length > 0) await killOne();
  figures.violations.push(...store.resources().map(({ kind, label }) => `${kind} ${label} is listed, of nobody`));
  for (const { pool, taken, waiting } of store.stats().resources.permits)
    if (taken + waiting > 0)
      figures.violations.push(`pool ${pool}: ${taken} permits are out and ${waiting} waited for`);
  const peak = Atomics.load(words, PEAK);
  if (peak > CONNECTIONS_MOST) figures.violations.push(`${peak} connections were open, of ${CONNECTIONS_MOST}`);
  figures.peak = Math.max(figures.peak, peak);
  figures.steps += Atomics.load(words, STEPS);
  const { violations, leaks } = await agents.verify();
  figures.violations.push(...violations, ...leaks.map(({ purpose, why }) => `leaked: ${purpose}: ${why}`));
  figures.violations.push(...(await store.verify()).violations);
  await store.close();
}
