/** What starts processes, browsers or servers is not in the quick part of the suite, whoever adds it. */
import { readdirSync, readFileSync } from "node:fs";
import { dirname, join, matchesGlob } from "node:path";
import { expect, it } from "vitest";
import { NOT_QUICK } from "./parts.js";

const ROOT = join(import.meta.dirname, "..");
const STARTS = /from "(node:child_process|node:cluster|node:https?|node:net|playwright-core)"/;

const tests = readdirSync(import.meta.dirname, { recursive: true, encoding: "utf8" })
  .filter((file) => file.endsWith(".test.ts"))
  .map((file) => join("test", file));
const quick = tests.filter((file) => !NOT_QUICK.some((pattern) => matchesGlob(file, pattern)));

/** A file and the helpers beside it that it imports, by any way round. */
function textOf(file: string, seen = new Set<string>()): string {
  if (seen.has(file)) return "";
  seen.add(file);
  const text = readFileSync(join(ROOT, file), "utf8");
  const helpers = [...text.matchAll(/from "(\.[^"]+)\.js"/g)].map(([, path]) => `${join(dirname(file), path)}.ts`);
  return [text, ...helpers.map((helper) => textOf(helper, seen))].join("\n");
}

it("the quick part starts no processes, browsers or servers: such a test is listed in test/parts.ts", () => {
  expect(quick.length).toBeGreaterThan(50);
  expect(quick.filter((file) => STARTS.test(textOf(file)))).toEqual([]);
});

it("every line of the list stands for tests that are there", () => {
  expect(NOT_QUICK.filter((pattern) => !tests.some((file) => matchesGlob(file, pattern)))).toEqual([]);
});
