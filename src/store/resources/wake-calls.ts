/**
 * Calls whoever wants to be called when this thread's wake word moves: one sleep on the word for all of them, which keeps no process alive. The
 * word is the slot's, and locks sleep on it as well, so a call means "look", and no more.
 */
import { LockWords } from "../../core/index.js";
import type { WorkerConnection } from "../worker.js";

const ofWorkers = new WeakMap<WorkerConnection, WakeCalls>();

/** The function returned ends it. */
export function wakeCalls(worker: WorkerConnection, call: () => void): () => void {
  let calls = ofWorkers.get(worker);
  if (calls === undefined) {
    calls = new WakeCalls(worker);
    ofWorkers.set(worker, calls);
  }
  return calls.add(call);
}

class WakeCalls {
  private readonly word: Int32Array;
  private readonly calls = new Set<() => void>();
  private sleeps = false;

  constructor(private readonly worker: WorkerConnection) {
    this.word = new LockWords(worker.header, worker.slot).wake;
  }

  add(call: () => void): () => void {
    this.calls.add(call);
    if (!this.sleeps) void this.sleep();
    return () => {
      this.calls.delete(call);
      if (this.calls.size === 0 && this.sleeps) this.ring(); // nobody wants to know: the sleep ends
    };
  }

  private ring(): void {
    Atomics.add(this.word, 0, 1);
    Atomics.notify(this.word, 0);
  }

  private async sleep(): Promise<void> {
    this.sleeps = true;
    let seen = Atomics.load(this.word, 0);
    while (this.calls.size > 0 && !this.worker.closed) {
      const told = Atomics.waitAsync(this.word, 0, seen);
      if (told.async) await told.value;
      seen = Atomics.load(this.word, 0);
      for (const call of [...this.calls]) if (this.calls.has(call)) call();
    }
    this.sleeps = false;
  }
}
