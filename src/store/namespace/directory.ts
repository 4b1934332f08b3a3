/** The store's directory: which namespaces there are, found, made and removed by name. */

import { describe } from "../../check.js";
import { layout } from "../../core/index.js";
import type { EncodingName } from "../encoding.js";
import { InvalidArgumentError, NamespaceLimitError, OutOfMemoryError } from "../errors.js";
import { LISTED, listEntries } from "../listing.js";
import type { WorkerConnection } from "../worker.js";
import type { NamespaceLimits } from "./limits.js";
import type { Record } from "./record.js";
import { encodingOf, namespaceWord, type WhenFull, whenFullOf } from "./word.js";

const { MISS, NO_IDS, NO_MEMORY, OK } = layout;

/** How a namespace is made, should it not exist. */
export interface Making extends Required<NamespaceLimits> {
  encoding?: EncodingName;
  whenFull?: WhenFull;
}

export class Directory {
  private readonly worker: WorkerConnection;
  /** Entries as this thread last saw them, by name. */
  private readonly records = new Map<string, Record>();

  constructor(worker: WorkerConnection) {
    this.worker = worker;
  }

  /** Names of all namespaces, in no order. */
  names(): string[] {
    const { worker } = this;
    const names: string[] = [];
    for (let bucket = 0; bucket < worker.bucketCount; ) {
      const { count, next, words } = listEntries(worker, layout.DIRECTORY_ID, bucket, LISTED);
      bucket = next;
      for (let i = 0; i < count; i++) {
        const lengths = worker.engine.readListed(words[i * 2], words[i * 2 + 1]) >>> 0;
        if (lengths !== 0) names.push(Buffer.from(worker.keyCopy(lengths >>> 16)).toString("utf8"));
      }
    }
    return names;
  }

  /**
   * @param allow called before one is made: it may throw instead
   * @throws NamespaceLimitError when no id is left; OutOfMemoryError
   */
  findOrMake(name: string, making: Making, allow?: () => void): Record {
    const { worker, records } = this;
    const cached = records.get(name);
    if (cached !== undefined && worker.engine.isCurrentRecord(cached.entry, cached.version)) return cached;
    for (;;) {
      const record = this.find(name);
      if (record !== null) {
        records.set(name, record);
        return record;
      }
      allow?.();
      const status = worker.engine.createNamespace(
        worker.putKey(name),
        namespaceWord(making.encoding ?? "binary", making.whenFull ?? "refuse"),
        making.maxEntries,
        BigInt(making.maxBytes),
      );
      if (status === NO_IDS && worker.sweep() > 0) continue; // ids of dropped namespaces whose entries are still there
      if (status === NO_IDS) {
        const ids = worker.header[layout.H_ID_COUNT / 4] - layout.FIRST_ID;
        throw new NamespaceLimitError(
          `all ${ids} namespace ids are in use; drop namespaces, or create the store with a larger maxNamespaces`,
        );
      }
      if (status === NO_MEMORY) throw new OutOfMemoryError(`no memory is left to make namespace "${name}"`);
    }
  }

  /** Removes a namespace with all its entries. False when there is none of that name. */
  drop(name: string): boolean {
    const { worker } = this;
    for (;;) {
      const record = this.find(name);
      if (record === null) return false;
      this.records.delete(name);
      if (worker.engine.dropNamespace(record.entry, record.version, worker.putKey(name)) === OK) return true;
    }
  }

  private find(name: string): Record | null {
    const { worker } = this;
    const length = worker.engine.resolve(worker.putKey(name));
    if (length === MISS) return null;
    const value = worker.values;
    const word = value.readUInt32LE(layout.N_ENCODING);
    return {
      entry: worker.out[0],
      version: worker.out[1],
      id: value.readUInt32LE(layout.N_ID),
      encoding: encodingOf(word) as EncodingName,
      whenFull: whenFullOf(word),
      maxEntries: value.readUInt32LE(layout.N_MAX_ENTRIES),
      maxBytes: Number(value.readBigUInt64LE(layout.N_MAX_BYTES)),
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
