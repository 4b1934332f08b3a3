/** The policies by name: one table that builds each, from which its names come. */
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
import type { Policy } from "./policy.js";
import { Random } from "./random.js";
import { S3Fifo } from "./s3-fifo.js";
import { Sieve } from "./sieve.js";
import type { By } from "./simulated-cache.js";
import { Ttl } from "./ttl.js";
import { TwoQ } from "./two-q.js";
import { WTinyLfu } from "./w-tinylfu.js";

/** What a policy is made with. */
export interface PolicyOptions {
  /** Objects or bytes the cache holds. What policies with shares, targets or histories measure themselves by. A positive integer. */
  capacity: number;
  /** Ids are 0 to distinct - 1; memory is taken for all of them at once. A positive integer. */
  distinct: number;
  /** What the capacity counts; see `Policy.insert` for bytes. Default: objects. */
  by?: By;
  /** For `random` and `hybrid`: the same seed gives the same victims. Default 1. */
  seed?: number;
  /** For `opt`, which cannot do without: see `lookAhead`. Default: none; the others look at nothing of it. */
  future?: Future;
}

/** Asked of a policy what it cannot give: foresight without a future. `policy` names it. */
export class UnsupportedByPolicyError extends Error {
  /** The same in every version. */
  readonly code = "UNSUPPORTED_BY_POLICY";
  /** The class's name. */
  override readonly name = "UnsupportedByPolicyError";

  constructor(
    /** The policy that cannot. */
    readonly policy: PolicyName,
    message: string,
  ) {
    super(message);
  }
}

interface Build extends Required<Pick<PolicyOptions, "capacity" | "distinct" | "by" | "seed">> {
  readonly byBytes: boolean;
  readonly future: Future | undefined;
}

/**
 * Every policy there is, in the order tables list them. A new one is its file and a line here (and a number in
 * src/store/eviction/live-policies.ts, if a store may run it: the compiler asks for it).
 */
const POLICIES = {
  lru: ({ distinct }) => new Lru(distinct),
  fifo: ({ distinct }) => new Fifo(distinct),
  clock: ({ distinct }) => new Clock(distinct),
  arc: ({ distinct, capacity, byBytes }) => new Arc(distinct, capacity, byBytes),
  lirs: ({ distinct, capacity, byBytes }) => new Lirs(distinct, capacity, byBytes),
  lfu: ({ distinct }) => new Lfu(distinct),
  ttl: ({ distinct }) => new Ttl(distinct),
  random: ({ distinct, seed }) => new Random(distinct, seed),
  "2q": ({ distinct, capacity, byBytes }) => new TwoQ(distinct, capacity, byBytes),
  "s3-fifo": ({ distinct, capacity, byBytes }) => new S3Fifo(distinct, capacity, byBytes),
  sieve: ({ distinct }) => new Sieve(distinct),
  "w-tinylfu": ({ distinct, capacity, byBytes }) => new WTinyLfu(distinct, capacity, byBytes),
  opt: ({ distinct, future }) => new Opt(distinct, needed(future)),
  hybrid: ({ distinct, seed }) => new Hybrid(distinct, seed),
  adaptive: ({ distinct, capacity, by, byBytes }): Policy =>
    new Adaptive(
      distinct,
      capacity,
      (name, itsCapacity, itsDistinct) => createPolicy(name, { capacity: itsCapacity, distinct: itsDistinct, by }),
      byBytes,
    ),
  "w-tinylfu-climbing": ({ distinct, capacity, byBytes }) => new WTinyLfu(distinct, capacity, byBytes, true),
} as const satisfies Record<string, (options: Build) => Policy>;

/** The policies that there are; `engram evict --help` lists them. */
export type PolicyName = keyof typeof POLICIES;

/** Every policy that `createPolicy` builds, in the order tables list them. */
export const policyNames = Object.keys(POLICIES) as readonly PolicyName[];

function needed(future: Future | undefined): Future {
  if (future !== undefined) return future;
  throw new UnsupportedByPolicyError("opt", "policy opt needs the future: pass lookAhead(ids, distinct)");
}

/**
 * Builds a policy for one cache.
 *
 * @throws RangeError when an option is out of bounds or unknown, or there is no policy of that name
 * @throws UnsupportedByPolicyError for `opt` without a future
 */
export function createPolicy(name: PolicyName, options: PolicyOptions): Policy {
  checkOptions(options);
  if (!Object.hasOwn(POLICIES, name)) {
    throw new RangeError(`policy is ${JSON.stringify(name)}, expected one of ${policyNames.join(", ")}`);
  }
  const { capacity, distinct, by = "objects", seed = 1, future } = options;
  return POLICIES[name]({ capacity, distinct, by, seed, future, byBytes: by === "bytes" });
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
