/** What npm would publish, looked at as those see it who install it. Each check says what is wrong, one line a fault. */
import { execFile } from "node:child_process";
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { promisify } from "node:util";
import { checkPackage, createPackageFromTarballData } from "@arethetypeswrong/core";
import { problemKindInfo } from "@arethetypeswrong/core/problems";
import { publint } from "publint";
import { formatMessage } from "publint/utils";

const run = promisify(execFile);

interface Manifest {
  readonly name: string;
  readonly version: string;
}

async function manifestIn(folder: string): Promise<Manifest> {
  return JSON.parse(await readFile(join(folder, "package.json"), "utf8"));
}

/** The store and the lab are released together; the changelog has a chapter for it, or one of what is not released. */
export async function versionFaults(root: string): Promise<string[]> {
  const [store, lab] = [await manifestIn(root), await manifestIn(join(root, "harness"))];
  const changes = await readFile(join(root, "CHANGELOG.md"), "utf8");
  const faults: string[] = [];
  if (store.version !== lab.version) faults.push(`engram is ${store.version}, engram-lab ${lab.version}`);
  const chapters = [...changes.matchAll(/^## \[?([^\]\s]+)/gm)].map(([, chapter]) => chapter);
  if (!chapters.includes(store.version) && !chapters.includes("Unreleased")) {
    faults.push(`CHANGELOG.md has no chapter "${store.version}" and none of what is "Unreleased"`);
  }
  return faults;
}

/** Packs a package into a folder. @returns the archive's path */
export async function pack(place: string, into: string): Promise<string> {
  const args = ["pack", "--json", "--ignore-scripts", "--pack-destination", into];
  const { stdout } = await run("npm", args, { cwd: place, maxBuffer: 2 ** 26 });
  return join(into, JSON.parse(stdout)[0].filename);
}

/** By publint: entry points that are there, conditions in their order, files in the format that their names say. */
export async function publintFaults(place: string): Promise<string[]> {
  const { messages, pkg } = await publint({ pkgDir: place, strict: true, pack: "npm" });
  return messages.map((message) => formatMessage(message, pkg) ?? message.code);
}

/** By arethetypeswrong, for those who import: the package has no CommonJS, which Node 20.19 and newer `require` all the same. */
export async function typeFaults(archive: string): Promise<string[]> {
  const result = await checkPackage(createPackageFromTarballData(new Uint8Array(await readFile(archive))));
  if (result.types === false) return ["the package has no types"];
  const ofImports = result.problems.filter(
    (problem) =>
      !("resolutionKind" in problem) || problem.resolutionKind === "node16-esm" || problem.resolutionKind === "bundler",
  );
  return ofImports.map((problem) => {
    const at = "entrypoint" in problem ? `${problem.entrypoint}: ` : "";
    return `${at}${problemKindInfo[problem.kind].shortDescription}`;
  });
}

/** What an archive of the store may have at most, packed: it is 1.1 MB with the reference, which is a tenth of that. */
const PACKED_MOST = 1_500_000;

/** That the archive has a page of the API reference for each entry, and is not larger than it should be. */
export async function contentFaults(archive: string, entries: readonly string[]): Promise<string[]> {
  const bytes = await readFile(archive);
  const files = createPackageFromTarballData(new Uint8Array(bytes));
  const pages = ["README", ...entries].map((name) => `dist/reference/${name}.md`);
  const missing = pages.filter((page) => !files.fileExists(`/node_modules/${files.packageName}/${page}`));
  const faults = missing.map((page) => `${page} is not in the archive; run npm run docs before it is packed`);
  if (bytes.length > PACKED_MOST) faults.push(`the archive has ${bytes.length} bytes; expected ${PACKED_MOST} at most`);
  return faults;
}

/** By knip: files and exports that nothing reaches, packages that nothing needs. */
export async function unusedFaults(root: string): Promise<string[]> {
  const knip = join(root, "node_modules", "knip", "bin", "knip.js");
  try {
    await run(process.execPath, [knip, "--reporter", "compact"], { cwd: root, maxBuffer: 2 ** 26 });
    return [];
  } catch (error) {
    const { stdout, stderr } = error as { stdout?: string; stderr?: string };
    return `${stdout ?? ""}${stderr ?? ""}`.trim().split("\n");
  }
}
