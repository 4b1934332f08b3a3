/**
 * A thread that is terminated at some instant of what it does with the locks. Under each it changes two words apart from one another, first the one, then the
 * other: whoever finds them different in a lock that is not poisoned has found that two were inside, or that a death was not told.
 */
import { parentPort, threadId, workerData } from "node:worker_threads";
import { DeadlockError, LockTimeoutError, PoisonedError, Store, type StoreHandle } from "../../../src/index.js";
import { ProgramRandom } from "../../../src/random.js";
import { BROKEN, type LockPair, MENDED, PAIR_WORDS, STEPS } from "./words.js";

const {
  store: handle,
  words: shared,
  seed,
  names,
} = workerData as {
  store: StoreHandle;
  words: SharedArrayBuffer;
  seed: number;
  names: { mutexes: string[]; rwLocks: string[] };
};
const store = await Store.attach(handle);
const words = new Int32Array(shared);
const random = new ProgramRandom(seed);

const mutexes = names.mutexes.map((name, i) => ({ lock: store.mutex(name), pair: pairOf(i) }));
const rwLocks = names.rwLocks.map((name, i) => ({ lock: store.rwLock(name), pair: pairOf(names.mutexes.length + i) }));

function pairOf(number: number): LockPair {
  return { one: number * PAIR_WORDS, other: number * PAIR_WORDS + 1 };
}

function work(): void {
  for (let i = random.below(200); i > 0; i--) Atomics.load(words, STEPS);
}

/** Both words are one more afterwards; in between they differ. */
function change({ one, other }: LockPair): void {
  check({ one, other });
  words[one]++;
  work();
  words[other]++;
}

function check({ one, other }: LockPair): void {
  if (words[one] === words[other]) return;
  Atomics.add(words, BROKEN, 1);
  words[other] = words[one];
}

/** What a dead thread left is put in order. */
function mend({ one, other }: LockPair): void {
  Atomics.add(words, MENDED, 1);
  words[other] = words[one];
}

function one(): void {
  const options = random.chance(0.3) ? { timeout: random.below(3) } : undefined;
  const { lock, pair } = random.pick(mutexes);
  const { lock: rwLock, pair: table } = random.pick(rwLocks);
  switch (random.below(5)) {
    case 0:
      rwLock.write(() => change(table), options);
      return;
    case 1:
    case 2:
      rwLock.read(() => {
        check(table);
        work();
        check(table);
      }, options);
      return;
    case 3: {
      // two at a time, in any order: a deadlock now and then
      const { lock: second, pair: other } = random.pick(mutexes);
      lock.with(() => {
        change(pair);
        if (second !== lock) takeSecond(second, other);
      }, options);
      return;
    }
    default:
      lock.with(() => change(pair), options);
  }
}

/** Poison of the second is the second's, and mended there: the first is not to be taken for the one that is. */
function takeSecond(lock: { with<T>(use: () => T): T }, pair: LockPair): void {
  try {
    lock.with(() => change(pair));
  } catch (error) {
    if (!(error instanceof DeadlockError) && !(error instanceof PoisonedError)) throw error;
  }
}

/** Takes each lock that may be poisoned, and mends it if it is. */
function mendAll(): void {
  for (const { lock, pair } of mutexes) {
    if (isPoisoned(() => lock.with(() => {}))) lock.with(() => mend(pair), { recover: true });
  }
  for (const { lock, pair } of rwLocks) {
    if (isPoisoned(() => lock.read(() => {}))) lock.write(() => mend(pair), { recover: true });
  }
}

function isPoisoned(use: () => void): boolean {
  try {
    use();
    return false;
  } catch (error) {
    if (error instanceof PoisonedError) return true;
    throw error;
  }
}

parentPort?.postMessage(threadId);
for (;;) {
  try {
    one();
  } catch (error) {
    if (error instanceof PoisonedError) mendAll();
    else if (!(error instanceof LockTimeoutError) && !(error instanceof DeadlockError)) throw error;
  }
  Atomics.add(words, STEPS, 1);
}
