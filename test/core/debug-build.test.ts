import { cpSync, mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterEach, beforeAll, describe, expect, it } from "vitest";
import { makeEngine as makeBuild } from "#dist/harness/build/index.js";
import { compileEngine, createMemory, instantiateEngine, layout, planGeometry } from "#dist/src/core/index.js";
import { InvalidArgumentError, Store } from "#dist/src/index.js";

const root = new URL("../../", import.meta.url);
const built = new URL("dist/debug/core.debug.wasm", root);
beforeAll(async () => {
  await makeBuild("debug");
});

const before = process.env.ENGRAM_ENGINE;
afterEach(() => {
  if (before === undefined) delete process.env.ENGRAM_ENGINE;
  else process.env.ENGRAM_ENGINE = before;
});

/** An engine with a place in a memory of its own. */
function makeEngine() {
  const capacity = 2 ** 22;
  const request = { slotCount: 4, poolShare: 0.6, expectedEntries: null, maxNamespaces: 16 };
  const geometry = planGeometry({ capacity, maxCapacity: capacity, ...request });
  const settings = { hashKind: layout.HASH_XX, evict: false, createdMs: 0, createdMonotonic: 0, hashSeed: 1 };
  const engine = instantiateEngine(compileEngine(true), createMemory(geometry, settings, true));
  engine.attach(1);
  return engine;
}

/** The line of the engine's source that begins so. */
function lineOf(file: string, text: string, after: string): number {
  const lines = readFileSync(new URL(file, root), "utf8").split("\n");
  const from = lines.findIndex((line) => line.startsWith(after));
  return lines.findIndex((line, i) => i > from && line.includes(text)) + 1;
}

describe("the debug build of the engine", () => {
  it("says in which function, and at which line, an assertion does not hold", () => {
    process.env.ENGRAM_ENGINE = "debug";
    const line = lineOf("src/core/assembly/read.ts", "assert(", "export function unpin(");
    expect(() => makeEngine().giveBackPin(3)).toThrow(
      `the engine stopped in giveBackPin: an assertion does not hold in unpin (src/core/assembly/read.ts:${line}); this is a fault in Engram\n  called by giveBackPin (src/core/assembly/index.ts:`,
    );
  });

  it("says where it reached beyond the memory", () => {
    process.env.ENGRAM_ENGINE = "debug";
    expect(() => makeEngine().hashXx(0xffff_fff0, 64, 1)).toThrow(
      /^the engine stopped in hashXx: memory access out of bounds in hashXx \(src\/core\/assembly\/hash\.ts:\d+\)/,
    );
  });

  it("keeps nothing of its own in the memory, which is the store's", () => {
    const module = new Uint8Array(readFileSync(built));
    expect(sectionsOf(module)).not.toContain(11); // data
  });

  it("serves a store as the engine that ships does", async () => {
    process.env.ENGRAM_ENGINE = "debug";
    await using store = await Store.create({ capacity: "4MiB", eviction: "clock" });
    const ns = store.namespace<number>("n", { encoding: "json" });
    const words = store.namespace("bytes");
    for (let i = 0; i < 20_000; i++) ns.set(`k${i}`, i, { ttl: i % 3 === 0 ? 1 : undefined });
    words.set("k", new Uint8Array(4000));
    expect(words.borrow("k", (view) => view.length)).toBe(4000);
    for (let i = 0; i < 20_000; i += 7) ns.delete(`k${i}`);
    ns.set("last", 19_999);
    expect(ns.get("last")).toBe(19_999);
    expect((await store.verify()).violations).toEqual([]);
  });

  it("is refused by name when it is asked for wrongly, and an empty variable asks for nothing", () => {
    process.env.ENGRAM_ENGINE = "debgu";
    expect(() => compileEngine(true)).toThrow(InvalidArgumentError);
    expect(() => compileEngine(true)).toThrow(/ENGRAM_ENGINE is "debgu"; expected "debug", or nothing/);
    process.env.ENGRAM_ENGINE = "";
    expect(() => compileEngine(true)).not.toThrow();
  });

  it("is told how to make when it is missing", async () => {
    const folder = mkdtempSync(join(tmpdir(), "engram-debug-"));
    try {
      const source = (path: string) => !statSync(path).isDirectory() || /[/\\]src([/\\]core)?[/\\]?$/.test(path);
      cpSync(new URL("dist/src/", root), join(folder, "dist/src"), { recursive: true, filter: source });
      writeFileSync(join(folder, "package.json"), '{"type":"module"}');
      const core = await import(pathToFileURL(join(folder, "dist/src/core/load.js")).href);
      process.env.ENGRAM_ENGINE = "debug";
      expect(() => core.compileEngine(true)).toThrow(
        /^ENGRAM_ENGINE is "debug", but there is no debug build of the engine at .*; "npm run build:debug" makes it/,
      );
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});

/** The kinds of a module's sections. */
function sectionsOf(module: Uint8Array): number[] {
  const kinds: number[] = [];
  let at = 8;
  while (at < module.length) {
    kinds.push(module[at++]);
    let size = 0;
    for (let shift = 0, more = true; more; shift += 7) {
      more = module[at] >= 128;
      size += (module[at++] & 127) << shift;
    }
    at += size;
  }
  return kinds;
}
