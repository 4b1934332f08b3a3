/**
 * A value of all threads, read by many or changed by one at a time. The lock is a read-write lock of the store; the value is whole all the same, because a
 * change takes effect by one swap when it is done. So a thread that ends in a change leaves the value as it was, and nobody after it is told
 * that the lock was poisoned.
 */
import { ContentionError } from "../../errors.js";
import {
  admit,
  admitLater,
  checkChanged,
  checkFunction,
  type RwLock,
  type StandardSchema,
  type Store,
} from "../../store/index.js";
import {
  type AccessLaterOptions,
  type AccessOptions,
  checkAccess,
  checkAccessLater,
  checkMutable,
  checkSharedName,
  type SharedOptions,
} from "./options.js";
import { openVersioned } from "./shared-data.js";
import type { Versioned } from "./versioned.js";

/** Locks are named by programs, too: what begins so is the store's. */
const LOCK_PREFIX = "system:guarded:";

/** Made by `store.mutable()`. Throws what the store's locks throw, and ClosedError as shared data does. */
export class MutableSharedData<T> {
  /** As it was opened with. */
  readonly name: string;
  private readonly versioned: Versioned<T>;
  private readonly schema: StandardSchema<T> | undefined;
  private readonly lock: RwLock;

  /** @internal */
  constructor(name: string, versioned: Versioned<T>, schema: StandardSchema<T> | undefined, lock: RwLock) {
    this.name = name;
    this.versioned = versioned;
    this.schema = schema;
    this.lock = lock;
  }

  /** Which version the present value is, counted from 1. Without the lock: it may be another as soon as it is known. */
  get version(): number {
    return this.versioned.current.version;
  }

  /** Calls `use` with the value, frozen, which nobody changes meanwhile. Blocks the thread; the main thread only reads when nobody writes. */
  read<R>(use: (value: T) => R, options: AccessOptions = {}): R {
    checkFunction("read", use);
    return this.lock.read(() => use(this.versioned.current.value), { ...checkAccess(options), recover: true });
  }

  /** `read` without blocking the event loop: `use` may be asynchronous. */
  async readAsync<R>(use: (value: T) => R | PromiseLike<R>, options: AccessLaterOptions = {}): Promise<R> {
    checkFunction("readAsync", use);
    const how = { ...checkAccessLater(options), recover: true };
    return this.lock.readAsync(() => use(this.versioned.current.value), how);
  }

  /**
   * Calls `change`, alone, with a copy of the value that it may change, or answer another for; that is the value from then on, and what is given back. When it throws, nothing
   * was changed. Blocks the thread; the main thread only writes when nobody reads or writes.
   *
   * @throws what `change` throws; InvalidValueError, ValueTooLargeError, OutOfMemoryError: nothing was changed
   */
  write(change: (draft: T) => T | undefined, options: AccessOptions = {}): T {
    checkFunction("write", change);
    const run = (): T => {
      const { value, at } = this.versioned.copy();
      const answer = change(value) as T | undefined;
      checkChanged(answer);
      const next = answer === undefined ? value : answer;
      const admitted = this.schema === undefined ? next : admit(this.schema, this.written, this.name, next);
      return this.put(admitted, at);
    };
    return this.lock.write(run, { ...checkAccess(options), recover: true });
  }

  /** `write` without blocking the event loop: `change` and the schema may be asynchronous. */
  async writeAsync(
    change: (draft: T) => T | undefined | PromiseLike<T | undefined>,
    options: AccessLaterOptions = {},
  ): Promise<T> {
    checkFunction("writeAsync", change);
    const run = async (): Promise<T> => {
      const { value, at } = this.versioned.copy();
      const answer = (await change(value)) as T | undefined;
      const next = answer === undefined ? value : answer;
      const admitted = this.schema === undefined ? next : await admitLater(this.schema, this.written, this.name, next);
      return this.put(admitted, at);
    };
    return this.lock.writeAsync(run, { ...checkAccessLater(options), recover: true });
  }

  /** Takes the value away, for all threads; false when it was gone. Its lock stays. */
  drop(): boolean {
    return this.versioned.drop();
  }

  private put(value: T, at: Parameters<Versioned<T>["replace"]>[1]): T {
    if (this.versioned.replace(value, at)) return value;
    // only who has the lock changes it, but anybody may drop it
    throw new ContentionError(`${this.versioned.what} was dropped while it was changed; nothing was written`);
  }

  private get written(): string {
    return `the new value of ${this.versioned.what}`;
  }
}

/**
 * The mutable shared value of this name; made when it is not there yet.
 *
 * @throws as `store.shared`
 */
export function openMutable<T>(
  store: Store,
  name: string,
  options: Omit<SharedOptions<T>, "checkReads"> = {},
): MutableSharedData<T> {
  checkSharedName("mutable shared data", name);
  const checked = checkMutable(name, options);
  const versioned = openVersioned(store, "guarded", name, checked);
  return new MutableSharedData(name, versioned, checked.schema, store.rwLock(LOCK_PREFIX + name));
}
