/** One namespace as one thread sees it: a Map over shared memory. */
import type { EncodingName } from "../encoding.js";
import { NamespaceOperations } from "./operations.js";

export type { Entry } from "./operations.js";

/**
 * Made by `store.namespace()`. Every operation throws ClosedError once this thread has closed the store, AccessDeniedError on the view of an
 * agent that may not, KeyTooLongError for a key above 1,024 bytes in UTF-8, and InvalidArgumentError for an empty one, for text with lone
 * surrogates and for a key prepared elsewhere.
 */
export class Namespace<E extends EncodingName = "binary"> extends NamespaceOperations<E> {}
