/** The campaign: threads that use a few locks without a pause, and are terminated at random instants while others go on. */
import type { Worker } from "node:worker_threads";
import { countLocks, Header } from "../../../src/core/index.js";
import { PoisonedError, Store } from "../../../src/index.js";
import { ProgramRandom } from "../../../src/random.js";
import { comesTo, startVictim, terminate } from "../kill-crew.js";
import { BROKEN, MENDED, STEPS, WORDS } from "./words.js";

export interface KillFigures {
  kills: number;
  /** Of the killed: how many had a lock in their hands, alone or reading, and how many waited for one. */
  holding: number;
  waiting: number;
  /** Locks found poisoned afterwards. */
  poisoned: number;
  /** What the threads did with locks. */
  steps: number;
  /** Two inside, or a death that was not told. */
  broken: number;
  /** Locks that were not to be had though nobody that lives keeps them. */
  stuck: number;
  /** Sentences of verify. */
  violations: string[];
  seconds: number;
}

export interface KillCampaign {
  readonly kills: number;
  readonly seed: number;
  readonly interrupt?: AbortSignal;
  readonly onProgress?: (figures: KillFigures) => void;
}

const THREADS = 4;
/** After so many kills everybody stops, and every lock must be there for the taking. */
const ROUND = 20;
const PATIENCE_MS = 20_000;
const NAMES = { mutexes: ["one", "two"], rwLocks: ["table", "index"] };

export async function runKills({ kills, seed, interrupt, onProgress }: KillCampaign): Promise<KillFigures> {
  const random = new ProgramRandom(seed);
  const figures: KillFigures = {
    kills: 0,
    holding: 0,
    waiting: 0,
    poisoned: 0,
    steps: 0,
    broken: 0,
    stuck: 0,
    violations: [],
    seconds: 0,
  };
  const began = performance.now();
  while (figures.kills < kills && !interrupt?.aborted) {
    await playRound(figures, Math.min(ROUND, kills - figures.kills), random);
    figures.seconds = (performance.now() - began) / 1000;
    onProgress?.(figures);
  }
  return figures;
}

async function playRound(figures: KillFigures, kills: number, random: ProgramRandom): Promise<void> {
  const store = await Store.create({ capacity: "8MiB", maxWorkers: THREADS + 2 });
  const shared = new SharedArrayBuffer(WORDS * 4);
  const words = new Int32Array(shared);
  const crew: Worker[] = [];
  const header = new Header((store.handle.memory as WebAssembly.Memory).buffer);
  const start = async () => {
    const seed = random.next32() >>> 0;
    const workerData = { store: store.handle, words: shared, seed, names: NAMES };
    const worker = await startVictim(store, new URL("./victim.js", import.meta.url), workerData, (thread) => {
      // what it had when it died
      const { held, waiting } = countLocks(header, thread);
      if (held > 0) figures.holding++;
      if (waiting > 0) figures.waiting++;
    });
    crew.push(worker);
  };
  for (let i = 0; i < THREADS; i++) await start();
  for (let i = 0; i < kills; i++) {
    // at some instant of its work, whichever that is
    const until = Atomics.load(words, STEPS) + random.below(300);
    if (!(await comesTo(() => Atomics.load(words, STEPS) >= until))) figures.stuck++;
    const [victim] = crew.splice(random.below(crew.length), 1);
    await kill(victim, figures);
    await start();
  }
  for (const worker of crew) await kill(worker, figures);
  for (const name of NAMES.mutexes) await takeLast(figures, (wish) => store.mutex(name).withAsync(() => {}, wish));
  for (const name of NAMES.rwLocks) await takeLast(figures, (wish) => store.rwLock(name).writeAsync(() => {}, wish));
  const { held, waiting } = store.stats().locks;
  if (held + waiting > 0) figures.violations.push(`${held} locks are held and ${waiting} waited for by nobody`);
  figures.violations.push(...(await store.verify()).violations);
  figures.steps += Atomics.load(words, STEPS);
  figures.poisoned += Atomics.load(words, MENDED);
  figures.broken += Atomics.load(words, BROKEN);
  await store.close();
}

async function kill(worker: Worker, figures: KillFigures): Promise<void> {
  await terminate(worker);
  figures.kills++;
}

/** Everybody who had it is dead and reaped: it is free, poisoned or not. */
async function takeLast(
  figures: KillFigures,
  take: (wish: { timeout: number; recover?: boolean }) => Promise<void>,
): Promise<void> {
  try {
    await take({ timeout: PATIENCE_MS });
  } catch (error) {
    if (!(error instanceof PoisonedError)) {
      figures.stuck++;
      return;
    }
    figures.poisoned++;
    await take({ timeout: PATIENCE_MS, recover: true });
  }
}
