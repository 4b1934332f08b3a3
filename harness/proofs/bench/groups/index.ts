/** The groups by name, in the order they are run. Each is loaded when it is measured. */
import { InvalidArgumentError } from "../../../../src/errors.js";
import { closest } from "../../../../workloads/index.js";
import type { Group } from "./group.js";

export type { Group, GroupContext } from "./group.js";

const GROUPS: Readonly<Record<string, () => Promise<Group>>> = {
  "prepared-get": async () => (await import("./prepared-get.js")).preparedGet,
  "string-get": async () => (await import("./string-get.js")).stringGet,
  "string-put": async () => (await import("./string-put.js")).stringPut,
  "value-size": async () => (await import("./value-size.js")).valueSize,
  "large-40k": async () => (await import("./large-values.js")).large40k,
  "large-1m": async () => (await import("./large-values.js")).large1m,
  "read-ways": async () => (await import("./read-ways.js")).readWays,
  near: async () => (await import("./near.js")).near,
  expiry: async () => (await import("./expiry.js")).expiry,
  workers: async () => (await import("./workers.js")).workers,
  contention: async () => (await import("./contention.js")).contention,
  locks: async () => (await import("./locks.js")).locks,
  messages: async () => (await import("./messages.js")).messages,
  changes: async () => (await import("./changes.js")).changes,
  attach: async () => (await import("./attach.js")).attach,
  "start-up": async () => (await import("./start-up.js")).startUp,
  engine: async () => (await import("./engine.js")).engine,
  hash: async () => (await import("./hash.js")).hash,
  "hash-quality": async () => (await import("./hash-quality.js")).hashQuality,
  padding: async () => (await import("./padding.js")).padding,
  cache: async () => (await import("./cache.js")).cache,
  "cache-aside": async () => (await import("./cache-aside.js")).cacheAside,
  tracking: async () => (await import("./tracking.js")).tracking,
  "shared-data": async () => (await import("./shared-data.js")).sharedData,
  pool: async () => (await import("./pool.js")).pool,
  buffers: async () => (await import("./buffers.js")).buffers,
  agents: async () => (await import("./agents.js")).agents,
  learning: async () => (await import("./learning.js")).learning,
  monitoring: async () => (await import("./monitoring.js")).monitoring,
  "client-rings": async () => (await import("./client-rings.js")).clientRings,
  recorders: async () => (await import("./recorders.js")).recorders,
  records: async () => (await import("./records.js")).records,
  "vector-index": async () => (await import("./vector-index.js")).vectorIndex,
  cluster: async () => (await import("./cluster.js")).cluster,
  limits: async () => (await import("./limits.js")).limits,
};

export const GROUP_NAMES: readonly string[] = Object.keys(GROUPS);

/** @throws InvalidArgumentError when there is no group of this name */
export function checkGroup(name: string): void {
  if (Object.hasOwn(GROUPS, name)) return;
  throw new InvalidArgumentError(
    `--only ${JSON.stringify(name)}: no such group${closest(name, GROUP_NAMES)}; known: ${GROUP_NAMES.join(", ")}`,
  );
}

export async function loadGroup(name: string): Promise<Group> {
  checkGroup(name);
  return GROUPS[name]();
}
