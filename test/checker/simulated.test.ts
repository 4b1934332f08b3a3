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
    const history = simulate(simulatedCounter(), { clients: 4, operations: 60, seed: SEED });
    const increments = history.filter((o) => o.op === "increment");
    increments[10].output = increments[20].output;
    expect(outcomeOf("counter", history)).toBe("illegal");
  });

  it("a ring that swaps two items far apart is illegal", () => {
    const history = simulate(simulatedRing(3), { clients: 2, operations: 80, seed: SEED });
    const pops = history.filter((o) => o.op === "pop" && o.output !== null);
    [pops[2].output, pops[12].output] = [pops[12].output, pops[2].output];
    expect(outcomeOf("fifo", history)).toBe("illegal");
  });

  it("a compare-and-set that succeeds twice on one version is illegal", () => {
    const history = simulate(simulatedVersions(), { clients: 3, operations: 200, seed: SEED });
    const won = history.find(
      (o) => o.op === "set" && o.output === true && (o.input as { ifVersion?: string }).ifVersion,
    );
    const { ifVersion } = won!.input as { ifVersion: string };
    const lost = history.find(
      (o) => o.op === "set" && o.output === false && (o.input as { ifVersion?: string }).ifVersion === ifVersion,
    );
    expect(lost, "the simulation should race for a version").toBeDefined();
    lost!.output = true;
    expect(outcomeOf("cas", history)).toBe("illegal");
  });

  it("a register's history with an eviction in it is illegal without eviction", () => {
    const history = simulate(simulatedEviction(), { clients: 3, operations: 200, seed: SEED });
    expect(outcomeOf("register", history)).toBe("illegal");
    expect(outcomeOf("eviction", history)).toBe("ok");
  });
});
