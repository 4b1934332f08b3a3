/**
 * AsyncDisposableStack as ECMAScript has it, for engines that do not (Node 20 and 22): what was acquired last ends first, each is waited for, and what
 * several of them throw arrives as SuppressedError, the latest outside. Where the platform has one, that one is used.
 */
type Disposer = () => unknown;

/** Said here as well, for programs that are compiled without the library `esnext.disposable`. */
export interface AsyncStack extends AsyncDisposable {
  /** Whether it has ended what it had. */
  readonly disposed: boolean;
  /** Ends the value with the stack; returns it. */
  use<T extends AsyncDisposable | Disposable | null | undefined>(value: T): T;
  /** Ends a value that has no end of its own, by the function. */
  adopt<T>(value: T, onDispose: (value: T) => PromiseLike<void> | void): T;
  /** Calls the function at the end. */
  defer(onDispose: () => PromiseLike<void> | void): void;
  /** Hands all that it has to a new stack, and is ended without ending any of it. */
  move(): AsyncStack;
  /** Ends what it has, the latest first, each when the one before has ended. */
  disposeAsync(): Promise<void>;
}

class OwnAsyncDisposableStack implements AsyncStack {
  #disposers: Disposer[] = [];
  #disposed = false;

  get disposed(): boolean {
    return this.#disposed;
  }

  /** @throws TypeError for what cannot be disposed of; ReferenceError when the stack has been */
  use<T extends AsyncDisposable | Disposable | null | undefined>(value: T): T {
    this.#assertOpen();
    if (value === null || value === undefined) {
      this.#disposers.push(() => {}); // it is waited for all the same
      return value;
    }
    const dispose = (value as AsyncDisposable)[Symbol.asyncDispose] ?? (value as Disposable)[Symbol.dispose];
    if (typeof dispose !== "function")
      throw new TypeError("the value has neither Symbol.asyncDispose nor Symbol.dispose");
    this.#disposers.push(() => dispose.call(value as AsyncDisposable & Disposable));
    return value;
  }

  adopt<T>(value: T, onDispose: (value: T) => PromiseLike<void> | void): T {
    this.#push(onDispose, () => onDispose(value));
    return value;
  }

  defer(onDispose: () => PromiseLike<void> | void): void {
    this.#push(onDispose, () => onDispose());
  }

  /** Hands everything to a new stack; this one has been disposed of. */
  move(): AsyncStack {
    this.#assertOpen();
    const next = new OwnAsyncDisposableStack();
    next.#disposers = this.#disposers;
    this.#disposers = [];
    this.#disposed = true;
    return next;
  }

  async disposeAsync(): Promise<void> {
    if (this.#disposed) return;
    this.#disposed = true;
    const disposers = this.#disposers;
    this.#disposers = [];
    let failed = false;
    let failure: unknown;
    for (let dispose = disposers.pop(); dispose !== undefined; dispose = disposers.pop()) {
      try {
        await dispose();
      } catch (error) {
        failure = failed ? suppressed(error, failure) : error;
        failed = true;
      }
    }
    if (failed) throw failure;
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.disposeAsync();
  }

  get [Symbol.toStringTag](): string {
    return "AsyncDisposableStack";
  }

  #push(onDispose: unknown, disposer: Disposer): void {
    this.#assertOpen();
    if (typeof onDispose !== "function") throw new TypeError("onDispose is not a function");
    this.#disposers.push(disposer);
  }

  #assertOpen(): void {
    if (this.#disposed) throw new ReferenceError("this stack has been disposed of");
  }
}

/** As the compiler's own helper makes one where the platform has none. */
function suppressed(error: unknown, before: unknown): Error {
  const message = "an error was suppressed during disposal";
  if (typeof globalThis.SuppressedError === "function") return new SuppressedError(error, before, message);
  return Object.assign(new Error(message), { name: "SuppressedError", error, suppressed: before });
}

/** The runtime's own where it has one (Node 24), else one that does the same. */
export const AsyncDisposableStack: new () => AsyncStack = globalThis.AsyncDisposableStack ?? OwnAsyncDisposableStack;
