import { existsSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { drawRooms } from "#dist/harness/house/draw.js";
import { findCircles, GROUND, joinRooms, ROOMS, readImports, roomOf, sources } from "#dist/harness/house/imports.js";

/** Which room may use which: arrows point one way. */
const ARROWS: Record<string, string[]> = {
  "src/core": [],
  "src/eviction": [],
  "src/metrics": [],
  "src/store": ["src/core", "src/eviction", "src/metrics"],
  "src/monitor": ["src/store", "src/metrics"],
  "src/backup": ["src/core", "src/store"],
  "src/recording": ["src/store"],
  src: ROOMS.filter((room) => room.startsWith("src/")),
  workloads: ["src", "src/recording", "src/store"],
  "reports/targets": ["src/metrics", "src/store"],
  reports: ["reports/targets", "src/metrics", "src/store", "src"],
  harness: ["src", "workloads", "reports/targets", "reports", ...ROOMS.filter((room) => room.startsWith("src/"))],
};

/** Files that every room may name: they import nothing but each other, and opening the whole room for them would be dear. */
const LEAVES = [
  "src/check.ts",
  "src/store/health-targets.ts",
  "src/metrics/target.ts",
  "src/recording/format.ts",
  "workloads/generators/sfc32.ts",
  "reports/results.ts",
  "reports/latency-names.ts",
  "reports/slices.ts",
  "reports/phases.ts",
  "reports/html.ts",
  "reports/measurement-files.ts",
  "reports/schema-faults.ts",
];

const root = resolve(import.meta.dirname, "..");

const imports = readImports(root);

describe("circles", () => {
  it("are found whole, of any length, and only where there are any", () => {
    const edges = new Map(Object.entries({ a: ["b"], b: ["c"], c: ["a", "d"], d: ["e"], e: ["d"], f: ["a"], g: [] }));
    expect(findCircles(edges).sort()).toEqual([
      ["a", "b", "c"],
      ["d", "e"],
    ]);
  });
});

describe("the house", () => {
  it("has imports to look at", () => {
    expect(imports.length).toBeGreaterThan(100);
  });

  it("lets arrows point one way only", () => {
    const wrong = imports.filter(({ from, to }) => {
      const [a, b] = [roomOf(from), roomOf(to)];
      return a !== b && !ARROWS[a]?.includes(b) && b !== GROUND;
    });
    expect(wrong).toEqual([]);
  });

  it("lets no one reach past a door", () => {
    const wrong = imports.filter(({ from, to }) => {
      const [a, b] = [roomOf(from), roomOf(to)];
      return a !== b && b !== GROUND && to !== `${b}/index.ts` && !LEAVES.includes(to);
    });
    expect(wrong).toEqual([]);
  });

  it("changes no class of another room", () => {
    const touches = ROOMS.filter((room) => room.startsWith("src/"))
      .flatMap((room) => (existsSync(join(root, room)) ? sources(root, room) : []))
      .concat("src/index.ts", "src/internal.ts", "src/composition.ts")
      .flatMap((path) => {
        const text = readFileSync(join(root, path), "utf8");
        const changed = [
          ...text.matchAll(/(?:defineProperty\(|assign\(|delete \(?)\s*(\w+)\.prototype|(\w+)\.prototype\.\w+ =[^=]/g),
        ];
        const own = (name: string) =>
          (roomOf(path) === "src" ? [path] : sources(root, roomOf(path))).some((file) =>
            new RegExp(`class ${name}\\b`).test(readFileSync(join(root, file), "utf8")),
          );
        const foreign = changed.map((match) => match[1] ?? match[2]).filter((name) => !own(name));
        return [...foreign, ...(text.includes("declare module") ? ["declare module"] : [])].map(
          (what) => `${path}: ${what}`,
        );
      });
    expect(touches).toEqual([]);
  });

  it("has no file that needs, by any way round, a file that needs it", () => {
    const files = new Map<string, string[]>();
    for (const { from, to } of imports) files.set(from, [...(files.get(from) ?? []), to]);
    expect(findCircles(files)).toEqual([]);
  });

  it("is drawn in docs/architecture.svg as it is", () => {
    const drawn = readFileSync(join(root, "docs/architecture.svg"), "utf8");
    expect(drawn, "npm run picture:rooms draws it again").toBe(drawRooms(joinRooms(imports)));
  });

  it("keeps the policies free of everything else, so that simulator and store run the same code", () => {
    const foreign = sources(root, "src/eviction").filter((path) =>
      /from "(?!\.\/)[^"]+"/.test(readFileSync(join(root, path), "utf8")),
    );
    expect(foreign).toEqual([]);
  });
});
