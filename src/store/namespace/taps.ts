/**
 * Taps: how other rooms hear of every operation, for recordings, monitoring, invalidation. What nobody asked for costs nothing: `Namespace` is
 * an empty class over `NamespaceOperations`, and while some store of this thread is tapped it has the methods of `Tapped` on its
 * prototype, which call those below and tell. So namespaces that were handed out before are heard of too, any number of taps may listen,
 * and when the last one stops the methods are taken off again.
 *
 * It is the one place that knows which methods an operation goes through; the compiler holds it against them.
 */
import { layout, result } from "../../core/index.js";
import { type Duration, durationIn } from "../../units.js";
import { byteCount } from "../bytes.js";
import type { Key, PreparedKey } from "../key.js";
import type { LargeSource } from "../large.js";
import type { Condition, DeleteOptions, SetOptions } from "./condition.js";
import type { IncrementOptions } from "./counter.js";
import { Namespace } from "./namespace.js";
import { NamespaceOperations } from "./operations.js";

export type TappedOperation = "get" | "set" | "delete" | "increment";

export interface Tap {
  /**
   * After an operation of this thread on the store. A `touch` is a set of the value that is there, or a get where there is none; a delete or set that
   * its condition refused is a get; a `peek` is nothing.
   *
   * @param valueBytes of the value as it is stored; 0 where it is not known: a read that found nothing, `has`, a delete
   * @param ttl milliseconds, 0 = none; of an increment, for the counter that it makes if there is none
   */
  operation(namespace: string, operation: TappedOperation, key: Key, valueBytes: number, ttl: number): void;
}

const taps = new Map<object, Tap[]>();

/**
 * From now on the operations of this connection go to the tap as well.
 *
 * @param worker the store's connection in this thread: one for all views of it
 * @returns what ends it
 */
export function tapOperations(worker: object, tap: Tap): () => void {
  if (taps.size === 0) overlay();
  taps.set(worker, [...(taps.get(worker) ?? []), tap]);
  return () => {
    const left = (taps.get(worker) ?? []).filter((other) => other !== tap);
    if (left.length > 0) taps.set(worker, left);
    else if (taps.delete(worker) && taps.size === 0) unwrap();
  };
}

/** Above 0 inside an operation that is told of as a whole: what it calls is no operation of the program's. */
let nested = 0;
/** Bytes of the value that the `set` under way has encoded. */
let encodedBytes = 0;

/** Runs what is told of as one operation. */
function whole<T>(run: () => T): T {
  nested++;
  try {
    return run();
  } finally {
    nested--;
  }
}

function lengthOf(value: unknown): number {
  if (value instanceof Uint8Array) return byteCount(value);
  return typeof value === "string" ? Buffer.byteLength(value) : 0;
}

class Tapped<V> extends NamespaceOperations<V> {
  // what get and getEntry do
  protected override read(key: Key): number {
    const length = super.read(key);
    const bytes = length === layout.LARGE ? this.worker.out[result.LENGTH] : length;
    report(this.worker, this.name, "get", key, bytes > 0 ? bytes : 0);
    return length;
  }

  protected override recalled(key: Key, { valueBytes }: { readonly valueBytes: number }): void {
    report(this.worker, this.name, "get", key, valueBytes);
  }

  override getInto(key: Key, target: Uint8Array): number {
    const length = super.getInto(key, target);
    report(this.worker, this.name, "get", key, length > 0 ? length : 0);
    return length;
  }

  override borrow<T>(key: Key, use: (view: Uint8Array) => T): T | undefined {
    let found = false;
    const result = super.borrow(key, (view) => {
      found = true;
      report(this.worker, this.name, "get", key, view.length);
      return use(view);
    });
    if (!found) report(this.worker, this.name, "get", key, 0);
    return result;
  }

  override has(key: Key): boolean {
    const found = super.has(key);
    report(this.worker, this.name, "get", key, 0);
    return found;
  }

  override getMany(keys: Iterable<Key>): (V | undefined)[] {
    const list = Array.isArray(keys) || typeof keys !== "object" || keys === null ? (keys as Key[]) : [...keys];
    const values = whole(() => super.getMany(list));
    for (let i = 0; i < values.length; i++) report(this.worker, this.name, "get", list[i], lengthOf(values[i]));
    return values;
  }

  protected override write(key: Key, bytes: Uint8Array, expires: number, condition: Condition): boolean {
    encodedBytes = byteCount(bytes);
    return super.write(key, bytes, expires, condition);
  }

  protected override writeLarge(key: Key, source: LargeSource, expires: number, condition: Condition): boolean {
    encodedBytes = source.length;
    return super.writeLarge(key, source, expires, condition);
  }

  protected override setPrepared(key: PreparedKey, bytes: Uint8Array): boolean {
    encodedBytes = byteCount(bytes);
    return super.setPrepared(key, bytes);
  }

  // a write that its condition refused has looked the entry up and changed nothing
  override set(key: Key, value: V, options?: SetOptions): boolean {
    const written = super.set(key, value, options);
    if (written) report(this.worker, this.name, "set", key, encodedBytes, ttlOf(options?.ttl));
    else report(this.worker, this.name, "get", key, 0);
    return written;
  }

  protected override writeAll(
    keys: Key[],
    values: Uint8Array[],
    ttl: Duration | undefined,
    condition: Condition,
  ): number {
    const written = whole(() => super.writeAll(keys, values, ttl, condition));
    for (let i = 0; i < keys.length; i++)
      report(this.worker, this.name, "set", keys[i], byteCount(values[i]), ttlOf(ttl));
    return written;
  }

  // one that its condition refused has looked the entry up, as a write has
  override delete(key: Key, options?: DeleteOptions): boolean {
    const deleted = super.delete(key, options);
    report(this.worker, this.name, deleted || options?.ifVersion === undefined ? "delete" : "get", key, 0);
    return deleted;
  }

  // the value that is there, written once more
  protected override touchEntry(key: Key, ttl: Duration | undefined): number {
    const length = super.touchEntry(key, ttl);
    if (length >= 0) report(this.worker, this.name, "set", key, length, ttlOf(ttl));
    else report(this.worker, this.name, "get", key, 0);
    return length;
  }

  // a round of an update, which has read the entry before, as told
  protected override replace(
    key: Key,
    bytes: Uint8Array,
    expires: number,
    condition: Condition,
    ttl?: Duration,
  ): boolean {
    const written = super.replace(key, bytes, expires, condition, ttl);
    if (written) report(this.worker, this.name, "set", key, byteCount(bytes), ttlOf(ttl));
    return written;
  }

  override increment(key: Key, by?: bigint | number, options?: IncrementOptions): bigint {
    const sum = whole(() => super.increment(key, by, options));
    report(this.worker, this.name, "increment", key, 8, ttlOf(options?.ttl));
    return sum;
  }
}

/** Milliseconds, 0 = none; of a write that took place, so it is one. */
function ttlOf(ttl: Duration | undefined): number {
  return ttl === undefined ? 0 : (durationIn(ttl) as number);
}

function report(worker: object, name: string, operation: TappedOperation, key: Key, valueBytes: number, ttl = 0): void {
  if (nested !== 0) return;
  const listening = taps.get(worker);
  if (listening === undefined) return;
  for (const tap of listening) tap.operation(name, operation, key, valueBytes, ttl);
}

/** What `super` is in these methods stays `NamespaceOperations`, wherever they are called from. */
const overlaid = Object.entries(Object.getOwnPropertyDescriptors(Tapped.prototype)).filter(
  ([name]) => name !== "constructor",
);

function overlay(): void {
  for (const [name, descriptor] of overlaid) Object.defineProperty(Namespace.prototype, name, descriptor);
}

function unwrap(): void {
  for (const [name] of overlaid) delete (Namespace.prototype as unknown as { [method: string]: unknown })[name];
}
