/**
 * Named values of the store's own: configuration and shared data (src/resources/shared). A store that evicts must keep them all the same, so they lie where
 * grants do: in entries of the store's own id, which no policy is told of and no writer in need of room takes, which never expire, and which no
 * namespace's limit counts. What there is no room for is refused, and the value before it stays.
 *
 *   value       f64 number of the version, counted from 1, then MessagePack
 *
 * CHANGES. A value is replaced by a new entry, in the place of the one that was read, by address and version. So of two threads that change it at
 * once one is told to look again, a thread that dies leaves the old value or the new one, and the numbers have no gaps.
 *
 * READING. An entry never changes while it is there. Whoever has decoded it asks whether it is still current (two loads), and has the value.
 */
import { layout, result, WatcherWords } from "../core/index.js";
import { OutOfMemoryError } from "../errors.js";
import { byteCount } from "./bytes.js";
import { codecOf, type Window } from "./encoding.js";
import { checkLarge, type LargeSource, noRoomForLarge, readHeld, takeFilled } from "./large.js";
import { isLarge, outOfMemory } from "./namespace/failure.js";
import { freeze } from "./near/frozen.js";
import { SYSTEM_KEYS } from "./system-keys.js";
import { watchersOf } from "./watching/watchers.js";
import type { WorkerConnection } from "./worker.js";

/** Whose they are, which is also what errors call them by. */
export type OwnValueKind = "config" | "shared" | "guarded";

/** A version of a value, and where it lies. */
export interface OwnVersion {
  readonly number: number;
  /** Decoded, and frozen unless it is a copy, but for bytes in it, which cannot be. */
  readonly value: unknown;
  readonly entry: number;
  readonly version: number;
}

/** The version's number. */
const HEAD = 8;

export class OwnValue {
  private readonly key: string;
  private readonly codec = codecOf("msgpack");

  /** @param what it is, for errors: `config "limits"` */
  constructor(
    private readonly worker: WorkerConnection,
    kind: OwnValueKind,
    name: string,
    private readonly what: string,
  ) {
    this.key = SYSTEM_KEYS[kind] + name;
  }

  /** Whether this is the present version. @throws ClosedError */
  isCurrent({ entry, version }: OwnVersion): boolean {
    const { worker } = this;
    if (worker.closed) worker.assertOpen();
    return worker.engine.isCurrentRecord(entry, version) !== 0;
  }

  /**
   * The present version; null when there is none.
   *
   * @param whose "a copy": the value is the caller's, to do with it what it likes
   * @throws ClosedError
   */
  read(whose: "all" | "a copy" = "all"): OwnVersion | null {
    const { worker } = this;
    worker.assertOpen();
    const length = worker.engine.getSystem(worker.putKey(this.key));
    if (length >= 0) return this.decoded(worker.window, length, whose);
    if (length !== layout.LARGE) return null;
    const address = worker.engine.holdSystem(worker.putKey(this.key)) >>> 0; // by now it may be small, or gone
    if (address === layout.NOWHERE) return null;
    return readHeld(worker, address, (window, bytes) => this.decoded(window, bytes, whose));
  }

  /** What the engine has just read. */
  private decoded(window: Window, length: number, whose: "all" | "a copy"): OwnVersion {
    const { [result.ENTRY]: entry, [result.VERSION]: version } = this.worker.out;
    const value = this.codec.decode(window, HEAD, length - HEAD);
    if (whose === "all") freeze(value, []);
    return { number: window.view.getFloat64(0, true), value, entry, version };
  }

  /**
   * Puts a value in the place of the version that was read.
   *
   * @param before null: only where there is none
   * @returns the number of the new version; 0 when another came first, and nothing was changed
   * @throws ClosedError, ValueTooLargeError, OutOfMemoryError, InvalidArgumentError for what MessagePack does not hold: nothing was changed
   */
  write(value: unknown, before: OwnVersion | null): number {
    const { worker } = this;
    const bytes = this.codec.encode(value, worker.valueLimit); // the caller's code may run in it
    worker.assertOpen();
    return this.put(bytes, before, (before?.number ?? 0) + 1);
  }

  private put(bytes: Uint8Array, before: OwnVersion | null, number: number): number {
    const length = HEAD + byteCount(bytes);
    const keyLength = this.worker.putKey(this.key);
    if (!isLarge(keyLength, length)) return this.putSmall(bytes, before, number);
    const fill = (target: Uint8Array): void => {
      new DataView(target.buffer, target.byteOffset).setFloat64(0, number, true);
      target.set(bytes, HEAD);
    };
    return this.putLarge({ length, fill }, before, number);
  }

  private putSmall(bytes: Uint8Array, before: OwnVersion | null, number: number): number {
    const { worker } = this;
    const length = HEAD + bytes.length;
    for (;;) {
      const keyLength = worker.putKey(this.key);
      worker.values.writeDoubleLE(number, 0);
      worker.values.set(bytes, HEAD);
      const mode = before === null ? layout.MODE_IF_ABSENT : layout.MODE_IF_VERSION;
      const status = worker.engine.setSystem(keyLength, length, mode, before?.entry ?? 0, before?.version ?? 0);
      if (status === layout.OK) return number;
      if (status === layout.UNMET) return 0;
      if (worker.sweepDead() === 0) throw this.noRoom(outOfMemory(worker, keyLength, length));
    }
  }

  private putLarge(source: LargeSource, before: OwnVersion | null, number: number): number {
    const { worker } = this;
    const { engine } = worker;
    const { length } = source;
    checkLarge(worker, length, `value of ${this.what}`);
    const mode = before === null ? layout.MODE_IF_ABSENT : layout.MODE_IF_VERSION;
    let address = 0;
    try {
      for (;;) {
        if (address === 0) address = takeFilled(worker, source);
        const status =
          address === 0
            ? layout.NO_MEMORY
            : engine.setSystemLarge(
                worker.putKey(this.key),
                address,
                length,
                mode,
                before?.entry ?? 0,
                before?.version ?? 0,
              );
        if (status === layout.OK) {
          address = 0;
          return number;
        }
        if (status === layout.UNMET) return 0;
        if (worker.sweepDead() === 0) throw this.noRoom(noRoomForLarge(worker, length, "value"));
      }
    } finally {
      if (address !== 0) engine.dropLarge(address, length);
    }
  }

  private noRoom({ message }: OutOfMemoryError): OutOfMemoryError {
    return new OutOfMemoryError(`${this.what} keeps the value that it has: ${message}`);
  }

  /** Takes the value away, if this is the present version still. @throws ClosedError */
  remove({ entry, version }: OwnVersion): boolean {
    const { worker } = this;
    worker.assertOpen();
    return worker.engine.removeSystemIf(worker.putKey(this.key), entry, version) !== 0;
  }

  /**
   * Has `wake` called, in a turn of this thread's event loop, whenever the value may have changed, and when the store is closed in this thread. It must not
   * call programs. The function returned ends that.
   *
   * @throws ClosedError
   */
  watch(wake: () => void): () => void {
    const { worker } = this;
    worker.assertOpen();
    const hash = worker.engine.systemHash(worker.putKey(this.key)) >>> 0;
    const watchers = watchersOf(worker);
    const listener = {
      interests: [WatcherWords.inOne(hash)],
      change: wake,
      gap: wake,
      read: () => false,
      recheck: wake,
    };
    watchers.add(listener);
    return () => watchers.remove(listener);
  }

  /** Whether this thread has closed the store. */
  get closed(): boolean {
    return this.worker.closed;
  }
}
