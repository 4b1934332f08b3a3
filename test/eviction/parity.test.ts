import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { createPolicy, lookAhead, type PolicyName, policyNames, SimulatedCache } from "#dist/src/eviction/index.js";
import { loadTrace } from "#dist/workloads/index.js";

const folder = fileURLToPath(new URL("../../../shared/traces", import.meta.url));
const expected = join(folder, "expected", "libcachesim.csv");
const present = existsSync(expected);
if (!present) console.log("skipped: parity with libCacheSim (the folder of reference traces is absent)");

interface Reference {
  trace: string;
  policy: PolicyName;
  capacity: number;
  /** As printed: four decimals. */
  missRatio: string;
  exact: boolean;
}

const ourNames: Record<string, PolicyName> = {
  belady: "opt",
  twoq: "2q",
  s3fifo: "s3-fifo",
  wtinylfu: "w-tinylfu",
};

function references(): Reference[] {
  const [, ...lines] = readFileSync(expected, "utf8").trim().split("\n");
  return lines.map((line) => {
    const [trace, policy, capacity, , missRatio, kind] = line.split(",");
    const name = ourNames[policy] ?? (policy as PolicyName);
    return { trace, policy: name, capacity: Number(capacity), missRatio, exact: kind === "exact" };
  });
}

const rows = present ? references() : [];
const traces = [...new Set(rows.map((row) => row.trace))];

/**
 * By how much a policy of the same name but another variant may miss more than the reference, as a miss ratio: set just above the
 * worst difference seen, so that they catch a change for the worse and claim no more. LIRS differs in hits on queued entries
 * outside the stack (worst: 0.0005). W-TinyLFU differs in its sketch and in what it evicts (worst: 0.0393 on cloudPhysics at 9794 and
 * 0.0352 on zigzag at 200; better on other rows, and level on average).
 */
const tolerance: Partial<Record<PolicyName, number>> = { lirs: 0.001, "w-tinylfu": 0.04 };

function missRatio(trace: { ids: Uint32Array; distinct: number }, { policy, capacity }: Reference): number {
  const future = policy === "opt" ? lookAhead(trace.ids, trace.distinct) : undefined;
  const built = createPolicy(policy, { capacity, distinct: trace.distinct, future });
  const cache = new SimulatedCache(built, capacity, "objects", trace.distinct);
  cache.replay(trace.ids, null, 0, trace.ids.length);
  return cache.misses / trace.ids.length;
}

describe.skipIf(!present)("miss ratios against libCacheSim", () => {
  it("has reference rows, all of them for policies that exist", () => {
    expect(rows.length).toBeGreaterThan(0);
    expect(rows.filter(({ policy }) => !policyNames.includes(policy))).toEqual([]);
  });

  describe.each(traces)("%s", (name) => {
    it("are the same to four decimals for policies of exact semantics", async () => {
      const trace = await loadTrace(join(folder, name));
      const exact = rows.filter((row) => row.trace === name && row.exact);
      const label = ({ policy, capacity }: Reference) => `${policy} ${capacity}`;
      expect(exact.map((row) => [label(row), missRatio(trace, row).toFixed(4)])).toEqual(
        exact.map((row) => [label(row), row.missRatio]),
      );
    });

    it("are not worse by more than the tolerance for policies of which variants differ", async () => {
      const trace = await loadTrace(join(folder, name));
      for (const row of rows.filter((row) => row.trace === name && !row.exact)) {
        const ours = missRatio(trace, row);
        const worse = ours - Number(row.missRatio);
        console.log(
          `${name} ${row.policy} ${row.capacity}: ${ours.toFixed(4)}, reference ${row.missRatio}, difference ${worse.toFixed(4)}`,
        );
        expect(worse, `${row.policy} ${row.capacity}`).toBeLessThanOrEqual(tolerance[row.policy] ?? 0);
      }
    });
  });
});
