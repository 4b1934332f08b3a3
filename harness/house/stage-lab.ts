/**
 * `npm run stage:lab`: lays the lab's package out in dist/engram-lab, to be packed or published from there. The repository's own package is
 * the store, so that whoever installs the store gets the store; the lab has its manifest in harness/package.json.
 *
 * It has the store's build inside, not as a dependency: what it measures is the build that it was made with.
 */
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** Built folders that go in as they are. */
const BUILT = ["src", "harness", "reports", "workloads"] as const;

/** Built by `npm run notebooks`, for which it takes what a checkout's `npm ci` does not bring. */
const NOTEBOOKS = "notebooks";

/** What only works in a checkout stays there: the proofs, and what draws, builds and stages. */
const NOT_STAGED = ["dist/harness/house", "dist/harness/proofs", "dist/harness/notebook/build.js"];
const FILES = ["dist", "!dist/**/*.map", "docs", "workloads", "LICENSE"];

interface Manifest {
  readonly version: string;
  readonly private?: boolean;
  readonly optionalDependencies?: Readonly<Record<string, string>>;
}

function manifestAt(path: string): Manifest {
  return JSON.parse(readFileSync(path, "utf8")) as Manifest;
}

/** @returns the folder */
export function stageLab(root: string, target = join(root, "dist", "engram-lab")): string {
  rmSync(target, { recursive: true, force: true });
  const left = new Set(NOT_STAGED.map((folder) => join(root, folder)));
  for (const folder of [...BUILT, NOTEBOOKS].filter((name) => existsSync(join(root, "dist", name)))) {
    const filter = (from: string) => !left.has(from);
    cpSync(join(root, "dist", folder), join(target, "dist", folder), { recursive: true, filter });
  }
  cpSync(join(root, "docs"), join(target, "docs"), { recursive: true });
  mkdirSync(join(target, "workloads"));
  for (const name of readdirSync(join(root, "workloads"))) {
    if (name.endsWith(".yaml") || name.endsWith(".json"))
      cpSync(join(root, "workloads", name), join(target, "workloads", name));
  }
  cpSync(join(root, "LICENSE"), join(target, "LICENSE"));
  const { version, optionalDependencies } = manifestAt(join(root, "package.json"));
  const { private: _, ...manifest } = manifestAt(join(root, "harness", "package.json"));
  const staged = {
    ...manifest,
    version,
    optionalDependencies: { ...optionalDependencies, ...manifest.optionalDependencies },
    bin: { engram: "dist/harness/cli.js" },
    exports: {
      ".": { types: "./dist/src/lab/index.d.ts", default: "./dist/src/lab/index.js" },
      "./cli": "./dist/harness/cli.js",
      "./results": { types: "./dist/reports/results.d.ts", default: "./dist/reports/results.js" },
      "./package.json": "./package.json",
    },
    files: FILES,
  };
  writeFileSync(join(target, "package.json"), `${JSON.stringify(staged, null, 2)}\n`);
  return target;
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  process.stdout.write(`${stageLab(fileURLToPath(new URL("../../../", import.meta.url)))}\n`);
}
