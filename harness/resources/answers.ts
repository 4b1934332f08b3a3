/** What the parts say to Patinox's figures: the document's targets, each with what was measured of it. */
import type { ResourceUse, TargetFigure } from "../../reports/results.js";

const US_PER_MS = 1000;

export function poolAnswers({ server, users, max, warm, steps }: NonNullable<ResourceUse["pool"]>): TargetFigure[] {
  const calm = steps[0];
  return [
    {
      ...{ target: "p-pool-acquire", value: warm.p99 / US_PER_MS, unit: "ms" },
      method: `P99 of ${warm.count} acquisitions from a warm pool of ${max} connections to ${server}`,
    },
    {
      ...{ target: "p-pool-throughput", value: warm.perSecond, unit: "1/s" },
      method: `acquire and release in a loop, ${max} connections to ${server}`,
    },
    {
      ...{ target: "p-pool-users", value: calm === undefined ? 0 : calm.served, unit: "users" },
      method: `of ${users} users at once, those served without an error by ${max} connections to ${server}`,
    },
  ];
}

/** The payload of which the efficiency is asked: "typical workloads". The others are shown beside it. */
const TYPICAL_BYTES = 256;

export function cacheAnswers({ policies, memory }: NonNullable<ResourceUse["cache"]>): TargetFigure[] {
  const lru = policies.find(({ policy }) => policy === "lru") ?? policies[0];
  const typical = memory.find(({ valueBytes }) => valueBytes === TYPICAL_BYTES);
  const others = memory.map(({ valueBytes, efficiency }) => `${valueBytes} bytes ${(efficiency * 100).toFixed(0)} %`);
  return [
    {
      ...{ target: "p-cache-hit", value: lru.hitNs, unit: "ns" },
      method: `get of a key that is there, policy ${lru.policy}, in batches`,
    },
    {
      ...{ target: "p-cache-miss", value: lru.missNs, unit: "ns" },
      method: `get that misses and the set that evicts for it, policy ${lru.policy}, in batches; an entry is a record, a place in a Map and a policy's links`,
    },
    ...(typical === undefined
      ? []
      : [
          {
            ...{ target: "p-memory-efficiency", value: typical.efficiency * 100, unit: "%" },
            method: `values of ${TYPICAL_BYTES} bytes, keys included, over the heap they take; an object and a Map's place cost the same for any value: ${others.join(", ")}`,
          },
        ]),
  ];
}
