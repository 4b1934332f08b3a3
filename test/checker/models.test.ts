import { describe, expect, it } from "vitest";
import { checkHistory, createModel, formatOperation, guessModel, type Operation } from "#dist/harness/checker/index.js";
import { op } from "./make-history.js";

const MS = 1e6;

function outcome(model: string, history: Operation[], slackMs = 0, capacity: number | null = null): string {
  return checkHistory(history, { model: createModel(model, { slack: slackMs * MS, capacity }) }).outcome;
}

describe("expiry", () => {
  /** Set between 10 and 12 ms with 5 ms to live: expires at some moment from 15 to 17 ms. */
  const set = op("a", "set", { value: 1, ttl: 5 }, true, [10 * MS, 12 * MS]);
  const get = (output: unknown, from: number, to: number): Operation =>
    op("b", "get", null, output, [from * MS, to * MS]);

  it.each([
    ["gone before the earliest expiry", null, 13, 14.9, "illegal"],
    ["there before it", 1, 13, 14.9, "ok"],
    ["gone in between", null, 15.5, 16, "ok"],
    ["there in between", 1, 15.5, 16, "ok"],
    ["gone after the latest expiry", null, 17.1, 18, "ok"],
    ["there after it", 1, 17.1, 18, "illegal"],
    ["gone in an operation that lasts past the earliest expiry", null, 13, 15, "ok"],
    ["there in an operation that began before the latest expiry", 1, 17, 20, "ok"],
  ])("%s", (_, output, from, to, expected) => {
    expect(outcome("ttl", [set, get(output, from, to)])).toBe(expected);
  });

  it("slack widens both ends", () => {
    expect(outcome("ttl", [set, get(null, 13, 14.9)], 0.2)).toBe("ok");
    expect(outcome("ttl", [set, get(1, 17.1, 18)], 0.2)).toBe("ok");
    expect(outcome("ttl", [set, get(1, 17.3, 18)], 0.2)).toBe("illegal");
  });

  it("once seen gone it stays gone", () => {
    expect(outcome("ttl", [set, get(null, 15.1, 15.2), get(1, 15.3, 15.4)])).toBe("illegal");
  });

  it("a later set without a TTL lasts", () => {
    const again = op("a", "set", { value: 2 }, true, [13 * MS, 14 * MS]);
    expect(outcome("ttl", [set, again, get(2, 40, 41)])).toBe("ok");
    expect(outcome("ttl", [set, again, get(null, 40, 41)])).toBe("illegal");
  });

  it("a set without an answer may begin to live at any time", () => {
    const lost = op("a", "set", { value: 1, ttl: 5 }, null, [10 * MS, null]);
    expect(outcome("ttl", [lost, get(1, 900, 901)])).toBe("ok");
    expect(outcome("ttl", [lost, get(1, 11, 12), get(null, 13, 14)])).toBe("illegal");
  });

  it("an increment keeps the expiry", () => {
    const counter = op("a", "set", { value: 1, ttl: 5 }, true, [10 * MS, 12 * MS]);
    const increment = op("a", "increment", { by: 1 }, 2, [13 * MS, 14 * MS]);
    expect(outcome("ttl", [counter, increment, get(null, 18, 19)])).toBe("ok");
    expect(outcome("ttl", [counter, increment, get(2, 18, 19)])).toBe("illegal");
  });

  it("without a TTL nothing vanishes", () => {
    const forever = op("a", "set", { value: 1 }, true, [0, 1]);
    expect(outcome("ttl", [forever, get(null, 1e6, 2e6)])).toBe("illegal");
    expect(outcome("ttl", [forever, op("x", "delete", null, null, [2, null]), get(null, 3, 4)])).toBe("ok");
  });
});

describe("eviction", () => {
  const set = op("a", "set", { value: 1 }, true, [0, 1]);

  it("may take a value at any time, for good", () => {
    expect(outcome("eviction", [set, op("b", "get", null, null, [2, 3])])).toBe("ok");
    expect(outcome("eviction", [set, op("b", "get", null, null, [2, 3]), op("b", "get", null, 1, [4, 5])])).toBe(
      "illegal",
    );
  });

  it("never makes a value stale or invents one", () => {
    const newer = op("a", "set", { value: 2 }, true, [2, 3]);
    expect(outcome("eviction", [set, newer, op("b", "get", null, 1, [4, 5])])).toBe("illegal");
  });

  it("lets set-if-absent win over a value, and a count start again", () => {
    expect(outcome("eviction", [set, op("b", "set", { value: 2, ifAbsent: true }, true, [2, 3])])).toBe("ok");
    expect(outcome("eviction", [op("a", "increment", null, 1, [0, 1]), op("a", "increment", null, 1, [2, 3])])).toBe(
      "ok",
    );
    expect(outcome("ttl", [op("a", "increment", null, 1, [0, 1]), op("a", "increment", null, 1, [2, 3])])).toBe(
      "illegal",
    );
  });
});

describe("compare and set by version", () => {
  const write = (value: number, at: number): Operation => op("a", "set", { value }, true, [at, at + 1]);
  const entry = (value: number, version: string, at: number): Operation =>
    op("b", "getEntry", null, { value, version }, [at, at + 1]);
  const cas = (value: number, ifVersion: string, output: boolean, at: number): Operation =>
    op("c", "set", { value, ifVersion }, output, [at, at + 1]);

  it.each<[string, string, Operation[]]>([
    ["one version a write", "ok", [write(1, 0), entry(1, "x", 2), entry(1, "x", 4)]],
    ["two versions for one write", "illegal", [write(1, 0), entry(1, "x", 2), entry(1, "y", 4)]],
    [
      "a version seen again after another write (ABA)",
      "illegal",
      [write(1, 0), entry(1, "x", 2), write(1, 4), entry(1, "x", 6)],
    ],
    [
      "a version seen again after delete and set",
      "illegal",
      [write(1, 0), entry(1, "x", 2), op("a", "delete", null, true, [4, 5]), write(1, 6), entry(1, "x", 8)],
    ],
    ["a set on the version read", "ok", [write(1, 0), entry(1, "x", 2), cas(2, "x", true, 4), entry(2, "y", 6)]],
    ["a set on a version that is gone", "illegal", [write(1, 0), entry(1, "x", 2), write(2, 4), cas(3, "x", true, 6)]],
    ["a refusal on a version that is gone", "ok", [write(1, 0), entry(1, "x", 2), write(2, 4), cas(3, "x", false, 6)]],
    ["a refusal on the version that is there", "illegal", [write(1, 0), entry(1, "x", 2), cas(2, "x", false, 4)]],
    ["a refusal, and then that version read", "illegal", [write(1, 0), cas(2, "x", false, 2), entry(1, "x", 4)]],
    ["a refusal on an absent key", "ok", [cas(2, "x", false, 0)]],
    ["a success on an absent key", "illegal", [cas(2, "x", true, 0)]],
    [
      "an increment changes the version",
      "illegal",
      [write(1, 0), entry(1, "x", 2), op("a", "increment", null, 2, [4, 5]), entry(2, "x", 6)],
    ],
  ])("%s: %s", (_, expected, history) => {
    expect(outcome("ttl", history)).toBe(expected);
  });
});

describe("counter", () => {
  it("counts beyond 2^53 when written as strings, and takes a number for the same integer", () => {
    const big = [
      op("a", "set", { value: "9007199254740993" }, true, [0, 1]),
      op("a", "increment", { by: "1" }, "9007199254740994", [2, 3]),
      op("a", "get", null, "9007199254740994", [4, 5]),
    ];
    expect(outcome("counter", big)).toBe("ok");
    expect(outcome("counter", [op("a", "increment", null, 1, [0, 1]), op("a", "get", null, "1", [2, 3])])).toBe("ok");
  });

  it("has no answer to an increment of text, but a lost one changes nothing", () => {
    const text = op("a", "set", { value: "text" }, true, [0, 1]);
    expect(outcome("counter", [text, op("a", "increment", null, 1, [2, 3])])).toBe("illegal");
    expect(
      outcome("counter", [text, op("a", "increment", null, null, [2, null]), op("a", "get", null, "text", [4, 5])]),
    ).toBe("ok");
  });
});

describe("ring", () => {
  const push = (value: unknown, output: boolean, at: number): Operation =>
    op("p", "push", { value }, output, [at, at + 1]);
  const pop = (output: unknown, at: number): Operation => op("q", "pop", null, output, [at, at + 1]);

  it.each<[string, string, Operation[]]>([
    ["in order", "ok", [push("a", true, 0), push("b", true, 2), pop("a", 4), pop("b", 6), pop(null, 8)]],
    ["out of order", "illegal", [push("a", true, 0), push("b", true, 2), pop("b", 4)]],
    ["twice", "illegal", [push("a", true, 0), pop("a", 2), pop("a", 4)]],
    ["lost", "illegal", [push("a", true, 0), pop(null, 2)]],
    ["full at its capacity", "ok", [push("a", true, 0), push("b", true, 2), push("c", false, 4), pop("a", 6)]],
    ["full before its capacity", "illegal", [push("a", true, 0), push("b", false, 2)]],
    ["more than its capacity", "illegal", [push("a", true, 0), push("b", true, 2), push("c", true, 4)]],
    [
      "a refused item popped",
      "illegal",
      [push("a", true, 0), push("b", true, 2), push("c", false, 4), pop("a", 6), pop("b", 8), pop("c", 10)],
    ],
  ])("%s: %s", (_, expected, history) => {
    expect(outcome("fifo", history, 0, 2)).toBe(expected);
  });

  it("of unknown capacity may be full whenever something is in it", () => {
    expect(outcome("fifo", [push("a", true, 0), push("b", false, 2), pop("a", 4)])).toBe("ok");
    expect(outcome("fifo", [push("a", false, 0)])).toBe("illegal");
  });
});

describe("values", () => {
  it("compare by content, whatever the order of fields", () => {
    const history = [
      op("a", "set", { value: { x: 1, y: [2] } }, true, [0, 1]),
      op("b", "get", null, { y: [2], x: 1 }, [2, 3]),
    ];
    expect(outcome("register", history)).toBe("ok");
  });
});

describe("the model guessed", () => {
  it("is fifo for pushes and pops, else ttl", () => {
    expect(guessModel([op("a", "pop", null, null, [0, 1])])).toBe("fifo");
    expect(guessModel([op("a", "get", null, null, [0, 1])])).toBe("ttl");
  });
});

describe("an operation that is not the model's", () => {
  it.each([
    [
      "register",
      op("a", "increment", null, 1, [0, 1]),
      /op increment is not one of model register: get, set, has, delete/,
    ],
    [
      "register",
      op("a", "set", { value: 1, ifAbsent: true }, true, [0, 1]),
      /conditional set is not part of model register/,
    ],
    ["cas", op("a", "set", { value: 1, ttl: 5 }, true, [0, 1]), /a ttl is not part of model cas; try --model ttl/],
    ["ttl", op("a", "set", {}, true, [0, 1]), /value is missing/],
    [
      "ttl",
      op("a", "set", { value: 1, tll: 5 }, true, [0, 1]),
      /expected an object of value, ttl, ifAbsent, ifVersion/,
    ],
    ["ttl", op("a", "set", { value: 1, ttl: "5" }, true, [0, 1]), /ttl: expected milliseconds/],
    ["ttl", op("a", "get", "k", 1, [0, 1]), /input of get: expected null/],
    ["ttl", op("a", "delete", null, 1, [0, 1]), /output of delete: expected true or false/],
    ["ttl", op("a", "set", { value: 1, ifAbsent: true }, null, [0, 1]), /output of set: expected true or false/],
    ["ttl", op("a", "getEntry", null, 5, [0, 1]), /output of getEntry: expected \{ value, version \} or null/],
    ["ttl", op("a", "increment", { by: 1.5 }, 1, [0, 1]), /input of increment: by: expected an integer/],
    ["fifo", op("a", "get", null, 1, [0, 1]), /op get is not one of model fifo/],
    ["fifo", op("a", "push", { value: 1 }, null, [0, 1]), /output of push/],
  ])("%s: %#", (model, operation, message) => {
    const created = createModel(model, { slack: 0, capacity: null });
    const run = (): unknown => checkHistory([operation], { model: created, file: "h.jsonl" });
    expect(run).toThrow(message);
    expect(run).toThrow(new RegExp(`^h\\.jsonl:${operation.line}: `));
    expect(formatOperation(operation)).toContain('"call":0');
  });
});
