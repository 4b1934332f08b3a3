/** A store of somebody else's on every stage: each scenario, small, in a process of its own, and what came of it. */
import { mkdir, writeFile } from "node:fs/promises";
import { basename, join, resolve } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import { readResults } from "../../../reports/index.js";
import { Child, lastLine } from "../../child/index.js";
import { marked } from "./left-running.js";

export type Outcome =
  | { readonly kind: "measured" }
  /** It said which operations, or what else, it cannot. */
  | { readonly kind: "declined"; readonly line: string }
  | { readonly kind: "fault"; readonly what: string };

export interface Stage {
  readonly name: string;
  readonly needsTrace: boolean;
}

export interface StageRun {
  readonly scenario: string;
  /** By subject's name. */
  readonly outcomes: ReadonlyMap<string, Outcome>;
  readonly seconds: number;
}

export interface StageSettings {
  /** Files of subjects. */
  readonly files: readonly string[];
  readonly ops: number;
  readonly limitMs: number;
  readonly folder: string;
  readonly interrupt: AbortSignal;
}

const CLI = fileURLToPath(new URL("../../cli.js", import.meta.url));
const DURATION = "300ms";
const WORKERS = 2;

/** What results call it; of a module that cannot be loaded, which each run says, the file's name. */
export async function subjectName(file: string): Promise<string> {
  const module = (await import(pathToFileURL(resolve(file)).href).catch(() => ({}))) as {
    default?: { name?: unknown };
  };
  const name = module.default?.name;
  return typeof name === "string" ? name : basename(file);
}

/** Runs a scenario with all the subjects at once. */
export async function runStage(stage: Stage, names: readonly string[], settings: StageSettings): Promise<StageRun> {
  const { name: scenario, needsTrace } = stage;
  const { files, ops, limitMs, folder, interrupt } = settings;
  const out = join(folder, scenario);
  const mark = marked();
  const sizes = ["--ops", String(ops), "--duration", DURATION, "--workers", String(WORKERS)];
  const subjects = ["--subjects", "noop", ...files.flatMap((file) => ["--subject", resolve(file)])];
  const trace = needsTrace ? ["--trace", await smallTrace(folder)] : [];
  const args = [CLI, "run", scenario, ...subjects, ...sizes, ...trace, "--out", out];
  const child = Child.program(process.execPath, args, { env: mark.env, ownGroup: true, limitMs, interrupt });
  const ended = await child.ended;
  interrupt.throwIfAborted();
  const left = (await mark.leftRunning()) + (child.endGroup() ? 1 : 0);
  const measured = await subjectsIn(join(out, "results.json"));
  const outcomes = new Map(names.map((name) => [name, outcomeOf(name)]));
  return { scenario, outcomes, seconds: ended.wallMs / 1000 };

  function outcomeOf(name: string): Outcome {
    if (ended.late) return fault(`no end within ${limitMs / 1000} s`);
    if (left > 0) return fault(`${left} processes left running`);
    if (ended.exitCode !== 0) {
      return fault(`exit code ${ended.exitCode ?? ended.killedBy}: ${lastLine(ended.stderr) ?? "not a word"}`);
    }
    if (measured.has(name)) return { kind: "measured" };
    const line = ended.stderr.split("\n").find((said) => said.includes(` ${name}: ${name} `));
    if (line !== undefined) return { kind: "declined", line: line.replace(/^engram: /, "") };
    return fault("neither results nor a word why not");
  }
}

function fault(what: string): Outcome {
  return { kind: "fault", what };
}

async function subjectsIn(path: string): Promise<ReadonlySet<string>> {
  const results = await readResults(path).catch(() => null);
  const whole = results?.runs.filter(({ errors }) => Object.keys(errors ?? {}).length === 0) ?? [];
  return new Set(whole.map(({ subject }) => subject));
}

/** What replay replays: a few keys, written and read. */
async function smallTrace(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true });
  const path = join(folder, "small.csv");
  const lines = Array.from(
    { length: 2000 },
    (_, i) => `${i},k${(i * 7919) % 97},${64 + (i % 5)},${i % 4 === 0 ? "set" : "get"}`,
  );
  await writeFile(path, `${["time,key,size,op", ...lines].join("\n")}\n`);
  return path;
}
