/** What is asked before a release, of this checkout and of packages with something wrong. In all versions of Node: `npm run release:check`. */
import { execFile } from "node:child_process";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";

const ROOT = resolve(import.meta.dirname, "..", "..");
const CHECKS = resolve(ROOT, "dist", "harness", "proofs", "release", "packages.js");
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "engram-release-"));
});
afterAll(() => rm(folder, { recursive: true, force: true }));

interface Faults {
  readonly versions: string[];
  readonly publint: string[];
  readonly types: string[];
  readonly unused?: string[];
}

/** In a process of its own: that of the tests resolves packages by other conditions than Node does. */
async function faultsOf(place: string, unused: boolean): Promise<Faults> {
  const program = `
    const checks = await import(${JSON.stringify(CHECKS)});
    const [place, folder] = ${JSON.stringify([place, folder])};
    const faults = {
      versions: await checks.versionFaults(place),
      publint: await checks.publintFaults(place),
      types: await checks.typeFaults(await checks.pack(place, folder)),
      unused: ${unused} ? await checks.unusedFaults(place) : undefined,
    };
    process.stdout.write(JSON.stringify(faults));`;
  const { stdout } = await promisify(execFile)(process.execPath, ["--input-type=module", "-e", program]);
  return JSON.parse(stdout);
}

/** A package that says more than it has. */
async function broken(): Promise<string> {
  const place = join(folder, "broken");
  await mkdir(join(place, "harness"), { recursive: true });
  const exports = { ".": { types: "./index.d.ts", default: "./index.js" }, "./gone": "./gone.js" };
  const manifest = { name: "broken", version: "1.2.3", license: "MIT", type: "module", exports };
  await writeFile(join(place, "package.json"), JSON.stringify(manifest));
  await writeFile(join(place, "index.js"), "export const here = 1;\n");
  await writeFile(join(place, "index.d.ts"), 'export { here } from "./not-there.js";\n');
  await writeFile(join(place, "harness", "package.json"), JSON.stringify({ name: "lab", version: "1.2.4" }));
  await writeFile(join(place, "CHANGELOG.md"), "# Changelog\n\n## 1.2.2\n");
  return place;
}

describe("what is asked before a release", () => {
  it("finds nothing wrong with this checkout's package, nor anything that nothing uses", async () => {
    expect(await faultsOf(ROOT, true)).toEqual({ versions: [], publint: [], types: [], unused: [] });
  });

  it("names what is wrong with another", async () => {
    const { versions, publint, types } = await faultsOf(await broken(), false);
    expect(versions).toEqual([
      "engram is 1.2.3, engram-lab 1.2.4",
      'CHANGELOG.md has no chapter "1.2.3" and none of what is "Unreleased"',
    ]);
    expect(publint.join()).toContain("gone.js");
    expect(types.join()).toContain("./gone");
  });
});
