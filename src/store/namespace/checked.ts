/** A namespace whose values go through a validator. One without has none of this on its way. */
import type { AgentAccess } from "../access.js";
import type { Key } from "../key.js";
import type { WorkerConnection } from "../worker.js";
import { checkIterable } from "./batches.js";
import type { SetOptions } from "./condition.js";
import { Listed } from "./iteration.js";
import { type Entry, Namespace } from "./namespace.js";
import type { Lookup, NamespaceRecord } from "./record.js";
import { type StandardSchema, validate } from "./schema.js";

export class CheckedNamespace<V> extends Namespace<V> {
  private readonly schema: StandardSchema<V>;
  private readonly reads: boolean;

  constructor(
    worker: WorkerConnection,
    name: string,
    record: NamespaceRecord,
    lookup: Lookup,
    agent: AgentAccess | null,
    schema: StandardSchema<V>,
    reads: boolean,
  ) {
    super(worker, name, record, lookup, agent);
    this.schema = schema;
    this.reads = reads;
  }

  // ---------------------------------------------------------------- the way in

  override set(key: Key, value: V, options?: SetOptions): boolean {
    return super.set(key, this.admit(key, value), options);
  }

  /** The validator is the caller's code: whoever calls asks the connection after it. */
  protected override admit(key: Key, value: V): V {
    return validate(this.schema, this.name, key, value, "to be written");
  }

  // ---------------------------------------------------------------- the way out

  override get(key: Key): V | undefined {
    return this.believed(key, super.get(key));
  }

  override getEntry(key: Key): Entry<V> | undefined {
    const entry = super.getEntry(key);
    if (entry !== undefined && this.reads) entry.value = validate(this.schema, this.name, key, entry.value, "read");
    return entry;
  }

  override peek(key: Key): V | undefined {
    return this.believed(key, super.peek(key));
  }

  override getMany(keys: Iterable<Key>): (V | undefined)[] {
    if (!this.reads) return super.getMany(keys);
    const list = [...checkIterable(keys, "getMany", "keys")];
    return super.getMany(list).map((value, i) => this.believed(list[i], value));
  }

  protected override *listed(prefix: Uint8Array | undefined): IterableIterator<Listed<V>> {
    for (const listed of super.listed(prefix)) {
      if (!this.reads) yield listed;
      else {
        const value = validate(this.schema, this.name, listed.keyBytes, listed.value, "read");
        yield new Listed(listed.keyBytes, value, listed.expires);
      }
    }
  }

  protected override readLife(entry: number, version: number): Listed<V> | null {
    const life = super.readLife(entry, version);
    if (life === null || !this.reads) return life;
    return new Listed(life.keyBytes, validate(this.schema, this.name, life.keyBytes, life.value, "read"), life.expires);
  }

  private believed(key: Key, value: V | undefined): V | undefined {
    return value === undefined || !this.reads ? value : validate(this.schema, this.name, key, value, "read");
  }
}
