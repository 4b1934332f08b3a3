/**
 * `npm run notebooks`: builds the pages of notebooks/ into dist/notebooks, if what they are made of has changed. What builds them, Observable's
 * notebook-kit, is installed into notebooks/node_modules first: it is as large as a fifth of all else, and nobody else needs it.
 */
import { spawnSync } from "node:child_process";
import { existsSync, readFileSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { MADE_OF, madeOf } from "./made-of.js";
import { areStale, BUILT } from "./pages.js";

const ROOT = fileURLToPath(new URL("../../../", import.meta.url));
const NOTEBOOKS = join(ROOT, "notebooks");

if (areStale()) {
  if (!isInstalled()) run("npm", ["ci", "--no-audit", "--no-fund"]);
  // Beside what is there, which may be served just now.
  const fresh = join(ROOT, "dist", `.notebooks-${process.pid}`);
  try {
    run(process.execPath, [
      join("node_modules", "vite", "bin", "vite.js"),
      "build",
      "--outDir",
      fresh,
      "--logLevel",
      "warn",
    ]);
    writeFileSync(join(fresh, MADE_OF), madeOf(ROOT));
    rmSync(BUILT, { recursive: true, force: true });
    renameSync(fresh, BUILT);
  } finally {
    rmSync(fresh, { recursive: true, force: true });
  }
}
process.stdout.write(`${BUILT}\n`);

/** Of the lock file that is there now: npm leaves a copy of what it installed. */
function isInstalled(): boolean {
  const installed = join(NOTEBOOKS, "node_modules", ".package-lock.json");
  if (!existsSync(installed)) return false;
  const versions = (path: string) =>
    Object.entries(JSON.parse(readFileSync(path, "utf8")).packages as Record<string, { version: string }>);
  const there = new Map(versions(installed).map(([name, { version }]) => [name, version]));
  return versions(join(NOTEBOOKS, "package-lock.json")).every(
    ([name, { version }]) => name === "" || !there.has(name) || there.get(name) === version,
  );
}

function run(program: string, args: readonly string[]): void {
  const { status, error } = spawnSync(program, args, { cwd: NOTEBOOKS, stdio: ["ignore", "inherit", "inherit"] });
  if (error !== undefined) throw error;
  if (status !== 0) {
    process.stderr.write(`engram: the notebooks could not be built: ${program} ${args[0]} ended with ${status}\n`);
    process.exit(3);
  }
}
