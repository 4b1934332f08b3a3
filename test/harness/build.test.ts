import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeEach, describe, expect, it } from "vitest";
import { makeOf, sourcesOf } from "#dist/harness/build/index.js";

const root = mkdtempSync(join(tmpdir(), "engram-made-of-"));
afterAll(() => rmSync(root, { recursive: true, force: true }));

const source = join(root, "source.ts");
const output = join(root, "out", "made.wasm");
const making = {
  name: "made",
  sources: ["source.ts", "may-come.ts"],
  settings: "compiler 1",
  outputs: ["out/made.wasm"],
};
const make = async () => new Map([["out/made.wasm", `made of ${readFileSync(source, "utf8")}`]]);
const makeAgain = (changed = {}) => makeOf({ ...making, ...changed }, make, root);

describe("what is made of sources", () => {
  beforeEach(async () => {
    writeFileSync(source, "one");
    rmSync(join(root, "may-come.ts"), { force: true });
    await makeAgain();
    expect(await makeAgain()).toBe(false);
  });

  it.each<[string, () => void]>([
    ["a source has other contents", () => writeFileSync(source, "two")],
    ["a source is there that was not", () => writeFileSync(join(root, "may-come.ts"), "")],
    ["something else wrote the output", () => writeFileSync(output, "made of on")],
    ["the output is gone", () => rmSync(output)],
  ])("is made again when %s", async (_, change) => {
    change();
    expect(await makeAgain()).toBe(true);
    expect(readFileSync(output, "utf8")).toBe(`made of ${readFileSync(source, "utf8")}`);
    expect(await makeAgain()).toBe(false);
  });

  it("is made again by another compiler, and not because times differ", async () => {
    writeFileSync(source, "one");
    expect(await makeAgain()).toBe(false);
    expect(await makeAgain({ settings: "compiler 2" })).toBe(true);
  });

  it("is not taken for made after it failed", async () => {
    writeFileSync(source, "faulty");
    const failing = makeOf(making, () => Promise.reject(new Error("line 1")), root);
    await expect(failing).rejects.toThrow("line 1");
    await expect(makeOf(making, async () => new Map(), root)).rejects.toThrow("out/made.wasm was not made");
    expect(await makeAgain()).toBe(true);
  });
});

it.each([
  ["src/core", "src/core/assembly/index.ts"],
  ["src/agents", "src/agents/assembly/index.ts"],
] as const)("the sources of %s are there, all of the assembly among them", (room, door) => {
  const sources = sourcesOf(room);
  for (const path of sources) expect(existsSync(new URL(`../../${path}`, import.meta.url))).toBe(true);
  expect(sources).toEqual(expect.arrayContaining(["src/core/layout.ts", door]));
});
