/**
 * The API reference, made by typedoc from the declarations that are packed: dist/reference has a page of Markdown for each entry, which goes into
 * the package, and dist/reference-html the same to click through, which does not.
 *
 * typedoc cannot read with the TypeScript of this repository, whose compiler is no JavaScript. It has a folder with a lock file of its own, which is
 * installed when it is first needed: `npm ci` of the repository stays as small as it is.
 */
import { execFile } from "node:child_process";
import { existsSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { stripVTControlCharacters } from "node:util";
import { Declarations } from "./declarations.js";
import { type Entry, entriesOf, referenceFaults } from "./faults.js";

const TOOLS = join("harness", "house", "reference", "typedoc");
/** Where the pages go that are packed: README.md is the first. */
export const REFERENCE = join("dist", "reference");
export const REFERENCE_HTML = join("dist", "reference-html");

/** The reference was not made: typedoc is not to be had, or it failed. */
export class NotMadeError extends Error {}

interface Ended {
  readonly code: number | null;
  readonly said: string;
}

function run(program: string, args: readonly string[], cwd: string): Promise<Ended> {
  return new Promise((done) => {
    execFile(program, args, { cwd, maxBuffer: 2 ** 26 }, (error, stdout, stderr) => {
      const code = error === null ? 0 : typeof error.code === "number" ? error.code : null;
      done({ code, said: stripVTControlCharacters(`${stdout}${stderr}`).trim() || (error?.message ?? "") });
    });
  });
}

/** Whether what is installed there is what the lock file asks for. */
function isInstalled(tools: string): boolean {
  const { devDependencies } = JSON.parse(readFileSync(join(tools, "package.json"), "utf8"));
  return Object.entries(devDependencies as Record<string, string>).every(([name, version]) => {
    const manifest = join(tools, "node_modules", name, "package.json");
    return existsSync(manifest) && JSON.parse(readFileSync(manifest, "utf8")).version === version;
  });
}

/**
 * Makes it anew, of the build that is there.
 *
 * @returns what is wrong with it, one line each: exports, members and options that do not say what they must, links that lead nowhere
 * @throws NotMadeError when it could not be made
 */
export async function makeReference(root: string): Promise<string[]> {
  const entries = entriesOf(root);
  const unbuilt = entries.find(({ types }) => !existsSync(types));
  if (unbuilt !== undefined) throw new NotMadeError(`${unbuilt.types} is not there; run npm run build first`);
  const tools = join(root, TOOLS);
  if (!isInstalled(tools)) {
    const npm = process.platform === "win32" ? "npm.cmd" : "npm";
    const { code, said } = await run(npm, ["ci", "--ignore-scripts", "--no-audit", "--no-fund"], tools);
    if (code !== 0) throw new NotMadeError(`typedoc cannot be installed in ${tools}: ${said.split("\n").at(-1)}`);
  }
  const [markdown, html] = [join(root, REFERENCE), join(root, REFERENCE_HTML)];
  for (const folder of [markdown, html]) rmSync(folder, { recursive: true, force: true });
  const tsconfig = join(tools, "tsconfig.json");
  const asked = { entries, base: join(root, "dist"), tsconfig, markdown, html };
  const { code, said } = await run(process.execPath, [join(tools, "build.mjs"), JSON.stringify(asked)], root);
  const lines = said.split("\n").filter((line) => line !== "");
  if (code !== 0 && code !== 1) throw new NotMadeError(`typedoc failed: ${lines.at(-1) ?? "without a word"}`);
  writeFileSync(join(markdown, "README.md"), contents(entries));
  return [...referenceFaults(root), ...(code === 0 ? [] : lines)];
}

/** The page to begin with: the entries in the manifest's order, each with what its file says of it. */
function contents(entries: readonly Entry[]): string {
  const declarations = new Declarations();
  const rows = entries.map(({ name, types }) => {
    const said = declarations.openingOf(types).replace(/^`[^`]*`: /, "");
    const [sentence] = said.split(/\n\n|\n@/);
    return `| [\`${name}\`](${name}.md) | ${sentence.replaceAll("\n", " ").replaceAll("|", "\\|")} |`;
  });
  return [
    "# API reference",
    "",
    "Made from the types by `npm run docs`: every export of every entry, with defaults, limits and errors.",
    "",
    "| `import … from` | |",
    "|---|---|",
    ...rows,
    "",
  ].join("\n");
}
