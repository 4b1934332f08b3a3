import { Adaptive } from "./adaptive.js";
import { Arc } from "./arc.js";
import { Clock } from "./clock.js";
import { Fifo } from "./fifo.js";
import type { Future } from "./future.js";
import { Hybrid } from "./hybrid.js";
import { Lfu } from "./lfu.js";
import { Lirs } from "./lirs.js";
import { Lru } from "./lru.js";
import { Opt } from "./opt.js";
import { type Policy, type PolicyName, policyNames } from "./policy.js";
import { Random } from "./random.js";
import { S3Fifo } from "./s3-fifo.js";
import { Sieve } from "./sieve.js";
import type { By } from "./simulated-cache.js";
import { Ttl } from "./ttl.js";
import { TwoQ } from "./two-q.js";
import { WTinyLfu } from "./w-tinylfu.js";

export interface PolicyOptions {
  /** Objects or bytes the cache holds. What policies with shares, targets or histories measure themselves by. A positive integer. */
  capacity: number;
  /** Ids are 0 to distinct - 1; memory is taken for all of them at once. A positive integer. */
  distinct: number;
  /** What the capacity counts; see `Policy.insert` for bytes. Default: objects. */
  by?: By;
  /** For `random` and `hybrid`: the same seed gives the same victims. Default 1. */
  seed?: number;
  /** For `opt`, which cannot do without: see `lookAhead`. */
  future?: Future;
}

/** Asked of a policy what it cannot give: foresight without a future. `policy` names it. */
export class UnsupportedByPolicyError extends Error {
  readonly code = "UNSUPPORTED_BY_POLICY";
  override readonly name = "UnsupportedByPolicyError";

  constructor(
    readonly policy: PolicyName,
    message: string,
  ) {
    super(message);
  }
}

/**
 * Builds a policy for one cache.
 *
 * @throws RangeError when an option is out of bounds or unknown, or there is no policy of that name
 * @throws UnsupportedByPolicyError for `opt` without a future
 */
export function createPolicy(name: PolicyName, options: PolicyOptions): Policy {
  checkOptions(options);
  const { capacity, distinct } = options;
  const byBytes = options.by === "bytes";
  switch (name) {
    case "lru":
      return new Lru(distinct);
    case "fifo":
      return new Fifo(distinct);
    case "clock":
      return new Clock(distinct);
    case "lfu":
      return new Lfu(distinct);
    case "arc":
      return new Arc(distinct, capacity, byBytes);
    case "lirs":
      return new Lirs(distinct, capacity, byBytes);
    case "2q":
      return new TwoQ(distinct, capacity, byBytes);
    case "s3-fifo":
      return new S3Fifo(distinct, capacity, byBytes);
    case "sieve":
      return new Sieve(distinct);
    case "w-tinylfu":
      return new WTinyLfu(distinct, capacity, byBytes);
    case "w-tinylfu-climbing":
      return new WTinyLfu(distinct, capacity, byBytes, true);
    case "ttl":
      return new Ttl(distinct);
    case "adaptive":
      return new Adaptive(
        distinct,
        capacity,
        (candidate, itsCapacity, itsDistinct) =>
          createPolicy(candidate, { capacity: itsCapacity, distinct: itsDistinct, by: options.by }),
        byBytes,
      );
    case "random":
      return new Random(distinct, options.seed ?? 1);
    case "hybrid":
      return new Hybrid(distinct, options.seed ?? 1);
    case "opt":
      if (options.future === undefined) {
        throw new UnsupportedByPolicyError(name, "policy opt needs the future: pass lookAhead(ids, distinct)");
      }
      return new Opt(distinct, options.future);
    default:
      throw new RangeError(`policy is ${JSON.stringify(name)}, expected one of ${policyNames.join(", ")}`);
  }
}

const OPTIONS = ["capacity", "distinct", "by", "seed", "future"];

function checkOptions(options: PolicyOptions): void {
  if (options === null || typeof options !== "object") {
    throw new RangeError(`createPolicy takes an object of options, expected { ${OPTIONS.join(", ")} }`);
  }
  for (const name in options) {
    if (!OPTIONS.includes(name)) {
      throw new RangeError(`unknown option ${JSON.stringify(name)}, expected one of ${OPTIONS.join(", ")}`);
    }
  }
  const { by, seed } = options;
  assertPositiveInteger("capacity", options.capacity);
  assertPositiveInteger("distinct", options.distinct);
  if (by !== undefined && by !== "objects" && by !== "bytes") {
    throw new RangeError(`by is ${JSON.stringify(by)}, expected objects or bytes`);
  }
  if (seed !== undefined && !Number.isSafeInteger(seed)) throw new RangeError(`seed is ${seed}, expected an integer`);
}

function assertPositiveInteger(what: string, value: number): void {
  if (!Number.isSafeInteger(value) || value < 1) {
    throw new RangeError(`${what} is ${value}, expected a positive integer`);
  }
}
