/** What the package's types must say, since the API reference and an editor show nothing else: of this build, and of a package with gaps. */
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { afterAll, describe, expect, it } from "vitest";
import { entriesOf, makeReference, referenceFaults } from "#dist/harness/house/index.js";

const ROOT = resolve(import.meta.dirname, "..", "..");
const folder = mkdtempSync(join(tmpdir(), "engram-reference-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const DOOR = "./inner/door.js";
const INSIDE = "./inside.js";

/** A package of two entries; `inside.d.ts` is what the first exports from. */
function packageWith(inside: string): string {
  const place = mkdtempSync(join(folder, "package-"));
  const exports = {
    ".": { types: "./index.d.ts", default: "./index.js" },
    "./internal": { types: "./internal.d.ts", default: "./internal.js" },
    "./package.json": "./package.json",
  };
  mkdirSync(join(place, "inner"));
  writeFileSync(join(place, "package.json"), JSON.stringify({ name: "tried", exports }));
  writeFileSync(join(place, "index.d.ts"), `export * from "${DOOR}";\n`);
  writeFileSync(join(place, "internal.d.ts"), "export declare const unspoken: number;\n");
  writeFileSync(join(place, "inner", "door.d.ts"), `import { Hidden } from "${INSIDE}";\nexport * from "${INSIDE}";\n`);
  writeFileSync(join(place, "inner", "inside.d.ts"), inside);
  return place;
}

describe("what an editor shows of the package", () => {
  it("has a comment for every export, member and option of every entry, and what holds without each option", () => {
    const entries = entriesOf(ROOT).map(({ name }) => name);
    expect(entries).toEqual(expect.arrayContaining(["engram", "engram/cluster", "engram/keyv", "engram/results"]));
    expect(entries).not.toContain("engram/internal");
    expect(referenceFaults(ROOT)).toEqual([]);
  });

  it("is found wanting where an export or one of its members has no comment", () => {
    const place = packageWith(`
export declare const bare: number;
/** Told. */
export declare const told: number;
/** Told. */
export interface Shape { width: number; /** Told. */ height: number; }
/** Told. */
export type Either = { left: number } | { /** Told. */ right: number };
/** Told. */
export declare class Thing { #hidden; private inside; protected below; size: number; constructor(); [Symbol.dispose](): void; }
`);
    expect(referenceFaults(place)).toEqual([
      "tried: bare has no comment (inner/inside.d.ts)",
      "tried: Shape.width has no comment (inner/inside.d.ts)",
      "tried: Either.left has no comment (inner/inside.d.ts)",
      "tried: Thing.size has no comment (inner/inside.d.ts)",
    ]);
  });

  it("is found wanting where an option may be left out and does not tell its default", () => {
    const place = packageWith(`
interface Base { /** How long. */ patience?: number; }
/** Told. */
export interface OpenOptions extends Base {
  /** Where it is. */
  path: string;
  /** Bytes. Default 4. */
  size?: number;
  /** Bytes. */
  most?: number;
}
/** Not a setting. */
export interface Answer { /** Bytes. */ most?: number; }
`);
    expect(referenceFaults(place)).toEqual([
      "tried: OpenOptions.most does not tell its default (inner/inside.d.ts)",
      "tried: OpenOptions.patience does not tell its default (inner/inside.d.ts)",
    ]);
  });

  it("takes a comment from the interface or class that a class follows, and one overload's for all", () => {
    const place = packageWith(`
/** Told. */
export interface Reader { /** Told. */ read(): void; }
/** Told. */
export declare class Book implements Reader { read(): void; /** Told. */ turn(): void; turn(pages: number): void; }
/** Told. */
export declare function open(): void;
export declare function open(path: string): void;
`);
    expect(referenceFaults(place)).toEqual([]);
  });

  it("cannot be read off a file that is no declaration file", () => {
    const place = packageWith("export declare const = ;");
    expect(() => referenceFaults(place)).toThrow(/inside\.d\.ts is no declaration file: /);
  });

  it("has a line for each entry on the page that leads to it", () => {
    const page = readFileSync(join(ROOT, "docs", "reference.md"), "utf8");
    expect(entriesOf(ROOT).filter(({ name }) => !page.includes(`\`${name}\``))).toEqual([]);
  });

  it("is not made of a package that is not built, and says which file is missing", async () => {
    const place = packageWith("export declare const told: number;\n");
    rmSync(join(place, "index.d.ts"));
    await expect(makeReference(place)).rejects.toThrow(/index\.d\.ts is not there; run npm run build first$/);
  });
});
