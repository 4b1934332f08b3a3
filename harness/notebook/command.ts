/** `engram notebook FILES…`: the fitting notebook over one's own files, served on the loopback or as a folder. */
import { Command } from "commander";
import { InvalidArgumentError } from "../../src/errors.js";
import { formatBytes } from "../../src/units.js";
import { closest } from "../../workloads/closest.js";
import { EXIT } from "../command-line/exit-codes.js";
import { withInterruption } from "../command-line/interruption.js";
import { wholeNumber } from "../command-line/option-values.js";
import { type NotebookData, readNotebookData } from "./data.js";
import { KIND_NAMES, NOTEBOOKS, type NotebookName } from "./kinds.js";
import { areStale, pageFiles } from "./pages.js";

interface NotebookOptions {
  notebook?: string;
  port?: number;
  out?: string;
  json?: boolean;
}

const DETAILS = `
What a file is, it says itself:
  results.json of engram run, or its folder    notebooks results and latency; several stand side by side
  the JSON of engram evict --json              notebook sweep
  a monitor's history                          notebook history, with forecasts
  records of engram gate --record              notebook history, with the commits at which a metric moved

The pages are served on the loopback until Ctrl-C, ask nobody else for anything, and read the files anew when they are loaded again.

  engram notebook results/                     # prints the address
  engram notebook before.json after.json
  engram notebook sweep.json --out pages       # a folder for any server of files

Exit codes: 0 done, also by Ctrl-C; 2 bad input: also a file of JSON lines that is damaged, of which is shown what comes before.`;

export function notebookCommand(): Command {
  return new Command("notebook")
    .description("explore results, a sweep, a history or records of gates in a notebook, offline, in a browser")
    .argument("<files...>", "files of one kind; a folder stands for the results.json in it")
    .option("--notebook <name>", `which one, where several fit: ${NOTEBOOKS.join(", ")}`)
    .option("--port <n>", "to serve on (default: any that is free)", (text) => wholeNumber("--port", text, 1, 65_535))
    .option("--out <folder>", "write the pages into a new folder instead of serving them")
    .option(
      "--json",
      "print what a notebook is given as JSON, alone on stdout, and serve nothing; with --out, what was written",
    )
    .addHelpText("after", DETAILS)
    .action(notebook);
}

async function notebook(paths: string[], { notebook: name, port, out, json }: NotebookOptions): Promise<void> {
  if (out !== undefined && port !== undefined) {
    throw new InvalidArgumentError("--port and --out exclude each other; expected one");
  }
  const data = chosen(await readNotebookData(paths), name);
  for (const problem of data.problems) process.stderr.write(`engram: ${problem}\n`);
  if (out !== undefined) await asFolder(out, data, json === true);
  else if (json) process.stdout.write(`${JSON.stringify(data)}\n`);
  else await untilInterrupted(paths, data, port ?? 0);
  if (isDamaged(data)) process.exitCode = EXIT.usage;
}

/** The named notebook first. */
function chosen(data: NotebookData, name: string | undefined): NotebookData {
  if (name === undefined) return data;
  const known = NOTEBOOKS.find((one) => one === name);
  if (known === undefined) {
    throw new InvalidArgumentError(
      `--notebook ${name}: no such notebook${closest(name, NOTEBOOKS)}; there are ${NOTEBOOKS.join(", ")}`,
    );
  }
  if (!data.notebooks.includes(known)) {
    throw new InvalidArgumentError(
      `--notebook ${name}: ${data.files[0]} is ${KIND_NAMES[data.kind]}, which ${data.notebooks.join(" and ")} ${data.notebooks.length === 1 ? "shows" : "show"}`,
    );
  }
  const notebooks: NotebookName[] = [known, ...data.notebooks.filter((one) => one !== known)];
  return { ...data, notebooks };
}

function isDamaged(data: NotebookData): boolean {
  return "trend" in data && data.trend.damage.length > 0;
}

async function asFolder(out: string, data: NotebookData, json: boolean): Promise<void> {
  const { checkFolder, writeFolder } = await import("./folder.js");
  await checkFolder(out);
  const { files, bytes } = await writeFolder(out, data, builtPages(data));
  if (json) process.stdout.write(`${JSON.stringify({ folder: out, files, bytes, notebooks: data.notebooks })}\n`);
  else
    process.stdout.write(
      `notebook: ${out} (${files} files, ${formatBytes(bytes)}), to be served by any server of files\n`,
    );
}

async function untilInterrupted(paths: readonly string[], data: NotebookData, port: number): Promise<void> {
  const pages = builtPages(data);
  const { serveNotebook } = await import("./server.js");
  await withInterruption(async (interrupt) => {
    const server = await serveNotebook(paths, data, pages, port);
    process.stdout.write(`notebook: ${server.url}${data.notebooks[0]}.html\n`);
    if (process.stdout.isTTY) process.stderr.write("Ctrl-C ends it\n");
    if (!interrupt.aborted) await new Promise((ended) => interrupt.addEventListener("abort", ended, { once: true }));
    await server.close();
  });
}

function builtPages({ notebooks }: NotebookData): ReturnType<typeof pageFiles> {
  const pages = pageFiles(notebooks);
  if (areStale()) {
    process.stderr.write(
      'engram: the notebooks were built of other sources than those here; "npm run notebooks" builds them anew\n',
    );
  }
  return pages;
}
