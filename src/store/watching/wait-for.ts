/** Waiting for one key: told that it may have changed, looking at it, waiting again. */
import { isMainThread } from "node:worker_threads";
import type { ChangeRecord } from "../../core/index.js";
import { InvalidArgumentError } from "../../errors.js";
import { threadNow } from "../clock.js";
import type { Version } from "../namespace/condition.js";
import { type Patience, untilAborted } from "../waiting.js";
import type { WorkerConnection } from "../worker.js";
import { type Listener, watchersOf } from "./watchers.js";

const LONGEST_MS = 2 ** 31 - 1;

/** What a wait needs of the key. */
export interface Awaited<T> {
  readonly worker: WorkerConnection;
  readonly interests: readonly number[];
  /** The entry as it is now; throws once the store or the view is closed. */
  look(): T | undefined;
  versionOf(entry: T | undefined): Version | undefined;
  /** Milliseconds until what `look` found expires. */
  left(entry: T | undefined): number;
}

class Waker implements Listener {
  wakeUp = (): void => {};

  constructor(readonly interests: readonly number[]) {}

  change(_: ChangeRecord): void {
    this.wakeUp();
  }

  gap(): void {
    this.wakeUp();
  }

  read(): boolean {
    return false;
  }

  recheck(): void {
    this.wakeUp();
  }
}

/** The entry as soon as its version is another; undefined when it is gone, or the time has passed. */
export async function waitFor<T>(
  awaited: Awaited<T>,
  version: Version | undefined,
  { end, signal }: Patience,
): Promise<T | undefined> {
  const before = awaited.look();
  if (awaited.versionOf(before) !== version) return before;
  const watchers = watchersOf(awaited.worker);
  const waker = new Waker(awaited.interests);
  watchers.add(waker);
  watchers.await();
  try {
    for (;;) {
      let timer: NodeJS.Timeout | undefined;
      const woken = new Promise<void>((done) => {
        waker.wakeUp = done;
      });
      const entry = awaited.look(); // after it is told of what comes
      const now = threadNow();
      if (awaited.versionOf(entry) !== version) return entry;
      if (now >= end) return undefined;
      const patience = Math.min(end - now, awaited.left(entry));
      if (patience < Number.POSITIVE_INFINITY) timer = setTimeout(() => waker.wakeUp(), Math.min(patience, LONGEST_MS));
      try {
        await untilAborted(woken, signal);
      } finally {
        clearTimeout(timer);
      }
      signal?.throwIfAborted();
    }
  } finally {
    watchers.awaitNoMore();
    watchers.remove(waker);
  }
}

/** The same, blocking this thread. @throws InvalidArgumentError where it must not be blocked */
export function waitForSync<T>(awaited: Awaited<T>, version: Version | undefined, end: number): T | undefined {
  if (!awaited.worker.shared) {
    throw new InvalidArgumentError("waitForSync would block the only thread that has this store; use await waitFor()");
  }
  if (isMainThread) {
    throw new InvalidArgumentError("waitForSync would block the main thread; use await waitFor()");
  }
  const watchers = watchersOf(awaited.worker);
  const waker = new Waker(awaited.interests);
  watchers.add(waker);
  try {
    for (;;) {
      const { bell, seen } = watchers.listen();
      const entry = awaited.look();
      const now = threadNow();
      if (awaited.versionOf(entry) !== version) return entry;
      if (now >= end) return undefined;
      Atomics.wait(bell, 0, seen, Math.min(end - now, awaited.left(entry)));
    }
  } finally {
    watchers.remove(waker);
  }
}
