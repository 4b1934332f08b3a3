/**
 * `npm run release:check`: what is asked before a release. The packages as npm would publish them, what nothing uses, and the same program of the
 * store, installed in an empty folder, in each version of Node that users run. `--suite` runs the quick part of the suite in each as well.
 *
 * Exit codes: 0 nothing wrong, 1 something, 2 bad input.
 */
import { execFile } from "node:child_process";
import { mkdir, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { Command } from "commander";
import { lastLine, withTemporaryFolder } from "../../child/index.js";
import { EXIT } from "../../command-line/exit-codes.js";
import { wholeNumber } from "../../command-line/option-values.js";
import { optionsOf } from "../../command-line/program-options.js";
import { entriesOf, makeReference, stageLab } from "../../house/index.js";
import { type NodeProgram, nodeOf } from "./nodes.js";
import { contentFaults, pack, publintFaults, typeFaults, unusedFaults, versionFaults } from "./packages.js";

const run = promisify(execFile);
const ROOT = fileURLToPath(new URL("../../../../", import.meta.url));
/** A program prints what each part of it came to: test/runtimes/program.mjs. */
const PROGRAM = join(ROOT, "test", "runtimes", "program.mjs");

const parseNodes = (text: string): number[] => text.split(",").map((one) => wholeNumber("--nodes", one.trim(), 20, 99));

const program = new Command("release:check")
  .description("the packages as npm would publish them, in each version of Node that users run")
  .option("--nodes <versions>", "of Node, by number", parseNodes, [20, 22, 24, 26])
  .option("--suite", "the quick part of the suite in each of them, too", false);
const { nodes, suite } = optionsOf<{ nodes: number[]; suite: boolean }>(program);

let wrong = 0;

async function check(what: string, faults: () => Promise<readonly string[]>): Promise<void> {
  const found = await faults().catch((error: unknown) => [String((error as Error).message ?? error)]);
  process.stdout.write(`${found.length === 0 ? "✓" : "✗"} ${what}\n${found.map((fault) => `    ${fault}\n`).join("")}`);
  wrong += found.length;
}

/** Staging takes the pages that are there, and goes without any. */
async function notebookFaults(): Promise<string[]> {
  await run(process.execPath, [join(ROOT, "dist", "harness", "notebook", "build.js")]);
  return [];
}

/** In an empty folder, as a stranger does it. @returns the entry of the store */
async function installed(archive: string, folder: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, "package.json"), JSON.stringify({ private: true, type: "module" }));
  await run("npm", ["install", "--no-audit", "--no-fund", archive], { cwd: folder });
  return join(folder, "node_modules", "engram", "dist", "src", "index.js");
}

async function programFaults({ path }: NodeProgram, store: string): Promise<string[]> {
  const { stdout } = await run(path, [PROGRAM, store]);
  const parts = Object.entries(JSON.parse(stdout) as Record<string, string>);
  if (parts.length === 0) return ["the program did nothing"];
  return parts.filter(([, came]) => came !== "ok").map(([part, came]) => `${part}: ${came}`);
}

async function suiteFaults({ path }: NodeProgram): Promise<string[]> {
  const vitest = join(ROOT, "node_modules", "vitest", "vitest.mjs");
  const args = [vitest, "run", "--config", "test/vitest.config.ts", "--project", "quick", "--silent", "--reporter=dot"];
  // Tests that start `node` by its name get this one, too.
  const env = { ...process.env, PATH: `${dirname(path)}:${process.env.PATH ?? ""}` };
  try {
    await run(path, args, { cwd: ROOT, env, maxBuffer: 2 ** 28 });
    return [];
  } catch (error) {
    const { stdout = "", stderr = "" } = error as { stdout?: string; stderr?: string };
    const failed = [...`${stdout}${stderr}`.matchAll(/FAIL.*$/gm)].map(([line]) => line);
    return failed.length > 0 ? failed : [lastLine(stderr) ?? "the suite ended without a word"];
  }
}

await withTemporaryFolder("engram-release-", async (folder) => {
  await check("versions and changelog", () => versionFaults(ROOT));
  await check("nothing unused (knip)", () => unusedFaults(ROOT));
  await check("the API reference, made anew (typedoc)", () => makeReference(ROOT));
  await check("engram as a package (publint)", () => publintFaults(ROOT));
  await check("the notebooks of the lab's package, built (notebook-kit)", notebookFaults);
  const lab = stageLab(ROOT, join(folder, "lab"));
  await check("engram-lab as a package (publint)", () => publintFaults(lab));
  const archive = await pack(ROOT, folder);
  const entries = entriesOf(ROOT).map(({ name }) => name);
  await check("the reference is packed, and the archive no larger than it should be", () =>
    contentFaults(archive, entries),
  );
  await check("types of every entry (arethetypeswrong)", () => typeFaults(archive));
  const store = await installed(archive, join(folder, "program"));
  for (const major of nodes) {
    let node: NodeProgram | undefined;
    await check(`Node ${major} is there`, async () => {
      node = await nodeOf(major, folder);
      return [];
    });
    if (node === undefined) continue;
    const its = node;
    await check(`the installed store in Node ${its.version}`, () => programFaults(its, store));
    if (suite) await check(`the quick suite in Node ${its.version}`, () => suiteFaults(its));
  }
});
process.stdout.write(wrong === 0 ? "release: nothing wrong\n" : `release: ${wrong} faults\n`);
process.exitCode = wrong === 0 ? EXIT.ok : EXIT.negative;
