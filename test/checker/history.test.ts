import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { formatOperation, parseOperation } from "#dist/harness/checker/index.js";

const good = { client: "w1", key: "k", op: "get", input: null, output: 1, call: 5, return: 9 };

describe("a line of a history", () => {
  it("round-trips", () => {
    const operation = fc.record({
      client: fc.string(),
      key: fc.string(),
      op: fc.string({ minLength: 1 }),
      input: fc.jsonValue(),
      call: fc.nat(),
    });
    fc.assert(
      fc.property(operation, fc.jsonValue(), fc.option(fc.nat()), (o, output, took) => {
        const written = {
          client: o.client,
          key: o.key,
          op: o.op,
          input: o.input,
          output: took === null ? null : output,
          call: o.call,
          return: took === null ? Number.POSITIVE_INFINITY : o.call + took,
        };
        const line = formatOperation(written);
        expect(line).not.toMatch(/\n/);
        const read = parseOperation(line, 3, "h.jsonl");
        expect(JSON.stringify(read)).toBe(JSON.stringify({ ...written, line: 3 }));
        expect(read.return).toBe(written.return);
      }),
    );
  });

  it("takes a number as the client's name", () => {
    expect(parseOperation(JSON.stringify({ ...good, client: 7 }), 1, "h").client).toBe("7");
  });

  it.each([
    ["{", /not one JSON object a line/],
    ["[]", /expected object/i],
    [JSON.stringify({ ...good, key: undefined }), /key: /],
    [JSON.stringify({ ...good, return: undefined }), /return: /],
    [JSON.stringify({ ...good, retrun: 4 }), /retrun/],
    [JSON.stringify({ ...good, call: -1 }), /call: /],
    [JSON.stringify({ ...good, call: "5" }), /call: /],
    [JSON.stringify({ ...good, call: 2 ** 53, return: 2 ** 53 }), /call: beyond 2\^53 ns/],
    [JSON.stringify({ ...good, return: 4 }), /return 4 is before call 5/],
    [JSON.stringify({ ...good, return: null }), /an output, but return is null/],
    [JSON.stringify({ ...good, op: "" }), /op: /],
  ])("%s is refused with file and line", (text, message) => {
    expect(() => parseOperation(text, 12, "h.jsonl")).toThrow(message);
    expect(() => parseOperation(text, 12, "h.jsonl")).toThrow(/^h\.jsonl:12: [^\n]*$/);
  });
});
