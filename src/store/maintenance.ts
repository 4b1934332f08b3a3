/**
 * The maintenance thread's program: takes out what has expired and what belonged to cleared namespaces, keeps the pressure level, and runs
 * the eviction policy, if the store has one, while every agent's event loop may be blocked. Started by Store.create; ends when the
 * store is closed.
 *
 * It is there for room, not for truth: readers judge expiry by their own clocks, and writers that find a limit or the memory full take out
 * what is dead themselves. So it sleeps when there is nothing to do, and costs nothing then: until the earliest expiry, or until it
 * is woken by an expiry that is earlier still, by a clear, by a record in an access log, by `verify` or by the store's end (H_SLEEPS; the
 * order of both sides is told at `wakeMaintenance` in src/core/assembly/expiry.ts). A second at most, so that nothing hangs on a wake-up.
 */
import { workerData } from "node:worker_threads";
import { headerWord, layout } from "../core/index.js";
import { threadNow } from "./clock.js";
import { Gauges } from "./eviction/gauges.js";
import { pauseWhileHeld } from "./hold.js";
import { type StoreHandle, WorkerConnection } from "./worker.js";

/** Between rounds while there is work. */
const PERIOD_MS = 5;
/** Between rounds when the last one left work undone: the agents need the processor too. */
const BUSY_PERIOD_MS = 1;
/** Rounds without work before it sleeps: a program that writes now and then is not to wake it each time. */
const QUIET_ROUNDS = 4;
const LONGEST_SLEEP_MS = 1000;
/** Of each period at most this long goes into sweeping. */
const SWEEP_MS = 1;
/** Expired entries, and buckets of the whole sweep, between two looks at the clock. */
const SWEEP_ENTRIES = 256;
const SWEEP_BUCKETS = 4096;
/** With a policy, whose log hears of every entry of a cleared namespace that is swept, and must not overflow. */
const SWEEP_BUCKETS_LOGGED = 256;
/** And this long into looking for what the access logs lost, if they did. */
const RECOVER_MS = 1;
/** Looks again this soon for entries of cleared namespaces that were left over, by writes under way. */
const SWEEP_AGAIN_MS = 100;

const handle = workerData.store as StoreHandle;
const { module, memory } = handle as { module: WebAssembly.Module; memory: WebAssembly.Memory };
const worker = new WorkerConnection(module, memory, null, workerData.slot as number);
const { header } = worker;
const { words } = header;
const { EXPIRY, HOLD, SLEEPS, WAKE } = headerWord;
const gauges = new Gauges(worker);
// Loaded where there is a policy to run: all of them together are half of what this thread would load, and most stores have none.
const evictor = header.hasLogs ? (await import("./eviction/evictor.js")).Evictor.claim(worker) : null;
const { logRecords } = header;

/** What has expired. True when there is more. */
function sweepExpired(until: number): boolean {
  while (worker.engine.sweepDue(SWEEP_ENTRIES) >>> 0 === SWEEP_ENTRIES) if (threadNow() >= until) return true;
  return false;
}

/** The whole sweep under way: buckets it has still to go through, and the clears that there had been when it began. */
let sweepLeft = 0;
let clearsBefore = 0;
let sweepAgainAt = 0;

/** What belonged to cleared namespaces: wherever it is, so all of the table is gone through. True when there is more. */
function sweepCleared(until: number): boolean {
  if (sweepLeft === 0) {
    const clears = threadNow() < sweepAgainAt ? null : worker.clearsToSweep();
    if (clears === null) return false;
    clearsBefore = clears;
    sweepLeft = worker.bucketCount;
  }
  do {
    if (evictor !== null && worker.engine.logBacklog(worker.slotNumber) > logRecords / 2) return true;
    const buckets = Math.min(sweepLeft, evictor === null ? SWEEP_BUCKETS : SWEEP_BUCKETS_LOGGED);
    worker.engine.sweep(buckets);
    sweepLeft -= buckets;
  } while (sweepLeft > 0 && threadNow() < until);
  if (sweepLeft > 0) return true;
  worker.noteSwept(clearsBefore);
  sweepAgainAt = threadNow() + SWEEP_AGAIN_MS;
  return false;
}

/** What comes first and is short: the clock, the logs, room. True when there is more of it to do. */
function attend(): boolean {
  worker.tick();
  gauges.notePressure();
  return evictor?.round() ?? false;
}

/** What can wait and takes its time, though never more than its share of a period. True when there is more of it. */
function clean(): boolean {
  const until = threadNow() + SWEEP_MS;
  const expired = sweepExpired(until);
  const cleared = sweepCleared(until);
  const recovering = evictor?.recover(RECOVER_MS) ?? false;
  return expired || cleared || recovering;
}

/** Milliseconds until there is something to do; 0 = now. */
function untilWork(): number {
  if (evictor?.hasNews()) return 0;
  let ms = LONGEST_SLEEP_MS;
  const earliest = Atomics.load(words, EXPIRY);
  // at least a period away: what is due by now was looked at a moment ago, and others are at it
  if (earliest !== 0) ms = Math.min(ms, Math.max(PERIOD_MS, ((earliest - worker.tick()) | 0) * layout.TICK_MS));
  if (worker.clearsToSweep() !== null) ms = Math.min(ms, Math.max(0, sweepAgainAt - threadNow()));
  return ms;
}

/** Sleeps until there is work, or somebody says that there is. */
function sleep(): void {
  Atomics.store(words, SLEEPS, 1);
  // looked after it was said: whoever has work for us from now on wakes us
  const ms = untilWork();
  if (ms > 0 && Atomics.load(words, HOLD) === 0) Atomics.wait(words, WAKE, 0, ms);
  Atomics.store(words, SLEEPS, 0);
}

let pressed = false;
let unfinished = false;
let quiet = 0;
let lastCleaned = 0;
while (!header.closed) {
  if (!pressed && !unfinished && (evictor === null || quiet >= QUIET_ROUNDS)) sleep();
  else Atomics.wait(words, WAKE, 0, pressed ? BUSY_PERIOD_MS : PERIOD_MS);
  Atomics.store(words, WAKE, 0);
  if (Atomics.load(words, HOLD) !== 0) {
    pauseWhileHeld(header);
    continue;
  }
  const hadNews = evictor?.hasNews() ?? false;
  pressed = attend();
  quiet = hadNews || pressed ? 0 : quiet + 1;
  if (threadNow() - lastCleaned >= PERIOD_MS) {
    unfinished = clean();
    lastCleaned = threadNow();
  }
}
header.maintained = false;
worker.engine.releaseEvictor();
worker.engine.detach();
