/** A limit of time says when a test is taken to hang. The suite's own holds for a busy machine; a shorter one is red by chance. */
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, it } from "vitest";
import config from "./vitest.config.js";

const LIMIT = /^\s*\},\s+([\d_]+),?\s*\);|^\s*(?:describe|it|test)\b.*\{ timeout: ([\d_]+) \}/gm;

const tests = readdirSync(import.meta.dirname, { recursive: true, encoding: "utf8" }).filter((file) =>
  file.endsWith(".test.ts"),
);

it("no test has a limit of time shorter than the suite's", () => {
  const shorter = tests.flatMap((file) =>
    [...readFileSync(join(import.meta.dirname, file), "utf8").matchAll(LIMIT)]
      .filter(([, last, option]) => Number((last ?? option).replaceAll("_", "")) < config.test!.testTimeout!)
      .map(([line]) => `${file}: ${line.trim()}`),
  );
  expect(shorter).toEqual([]);
});
