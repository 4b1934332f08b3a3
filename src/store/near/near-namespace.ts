/**
 * A namespace whose handle keeps what it has read, as it was decoded, and gives the same value again for as long as it is the present one. One
 * without `near` has none of this on its way.
 *
 * WHAT HOLDS. `get` answers what some plain `get` could have answered that began and ended with it: the engine says of a kept value whether the
 * entry it was read from is still the key's, at an instant during the call (core/assembly/near.ts has the argument). Nothing that others
 * do has to reach this thread for that: not a write, a delete, an eviction, a clear or drop of the namespace, nor an expiry. Permissions
 * are asked for each time, as by every operation.
 *
 * A value is kept under a key only if it was read by that key, so what is no key of this namespace is kept nowhere, and is refused by the
 * way of all reads. Keys as bytes go that way always: they may change while they are kept.
 */
import { describe } from "../../check.js";
import { isDebugging, layout, result } from "../../core/index.js";
import { EngramError } from "../../errors.js";
import { type AgentAccess, READ } from "../access.js";
import { type Key, PreparedKey } from "../key.js";
import type { SetOptions } from "../namespace/condition.js";
import { Namespace } from "../namespace/namespace.js";
import type { Lookup, NamespaceRecord } from "../namespace/record.js";
import { type StandardSchema, validate } from "../namespace/schema.js";
import { SAMPLED_KINDS } from "../sampling/banks.js";
import type { WorkerConnection } from "../worker.js";
import { freeze } from "./frozen.js";
import { Kept, KeptValues, type Unchanged } from "./kept-values.js";
import type { NearLimits } from "./options.js";

const GET = SAMPLED_KINDS.indexOf("get");

export class NearNamespace<V> extends Namespace<V> {
  private readonly near: KeptValues;
  private readonly schema: StandardSchema<V> | undefined;
  /** Which emptying of which namespace the kept values are of. */
  private life: number;
  /** Bytes of the value that was read last. */
  private valueBytes = 0;
  /** In the debug build bytes are compared with what they were. */
  private readonly watchful = isDebugging();

  constructor(
    worker: WorkerConnection,
    name: string,
    record: NamespaceRecord,
    lookup: Lookup,
    agent: AgentAccess | null,
    limits: NearLimits,
    schema: StandardSchema<V> | undefined,
  ) {
    super(worker, name, record, lookup, agent);
    this.near = new KeptValues(limits);
    this.schema = schema;
    this.life = record.life;
  }

  // ---------------------------------------------------------------- reading

  /**
   * The value; undefined when the key is absent or expired. All who ask this handle are given the same one as long as it stays: objects, arrays, maps,
   * sets and dates are frozen, bytes are not to be changed.
   */
  override get(key: Key): V | undefined {
    this.enter(READ);
    const { worker } = this;
    const kept = this.near.find(key);
    if (kept === undefined || !worker.engine.isPresent(this.entry, this.version, this.id, kept.entry, kept.version)) {
      return this.getAnew(key, kept);
    }
    kept.visited = true;
    if (kept.unchanged !== null) checkUnchanged(kept.unchanged, this.name, key);
    this.recalled(key, kept);
    if (worker.timed) {
      this.put(key); // a sample has the key's hash
      this.endTimed(GET, key, kept.valueBytes);
    }
    return kept.value as V;
  }

  /** @param before what was kept and is not the present value any more */
  private getAnew(key: Key, before: Kept | undefined): V | undefined {
    const { worker, near } = this;
    worker.beginAgain();
    const value = super.get(key);
    const { [result.ENTRY]: entry, [result.VERSION]: version } = worker.out;
    let kept = before;
    if (this.record.life !== this.life) {
      this.life = this.record.life;
      near.clear(); // whatever it holds is of a namespace that is not there any more
      kept = undefined;
    }
    if (value === undefined) {
      if (kept !== undefined) near.remove(kept);
      return undefined;
    }
    const own = this.binary ? (ownBytes(value as Uint8Array) as V) : value;
    const parts: Uint8Array[] = [];
    freeze(own, parts);
    const unchanged = this.watchful && parts.length > 0 ? { parts, copies: parts.map((part) => part.slice()) } : null;
    const read = { value: own, entry, version, valueBytes: this.valueBytes, unchanged };
    let dropped = 0;
    if (kept !== undefined) dropped = near.renew(kept, read);
    else if (typeof key === "string" || key instanceof PreparedKey) dropped = near.add(new Kept(key, read));
    if (dropped > 0) worker.engine.noteDropped(dropped);
    return own;
  }

  protected override read(key: Key): number {
    const length = super.read(key);
    this.valueBytes = length === layout.LARGE ? this.worker.out[result.LENGTH] : length;
    return length;
  }

  // ---------------------------------------------------------------- what a schema checks on the way in, as in checked.ts

  override set(key: Key, value: V, options?: SetOptions): boolean {
    return super.set(key, this.admit(key, value), options);
  }

  protected override admit(key: Key, value: V): V {
    return this.schema === undefined ? value : validate(this.schema, this.name, key, value, "to be written");
  }
}

/** Short values may share a buffer with others, and would keep all of it. */
function ownBytes(value: Uint8Array): Uint8Array {
  return value.byteLength === value.buffer.byteLength ? value : value.slice();
}

function checkUnchanged({ parts, copies }: Unchanged, namespace: string, key: Key): void {
  if (parts.every((part, i) => Buffer.compare(part, copies[i]) === 0)) return;
  const named = describe(key instanceof PreparedKey ? Buffer.from(key.bytes()).toString() : key);
  throw new EngramError(
    "NEAR_VALUE_CHANGED",
    `the program has changed the bytes of ${named} in namespace "${namespace}", which is kept near: all who read it are given the same ones; change a copy`,
  );
}
