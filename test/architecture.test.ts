import { readdirSync, readFileSync, statSync } from "node:fs";
import { dirname, join, relative, resolve } from "node:path";
import { describe, expect, it } from "vitest";

/** A room is a folder with a door. `src` itself is the way out for users, its subfolders are the rooms. */
const ROOMS = [
  "src/core",
  "src/store",
  "src/eviction",
  "src/backup",
  "src/monitor",
  "src/agents",
  "src/resources",
  "src/cluster",
  "src/ingest",
  "src/recording",
  "workloads",
  "harness",
  "reports",
];

/** Which room may use which: arrows point one way. */
const ARROWS: Record<string, string[]> = {
  "src/core": [],
  "src/eviction": [],
  "src/monitor": [],
  "src/store": ["src/core", "src/eviction", "src/monitor"],
  "src/backup": ["src/core", "src/store"],
  "src/recording": ["src/store"],
  src: ROOMS.filter((room) => room.startsWith("src/")),
  workloads: ["src", "src/monitor", "src/recording", "src/store"],
  reports: ["src/monitor", "src/store", "src"],
  harness: ["src", "workloads", "reports", ...ROOMS.filter((room) => room.startsWith("src/"))],
};

/** Files that every room may name: they import nothing but each other, and opening the whole room for them would be dear. */
const LEAVES = [
  "src/check.ts",
  "src/store/errors.ts",
  "src/store/sizes.ts",
  "src/recording/format.ts",
  "workloads/generators/sfc32.ts",
  "reports/results.ts",
  "reports/measurement-files.ts",
  "reports/schema-faults.ts",
];

/** What lies under all rooms. */
const GROUND = ["src/check.ts"];

const root = resolve(import.meta.dirname, "..");

function sources(folder: string): string[] {
  return readdirSync(join(root, folder)).flatMap((name) => {
    const path = join(folder, name);
    if (statSync(join(root, path)).isDirectory()) return name === "assembly" ? [] : sources(path);
    return name.endsWith(".ts") && !name.endsWith(".d.ts") ? [path] : [];
  });
}

function roomOf(path: string): string {
  return ROOMS.find((room) => path.startsWith(`${room}/`)) ?? path.split("/")[0];
}

interface Import {
  from: string;
  to: string;
}

const imports: Import[] = ["src", "workloads", "harness", "reports"].flatMap(sources).flatMap((from) =>
  [...readFileSync(join(root, from), "utf8").matchAll(/(?:from|import)\s*\(?\s*"(\.[^"]+)"/g)].map(([, target]) => ({
    from,
    to: relative(root, resolve(root, dirname(from), target)).replace(/\.js$/, ".ts"),
  })),
);

describe("the house", () => {
  it("has imports to look at", () => {
    expect(imports.length).toBeGreaterThan(100);
  });

  it("lets arrows point one way only", () => {
    const wrong = imports.filter(({ from, to }) => {
      const [a, b] = [roomOf(from), roomOf(to)];
      return a !== b && !ARROWS[a]?.includes(b) && !GROUND.includes(to);
    });
    expect(wrong).toEqual([]);
  });

  it("lets no one reach past a door", () => {
    const wrong = imports.filter(({ from, to }) => {
      const [a, b] = [roomOf(from), roomOf(to)];
      return a !== b && to !== `${b}/index.ts` && !LEAVES.includes(to);
    });
    expect(wrong).toEqual([]);
  });

  it("keeps the policies free of everything else, so that simulator and store run the same code", () => {
    const foreign = sources("src/eviction").filter((path) =>
      /from "(?!\.\/)[^"]+"/.test(readFileSync(join(root, path), "utf8")),
    );
    expect(foreign).toEqual([]);
  });
});
