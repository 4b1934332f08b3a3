import { median } from "../../../statistics/index.js";
import { figureAnswers, figuresOf, judgeRatio, plainFigure, ratios } from "../judge.js";
import { closeVerified, openStore } from "../peers/engram.js";
import { asyncMutex, handMade, mutexGuard, mutexWith, rwLockRead, rwLockWrite } from "../peers/locks.js";
import type { Figure } from "../results.js";
import type { LockWorkerData } from "../threads/lock-worker.js";
import { LINE, MUTEX, RW_LOCK } from "../threads/names.js";
import { WorkerPool } from "../threads/worker-pool.js";
import { measureInTurns, rotated } from "../turns.js";
import { checkProcessors } from "../two-processors.js";
import type { Group } from "./group.js";

/** Two threads at one lock; what each lock is for is an addition. */
const CONTENDED = [
  { id: "mutex", label: "store.mutex: with", task: "underMutex", sum: 0 },
  { id: "rw-write", label: "store.rwLock: write", task: "asWriter", sum: LINE },
  { id: "rw-read", label: "store.rwLock: read", task: "asReader", sum: null },
  { id: "by-hand", label: "by hand", task: "underHandMade", sum: 2 * LINE },
] as const;

/** Locks that survive their holder beside one that does not, and beside the one that people use within a thread. */
export const locks: Group = {
  title: "locks: taken and let go, by one thread and by two",
  async measure({ settings, onRound }) {
    const store = await openStore();
    const contenders = [
      mutexWith(store.mutex("alone")),
      mutexGuard(store.mutex("alone")),
      rwLockRead(store.rwLock("alone_rw")),
      rwLockWrite(store.rwLock("alone_rw")),
      handMade(),
      asyncMutex(),
    ];
    const rounds = await measureInTurns(contenders, settings, onRound);
    const times = figuresOf(contenders, rounds, { reference: "by-hand" });
    const sums = new Float64Array(new SharedArrayBuffer(8 * 3 * LINE));
    const data: LockWorkerData = {
      store: store.handle,
      byHand: new SharedArrayBuffer(4),
      sums: sums.buffer as SharedArrayBuffer,
    };
    store.mutex(MUTEX);
    store.rwLock(RW_LOCK);
    const pool = await WorkerPool.start(
      new URL("../threads/lock-worker.js", import.meta.url),
      2,
      () => data,
      (worker) => store.watch(worker),
    );
    const done = new Map<string, number>(CONTENDED.map(({ id }) => [id, 0]));
    const ns = new Map<string, number[]>(CONTENDED.map(({ id }) => [id, []]));
    const processors: number[] = [];
    const takeTurn = async ({ id, task }: (typeof CONTENDED)[number], milliseconds: number) => {
      const turn = await pool.turn([0, 1], task, milliseconds);
      done.set(id, (done.get(id) as number) + turn.operations);
      return turn;
    };
    for (const one of CONTENDED) await takeTurn(one, settings.turnMs * 4);
    for (let round = 0; round < settings.rounds; round++) {
      for (const one of rotated(CONTENDED, round)) {
        const { rate, processors: had } = await takeTurn(one, settings.turnMs);
        ns.get(one.id)?.push(1e6 / rate);
        processors.push(had);
      }
    }
    await pool.close();
    for (const { id, label, sum } of CONTENDED) {
      if (sum !== null && sums[sum] !== done.get(id)) {
        throw new Error(`${label}: ${done.get(id)} additions by two threads came to ${sums[sum]}`);
      }
    }
    await closeVerified(store);
    const byHand = ns.get("by-hand") as number[];
    const contended: Figure[] = CONTENDED.map(({ id, label }) => {
      const sample = ns.get(id) as number[];
      return plainFigure(
        `two-${id}`,
        `${label}, 2 threads at one`,
        "ns",
        sample,
        id === "by-hand" ? null : median(ratios(sample, byHand)),
      );
    });
    const check = checkProcessors(processors);
    const goal = { source: "locks", comparison: "<=", goal: 1 } as const;
    const figure = (id: string) => times.find((one) => one.id === id) as Figure;
    return {
      reference: "a lock made by hand",
      figures: [...times, ...contended, check.figure],
      judgements: [
        judgeRatio(
          {
            ...goal,
            id: "mutex-async-mutex",
            what: "store.mutex, with / async-mutex",
            of: "mutex-with",
            to: "async-mutex",
          },
          rounds,
          times,
        ),
      ],
      answers: [
        ...figureAnswers(figure("rw-read"), settings.rounds, ["p-rwlock-read"], "store.rwLock read, nobody else there"),
        ...figureAnswers(
          figure("rw-write"),
          settings.rounds,
          ["p-rwlock-write"],
          "store.rwLock write, nobody else there",
        ),
      ],
      notes: [
        ...check.notes,
        "By hand: three states in one word, of which nobody knows who has it; it tells no death, no deadlock, and is fair to nobody.",
        "With two threads: time by the clock for each time that one of them was inside. The sums that the locks protect are plain, and came out exact.",
        "async-mutex is for the tasks of one thread; each turn of the microtasks that it takes is part of the figure.",
      ],
    };
  },
};
