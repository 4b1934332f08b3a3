/** What the fault campaign holds bounded reads against: files of nodes that told the truth, and of one that did not. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { checkBoundedReads } from "#dist/harness/proofs/cluster-faults/bounded-reads.js";
import { readHistories } from "#dist/harness/proofs/cluster-faults/history-files.js";

const folder = mkdtempSync(join(tmpdir(), "engram-bounded-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
const MS = 1e6;

const WRITES = [
  { id: "w1", client: "a", key: "r0", op: "set", input: { value: "1" }, call: 0 },
  { id: "w1", output: true, return: 10 * MS, version: 5 },
  { id: "w2", client: "a", key: "r0", op: "set", input: { value: "2" }, call: 20 * MS },
  { id: "w2", output: true, return: 30 * MS, version: 9 },
  { id: "w3", client: "a", key: "r1", op: "set", input: { value: "3" }, call: 20 * MS },
];
const read = (id: string, atMs: number, version?: number) => ({
  ...{ id, key: "r0", op: "bounded", call: atMs * MS, return: (atMs + 1) * MS },
  version,
});

it("a bounded read that lacks what is older than its window is found, and no other", () => {
  const [writer, reader] = [join(folder, "writer.jsonl"), join(folder, "reader.jsonl")];
  const lines = (all: object[]) => all.map((one) => JSON.stringify(one)).join("\n");
  writeFileSync(writer, `${lines(WRITES)}\n{"id":"w4","cli`);
  const reads = [read("young", 35, 5), read("new", 200, 9), read("own", 200), read("late", 131, 5)];
  writeFileSync(reader, lines([...reads, { ...read("no", 200), refused: true }]));
  const files = [writer, reader, join(folder, "never-begun.jsonl")];
  expect(checkBoundedReads(files, 100)).toEqual({
    ...{ reads: 4, refused: 1 },
    violations: ["bounded read late of r0 gave version 5, and 9 was older than 100 ms"],
  });
  // and they are no part of the strong history
  expect(readHistories(files).map(({ key, return: at }) => [key, at])).toEqual([
    ["r0", 10 * MS],
    ["r0", 30 * MS],
    ["r1", Number.POSITIVE_INFINITY],
  ]);
});
