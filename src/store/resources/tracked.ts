/** What a thread holds and has told the store of, by `store.track`: one of what ends with its connection (endings.ts). */
import { layout } from "../../core/index.js";
import { ClosedError, EndTimeoutError } from "../../errors.js";
import type { WorkerConnection } from "../worker.js";
import type { Ending, Endings } from "./endings.js";
import type { CheckedTracking } from "./options.js";
import type { Place, ResourceTable } from "./table.js";

/**
 * A resource that is listed until it has ended. `await using` ends it with its scope; `using` does not wait for an end that takes its time.
 * What is not ended before ends with the store's `close` in this thread, the newest first.
 */
export class Tracked<T> implements AsyncDisposable, Disposable {
  /** As it was tracked. */
  readonly kind: string;
  /** What tells it from others of its kind; null where nothing does. */
  readonly label: string | null;
  /** @internal */
  older: Ending | null = null;
  /** @internal */
  newer: Ending | null = null;
  readonly #worker: WorkerConnection;
  readonly #table: ResourceTable;
  readonly #endings: Endings;
  readonly #place: Place;
  readonly #deadline: number;
  readonly #endOf: (resource: T) => unknown;
  #held: { readonly value: T } | null;
  #ended: Promise<void> | null = null;

  /** @internal Use `store.track()`. */
  constructor(
    worker: WorkerConnection,
    table: ResourceTable,
    endings: Endings,
    kind: string,
    resource: T,
    { end, label, deadline }: CheckedTracking<T>,
  ) {
    const number = table.names.numberOf(kind);
    this.#place = table.add(number, label ?? 0, deadline, layout.RESOURCE_HELD);
    this.#worker = worker;
    this.#table = table;
    this.#endings = endings;
    this.#deadline = deadline;
    this.#endOf = end;
    this.#held = { value: resource };
    this.kind = kind;
    this.label = label;
    endings.add(this);
  }

  /** @throws ClosedError once it ends, or was handed on */
  get value(): T {
    if (this.#held === null) throw new ClosedError(`${this} has ended`);
    return this.#held.value;
  }

  /**
   * Ends it. Again: the same answer, and nothing is ended twice. It is listed until its end has come, or its deadline.
   *
   * @throws what ending it throws; EndTimeoutError when it takes longer than its deadline: it goes on, and counts as forced
   */
  end(): Promise<void> {
    this.#ended ??= this.#endOnce();
    return this.#ended;
  }

  /** The resource, whose end is the caller's business from now on. @throws ClosedError once it has ended */
  release(): T {
    const { value } = this;
    this.#held = null;
    this.#ended = Promise.resolve();
    this.#strike("ended");
    return value;
  }

  /** @internal */
  async endByClose(): Promise<void> {
    if (this.#held !== null) this.#table.count("closed");
    try {
      await this.end();
    } catch (error) {
      if (!(error instanceof EndTimeoutError)) throw error; // what took too long is counted, and keeps nobody
    }
  }

  [Symbol.asyncDispose](): Promise<void> {
    return this.end();
  }

  [Symbol.dispose](): void {
    this.end().catch((error: unknown) => {
      process.emitWarning(`${this} failed to end: ${error instanceof Error ? error.message : String(error)}`, {
        code: "ENGRAM_END_FAILED",
      });
    });
  }

  /** Kind and label, for messages. */
  toString(): string {
    return this.label === null ? this.kind : `${this.kind} ${JSON.stringify(this.label)}`;
  }

  #endOnce(): Promise<void> {
    const held = this.#held;
    if (held === null) return Promise.resolve();
    this.#held = null;
    this.#table.move(this.#place, layout.RESOURCE_ENDING);
    let pending: unknown;
    try {
      pending = this.#endOf(held.value);
    } catch (error) {
      this.#strike("failed");
      return Promise.reject(error);
    }
    if (!isThenable(pending)) {
      this.#strike("ended");
      return Promise.resolve();
    }
    return this.#within(pending);
  }

  /** It has ended, or its deadline has come. */
  #within(pending: PromiseLike<unknown>): Promise<void> {
    return new Promise((resolve, reject) => {
      let over = false;
      let timer: NodeJS.Timeout | undefined;
      const settle = (how: "ended" | "failed" | "forced", then: () => void): void => {
        if (over) return;
        over = true;
        clearTimeout(timer);
        this.#strike(how);
        then();
      };
      if (this.#deadline !== Number.POSITIVE_INFINITY) {
        timer = setTimeout(() => {
          settle("forced", () => reject(new EndTimeoutError(`${this}`, this.#deadline)));
        }, this.#deadline);
      }
      pending.then(
        () => settle("ended", resolve),
        (error: unknown) => settle("failed", () => reject(error)),
      );
    });
  }

  #strike(how: "ended" | "failed" | "forced"): void {
    this.#endings.remove(this);
    if (this.#worker.closed) return; // the slot is another's: its records were freed with it
    this.#table.count(how);
    this.#table.remove(this.#place, this.label !== null);
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return value !== null && typeof value === "object" && typeof (value as PromiseLike<unknown>).then === "function";
}
