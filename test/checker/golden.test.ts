import { describe, expect, it } from "vitest";
import { readHistory } from "#dist/harness/checker/index.js";

describe("a history that an earlier version recorded", () => {
  it("is read as it was written", async () => {
    const operations = await readHistory(new URL("golden/history.jsonl", import.meta.url).pathname);
    expect(operations).toEqual([
      { line: 1, client: "w1", key: "k", op: "set", input: { value: "a" }, output: true, call: 1200, return: 1530 },
      { line: 2, client: "w2", key: "k", op: "get", input: null, output: "a", call: 1400, return: 1610 },
      {
        line: 3,
        client: "w1",
        key: "k",
        op: "set",
        input: { value: "b", ifAbsent: true },
        output: false,
        call: 1700,
        return: 1800,
      },
      { line: 4, client: "3", key: "n", op: "increment", input: { by: 5 }, output: 5, call: 1750, return: 1900 },
      { line: 5, client: "3", key: "n", op: "get", input: null, output: 5, call: 1950, return: 2100 },
      { line: 6, client: "w2", key: "k", op: "has", input: null, output: true, call: 2000, return: 2050 },
      { line: 7, client: "w1", key: "k", op: "delete", input: null, output: null, call: 2200, return: Infinity },
      { line: 8, client: "w2", key: "k", op: "get", input: null, output: null, call: 2300, return: 2400 },
    ]);
  });
});
