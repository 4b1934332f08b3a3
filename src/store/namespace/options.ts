/** What a namespace is asked for with: `store.namespace(name, options)`. */
import { checkSameName, flag, KnownOptions } from "../../check.js";
import { InvalidArgumentError } from "../../errors.js";
import { checkEncoding, type EncodingName } from "../encoding.js";
import { type NearLimits, type NearOptions, readNear } from "../near/options.js";
import { type CheckedLimits, type NamespaceLimits, readLimits } from "./limits.js";
import { checkSchema, type StandardSchema } from "./schema.js";
import { checkWhenFull, type WhenFull } from "./word.js";

/** @typeParam V the values, as far as the types go */
export interface NamespaceOptions<V = unknown> extends NamespaceLimits {
  /** How values are written. Default: the namespace's own if it exists, else "binary". */
  encoding?: EncodingName;
  /**
   * What a write does that would break the limits: "refuse" throws NamespaceLimitError, "evict" evicts entries of this namespace until it
   * fits, those first that were not read lately. Decided when the namespace is made. Default "refuse".
   */
  whenFull?: WhenFull;
  /**
   * Any validator that has the Standard Schema interface (zod, valibot, arktype, …), of a namespace whose `encoding` is given and not
   * "binary". Every value that this handle writes goes through it: `set`, `setMany`, `update`, `getOrSet`, `increment`; what the validator
   * makes of it is written (defaults filled in, unknown names gone). It has to answer at once. What it refuses is an InvalidValueError, and
   * nothing is written. Each handle's own: other threads are not held to it.
   */
  schema?: StandardSchema<V>;
  /**
   * What is read goes through the schema as well: `get`, `getEntry`, `getMany`, `values`, `entries`. `getInto` and `borrow` give bytes, which no
   * schema knows. Default false: whoever reads believes those who wrote.
   */
  checkReads?: boolean;
  /**
   * This handle keeps what `get` has read, as it was decoded, and gives the same value again while it is the present one: so many values at most, or
   * `{ entries, bytes }`. Never a stale one, whoever wrote; frozen, or to be treated so (docs/near-cache.md). Each handle's own, and this thread's:
   * keep the handle. Not together with `checkReads`. Default: nothing is kept.
   */
  near?: number | NearOptions;
}

/** A namespace of bytes: no encoding, or "binary". */
export interface BinaryNamespaceOptions extends NamespaceOptions {
  /** Default "binary". */
  encoding?: "binary";
  /** Bytes have none: default undefined. */
  schema?: undefined;
}

/** A namespace of text. */
export interface TextNamespaceOptions<V extends string = string> extends NamespaceOptions<V> {
  /** Says that its values are text. */
  encoding: "string";
}

/** The options that are given, checked. */
export interface NamespaceWishes extends CheckedLimits {
  readonly encoding: EncodingName | undefined;
  readonly whenFull: WhenFull | undefined;
  readonly schema: StandardSchema | undefined;
  readonly checkReads: boolean;
  readonly near: NearLimits | undefined;
}

export const NOTHING_ASKED: NamespaceWishes = {
  encoding: undefined,
  whenFull: undefined,
  schema: undefined,
  checkReads: false,
  near: undefined,
};

const OPTIONS = new KnownOptions("namespace", [
  "name",
  "encoding",
  "maxEntries",
  "maxBytes",
  "whenFull",
  "schema",
  "checkReads",
  "near",
]);
/** Each option read once, before the connection is asked: reading may run the caller's code. @throws InvalidArgumentError */
export function readNamespaceOptions(name: string, options: NamespaceOptions): NamespaceWishes {
  OPTIONS.check(options);
  checkSameName("namespace", options, name);
  const { encoding, whenFull } = options;
  const schema = checkSchema(options.schema);
  if (schema !== undefined && (encoding === undefined || encoding === "binary")) {
    throw new InvalidArgumentError(
      `namespace "${name}" was given a schema ${encoding === undefined ? "and no encoding" : "for bytes"}; expected encoding "json", "msgpack" or "string" with it`,
    );
  }
  const near = readNear(options.near);
  const checkReads = flag("checkReads", options.checkReads, false);
  if (near !== undefined && checkReads) {
    throw new InvalidArgumentError(
      `namespace "${name}" was given near and checkReads: what is kept near would be checked once, and not whenever it is read; expected one of them`,
    );
  }
  return {
    ...readLimits(options),
    encoding: encoding === undefined ? undefined : checkEncoding(encoding),
    whenFull: whenFull === undefined ? undefined : checkWhenFull(whenFull),
    schema,
    checkReads,
    near,
  };
}
