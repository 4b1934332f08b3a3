/** A namespace's entry in the store's directory. */
import type { EncodingName } from "../encoding.js";
import type { WhenFull } from "./word.js";

/** The namespace's directory entry as this thread last saw it. While it is current, all of this is so. */
export interface NamespaceRecord {
  entry: number;
  version: number;
  id: number;
  /**
   * Two numbers that are never given twice, while ids are: which emptying of which namespace this is (it changes with every clear),
   * and which namespace of its name (it changes with a drop only).
   */
  life: number;
  made: number;
  /** Of the hashes of its keys: the same for all namespaces of its name. */
  seed: number;
  encoding: EncodingName;
  whenFull: WhenFull;
  maxEntries: number;
  maxBytes: number;
}

/** Finds a namespace's directory entry again after it changed. */
export interface Lookup {
  /** Null when it was dropped. */
  find(name: string): NamespaceRecord | null;
  /** @throws as Directory.findOrMake */
  findOrMake(name: string): NamespaceRecord;
}
