/**
 * A named value that all threads of a store see the present version of. Each thread decodes a version once, freezes it, and gives it to all who
 * ask until it is replaced: whether it was costs two loads (src/store/own-value.ts has where it lies and what holds).
 */
import { ClosedError, InvalidArgumentError } from "../../errors.js";
import { admit, freeze, type OwnValue, type OwnVersion, type StandardSchema } from "../../store/index.js";
import type { CheckedShared } from "./options.js";

/** A value and which version of it that is, counted from 1. */
export interface Version<T> {
  /** Frozen, through and through. */
  readonly value: T;
  /** One more with each change. */
  readonly version: number;
}

/** A version as this thread has it. */
interface Present<T> extends Version<T> {
  readonly own: OwnVersion;
}

export class Versioned<T> {
  /** What was read last; stale or not. */
  private last: Present<T>;

  private constructor(
    private readonly own: OwnValue,
    readonly what: string,
    private readonly schema: StandardSchema<T> | undefined,
    private readonly checkReads: boolean,
    first: OwnVersion,
  ) {
    this.last = this.present(first);
  }

  /**
   * The value, made when it is not there and something says what it is.
   *
   * @param initial has been through the schema
   * @throws InvalidArgumentError when there is neither; as `write`
   */
  static open<T>(own: OwnValue, what: string, { initial, schema, checkReads }: CheckedShared<T>): Versioned<T> {
    for (;;) {
      const found = own.read();
      if (found !== null) return new Versioned<T>(own, what, schema, checkReads, found);
      if (initial === undefined) throw new InvalidArgumentError(`there is no ${what}; pass { initial } to make it`);
      own.write(initial, null); // or another thread has, and may even have dropped it since: look once more
    }
  }

  /** The present version: the same object for all who ask while it is. @throws ClosedError when the store is closed in this thread, or it was dropped */
  get current(): Version<T> {
    const { last } = this;
    return this.own.isCurrent(last.own) ? last : this.readAnew();
  }

  /** As `current`; undefined once it was dropped. */
  find(): Version<T> | undefined {
    const { last } = this;
    if (this.own.isCurrent(last.own)) return last;
    const found = this.own.read();
    if (found === null) return undefined;
    this.last = this.present(found);
    return this.last;
  }

  /** Whether this thread has closed the store. */
  get closed(): boolean {
    return this.own.closed;
  }

  /** A copy of the present version that nobody else has. @throws as `current` */
  copy(): { readonly value: T; readonly at: Version<T> } {
    const read = this.own.read("a copy");
    if (read === null) throw this.dropped();
    return { value: read.value as T, at: { value: read.value as T, version: read.number, own: read } as Present<T> };
  }

  /**
   * Puts a value, which has been through the schema, in the place of the version that was read.
   *
   * @param before from `current` or `copy`
   * @returns false when it is not the present one any more: nothing was changed
   * @throws ValueTooLargeError, OutOfMemoryError, InvalidArgumentError for what no MessagePack holds: nothing was changed; ClosedError
   */
  replace(value: T, before: Version<T>): boolean {
    return this.own.write(value, (before as Present<T>).own) !== 0;
  }

  /** Takes the value away, for all threads. False when it was gone. @throws ClosedError */
  drop(): boolean {
    for (;;) {
      const found = this.own.read();
      if (found === null) return false;
      if (this.own.remove(found)) return true;
    }
  }

  /** See OwnValue.watch. */
  watch(wake: () => void): () => void {
    return this.own.watch(wake);
  }

  dropped(): ClosedError {
    return new ClosedError(`${this.what} was dropped; open it anew with { initial }`);
  }

  private readAnew(): Version<T> {
    const found = this.find();
    if (found === undefined) throw this.dropped();
    return found;
  }

  private present(own: OwnVersion): Present<T> {
    const { schema } = this;
    let value = own.value as T;
    if (this.checkReads && schema !== undefined) {
      value = admit(schema, `version ${own.number} of ${this.what}`, this.what, value);
      freeze(value, []);
    }
    return Object.freeze({ value, version: own.number, own });
  }
}
