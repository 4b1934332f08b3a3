/**
 * Who in this thread wants to know of changes: one reader of the change logs for all of them, whose order and gaps are the engine's
 * (src/core/assembly/changes.ts). It sleeps on the slot's bell, without a timer, and hands each change to those whom it may concern.
 */
import { isMainThread } from "node:worker_threads";
import { type ChangeRecord, changeRecords, layout, result, WatcherWords } from "../../core/index.js";
import type { WorkerConnection } from "../worker.js";

export interface Listener {
  /** What it wants to know of, from WatcherWords. */
  readonly interests: readonly number[];
  change(change: ChangeRecord): void;
  /** Changes may be missing: all that were made before are there for all to see. */
  gap(): void;
  /** After each reading: every change with a stamp below this was handed over. True when it waits for more to be. */
  read(settled: number): boolean;
  /** The store, or a view of it, was closed in this thread. */
  recheck(): void;
}

/** Reads of the logs in a row, 32 KiB each, before others in this thread get their turn. */
const READS = 8;
const FOR_EVER_MS = 2 ** 31 - 1;

const watchers = new WeakMap<WorkerConnection, Watchers>();

export function watchersOf(worker: WorkerConnection): Watchers {
  let its = watchers.get(worker);
  if (its === undefined) {
    its = new Watchers(worker);
    watchers.set(worker, its);
  }
  return its;
}

/** The store, or a view of it, was closed: whoever waits looks whether that concerns it. */
export function recheckWatches(worker: WorkerConnection): void {
  watchers.get(worker)?.recheck();
}

export class Watchers {
  private readonly listeners = new Set<Listener>();
  /** How many want to know of each. */
  private readonly interests = new Uint32Array(WatcherWords.interests);
  private readonly words: WatcherWords;
  private reading = false;
  /** The bell's value that we sleep on; null = we are awake, or sleep without. */
  private sleepsOn: number | null = null;
  private awaited = 0;
  private alive: NodeJS.Timeout | null = null;
  /** The next stamp, and what was lost, when all that was told had been read. */
  private readTo = { stamp: -1, lost: -1 };

  constructor(private readonly worker: WorkerConnection) {
    this.words = new WatcherWords(worker.header, worker.slotNumber);
    worker.rung = () => this.wake();
  }

  /**
   * From now on the listener is told.
   *
   * @returns a stamp: what is older than that was there before, or a gap will be told
   */
  add(listener: Listener): number {
    const first = this.listeners.size === 0;
    this.listeners.add(listener);
    for (const bit of listener.interests) {
      if (this.interests[bit]++ === 0) this.words.want(bit);
    }
    const since = this.worker.engine.beginWatching(first);
    this.readTo = { stamp: -1, lost: -1 };
    this.wake();
    return since;
  }

  remove(listener: Listener): void {
    if (!this.listeners.delete(listener)) return;
    for (const bit of listener.interests) {
      if (--this.interests[bit] === 0) this.words.wantNoMore(bit);
    }
    if (this.listeners.size === 0 && !this.worker.closed) this.worker.engine.stopWatching();
  }

  /**
   * A task of this thread waits for what comes: that keeps a worker thread alive, as work under way does. The main thread it does not: a process
   * that has nothing else to do ends.
   */
  await(): void {
    if (this.awaited++ === 0 && !isMainThread) this.alive = setInterval(() => {}, FOR_EVER_MS);
  }

  awaitNoMore(): void {
    if (--this.awaited > 0 || this.alive === null) return;
    clearInterval(this.alive);
    this.alive = null;
  }

  recheck(): void {
    for (const listener of [...this.listeners]) listener.recheck();
    // what sleeps on the bell would keep the memory for good
    if (this.worker.closed) this.words.ring(this.worker.shared);
  }

  /** The bell that `waitForSync` sleeps on, as it is before another look. */
  listen(): { bell: Int32Array; seen: number } {
    return { bell: this.words.bell, seen: this.worker.engine.listen(layout.LISTENING_HELD) };
  }

  /** There may be something to read. */
  wake(): void {
    if (this.reading) return;
    this.reading = true;
    queueMicrotask(() => this.read());
  }

  /**
   * Hands over what there is by now, for one who does not wait: a bounded piece of it, as `read` does between two turns.
   *
   * Nothing is read while there is nothing: when all below a stamp was settled, and then read, what comes has that stamp or a later one, or
   * counts as lost. So there is nothing new as long as that is the next stamp to be drawn and nothing more was lost.
   */
  readNow(): void {
    const { worker, words } = this;
    const { engine } = worker;
    if (engine.nextStamp() === this.readTo.stamp && words.lost === this.readTo.lost) return;
    for (let reads = 0; reads < READS && !worker.closed && this.listeners.size > 0; reads++) {
      const { lost } = words;
      const settled = engine.settledStamp(); // before: what is below it is read now
      const some = this.readOnce();
      const held = !some && worker.out[result.LISTENING] !== layout.LISTENING;
      const more = this.saysItIsRead(settled);
      if (!some && !held && !more) {
        this.readTo = { stamp: settled, lost };
        return;
      }
      this.wake(); // what waits for more may have to sleep otherwise than it does
    }
  }

  private read(): void {
    this.reading = false;
    const { worker } = this;
    const { engine } = worker;
    let listening = -1;
    let seen = 0;
    for (let reads = 0; !worker.closed && this.listeners.size > 0; ) {
      const settled = engine.settledStamp(); // before: what is below it is read now
      if (this.readOnce()) {
        listening = -1;
        if (++reads < READS) continue;
        this.reading = true;
        setImmediate(() => this.read());
        return;
      }
      const held = worker.out[result.LISTENING];
      const wanted = this.saysItIsRead(settled) ? layout.LISTENING_HELD : held;
      if (listening === wanted || listening === layout.LISTENING_HELD) {
        this.sleep(seen);
        return;
      }
      listening = wanted;
      seen = engine.listen(wanted);
    }
  }

  /** False when nothing was there. */
  private readOnce(): boolean {
    const bytes = this.worker.engine.readChanges(this.worker.manyAddress, layout.S_MANY_SIZE);
    if (bytes === layout.GAP) for (const listener of [...this.listeners]) listener.gap();
    else if (bytes > 0) this.handOver(bytes);
    return bytes !== 0;
  }

  /** True when one of them waits for more to be read. */
  private saysItIsRead(settled: number): boolean {
    let more = false;
    for (const listener of [...this.listeners]) if (listener.read(settled)) more = true;
    return more;
  }

  /** In private memory whoever changes something is this thread, and has it read again. */
  private sleep(seen: number): void {
    if (!this.worker.shared || this.sleepsOn === seen) return;
    const wait = Atomics.waitAsync(this.words.bell, 0, seen);
    if (!wait.async) {
      this.wake();
      return;
    }
    this.sleepsOn = seen;
    wait.value.then(() => {
      if (this.sleepsOn === seen) this.sleepsOn = null;
      this.wake();
    });
  }

  private handOver(bytes: number): void {
    const { manyBytes, manyWords } = this.worker;
    for (const change of changeRecords(manyBytes, manyWords, bytes)) {
      for (const listener of this.listeners) listener.change(change);
    }
  }
}
