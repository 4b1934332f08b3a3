/** `engram run`: scenarios against subjects over worker threads, to results and a report. */
import { join } from "node:path";
import { Command } from "commander";
import type { Results } from "../../reports/results.js";
import { findTarget, TARGETS } from "../../reports/targets/index.js";
import { InvalidArgumentError } from "../../src/errors.js";
import { Histogram, hdrLog } from "../../src/metrics/index.js";
import { refuseInputs, writeWhole } from "../../src/write-whole.js";
import { closest } from "../../workloads/closest.js";
import { formatByName, openTrace, replaysTrace, type Scenario } from "../../workloads/index.js";
import { EXIT } from "../command-line/exit-codes.js";
import { withInterruption } from "../command-line/interruption.js";
import * as values from "../command-line/option-values.js";
import { type OutputFolder, prepareOutputFolder } from "../command-line/output-folder.js";
import { createProgress } from "../command-line/progress.js";
import type { LiveRun } from "../monitor/index.js";
import { type MeasuredRuns, measureRuns, type RunRequest } from "../runner/index.js";
import {
  checkSubject,
  REDIS_URL_VARIABLE,
  SUBJECT_NAMES,
  subjectSummary,
  WATCHABLE_SUBJECTS,
  whyMissing,
  whyUnreachable,
} from "../subjects/index.js";

/** Of these, those whose package is installed: a peer need not be. */
const DEFAULT_SUBJECTS = ["engram", "map", "lmdb"];
const NOISE_RUNS = 5;
const HIGHEST_PORT = 65_535;
const HDR_LOG = "latencies.hlog";

interface RunOptions {
  subjects?: string;
  workers?: string;
  duration?: string;
  ops?: string;
  rate?: string;
  seed: string;
  out?: string;
  trace?: string;
  format?: string;
  limit?: string;
  redis?: string;
  subject?: string[];
  hlog?: boolean;
  noise?: boolean;
  json?: boolean;
  live?: boolean;
  monitor?: boolean;
  port?: string;
}

const DETAILS = `
Without a scenario all those run that need no trace; "engram list" tells what there is. A scenario may also be a .yaml file.

Subjects:
${SUBJECT_NAMES.map((name) => `  ${name.padEnd(16)} ${subjectSummary(name)}`).join("\n")}
A store of one's own is given with --subject FILE, beside these; with --subjects none too, alone.

Each scenario and subject gets a process of its own. In it two stores are used until they are no longer getting faster, and
thrown away; then every pass starts from a fresh store:
  throughput   batches of at least 60 us, unsampled: operations a second, hit ratio, cost of the mix
  cost         the same for each kind of operation on its own, a quarter of the time
  sampled      about 1 operation in 64 timed alone, for the percentiles; as long as the first
With --rate (or a rate in the scenario) operations start at their intended times instead, and all are timed: from the
intended start (so that waiting counts) and from the actual one. A scenario's phases are told apart in all of it. When the
run is too short, its slices differ, or the machine is busy with something else, the summary says which figures not to believe.
A run of less than 100 ms, or of 2000 operations at most, is always too short for that; it is warmed up as shortly.

Exit codes: 0 done, 2 bad input, 3 a run failed (the others are written), 130 interrupted (what was measured is written).`;

export function runCommand(): Command {
  return new Command("run")
    .description("replay scenarios over worker threads; writes results.json and report.html, prints a summary")
    .argument("[scenario...]", "scenarios by name or file (default: all that need no trace)")
    .option(
      "--subjects <names>",
      `what they are run against, separated by commas (default: ${DEFAULT_SUBJECTS.join(", ")})`,
    )
    .option(
      "--subject <file>",
      "also against a store of one's own: a module that exports a subject; again for another (see check-subject, init)",
      (file: string, files: string[] = []) => [...files, file],
    )
    .option("--workers <n>", "worker threads, or several such as 1,2,4 to compare (default: as the scenario says)")
    .option("--duration <time>", "length of the throughput pass, such as 5s (default: what the scenario says)")
    .option("--ops <n>", "operations of the throughput pass, all workers together")
    .option("--rate <n/s>", "open loop: operations a second, all workers together")
    .option("--seed <n>", "of the operation streams", "1")
    .option("--out <dir>", "where results.json and report.html are written (default: results/<time>)")
    .option("--trace <file>", "the trace that scenario replay replays")
    .option("--format <name>", "the trace's format, instead of guessing it from name and content")
    .option("--limit <n>", "requests of the trace at most")
    .option("--redis <url>", "also against this redis server: redis://HOST:PORT or unix:///SOCKET; adds subject redis")
    .option(
      "--noise",
      `run the first scenario ${NOISE_RUNS} times for 300 ms beforehand and report how much the figures differ`,
    )
    .option("--hlog", "also write latencies.hlog, an HdrHistogram log of every latency, beside the results")
    .option("--monitor", "watch the stores of engram while they are measured: the report has their figures over time")
    .option("--live", "show the stores of engram while they are measured, on a page whose address is printed on stderr")
    .option("--port <n>", "of that page (default: any that is free)")
    .option("--json", "print results.json alone on stdout")
    .addHelpText("after", DETAILS)
    .action(run);
}

async function run(names: string[], options: RunOptions): Promise<void> {
  const request = await checkedRequest(names, options);
  const out = options.out ?? defaultFolder();
  refuseOverwriting(out, request, options.hlog === true);
  requireWatchable(request, options);
  const live = await liveRun(options);
  try {
    const folder = await prepareOutputFolder(out);
    await withInterruption(async (interrupt) => {
      const measured = await measureInto({ ...request, live, monitor: options.monitor === true }, folder, interrupt);
      if (options.hlog && measured.results.runs.length > 0) await writeHdrLog(measured, folder);
      await finish(measured, folder, options.json === true);
    });
  } finally {
    await live?.close();
  }
}

function requireWatchable({ subjects }: RunRequest, { live, monitor }: RunOptions): void {
  if ((!live && !monitor) || subjects.some((subject) => WATCHABLE_SUBJECTS.includes(subject))) return;
  const option = live ? "--live shows" : "--monitor watches";
  throw new InvalidArgumentError(`${option} the stores of ${WATCHABLE_SUBJECTS.join(" and ")}; name one in --subjects`);
}

/** The page, before anything is run or written: a port that is taken ends it here. Null: none was asked for. */
async function liveRun(options: RunOptions): Promise<LiveRun | null> {
  const port = optional(options.port, (text) => values.wholeNumber("--port", text, 1, HIGHEST_PORT));
  if (!options.live) {
    if (port !== null) throw new InvalidArgumentError("--port goes with --live");
    return null;
  }
  const { showLive } = await import("../monitor/index.js");
  const live = await showLive(port);
  process.stderr.write(`live: ${live.url}\n`);
  return live;
}

/** What is written into the folder must not be what the run reads: a trace, or a scenario given as a file. */
function refuseOverwriting(out: string, { scenarios, trace }: RunRequest, hlog: boolean): void {
  const inputs = [...scenarios.map(({ file }) => file), ...(trace === null ? [] : [trace.path])];
  for (const name of ["results.json", "report.html", ...(hlog ? [HDR_LOG] : [])]) {
    refuseInputs("--out", join(out, name), inputs);
  }
}

async function measureInto(request: RunRequest, folder: OutputFolder, interrupt: AbortSignal): Promise<MeasuredRuns> {
  const progress = createProgress();
  try {
    return await measureRuns(request, interrupt, progress);
  } catch (error) {
    await folder.removeIfEmpty();
    throw error;
  } finally {
    progress.stop();
  }
}

/** One line a latency of each run: its whole distribution. */
async function writeHdrLog({ results, recordings }: MeasuredRuns, folder: OutputFolder): Promise<void> {
  const intervals = results.runs.flatMap(({ scenario, subject, workers, seconds }, at) =>
    recordings[at].histograms.map(({ name, pairs, max }) => ({
      ...{ tag: `${scenario}/${subject}/${workers}/${name}`, startMs: recordings[at].startedAt, seconds },
      histogram: Histogram.fromPairs(pairs, max),
    })),
  );
  await writeWhole(join(folder.path, HDR_LOG), hdrLog(intervals));
}

/**
 * Writes what was measured, prints it, and sets the exit code.
 *
 * @param others whether it also prints what measures the targets that are open
 */
export async function finish(
  { results, failures, leftOut }: MeasuredRuns,
  folder: OutputFolder,
  json: boolean,
  others = false,
): Promise<void> {
  for (const line of [...leftOut, ...failures]) process.stderr.write(`engram: ${line}\n`);
  if (failures.length > 0) process.exitCode = EXIT.failed;
  if (results.interrupted) process.exitCode = EXIT.interrupted;
  if (results.runs.length === 0) {
    await folder.removeIfEmpty();
    const why = results.interrupted ? "interrupted before anything was measured" : "no run was finished";
    process.stderr.write(`engram: ${why}; nothing written\n`);
    return;
  }
  const written = await writeReport(results, folder);
  if (json) process.stdout.write(`${JSON.stringify(results, null, 2)}\n`);
  else {
    const { renderCommands, renderSummary } = await import("../../reports/index.js");
    const rest = others ? `${renderCommands(results)}\n` : "";
    process.stdout.write(`${renderSummary(results)}\n${rest}results: ${written.results}\nreport:  ${written.report}\n`);
  }
  if (results.interrupted) process.stderr.write("engram: interrupted; what was measured is written\n");
}

async function writeReport(results: Results, folder: OutputFolder): Promise<{ results: string; report: string }> {
  // Loaded now: the page's renderer is large, and nothing of it belongs beside a measurement.
  const { writeResults } = await import("../../reports/index.js");
  const { renderReport } = await import("../../reports/pages.js");
  const paths = { results: join(folder.path, "results.json"), report: join(folder.path, "report.html") };
  await writeResults(paths.results, results);
  await writeWhole(paths.report, renderReport([results]));
  return paths;
}

/** Everything the user asked for, checked before anything starts. Throws InvalidArgumentError. */
async function checkedRequest(names: string[], options: RunOptions): Promise<RunRequest> {
  const { subjects, leftOut } = await chosenSubjects(options);
  const request = {
    workers: optional(options.workers, values.parseWorkerCounts),
    durationMs: optional(options.duration, values.parseDuration),
    ops: optional(options.ops, values.parseOperations),
    rate: optional(options.rate, values.parseRate),
    seed: values.parseSeed(options.seed),
    noiseRuns: options.noise ? NOISE_RUNS : 0,
  };
  const limit = optional(options.limit, values.parseLimit);
  const scenarios = await chosenScenarios(names, options.trace !== undefined);
  for (const scenario of scenarios) requireTargets(scenario);
  const trace = await checkedTrace(scenarios, options, limit);
  // Last: it takes a second or two.
  const subjectFiles = await examinedSubjects(options.subject ?? []);
  const all = [...subjects, ...Object.keys(subjectFiles)];
  return { ...request, subjects: all, subjectFiles, leftOut, scenarios, trace };
}

type ChosenSubjects = Required<Pick<RunRequest, "subjects" | "leftOut">>;

async function chosenSubjects({ subjects: named, redis: url, subject: own = [] }: RunOptions): Promise<ChosenSubjects> {
  const { subjects: names, leftOut } = named === undefined ? installedOf(DEFAULT_SUBJECTS) : namedSubjects(named, own);
  if (url === undefined) {
    if (names.includes("redis"))
      throw new InvalidArgumentError("subject redis needs the server's address: --redis URL");
    return { subjects: names, leftOut };
  }
  const why = await whyUnreachable(url);
  if (why === null) {
    process.env[REDIS_URL_VARIABLE] = url;
    return { subjects: [...new Set([...names, "redis"])], leftOut };
  }
  const others = names.filter((name) => name !== "redis");
  if (others.length === 0) throw new InvalidArgumentError(why);
  return { subjects: others, leftOut: [...leftOut, why] };
}

/** `none`: none of ours, where there are some of one's own. */
function namedSubjects(named: string, own: readonly string[]): ChosenSubjects {
  if (named === "none" && own.length > 0) return { subjects: [], leftOut: [] };
  const subjects = values.parseNames("--subjects", named);
  for (const name of subjects) if (name !== "redis") checkSubject(name);
  return { subjects, leftOut: [] };
}

/** Anybody's subjects by name, each examined before it is measured. @throws InvalidArgumentError when one is not fit for it */
async function examinedSubjects(files: readonly string[]): Promise<Record<string, string>> {
  if (files.length === 0) return {};
  const { examineSubject, subjectPath } = await import("../conformance/index.js");
  const found: Record<string, string> = {};
  for (const file of files) {
    const path = await subjectPath(file);
    const { subject, findings } = await examineSubject(path);
    const name = subject?.name ?? file;
    const fault = findings.find(({ kind }) => kind === "fault");
    if (fault !== undefined) {
      const more = `engram check-subject ${file} tells more`;
      throw new InvalidArgumentError(`--subject ${file}: ${fault.message}; ${more}`);
    }
    if (SUBJECT_NAMES.includes(name) || Object.hasOwn(found, name)) {
      throw new InvalidArgumentError(
        `--subject ${file}: there is another subject named ${name}; give it a name of its own`,
      );
    }
    found[name] = path;
  }
  return found;
}

function installedOf(names: readonly string[]): ChosenSubjects {
  const missing = new Map(names.map((name) => [name, whyMissing(name)]));
  return {
    subjects: names.filter((name) => missing.get(name) === null),
    leftOut: [...missing.values()].filter((why) => why !== null),
  };
}

async function chosenScenarios(names: string[], withTrace: boolean): Promise<Scenario[]> {
  // Loaded now: help needs no YAML and no schema.
  const { listScenarios, loadScenario } = await import("../../workloads/scenarios.js");
  if (names.length > 0) return [...new Set(names)].map(loadScenario);
  const all = listScenarios();
  return all.filter((scenario) => replaysTrace(scenario) === withTrace);
}

/** @throws InvalidArgumentError when a scenario is to be judged by a target that no document promises */
function requireTargets({ file, targets }: Scenario): void {
  const unknown = targets.find((id) => findTarget(id) === undefined);
  if (unknown === undefined) return;
  const known = TARGETS.map(({ id }) => id);
  throw new InvalidArgumentError(
    `${file}: targets: no target ${JSON.stringify(unknown)}${closest(unknown, known)}; "engram targets" lists them`,
  );
}

async function checkedTrace(
  scenarios: Scenario[],
  options: RunOptions,
  limit: number | null,
): Promise<RunRequest["trace"]> {
  const { trace: path, format } = options;
  const replaying = scenarios.find(replaysTrace);
  if (path === undefined) {
    for (const option of ["format", "limit"] as const) {
      if (options[option] !== undefined) throw new InvalidArgumentError(`--${option} goes with --trace FILE`);
    }
    if (replaying)
      throw new InvalidArgumentError(`scenario ${replaying.name} replays a trace: give one with --trace FILE`);
    return null;
  }
  if (!replaying) {
    const given = scenarios.map(({ name }) => name).join(", ");
    throw new InvalidArgumentError(`--trace goes with a scenario that replays one, such as replay; not with ${given}`);
  }
  if (format !== undefined) formatByName(format);
  // Opened and read a little, so that a file that is no trace is refused before the run.
  const stream = await openTrace(path, { format, limit: 1 });
  for await (const _ of stream.batches()) break;
  return { path, format: format ?? null, limit };
}

/** `results/2026-03-01T12-30-05`, in local folders easy to sort. */
export function defaultFolder(): string {
  return join("results", new Date().toISOString().slice(0, 19).replaceAll(":", "-"));
}

function optional<T>(text: string | undefined, parse: (text: string) => T): T | null {
  return text === undefined ? null : parse(text);
}
