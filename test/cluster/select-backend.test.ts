/** The source's tree of backends, and what follows it by itself without going to and fro. */
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { BackendAdvisor, type Observed } from "#dist/src/cluster/backend-advisor.js";
import {
  BACKENDS,
  type Characteristics,
  DURABILITIES,
  recommendFor,
  selectBackend,
} from "#dist/src/cluster/select-backend.js";
import { InvalidArgumentError } from "#dist/src/errors.js";

const characteristics: fc.Arbitrary<Characteristics> = fc.record({
  dataSize: fc.oneof(fc.nat(200e6), fc.constantFrom(99_999_999, 100e6, "64MiB", "100MB")),
  readRatio: fc.oneof(fc.double({ min: 0, max: 1, noNaN: true }), fc.constantFrom(0.9, 0.900001, 1)),
  durability: fc.constantFrom(...DURABILITIES),
  topology: fc.constantFrom("single_node" as const, "multi_node" as const),
});

describe("the selection of a backend", () => {
  it("answers the source's own examples", () => {
    const example = { dataSize: 1024 * 1024, readRatio: 0.95, durability: "moderate", topology: "multi_node" } as const;
    expect(selectBackend(example)).toMatchObject({ backend: "node", unmet: [] });
    expect(selectBackend({ ...example, durability: "high" })).toMatchObject({ backend: "node", unmet: ["durability"] });
    expect(selectBackend({ ...example, readRatio: 0.5 }).backend).toBe("cluster");
    expect(selectBackend({ ...example, readRatio: 0.5, topology: "single_node" }).backend).toBe("disk");
    expect(selectBackend({ ...example, readRatio: 0.9 }).backend, "not more than 90 %").toBe("cluster");
    expect(selectBackend({ ...example, dataSize: "100MB" }).backend, "not less than 100 MB").toBe("cluster");
    expect(selectBackend({ ...example, dataSize: "1GiB", durability: "none" }).backend).toBe("node");
    const uses = ["session", "cache", "registry"] as const;
    expect(uses.map((use) => recommendFor(use).backend)).toEqual(["cluster", "node", "node"]);
    expect(uses.flatMap((use) => recommendFor(use).unmet)).toEqual([]);
  });

  it("says why, and what is not met; never leaves durability out but where the tree's first question does", () => {
    fc.assert(
      fc.property(characteristics, (asked) => {
        const { backend, because, unmet } = selectBackend(asked);
        expect(BACKENDS).toContain(backend);
        expect(because.length).toBeGreaterThan(1);
        if (asked.durability === "none") expect([backend, unmet]).toEqual(["node", []]);
        else if (asked.readRatio <= 0.9) expect(unmet).toEqual([]);
        else expect(unmet.includes("durability")).toBe(backend === "node" && asked.durability === "high");
        if (asked.topology === "single_node") expect(backend).not.toBe("cluster");
      }),
    );
  });

  it("refuses what is no description of data", () => {
    const fit = { dataSize: 1, readRatio: 0, durability: "none", topology: "single_node" };
    const bad: [object, RegExp][] = [
      [{ ...fit, readRatio: 95 }, /option readRatio is 95; expected a number from 0 to 1/],
      [{ ...fit, durability: "disk" }, /expected one of none, moderate, high/],
      [{ ...fit, dataSize: "big" }, /option dataSize is "big"/],
      [{ ...fit, topology: undefined }, /needs topology/],
      [{ ...fit, size: 3 }, /unknown option "size"/],
    ];
    for (const [asked, message] of bad) expect(() => selectBackend(asked as Characteristics)).toThrow(message);
    expect(() => recommendFor("sesion" as "session")).toThrow(InvalidArgumentError);
    expect(() => recommendFor("sesion" as "session")).toThrow(/did you mean "session"/);
  });
});

describe("the advice to move", () => {
  const settings = { backend: "node", durability: "high", topology: "multi_node" } as const;
  const near: fc.Arbitrary<{ reads: number; bytes: number }> = fc.record({
    reads: fc.integer({ min: 8801, max: 9199 }),
    bytes: fc.oneof(fc.integer({ min: 90_000_001, max: 109_999_999 }), fc.constant(100e6)),
  });

  it("stays where it is for as long as a domain only wavers about the thresholds", () => {
    fc.assert(
      fc.property(fc.array(near, { minLength: 1, maxLength: 60 }), (intervals) => {
        const advisor = new BackendAdvisor({ ...settings, durability: "moderate", looks: 1 });
        const moves = intervals.filter(({ reads, bytes }) => {
          return advisor.look({ reads, writes: 10_000 - reads, bytes }).changed;
        });
        // the first look says on which side it is; after that nothing moves it
        expect(moves.length).toBeLessThanOrEqual(1);
      }),
    );
  });

  const any: fc.Arbitrary<Observed> = fc.record({
    reads: fc.nat(10_000),
    writes: fc.nat(10_000),
    bytes: fc.nat(200e6),
  });

  it("moves only after as many looks in a row as are asked for, and never to what does not keep what must be kept", () => {
    fc.assert(
      fc.property(fc.array(any, { maxLength: 80 }), fc.integer({ min: 1, max: 5 }), (intervals, looks) => {
        const advisor = new BackendAdvisor({ ...settings, backend: "cluster", looks });
        let backend: string = "cluster";
        let since = looks;
        for (const interval of intervals) {
          const advice = advisor.look(interval);
          since++;
          if (advice.changed) {
            expect(since).toBeGreaterThanOrEqual(looks);
            expect(advice.backend).not.toBe(backend);
            since = 0;
          } else {
            expect(advice.backend).toBe(backend);
          }
          backend = advice.backend;
          expect(backend).toBe("cluster"); // of a durable domain there is nowhere else to go
        }
        const free = new BackendAdvisor({ ...settings, durability: "none", backend: "cluster", looks });
        const at = intervals.findIndex((interval) => free.look(interval).changed);
        expect(at).toBe(intervals.length >= looks ? looks - 1 : -1);
      }),
    );
  });

  it("takes a quiet interval for no sign of how it is used", () => {
    const advisor = new BackendAdvisor({ ...settings, backend: "node", looks: 1 });
    expect(advisor.look({ reads: 1000, writes: 9000, bytes: 1000 })).toMatchObject({
      backend: "cluster",
      changed: true,
    });
    const advice = advisor.look({ reads: 3, writes: 0, bytes: 1000 });
    expect(advice).toMatchObject({ backend: "cluster", changed: false, recommendation: { backend: "cluster" } });
  });
});
