/** Locks, taken and let go around one addition. Each has a loop of its own. */
import { Mutex as AsyncMutex } from "async-mutex";
import type { Mutex, RwLock } from "../../../../src/index.js";
import type { Contender } from "../contender.js";
import { keep } from "../sink.js";
import { HandMadeLock } from "../threads/hand-made-lock.js";

/** Inside, so that the loop is known to have been in the lock as often as it says. */
class Inside {
  times = 0;

  check(before: number, operations: number): void {
    if (this.times - before !== operations)
      throw new Error(`${operations} times in a lock were ${this.times - before}`);
    keep(this.times);
  }
}

export function mutexWith(mutex: Mutex): Contender {
  const inside = new Inside();
  const add = () => {
    inside.times++;
  };
  return {
    id: "mutex-with",
    label: "store.mutex: with",
    run(operations) {
      const before = inside.times;
      for (let i = 0; i < operations; i++) mutex.with(add);
      inside.check(before, operations);
    },
  };
}

export function mutexGuard(mutex: Mutex): Contender {
  const inside = new Inside();
  return {
    id: "mutex-guard",
    label: "store.mutex: lock() and release()",
    run(operations) {
      const before = inside.times;
      for (let i = 0; i < operations; i++) {
        const guard = mutex.lock();
        inside.times++;
        guard.release();
      }
      inside.check(before, operations);
    },
  };
}

export function rwLockRead(lock: RwLock): Contender {
  const inside = new Inside();
  const add = () => {
    inside.times++;
  };
  return {
    id: "rw-read",
    label: "store.rwLock: read",
    run(operations) {
      const before = inside.times;
      for (let i = 0; i < operations; i++) lock.read(add);
      inside.check(before, operations);
    },
  };
}

export function rwLockWrite(lock: RwLock): Contender {
  const inside = new Inside();
  const add = () => {
    inside.times++;
  };
  return {
    id: "rw-write",
    label: "store.rwLock: write",
    run(operations) {
      const before = inside.times;
      for (let i = 0; i < operations; i++) lock.write(add);
      inside.check(before, operations);
    },
  };
}

export function handMade(): Contender {
  const inside = new Inside();
  const lock = new HandMadeLock(new SharedArrayBuffer(4));
  return {
    id: "by-hand",
    label: "by hand: Atomics.compareExchange, then Atomics.exchange",
    run(operations) {
      const before = inside.times;
      for (let i = 0; i < operations; i++) {
        lock.take();
        inside.times++;
        lock.leave();
      }
      inside.check(before, operations);
    },
  };
}

export function asyncMutex(): Contender {
  const inside = new Inside();
  const mutex = new AsyncMutex();
  return {
    id: "async-mutex",
    label: "async-mutex: acquire and release",
    async run(operations) {
      const before = inside.times;
      for (let i = 0; i < operations; i++) {
        const release = await mutex.acquire();
        inside.times++;
        release();
      }
      inside.check(before, operations);
    },
  };
}
