/** The same program in Node, Bun and Deno: what is promised of each (docs/runtimes.md) holds there. A runtime that is not installed is passed over by name. */
import { execFile } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join, resolve } from "node:path";
import { promisify } from "node:util";
import { describe, expect, it } from "vitest";
import { noAddonsBecause } from "#dist/src/addons.js";

const run = promisify(execFile);
const store = resolve(import.meta.dirname, "..", "dist", "src", "index.js");
const program = resolve(import.meta.dirname, "runtimes", "program.mjs");

function found(name: string): string | null {
  const folders = (process.env.PATH ?? "").split(delimiter);
  return folders.map((folder) => join(folder, name)).find((path) => existsSync(path)) ?? null;
}

const RUNTIMES = [
  // It ends a thread in the middle of its work (decision 0035).
  { name: "node", path: process.execPath, before: ["--no-concurrent-recompilation"] },
  { name: "bun", path: found("bun"), before: ["run"] },
  { name: "deno", path: found("deno"), before: ["run", "--allow-all"] },
];

describe.each(RUNTIMES)("a program in $name", ({ name, path, before }) => {
  it.skipIf(path === null)(`does with a store what it does in Node (${name})`, async () => {
    const { stdout } = await run(path as string, [...before, program, store]);
    expect(JSON.parse(stdout)).toEqual({
      values: "ok",
      threads: "ok",
      waiting: "ok",
      messages: "ok",
      "a worker that dies": "ok",
      backups: "ok",
      recordings: "ok",
      whole: "ok",
    });
  });
});

describe("addons", () => {
  it("are of Node alone", () => {
    expect(noAddonsBecause({ node: "22.0.0", v8: "12" })).toBeNull();
    expect(noAddonsBecause({ node: "22.0.0", bun: "1.4.5" })).toContain("Bun");
    expect(noAddonsBecause({ node: "22.0.0", deno: "2.9.6" })).toContain("Deno");
  });
});
