/** The store's directory: which namespaces there are, found, made and removed by name. */

import { describe } from "../../check.js";
import { IdLine, layout, readNamespaceRecord, result } from "../../core/index.js";
import { InvalidArgumentError, NamespaceLimitError, OutOfMemoryError } from "../../errors.js";
import type { EncodingName } from "../encoding.js";
import { ownEntries } from "../listing.js";
import type { WorkerConnection } from "../worker.js";
import type { CheckedLimits } from "./limits.js";
import type { NamespaceRecord } from "./record.js";
import { encodingOf, namespaceWord, type WhenFull, whenFullOf } from "./word.js";

const { MISS, NO_IDS, NO_MEMORY, OK } = layout;

/** How a namespace is made, should it not exist. */
export interface NamespaceDefaults extends Required<CheckedLimits> {
  encoding?: EncodingName;
  whenFull?: WhenFull;
}

/** Who makes a namespace: asked before, told after. */
export interface Maker {
  /** May throw instead. */
  checkMaking(): void;
  own(made: number): void;
}

/** Names whose entries a thread remembers at most: those asked for longest ago are looked up again. */
const REMEMBERED = 1024;

export class Directory {
  private readonly worker: WorkerConnection;
  /** Entries as this thread last saw them, by name. */
  private readonly records = new Map<string, NamespaceRecord>();

  constructor(worker: WorkerConnection) {
    this.worker = worker;
  }

  /** Names of all namespaces, in no order. */
  names(): string[] {
    const { worker } = this;
    const names: string[] = [];
    for (const [entry, version] of ownEntries(worker, layout.DIRECTORY_ID)) {
      const lengths = worker.engine.readListed(entry, version) >>> 0;
      if (lengths !== 0) names.push(Buffer.from(worker.keyCopy(lengths >>> 16)).toString("utf8"));
    }
    return names;
  }

  /**
   * @param maker null: the store itself
   * @throws NamespaceLimitError when no id is left; OutOfMemoryError
   */
  findOrMake(name: string, defaults: NamespaceDefaults, maker: Maker | null): NamespaceRecord {
    const { worker } = this;
    let entry = 0;
    let version = 0;
    for (;;) {
      const record = this.find(name);
      if (record !== null) {
        // it may have been dropped at once, and made by another
        if (record.entry === entry && record.version === version) maker?.own(record.made);
        return record;
      }
      maker?.checkMaking();
      const status = worker.engine.createNamespace(
        worker.putKey(name),
        namespaceWord(defaults.encoding ?? "binary", defaults.whenFull ?? "refuse"),
        defaults.maxEntries,
        BigInt(defaults.maxBytes),
      );
      if (status === OK) {
        entry = worker.out[result.ENTRY];
        version = worker.out[result.VERSION];
      }
      if (status === NO_IDS && worker.sweep() > 0) continue; // ids of dropped namespaces whose entries are still there
      if (status === NO_IDS) {
        const ids = worker.header.userIdCount;
        throw new NamespaceLimitError(
          `all ${ids} namespace ids are in use; drop namespaces, or create the store with a larger maxNamespaces`,
        );
      }
      if (status === NO_MEMORY && worker.sweepDead() > 0) continue;
      if (status === NO_MEMORY) throw new OutOfMemoryError(`no memory is left to make namespace "${name}"`);
    }
  }

  /** Removes a namespace with all its entries, if it is the one that was made as `made`. False when it is gone already. */
  drop(name: string, made: number): boolean {
    const { worker } = this;
    for (;;) {
      const record = this.find(name);
      if (record === null || record.made !== made) return false;
      this.records.delete(name);
      if (worker.engine.dropNamespace(record.entry, record.version, worker.putKey(name)) === OK) return true;
    }
  }

  /** The namespace of this name, null when there is none. */
  find(name: string): NamespaceRecord | null {
    const { worker, records } = this;
    const cached = records.get(name);
    if (cached !== undefined) {
      if (worker.engine.isCurrentRecord(cached.entry, cached.version)) return cached;
      records.delete(name);
    }
    for (;;) {
      const length = worker.engine.resolve(worker.putKey(name));
      if (length === MISS) return null;
      const record = this.read();
      // the numbers of its id were read while that was its id
      if (!worker.engine.isCurrentRecord(record.entry, record.version)) continue;
      if (records.size >= REMEMBERED) records.delete(records.keys().next().value as string);
      records.set(name, record);
      return record;
    }
  }

  /** What `resolve` has found. */
  private read(): NamespaceRecord {
    const { worker } = this;
    const { id, seed, word, maxEntries, maxBytes } = readNamespaceRecord(worker.values);
    const line = new IdLine(worker.currentBuffer(), worker.header, id);
    return {
      entry: worker.out[result.ENTRY],
      version: worker.out[result.VERSION],
      id,
      life: line.takings * 65536 + id,
      made: line.made,
      seed,
      encoding: encodingOf(word) as EncodingName,
      whenFull: whenFullOf(word) as WhenFull,
      maxEntries,
      maxBytes,
    };
  }
}

/** @throws InvalidArgumentError */
export function checkName(name: unknown): void {
  if (typeof name !== "string" || name === "") {
    throw new InvalidArgumentError(`a namespace is named ${describe(name)}; expected a non-empty string`);
  }
  const bytes = Buffer.byteLength(name);
  if (bytes > layout.NAMESPACE_NAME_MAX) {
    throw new InvalidArgumentError(
      `a namespace name has ${bytes} bytes in UTF-8; the limit is ${layout.NAMESPACE_NAME_MAX}`,
    );
  }
}
