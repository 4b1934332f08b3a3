/** What starts processes, browsers or servers is not in the quick part of the suite, whoever adds it. */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, matchesGlob } from "node:path";
import { expect, it } from "vitest";
import * as parts from "./parts.js";

const { LONG, NOT_QUICK } = parts;
const ROOT = join(import.meta.dirname, "..");
const STARTS = /from "(node:child_process|node:cluster|node:https?|node:net|playwright-core)"/;

const tests = readdirSync(import.meta.dirname, { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".test.ts"))
  .map((file) => join("test", file));
const without = (patterns: readonly string[]) =>
  tests.filter((file) => !patterns.some((pattern) => matchesGlob(file, pattern)));
const within = (patterns: readonly string[]) =>
  tests.filter((file) => patterns.some((pattern) => matchesGlob(file, pattern)));
const quick = without(NOT_QUICK);

/** A file and the helpers beside it that it imports, by any way round. */
function textOf(file: string, seen = new Set<string>()): string {
  if (seen.has(file)) return "";
  seen.add(file);
  const text = readFileSync(join(ROOT, file), "utf8");
  const helpers = [...text.matchAll(/from "(\.[^"]+)\.js"/g)].map(([, path]) => `${join(dirname(file), path)}.ts`);
  return [text, ...helpers.map((helper) => textOf(helper, seen))].join("\n");
}

it("what is quick or computes alone starts no processes, browsers or servers: such a test is listed in test/parts.ts", () => {
  expect(quick.length).toBeGreaterThan(50);
  expect([...quick, ...within(LONG)].filter((file) => STARTS.test(textOf(file)))).toEqual([]);
});

it("every line of the list stands for tests that are there", () => {
  expect(NOT_QUICK.filter((pattern) => !tests.some((file) => matchesGlob(file, pattern)))).toEqual([]);
});

it("no test is in two parts, where it would run twice", () => {
  const { NOT_QUICK: all, ...each } = parts;
  const listed = Object.values(each).flatMap(within);
  expect(listed.toSorted()).toEqual(within(all).toSorted());
});
