/** Limits, the levels of pressure and what is done at each. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { clusterMemory } from "#dist/src/cluster/cluster-memory.js";
import { ClusterLimitError } from "#dist/src/cluster/errors.js";
import { admit, checkLimits, excessOf, PRESSURES, pressureAt, type Usage } from "#dist/src/cluster/limits.js";
import { PressureWatch } from "#dist/src/cluster/pressure.js";
import { InvalidArgumentError } from "#dist/src/errors.js";

const MIB = 2 ** 20;
const NONE: Usage = { bytes: 0, entries: 0 };

describe("limits", () => {
  it("are the source's unless others are given", () => {
    const limits = checkLimits();
    expect(limits.node).toEqual({ maxBytes: 1024 * MIB, maxEntries: 100_000 });
    const sizes = [...limits.domains].map(([name, { maxBytes }]) => `${name} ${maxBytes / MIB}`);
    expect(sizes).toEqual(["session 100", "shared 200", "registry 50", "cache 300", "ephemeral 50"]);
    const own = checkLimits({ maxBytes: "64MiB", domains: { cache: { maxBytes: "8MiB" }, mine: { maxEntries: 5 } } });
    expect(own.domains.get("shared")?.maxBytes, "no more than the node's").toBe(64 * MIB);
    expect(own.domains.get("cache")?.maxBytes).toBe(8 * MIB);
    expect(own.domains.get("mine")).toEqual({ maxBytes: 64 * MIB, maxEntries: 5, evict: false });
  });

  it("are refused when they cannot be meant", () => {
    const bad: [object, RegExp][] = [
      [{ maxBytes: 0 }, /option limits.maxBytes is 0/],
      [{ maxEntries: 0.5 }, /limits.maxEntries is 0.5/],
      [{ maxBytes: "1MiB", domains: { cache: { maxBytes: "2MiB" } } }, /2 MiB, more than the node's 1 MiB/],
      [{ domains: { cache: { evict: 1 } } }, /limits.domains.cache.evict is 1/],
      [{ domain: {} }, /did you mean "domains"/],
      [{ cluster: { maxBytes: "lots" } }, /limits.cluster.maxBytes is "lots"/],
    ];
    for (const [options, message] of bad) {
      expect(() => checkLimits(options)).toThrow(InvalidArgumentError);
      expect(() => checkLimits(options)).toThrow(message);
    }
  });

  it("let no new key in above 90 % of any of them, and say of which", () => {
    const limits = checkLimits({
      maxBytes: 10_000,
      maxEntries: 1000,
      domains: { cache: { maxBytes: 1000, maxEntries: 10 } },
      cluster: { maxBytes: 20_000 },
    });
    const used = { domain: { bytes: 800, entries: 4 }, node: { bytes: 5000, entries: 4 }, clusterBytes: 10_000 };
    admit(limits, "cache", 100, used);
    const refusals: [number, Partial<typeof used>, RegExp][] = [
      [101, {}, /domain "cache" takes no new key: 800 bytes of 1000 bytes are used, and 101 bytes more/],
      [1, { domain: { bytes: 1, entries: 9 } }, /domain "cache".*9 of 10 entries/],
      [1, { node: { bytes: 9000, entries: 1 } }, /this node takes no new key/],
      [1, { clusterBytes: 18_000 }, /the cluster takes no new key/],
    ];
    for (const [bytes, more, message] of refusals) {
      expect(() => admit(limits, "cache", bytes, { ...used, ...more })).toThrow(ClusterLimitError);
      expect(() => admit(limits, "cache", bytes, { ...used, ...more })).toThrow(message);
    }
    admit(limits, "cache", 990, { domain: NONE, node: NONE, clusterBytes: 0 });
  });

  it("never let a domain grow beyond them by new keys, in whatever order entries come and go", () => {
    const steps = fc.array(fc.oneof(fc.integer({ min: 1, max: 300 }), fc.constant(-1)), { maxLength: 100 });
    fc.assert(
      fc.property(steps, (sizes) => {
        const limits = checkLimits({ maxBytes: 1000, maxEntries: 20, domains: { mine: {} } });
        const entries: number[] = [];
        for (const size of sizes) {
          const usage = { bytes: entries.reduce((a, b) => a + b, 0), entries: entries.length };
          if (size < 0) {
            entries.shift();
            continue;
          }
          try {
            admit(limits, "mine", size, { domain: usage, node: usage, clusterBytes: 0 });
            entries.push(size);
          } catch (error) {
            expect(error).toBeInstanceOf(ClusterLimitError);
            expect(usage.bytes + size > 900 || usage.entries + 1 > 18).toBe(true);
          }
          expect(entries.reduce((a, b) => a + b, 0)).toBeLessThanOrEqual(1000);
        }
      }),
    );
  });
});

describe("pressure", () => {
  it("has the source's levels", () => {
    const levels = [0, 0.59, 0.6, 0.79, 0.8, 0.9, 0.901, 2].map((ratio) => pressureAt(ratio));
    expect(levels).toEqual(["low", "low", "medium", "medium", "high", "high", "critical", "critical"]);
  });

  it("never falls behind what is used, and falls back only by a margin", () => {
    const ratio = fc.double({ min: 0, max: 1.2, noNaN: true });
    fc.assert(
      fc.property(fc.array(ratio), fc.oneof(ratio, fc.constantFrom(0.59, 0.79, 0.89)), (ratios, wavers) => {
        let level = pressureAt(0);
        for (const one of ratios) {
          level = pressureAt(one, level);
          expect(PRESSURES.indexOf(level)).toBeGreaterThanOrEqual(PRESSURES.indexOf(pressureAt(one)));
          expect(PRESSURES.indexOf(level)).toBeLessThanOrEqual(PRESSURES.indexOf(pressureAt(one + 0.02)));
        }
        const seen = new Set<string>();
        for (let i = 0; i < 20; i++) {
          level = pressureAt(wavers + (i % 2) * 0.019, level);
          if (i > 1) seen.add(level);
        }
        expect(seen.size, "what wavers by less than the margin stays on one level").toBe(1);
      }),
    );
  });

  it("has evicted what may be, down to 80 %, or 60 % when it is critical, and is told once", () => {
    const limits = checkLimits({
      maxBytes: 10_000,
      domains: { cache: { maxBytes: 1000 }, shared: { maxBytes: 1000 } },
    });
    const usage = new Map<string, Usage>();
    const evicted: [string, number][] = [];
    const watch = new PressureWatch(limits, {
      usage: () => usage,
      clusterBytes: () => 0,
      evict: (domain, { bytes }) => {
        evicted.push([domain, bytes]);
        return 1;
      },
    });
    const told: string[] = [];
    watch.onChange(({ scope, pressure }) => told.push(`${scope} ${pressure}`));
    const look = (bytes: number) => {
      evicted.length = 0;
      for (const name of ["cache", "shared"]) usage.set(name, { bytes, entries: 1 });
      watch.look();
      return evicted.slice();
    };
    expect(look(500)).toEqual([]);
    expect(look(700)).toEqual([]);
    expect(look(850)).toEqual([["cache", 50]]);
    expect(look(850)).toEqual([["cache", 50]]);
    expect(look(950)).toEqual([["cache", 350]]);
    expect(look(500)).toEqual([]);
    expect(told.filter((line) => line.includes("cache"))).toEqual([
      ...["domain:cache medium", "domain:cache high", "domain:cache critical", "domain:cache low"],
    ]);
    expect(watch.evictions).toBe(3);
  });

  it("is not borne twice: what a domain has given up for itself is not given up for the node once more", () => {
    const limits = checkLimits({ maxBytes: 1000, domains: { cache: { maxBytes: 900 } } });
    let bytes = 880;
    const watch = new PressureWatch(limits, {
      usage: () => new Map([["cache", { bytes, entries: 1 }]]),
      clusterBytes: () => 0,
      evict: (_, excess) => {
        bytes -= excess.bytes;
        return 1;
      },
    });
    watch.look();
    expect([bytes, watch.evictions, watch.pressureOf("node")]).toEqual([540, 1, "low"]);
  });

  it("of the node is borne by the domains that may evict, as they use it", () => {
    const limits = checkLimits({ maxBytes: 10_000 });
    const evicted = new Map<string, number>();
    const watch = new PressureWatch(limits, {
      usage: () =>
        new Map([
          ["shared", { bytes: 5500, entries: 10 }],
          ["cache", { bytes: 2000, entries: 10 }],
          ["ephemeral", { bytes: 1000, entries: 10 }],
        ]),
      clusterBytes: () => 0,
      evict: (domain, { bytes }) => {
        evicted.set(domain, bytes);
        return 1;
      },
    });
    watch.look();
    expect(watch.pressureOf("node")).toBe("high");
    expect([...evicted]).toEqual([
      ["cache", 334],
      ["ephemeral", 167],
    ]);
  });

  it("asks for nothing where there is none", () => {
    const limit = { maxBytes: 100, maxEntries: 10 };
    expect(excessOf({ bytes: 79, entries: 7 }, limit, "medium")).toEqual(NONE);
    expect(excessOf({ bytes: 85, entries: 1 }, limit, "high")).toEqual({ bytes: 5, entries: 0 });
    expect(excessOf({ bytes: 95, entries: 9 }, limit, "critical")).toEqual({ bytes: 35, entries: 3 });
  });
});

describe("the memory of the cluster", () => {
  it("is what the live nodes say, this one's with it", () => {
    const member = { incarnation: 1, isAlive: true, hasLeft: false, silentMs: 0, aheadMs: 0 };
    const memory = clusterMemory({ node: "b", usedBytes: 5, limitBytes: 100 }, [
      { ...member, node: "a", usedBytes: 7, limitBytes: 200 },
      { ...member, node: "c", usedBytes: 7, limitBytes: 200, isAlive: false },
    ]);
    expect(memory).toEqual({
      nodes: 2,
      totalMemoryBytes: 300,
      usedMemoryBytes: 12,
      nodeData: [
        ["a", { memoryTotal: 200, memoryUsed: 7 }],
        ["b", { memoryTotal: 100, memoryUsed: 5 }],
      ],
    });
  });
});
