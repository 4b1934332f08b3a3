import { describe, expect, it } from "vitest";
import { type CheckResult, checkHistory, createModel, type Operation } from "#dist/harness/checker/index.js";
import { op, simulate, simulatedRegister } from "./make-history.js";

const options = { slack: 0, capacity: null };

/** Without a deadline: a busy machine would leave histories undecided. */
function check(model: string, history: Operation[]): CheckResult {
  return checkHistory(history, { model: createModel(model, options), deadlineMs: Number.POSITIVE_INFINITY });
}

describe("hand-made histories of a register", () => {
  it.each<[string, "ok" | "illegal", Operation[]]>([
    [
      "reads overlapping a write may see old or new",
      "ok",
      [
        op("a", "set", { value: 1 }, true, [0, 10]),
        op("b", "get", null, 1, [2, 4]),
        op("c", "get", null, null, [1, 3]),
      ],
    ],
    [
      "a read cannot see the old value after another read saw the new one",
      "illegal",
      [
        op("a", "set", { value: 1 }, true, [0, 10]),
        op("b", "get", null, 1, [2, 4]),
        op("c", "get", null, null, [5, 6]),
      ],
    ],
    [
      "a stale read",
      "illegal",
      [
        op("a", "set", { value: 1 }, true, [0, 1]),
        op("a", "set", { value: 2 }, true, [2, 3]),
        op("b", "get", null, 1, [4, 5]),
      ],
    ],
    ["a value nobody wrote", "illegal", [op("a", "get", null, 7, [0, 1])]],
    [
      "a value from the future",
      "illegal",
      [op("a", "get", null, 7, [0, 1]), op("b", "set", { value: 7 }, true, [2, 3])],
    ],
    [
      "a lost update seen by a later read",
      "illegal",
      [
        op("a", "set", { value: 1 }, true, [0, 5]),
        op("b", "set", { value: 2 }, true, [6, 9]),
        op("c", "get", null, 2, [10, 11]),
        op("c", "get", null, 1, [12, 13]),
      ],
    ],
    [
      "two readers that disagree on the order of two writes",
      "illegal",
      [
        op("a", "set", { value: 1 }, true, [0, 100]),
        op("b", "set", { value: 2 }, true, [0, 100]),
        op("c", "get", null, 1, [10, 20]),
        op("c", "get", null, 2, [30, 40]),
        op("d", "get", null, 2, [10, 20]),
        op("d", "get", null, 1, [30, 40]),
      ],
    ],
    [
      "a resurrected key: deleted, then read",
      "illegal",
      [
        op("a", "set", { value: 1 }, true, [0, 1]),
        op("b", "delete", null, true, [2, 3]),
        op("c", "get", null, 1, [4, 5]),
      ],
    ],
    [
      "two deletes that both say they removed one value",
      "illegal",
      [
        op("a", "set", { value: 1 }, true, [0, 1]),
        op("b", "delete", null, true, [2, 9]),
        op("c", "delete", null, true, [2, 9]),
      ],
    ],
    [
      "has and delete on an absent key",
      "ok",
      [op("a", "has", null, false, [0, 1]), op("a", "delete", null, false, [2, 3])],
    ],
    [
      "operations that touch at one instant count as overlapping",
      "ok",
      [op("a", "set", { value: 1 }, true, [0, 5]), op("b", "get", null, null, [5, 6])],
    ],
    [
      "and one nanosecond later they do not",
      "illegal",
      [op("a", "set", { value: 1 }, true, [0, 5]), op("b", "get", null, null, [6, 7])],
    ],
  ])("%s: %3$s", (_, outcome, history) => {
    expect(check("register", history).outcome).toBe(outcome);
    expect(check("register", [...history].reverse()).outcome).toBe(outcome);
  });
});

describe("operations without an answer", () => {
  const write = op("a", "set", { value: 1 }, null, [5, null]);

  it("may have taken effect, at any time after the call", () => {
    expect(
      check("register", [write, op("b", "get", null, null, [6, 7]), op("b", "get", null, 1, [800, 900])]).outcome,
    ).toBe("ok");
  });

  it("may never have", () => {
    expect(check("register", [write, op("b", "get", null, null, [800, 900])]).outcome).toBe("ok");
  });

  it("cannot have before the call", () => {
    expect(check("register", [write, op("b", "get", null, 1, [0, 4])]).outcome).toBe("illegal");
  });

  it("cannot be undone once seen", () => {
    const history = [write, op("b", "get", null, 1, [6, 7]), op("b", "get", null, null, [8, 9])];
    expect(check("register", history).outcome).toBe("illegal");
  });

  it("take effect once, not twice", () => {
    const history = [
      write,
      op("b", "get", null, 1, [6, 7]),
      op("b", "delete", null, true, [8, 9]),
      op("b", "get", null, 1, [10, 11]),
    ];
    expect(check("register", history).outcome).toBe("illegal");
  });

  it("alone make a history that is ok", () => {
    expect(check("register", [write]).outcome).toBe("ok");
  });
});

describe("partition by key", () => {
  it("names the illegal key, and lets the others be", () => {
    const result = check("register", [
      op("a", "set", { value: 1 }, true, [0, 1], "good"),
      op("a", "get", null, 1, [2, 3], "good"),
      op("a", "get", null, 1, [4, 5], "bad"),
    ]);
    expect(result.outcome).toBe("illegal");
    expect(result.partitions.map((p) => [p.key, p.outcome])).toEqual([
      ["bad", "illegal"],
      ["good", "ok"],
    ]);
  });
});

describe("limits", () => {
  /** Many writes at once, then a read of what nobody wrote: every subset of them has to be tried. */
  const hard = [
    ...Array.from({ length: 18 }, (_, i) => op(`c${i}`, "set", { value: i }, true, [0, 100])),
    op("r", "get", null, 99, [200, 201]),
  ];

  it("a deadline that passes gives unknown, with the reason, and checks the clock every thousand steps", () => {
    let reads = 0;
    const model = createModel("register", options);
    const result = checkHistory(hard, { model, deadlineMs: 10, now: () => reads++ });
    expect(result.outcome).toBe("unknown");
    expect(result.partitions[0]).toMatchObject({ outcome: "unknown", reason: "the deadline of 10 ms has passed" });
    expect(result.partitions[0].steps % 1000).toBe(0);
    expect(result.partitions[0].steps).toBeLessThan(12_000);
  });

  it("keys after the deadline are unknown as well, not ok", () => {
    const easy = Array.from({ length: 19 }, (_, i) => op("z", "get", null, null, [i * 2, i * 2 + 1], "z"));
    let reads = 0;
    const model = createModel("register", options);
    const result = checkHistory([...hard, ...easy], { model, deadlineMs: 5, now: () => reads++ });
    expect(result.partitions[1]).toMatchObject({ key: "z", outcome: "unknown", steps: 0 });
  });

  it("a full cache gives unknown", () => {
    const result = checkHistory(hard, { model: createModel("register", options), cacheLimit: 5000 });
    expect(result.partitions[0]).toMatchObject({ outcome: "unknown", reason: expect.stringMatching(/configurations/) });
  });

  it("an illegal key outweighs an undecided one", () => {
    const bad = op("a", "get", null, 1, [0, 1], "bad");
    const result = checkHistory([...hard, bad], { model: createModel("register", options), cacheLimit: 5000 });
    expect(result.outcome).toBe("illegal");
  });

  it("remembered configurations spare the search most orders", () => {
    const result = check("register", hard.slice(8));
    expect(result.outcome).toBe("illegal");
    // 10 writes have 10! = 3,628,800 orders, but only 2^10 subsets, each with at most 10 last values.
    expect(result.partitions[0].steps).toBeLessThan(200_000);
  });

  it("a long history of one key is decided in steps about linear in its length", () => {
    const history = simulate(simulatedRegister(), { clients: 4, operations: 20_000, seed: 5 });
    const result = check("register", history);
    expect(result.outcome).toBe("ok");
    expect(result.partitions[0].steps).toBeLessThan(20_000 * 30);
  });
});

describe("the violation", () => {
  it("shows the longest prefix with its states, what could not follow, and what came too late", () => {
    const history = [
      op("a", "set", { value: 1 }, true, [0, 1]),
      op("a", "set", { value: 2 }, true, [2, 3]),
      op("b", "get", null, 1, [4, 5]),
      op("c", "set", { value: 3 }, true, [4, 9]),
      op("c", "get", null, 3, [10, 11]),
    ];
    const [partition] = check("register", history).partitions;
    if (partition.outcome !== "illegal") throw new Error("expected a violation");
    const { prefix, states, unplaced, later } = partition.violation;
    expect(prefix.map((o) => o.line)).toEqual([history[0].line, history[1].line, history[3].line]);
    expect(states).toEqual(["1", "2", "3"]);
    expect(unplaced).toEqual([{ operation: history[2], why: "impossible", expected: "3" }]);
    expect(later).toEqual([history[4]]);
  });

  it("tells a dead end from an impossible answer", () => {
    // The delete can go next, but then neither read can be right; the reads say so themselves.
    const history = [
      op("a", "set", { value: 1 }, true, [0, 1]),
      op("b", "get", null, 2, [2, 5]),
      op("c", "delete", null, null, [2, null]),
    ];
    const [partition] = check("register", history).partitions;
    if (partition.outcome !== "illegal") throw new Error("expected a violation");
    const why = Object.fromEntries(partition.violation.unplaced.map((u) => [u.operation.client, u.why]));
    expect(why).toMatchObject({ b: "impossible" });
    expect(partition.violation.prefix.length + partition.violation.unplaced.length).toBe(3);
  });
});
