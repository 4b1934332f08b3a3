/** A value of all threads, changed by putting another in its place. */
import { describe } from "../../check.js";
import { ContentionError, InvalidArgumentError } from "../../errors.js";
import {
  admit,
  admitLater,
  checkChanged,
  checkFunction,
  type OwnValueKind,
  ownValueOf,
  type StandardSchema,
  type Store,
} from "../../store/index.js";
import {
  type CheckedShared,
  checkSetShared,
  checkShared,
  checkSharedName,
  checkSubscribe,
  checkUpdateLater,
  checkUpdateShared,
  type SetSharedOptions,
  type SharedOptions,
  type SubscribeOptions,
  type UpdateSharedLaterOptions,
  type UpdateSharedOptions,
} from "./options.js";
import { type Observer, Subscribers, type Subscription } from "./subscribers.js";
import { type Version, Versioned } from "./versioned.js";

/**
 * Made by `store.shared()`. Everything throws ClosedError once this thread has closed the store, and once the value was dropped.
 *
 * @typeParam T what MessagePack holds, as in a namespace of that encoding: docs/values.md. What is read is frozen, bytes in it excepted: all who ask in
 *   this thread are given the same ones
 */
export class SharedData<T> {
  /** As it was opened with. */
  readonly name: string;
  protected readonly versioned: Versioned<T>;
  protected readonly schema: StandardSchema<T> | undefined;
  private readonly subscribers: Subscribers<T>;

  /** @internal */
  constructor(name: string, versioned: Versioned<T>, schema: StandardSchema<T> | undefined) {
    this.name = name;
    this.versioned = versioned;
    this.schema = schema;
    this.subscribers = new Subscribers(versioned);
  }

  /** The present value: the same object, frozen, for all who ask in this thread while it is that. */
  get value(): T {
    return this.versioned.current.value;
  }

  /** Which version the present one is, counted from 1; every change is one more. */
  get version(): number {
    return this.versioned.current.version;
  }

  /** Both together. */
  get current(): Version<T> {
    return this.versioned.current;
  }

  /**
   * Puts a value in the place of the present one; with `ifVersion`, unless that is another by now: then false, and nothing was changed.
   *
   * @throws InvalidValueError when the schema refuses it, ValueTooLargeError, OutOfMemoryError, InvalidArgumentError: nothing was changed
   */
  set(value: T, options?: SetSharedOptions): boolean {
    const ifVersion = checkSetShared(options);
    const next = this.admit(value);
    for (;;) {
      const now = this.versioned.current;
      if (ifVersion !== undefined && now.version !== ifVersion) return false;
      if (this.versioned.replace(next, now)) return true;
    }
  }

  /**
   * Puts what `change` makes of the present value in its place, and gives that. When another thread was faster, it is called again with what is there then, so
   * that no change is lost. Undefined: it stays as it is.
   *
   * @throws what `change` throws, ContentionError, and as `set`: nothing was changed
   */
  update(change: (value: T) => T | undefined, options: UpdateSharedOptions = {}): T {
    const attempts = checkUpdateShared(options);
    checkFunction("update", change);
    for (let round = 0; round < attempts; round++) {
      const before = this.versioned.current;
      const changed = change(before.value);
      if (changed === undefined) return before.value;
      checkChanged(changed);
      const next = this.admit(changed);
      if (this.versioned.replace(next, before)) return next;
    }
    throw this.contended(attempts);
  }

  /** `update` for what takes its time: `change` may be asynchronous, and so may be the schema. The thread goes on meanwhile. @throws as `update`; the signal's reason */
  async updateAsync(
    change: (value: T) => T | undefined | PromiseLike<T | undefined>,
    options: UpdateSharedLaterOptions = {},
  ): Promise<T> {
    const { attempts, signal } = checkUpdateLater(options);
    checkFunction("updateAsync", change);
    for (let round = 0; round < attempts; round++) {
      signal?.throwIfAborted();
      const before = this.versioned.current;
      const changed = await change(before.value);
      if (changed === undefined) return before.value;
      const next =
        this.schema === undefined ? changed : await admitLater(this.schema, this.written, this.name, changed);
      signal?.throwIfAborted();
      if (this.versioned.replace(next, before)) return next;
    }
    throw this.contended(attempts);
  }

  /**
   * Has the observer called whenever there is another version, whichever thread made it: with the value, the one it was told of before, and the
   * version. Several changes in a row may be told as one. What it throws becomes a process warning (ENGRAM_OBSERVER) and keeps nobody else from being told. A subscription keeps
   * neither the process nor a worker thread alive; it ends with the store's `close` in this thread.
   *
   * @throws InvalidArgumentError, ClosedError; the signal's reason when it has aborted already
   */
  subscribe(observer: Observer<T>, options: SubscribeOptions = {}): Subscription {
    const { initial, signal } = checkSubscribe(options);
    checkFunction("subscribe", observer);
    return this.subscribers.add(observer, initial, signal);
  }

  /** Takes the value away, for all threads; false when it was gone. Handles that there are see it again when somebody makes it anew. */
  drop(): boolean {
    return this.versioned.drop();
  }

  /** What the schema makes of it. @throws InvalidValueError, InvalidArgumentError */
  private admit(value: T): T {
    if (value === undefined) throw undefinedValue(this.versioned.what);
    return this.schema === undefined ? value : admit(this.schema, this.written, this.name, value);
  }

  private get written(): string {
    return `the new value of ${this.versioned.what}`;
  }

  private contended(attempts: number): ContentionError {
    return new ContentionError(
      `an update of ${this.versioned.what} found it changed by others ${attempts} times in a row; if its function changes it itself, let it return the value instead`,
    );
  }
}

/**
 * The shared value of this name; made when it is not there yet.
 *
 * @throws InvalidArgumentError for a bad name or option, or when it is not there and there is no `initial`; InvalidValueError, ValueTooLargeError,
 *   OutOfMemoryError; ClosedError
 */
export function openShared<T>(store: Store, name: string, options: SharedOptions<T> = {}): SharedData<T> {
  checkSharedName("shared data", name);
  const checked = checkShared(name, options);
  return new SharedData(name, openVersioned(store, "shared", name, checked), checked.schema);
}

/** @throws as `openShared` */
export function openVersioned<T>(
  store: Store,
  kind: OwnValueKind,
  name: string,
  checked: CheckedShared<T>,
): Versioned<T> {
  const what = `${WHAT[kind]} ${describe(name)}`;
  const own = ownValueOf(store, kind, name, what);
  const { initial, schema } = checked;
  const first =
    initial === undefined || schema === undefined ? initial : admit(schema, `initial of ${what}`, name, initial);
  return Versioned.open(own, what, { ...checked, initial: first });
}

const WHAT = { config: "config", shared: "shared data", guarded: "mutable shared data" } as const;

function undefinedValue(what: string): InvalidArgumentError {
  return new InvalidArgumentError(`the new value of ${what} is undefined; expected one, or drop() to take it away`);
}
