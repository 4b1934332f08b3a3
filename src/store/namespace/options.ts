/** What a namespace is asked for with: `store.namespace(name, options)`. */
import { checkSameName, KnownOptions } from "../../check.js";
import { checkEncoding, type EncodingName } from "../encoding.js";
import { type NamespaceLimits, readLimits } from "./limits.js";
import { checkWhenFull, type WhenFull } from "./word.js";

export interface NamespaceOptions<E extends EncodingName = EncodingName> extends NamespaceLimits {
  /** How values are written. Default: the namespace's own if it exists, else "binary". */
  encoding?: E;
  /**
   * What a write does that would break the limits: "refuse" throws NamespaceLimitError, "evict" evicts entries of this namespace until it
   * fits, those first that were not read lately. Decided when the namespace is made. Default "refuse".
   */
  whenFull?: WhenFull;
}

/** The options that are given, checked. */
export interface NamespaceWishes extends NamespaceLimits {
  readonly encoding: EncodingName | undefined;
  readonly whenFull: WhenFull | undefined;
}

export const NOTHING_ASKED: NamespaceWishes = { encoding: undefined, whenFull: undefined };
const OPTIONS = new KnownOptions("namespace", ["name", "encoding", "maxEntries", "maxBytes", "whenFull"]);
/** Each option read once, before the connection is asked: reading may run the caller's code. @throws InvalidArgumentError */
export function readNamespaceOptions(name: string, options: NamespaceOptions): NamespaceWishes {
  OPTIONS.check(options);
  checkSameName("namespace", options, name);
  const { encoding, whenFull } = options;
  return {
    ...readLimits(options),
    encoding: encoding === undefined ? undefined : checkEncoding(encoding),
    whenFull: whenFull === undefined ? undefined : checkWhenFull(whenFull),
  };
}
