/**
 * What the task that runs now has: the locks whose `withAsync`, `readAsync` or `writeAsync` it is in, however deep. A thread's slot knows what the
 * thread has, not which of its tasks; without this a task that waits for itself, or for a task that waits for it, would wait for ever.
 */
import { AsyncLocalStorage } from "node:async_hooks";

/** What a task has to know of a lock that it has (local-lock.ts). */
export interface TaskLock {
  readonly name: string;
  readonly entry: number;
  readonly order: number;
  /** Other tasks of the thread read under it, too. */
  readonly isReadByMany: boolean;
}

export interface Task {
  readonly lock: TaskLock;
  readonly how: number;
  /** Set to false when it lets the lock go: a task that it has started and not awaited has it no more. */
  holds: boolean;
  readonly outer: Task | undefined;
}

const tasks = new AsyncLocalStorage<Task>();

/** The innermost lock of the task that runs now. */
export function currentTask(): Task | undefined {
  return tasks.getStore();
}

/** Runs `use` as the task that has the lock as well. */
export function runWith<T>(lock: TaskLock, how: number, use: () => T): { result: T; task: Task } {
  const task: Task = { lock, how, holds: true, outer: tasks.getStore() };
  return { result: tasks.run(task, use), task };
}

/** What the task has, innermost first. */
export function* heldBy(task: Task | undefined): Generator<Task> {
  for (let at = task; at !== undefined; at = at.outer) if (at.holds) yield at;
}
