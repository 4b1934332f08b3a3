/**
 * Versions taken from simulated executions: nodes with clocks up to 20 ms apart write one key and tell each other. Whatever order two or three of them
 * meet in, the same one stays, and never one that another was made from.
 */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import {
  type ClusterEntry,
  compareStamps,
  HybridClock,
  isSameVersion,
  joinClocks,
  mergeEntries,
  orderClocks,
  type VectorClock,
} from "#dist/src/cluster/index.js";

const NODES = 3;

interface Step {
  readonly node: number;
  readonly from: number;
  readonly kind: "write" | "send";
  readonly passes: number;
}

const executions = fc.record({
  steps: fc.array(
    fc.record({
      node: fc.nat({ max: NODES - 1 }),
      from: fc.nat({ max: NODES - 1 }),
      kind: fc.constantFrom("write" as const, "send" as const),
      passes: fc.nat({ max: 5 }),
    }),
    { minLength: 3, maxLength: 14 },
  ),
  skews: fc.array(fc.integer({ min: -20, max: 20 }), { minLength: NODES, maxLength: NODES }),
});

interface Made {
  readonly entry: ClusterEntry;
  /** All that were known when it was made, itself included. */
  readonly knows: ReadonlySet<string>;
}

const nameOf = ({ node, count }: ClusterEntry): string => `${node}:${count}`;

type Merge = (a: ClusterEntry, b: ClusterEntry) => ClusterEntry;
const ours: Merge = (a, b) => mergeEntries(a, b).entry;

/** What "vector clock, then timestamp" usually means: the clock of the survivor as it was, wall clocks for stamps. */
const usual: Merge = (a, b) => {
  const order = orderClocks(a.clock, b.clock);
  if (order === "after") return a;
  if (order === "before") return b;
  return compareStamps(a.stamp, b.stamp) > 0 || (compareStamps(a.stamp, b.stamp) === 0 && a.node >= b.node) ? a : b;
};

/** Every version that ever was, with what it was made from. */
function execute(steps: readonly Step[], skews: readonly number[], merge: Merge, hybrid: boolean): Made[] {
  let time = 1000;
  const clocks = skews.map((skew) => new HybridClock(() => time + skew));
  const states: (Made | null)[] = skews.map(() => null);
  const counts = skews.map(() => 0);
  const all: Made[] = [];
  for (const { node, from, kind, passes } of steps) {
    time += passes;
    const here = states[node];
    if (kind === "write") {
      const name = `n${node}`;
      const count = ++counts[node];
      const clock = new Map(here?.entry.clock).set(name, count);
      const stamp = hybrid ? clocks[node].issue(here?.entry.stamp) : { ms: time + skews[node], counter: 0 };
      const entry = { stamp, node: name, count, clock, expiresAt: 0, tags: [], value: new Uint8Array([all.length]) };
      states[node] = { entry, knows: new Set([...(here?.knows ?? []), nameOf(entry)]) };
      all.push(states[node]);
      continue;
    }
    const there = states[from];
    if (there === null || from === node) continue;
    clocks[node].witness(there.entry.stamp);
    const entry = here === null ? there.entry : merge(here.entry, there.entry);
    states[node] = { entry, knows: new Set([...(here?.knows ?? []), ...there.knows]) };
    all.push(states[node]);
  }
  return all;
}

const same = (a: ClusterEntry, b: ClusterEntry): boolean =>
  isSameVersion(a, b) && orderClocks(a.clock, b.clock) === "equal";

describe("merging", () => {
  it("is commutative, associative and idempotent over versions of executions with skewed clocks", () => {
    fc.assert(
      fc.property(executions, fc.nat(), fc.nat(), fc.nat(), ({ steps, skews }, i, j, k) => {
        const all = execute(steps, skews, ours, true);
        fc.pre(all.length >= 3);
        const [a, b, c] = [i, j, k].map((at) => all[at % all.length].entry);
        expect(same(ours(a, a), a)).toBe(true);
        expect(same(ours(a, b), ours(b, a))).toBe(true);
        expect(same(ours(ours(a, b), c), ours(a, ours(b, c)))).toBe(true);
      }),
      { numRuns: 2000 },
    );
  });

  it("never keeps a version that the other was made from", () => {
    fc.assert(
      fc.property(executions, ({ steps, skews }) => {
        const all = execute(steps, skews, ours, true);
        for (const earlier of all) {
          for (const later of all) {
            if (![...earlier.knows].every((name) => later.knows.has(name))) continue;
            expect(nameOf(ours(earlier.entry, later.entry))).toBe(nameOf(later.entry));
          }
        }
      }),
      { numRuns: 500 },
    );
  });

  it("tells a conflict exactly where neither version was made with knowledge of the other", () => {
    fc.assert(
      fc.property(executions, fc.nat(), fc.nat(), ({ steps, skews }, i, j) => {
        const all = execute(steps, skews, ours, true);
        fc.pre(all.length >= 2);
        const [a, b] = [all[i % all.length], all[j % all.length]];
        const covers = (one: Made, other: Made) => [...other.knows].every((name) => one.knows.has(name));
        expect(mergeEntries(a.entry, b.entry).conflict).toBe(!covers(a, b) && !covers(b, a));
      }),
      { numRuns: 1000 },
    );
  });

  it("has its reason: vector clocks first, then wall clocks, is not associative", () => {
    const found = fc.check(
      fc.property(executions, fc.nat(), fc.nat(), fc.nat(), ({ steps, skews }, i, j, k) => {
        const all = execute(steps, skews, usual, false);
        fc.pre(all.length >= 3);
        const [a, b, c] = [i, j, k].map((at) => all[at % all.length].entry);
        return isSameVersion(usual(usual(a, b), c), usual(a, usual(b, c)));
      }),
      { numRuns: 20_000 },
    );
    expect(found.failed).toBe(true);
  });
});

describe("vector clocks", () => {
  const clocks = fc
    .dictionary(fc.constantFrom("a", "b", "c"), fc.integer({ min: 1, max: 3 }))
    .map((counts): VectorClock => new Map(Object.entries(counts)));

  it("are ordered the other way round from the other side, and join to the least that covers both", () => {
    const turned = { before: "after", after: "before", equal: "equal", concurrent: "concurrent" } as const;
    fc.assert(
      fc.property(clocks, clocks, (a, b) => {
        expect(orderClocks(b, a)).toBe(turned[orderClocks(a, b)]);
        const joined = joinClocks(a, b);
        for (const one of [a, b]) expect(["after", "equal"]).toContain(orderClocks(joined, one));
        for (const [node, count] of joined) expect(count).toBe(Math.max(a.get(node) ?? 0, b.get(node) ?? 0));
      }),
    );
  });
});
