/** Histories recorded from correct objects are accepted; the same with one answer changed are judged as brute force would. */
import { describe, expect, it } from "vitest";
import { checkHistory, createModel, type Operation } from "#dist/harness/checker/index.js";
import { seedOr } from "../given.js";
import {
  type SimulatedObject,
  simulate,
  simulatedCounter,
  simulatedEviction,
  simulatedRegister,
  simulatedRing,
  simulatedVersions,
} from "./make-history.js";

const SEED = seedOr(77);

const objects: [model: string, create: () => SimulatedObject][] = [
  ["register", () => simulatedRegister()],
  ["register", () => simulatedRegister(2)],
  ["counter", simulatedCounter],
  ["cas", simulatedVersions],
  ["eviction", simulatedEviction],
  ["eviction", simulatedVersions],
  ["ttl", () => simulatedRegister()],
  ["fifo", () => simulatedRing(3)],
];

function outcomeOf(model: string, history: Operation[], capacity: number | null = 3): string {
  return checkHistory(history, { model: createModel(model, { slack: 0, capacity }) }).outcome;
}

describe(`recorded from a correct object (seed ${SEED})`, () => {
  it.each(objects)("%s, %#: accepted, with few and many clients, with and without lost answers", (model, create) => {
    for (let i = 0; i < 25; i++) {
      const simulation = { clients: 2 + (i % 5), operations: 120, seed: SEED + i, lost: i % 2 === 0 ? 0 : 0.03 };
      const history = simulate(create(), simulation);
      expect(outcomeOf(model, history), `seed ${simulation.seed}`).toBe("ok");
    }
  });

  it("several keys at once: accepted", () => {
    const history = ["a", "b", "c"].flatMap((key, i) =>
      simulate(simulatedRegister(), { clients: 4, operations: 300, seed: SEED + i, key }),
    );
    expect(outcomeOf("register", history)).toBe("ok");
  });
});

/** A history that has what a test changes: the first drawn that does, for none has to. */
function historyWith(
  create: () => SimulatedObject,
  simulation: { clients: number; operations: number },
  find: (history: Operation[]) => (Operation | undefined)[] | undefined,
): [Operation[], Operation[]] {
  for (let i = 0; i < 1000; i++) {
    const history = simulate(create(), { ...simulation, seed: SEED + i });
    const found = find(history);
    if (found !== undefined) return [history, found as Operation[]];
  }
  throw new Error("none of a thousand histories has it");
}

function versionAsked({ input }: Operation): string | undefined {
  return (input as { ifVersion?: string }).ifVersion;
}

describe("one answer changed", () => {
  it("a read of a value never written is always illegal, wherever it stands", () => {
    for (let i = 0; i < 40; i++) {
      const history = simulate(simulatedRegister(), { clients: 4, operations: 60, seed: SEED + i });
      const reads = history.filter((o) => o.op === "get");
      reads[i % reads.length].output = 123_456;
      expect(outcomeOf("register", history), `seed ${SEED + i}`).toBe("illegal");
    }
  });

  it("a counter that gives the same count twice is illegal", () => {
    const [history, [one, other]] = historyWith(simulatedCounter, { clients: 4, operations: 60 }, (operations) => {
      const increments = operations.filter((o) => o.op === "increment");
      return increments.length > 20 ? [increments[10], increments[20]] : undefined;
    });
    one.output = other.output;
    expect(outcomeOf("counter", history)).toBe("illegal");
  });

  it("a ring that swaps two items far apart is illegal", () => {
    const [history, [one, other]] = historyWith(
      () => simulatedRing(3),
      { clients: 2, operations: 80 },
      (operations) => {
        const pops = operations.filter((o) => o.op === "pop" && o.output !== null);
        return pops.length > 12 ? [pops[2], pops[12]] : undefined;
      },
    );
    [one.output, other.output] = [other.output, one.output];
    expect(outcomeOf("fifo", history)).toBe("illegal");
  });

  it("a compare-and-set that succeeds twice on one version is illegal", () => {
    const [history, [, lost]] = historyWith(simulatedVersions, { clients: 3, operations: 200 }, (operations) => {
      const sets = operations.filter((o) => o.op === "set" && versionAsked(o) !== undefined);
      const won = new Map(sets.filter((o) => o.output === true).map((o) => [versionAsked(o), o]));
      const lost = sets.find((o) => o.output === false && won.has(versionAsked(o)));
      return lost && [won.get(versionAsked(lost)), lost];
    });
    lost.output = true;
    expect(outcomeOf("cas", history)).toBe("illegal");
  });

  it("a register's history with an eviction in it is illegal without eviction", () => {
    let illegal = 0;
    for (let i = 0; i < 20; i++) {
      const history = simulate(simulatedEviction(), { clients: 3, operations: 200, seed: SEED + i });
      if (outcomeOf("register", history) === "illegal") illegal++;
      expect(outcomeOf("eviction", history), `seed ${SEED + i}`).toBe("ok");
    }
    // In some of them nobody looked at what was evicted before it was written again.
    expect(illegal).toBeGreaterThan(5);
  });
});
