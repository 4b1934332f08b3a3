import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import { readHistory } from "#dist/harness/checker/history.js";
import { formatOperation, type Operation, parseOperation } from "#dist/harness/checker/index.js";

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
    [JSON.stringify({ ...good, call: "5" }), /call: expected number, found "5"$/],
    [JSON.stringify({ ...good, client: null }), /client: expected string or number, found null$/],
    [JSON.stringify({ ...good, client: ["a"] }), /client: expected string or number, found \["a"\]$/],
    [JSON.stringify({ ...good, call: 2 ** 53, return: 2 ** 53 }), /call: beyond 2\^53 ns/],
    [JSON.stringify({ ...good, return: 4 }), /return 4 is before call 5/],
    [JSON.stringify({ ...good, return: null }), /an output, but return is null/],
    [JSON.stringify({ ...good, op: "" }), /op: /],
  ])("%s is refused with file and line", (text, message) => {
    expect(() => parseOperation(text, 12, "h.jsonl")).toThrow(message);
    expect(() => parseOperation(text, 12, "h.jsonl")).toThrow(/^h\.jsonl:12: [^\n]*$/);
  });
});

describe("a history file", () => {
  const folder = mkdtempSync(join(tmpdir(), "history-"));
  const file = join(folder, "h.jsonl");
  afterAll(() => rmSync(folder, { recursive: true }));

  it("is read whole, whatever ends its lines, whatever its strings hold, wherever the pieces it is read in end", async () => {
    const text = fc.oneof(
      fc.string({ unit: "grapheme" }),
      fc.constantFrom("\u2028", "\u2029", "\u0085", "\r\n", "é", "😀"),
    );
    const line = fc.record({ key: text, output: text, blank: fc.boolean() });
    const settings = fc.record({ end: fc.constantFrom("\n", "\r\n"), last: fc.boolean(), padding: fc.nat(70_000) });
    await fc.assert(
      fc.asyncProperty(
        fc.array(line, { minLength: 1, maxLength: 8 }),
        settings,
        async (lines, { end, last, padding }) => {
          // a first line of any length moves the others over the ends of the pieces, 64 KiB each
          const all = [{ key: "é".repeat(padding), output: "", blank: false }, ...lines];
          const written = all.map(({ key, output }, i) => ({
            client: "w",
            key,
            op: "get",
            input: null,
            output,
            call: i,
            return: i,
          }));
          const rows = written.map((operation, i) => `${all[i].blank ? end : ""}${formatOperation(operation)}`);
          writeFileSync(file, rows.join(end) + (last ? end : ""));
          const read: Partial<Operation>[] = await readHistory(file);
          expect(read.map(({ line: _, ...operation }) => operation)).toEqual(written);
          expect(read.at(-1)?.line).toBe(all.length + all.filter(({ blank }) => blank).length);
        },
      ),
      { numRuns: 100 },
    );
  });
});
