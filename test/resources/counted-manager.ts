/** A manager that counts what is open, and does what a test tells it. */
import type { ConnectionManager } from "#dist/src/resources/index.js";

export interface Thing {
  readonly id: number;
  alive: boolean;
}

export interface CountedManager extends ConnectionManager<Thing> {
  /** Made and not closed, as the server sees it. */
  readonly open: Set<Thing>;
  /** The most that were open at a time. */
  peak: number;
  creates: number;
  /** Closed, in this order. */
  readonly closed: number[];
}

/** @param told what differs from a manager that does everything at once and well */
export function countedManager(told: Partial<ConnectionManager<Thing>> = {}): CountedManager {
  const manager: CountedManager = {
    open: new Set(),
    peak: 0,
    creates: 0,
    closed: [],
    async create(signal) {
      const id = ++manager.creates;
      if (told.create !== undefined) await told.create(signal);
      const thing = { id, alive: true };
      manager.open.add(thing);
      manager.peak = Math.max(manager.peak, manager.open.size);
      return thing;
    },
    async destroy(thing) {
      manager.closed.push(thing.id);
      try {
        await told.destroy?.(thing);
      } finally {
        manager.open.delete(thing);
      }
    },
  };
  const { isAlive, isValid, recycle } = told;
  if (isAlive !== undefined) manager.isAlive = isAlive;
  if (isValid !== undefined) manager.isValid = isValid;
  if (recycle !== undefined) manager.recycle = recycle;
  return manager;
}

/** For `create`, `destroy` and the rest: takes so long, on the clock that is in force. */
export function takes(ms: number): () => Promise<never> {
  return () => new Promise((done) => setTimeout(done as () => void, ms));
}

/** Never ends. */
export const hangs = (): Promise<never> => new Promise(() => {});

/** What became of a promise so far, without waiting for it. */
export function watched<T>(promise: Promise<T>): { value?: T; error?: Error & { code?: string } } {
  const seen: { value?: T; error?: Error } = {};
  promise.then(
    (value) => {
      seen.value = value;
    },
    (error) => {
      seen.error = error;
    },
  );
  return seen;
}
