/**
 * Which backend a domain's data belongs on: the fourth source's decision tree (Persistence Strategies), as a function.
 *
 *     under 100 MB and read in more than 90 % of operations?   yes: node
 *     durability asked for?                                    none: node
 *     how many nodes?                                          one: disk, several: cluster
 *
 * `node` (the source's ETS) is memory of each node alone; `disk` (DETS) is that with backups; `cluster` (Mnesia) is the replicated log. The tree's first
 * question comes before that of durability, so it may choose a backend that does not keep what was asked to be kept: `unmet` says so, and what
 * moves data by itself (backend-advisor.ts) never follows it there.
 */
import { choice, KnownOptions, numberWithin } from "../check.js";
import { InvalidArgumentError } from "../errors.js";
import { parseBytes, type Size } from "../units.js";

export const BACKENDS = ["node", "disk", "cluster"] as const;
/** Where a domain's data is: on this node alone, there and on its disk, or on all nodes. */
export type Backend = (typeof BACKENDS)[number];

/** "none": may be lost with its process. "moderate": what came after the last checkpoint may. "high": nothing that was acknowledged. */
export const DURABILITIES = ["none", "moderate", "high"] as const;
/** "none": may be lost with its process. "moderate": what came after the last checkpoint may. "high": nothing that was acknowledged. */
export type Durability = (typeof DURABILITIES)[number];

/** What is known of a domain's data. */
export interface Characteristics {
  /** Of all of it: bytes, or text such as "64MiB". */
  readonly dataSize: Size;
  /** Reads over all operations, 0 to 1. */
  readonly readRatio: number;
  /** What may be lost of it. */
  readonly durability: Durability;
  /** How many nodes there are. */
  readonly topology: "single_node" | "multi_node";
}

/** What the decision tree says. */
export interface Recommendation {
  /** Where the data belongs. */
  readonly backend: Backend;
  /** Answers of the tree, in its order. */
  readonly because: readonly string[];
  /** What was asked for and this backend does not give. */
  readonly unmet: readonly "durability"[];
}

export const SMALL_BYTES = 100e6;
export const READ_MOSTLY = 0.9;
const OPTIONS = new KnownOptions("selectBackend", ["dataSize", "readRatio", "durability", "topology"]);
const TOPOLOGIES = ["single_node", "multi_node"] as const;

/** @throws InvalidArgumentError */
export function selectBackend(characteristics: Characteristics): Recommendation {
  const { dataSize, readRatio, durability, topology } = check(characteristics);
  const because: string[] = [];
  const small = dataSize < SMALL_BYTES;
  because.push(`${dataSize} bytes are ${small ? "less than" : "not less than"} ${SMALL_BYTES}`);
  if (small)
    because.push(
      `${percent(readRatio)} of operations read, ${readRatio > READ_MOSTLY ? "more" : "not more"} than 90 %`,
    );
  if (small && readRatio > READ_MOSTLY) return answer("node", because, durability);
  because.push(durability === "none" ? "nothing has to be kept" : `durability is ${durability}`);
  if (durability === "none") return answer("node", because, durability);
  because.push(topology === "single_node" ? "there is one node" : "there are several nodes");
  return answer(topology === "single_node" ? "disk" : "cluster", because, durability);
}

/** What is known of three uses beforehand: sizes are the source's limits of these domains. */
export const USES = {
  session: { dataSize: 100e6, readRatio: 0.7, durability: "high", topology: "multi_node" },
  cache: { dataSize: 300e6, readRatio: 0.95, durability: "none", topology: "multi_node" },
  registry: { dataSize: 50e6, readRatio: 0.99, durability: "none", topology: "multi_node" },
} as const satisfies Record<string, Characteristics>;

/** @throws InvalidArgumentError for any other use */
export function recommendFor(use: keyof typeof USES): Recommendation {
  const names = Object.keys(USES) as (keyof typeof USES)[];
  if (use === undefined) throw new InvalidArgumentError(`recommendFor takes one of ${names.join(", ")}`);
  return selectBackend(USES[choice("the use", use, names, "cache")]);
}

function answer(backend: Backend, because: readonly string[], durability: Durability): Recommendation {
  const unmet: Recommendation["unmet"][number][] = [];
  if (durability === "high" && backend === "node") unmet.push("durability");
  return { backend, because, unmet };
}

function check(characteristics: Characteristics) {
  const { dataSize, readRatio, durability, topology } = OPTIONS.check(characteristics);
  const missing = Object.entries({ dataSize, readRatio, durability, topology }).find(
    ([, value]) => value === undefined,
  );
  if (missing !== undefined) throw new InvalidArgumentError(`selectBackend needs ${missing[0]}`);
  return {
    dataSize: dataSize === 0 ? 0 : parseBytes(dataSize, "option dataSize"),
    readRatio: numberWithin("option readRatio", readRatio, 0, 0, 1),
    durability: choice("option durability", durability, DURABILITIES, "none"),
    topology: choice("option topology", topology, TOPOLOGIES, "single_node"),
  };
}

function percent(share: number): string {
  return `${Math.round(share * 1000) / 10} %`;
}
