/** One namespace as one thread sees it: a Map over shared memory. */
import type { AgentAccess } from "../access.js";
import type { WorkerConnection } from "../worker.js";
import { NamespaceOperations } from "./operations.js";
import type { Lookup, NamespaceRecord } from "./record.js";

export type { Entry } from "./operations.js";

/**
 * Made by `store.namespace()`. Every operation throws ClosedError once this thread has closed the store, AccessDeniedError on the view of an
 * agent that may not, KeyTooLongError for a key above 1,024 bytes in UTF-8, and InvalidArgumentError for an empty one, for text with lone
 * surrogates and for a key prepared elsewhere.
 *
 * @typeParam V its values: Uint8Array in a binary namespace, string in one of text, and in json and msgpack ones what the program says it
 *   puts there. Nothing holds a namespace to that but a `schema`.
 */
export class Namespace<V = Uint8Array> extends NamespaceOperations<V> {
  /** @internal Use `store.namespace()`. */
  static open<V>(
    worker: WorkerConnection,
    name: string,
    record: NamespaceRecord,
    lookup: Lookup,
    agent: AgentAccess | null,
  ): Namespace<V> {
    return new Namespace<V>(worker, name, record, lookup, agent);
  }
}
