/** `engram evict`: traces in, miss ratios of eviction policies out. */
import { stat } from "node:fs/promises";
import { availableParallelism } from "node:os";
import { Command } from "commander";
import type { EvictionResult } from "../../reports/results.js";
import { InvalidArgumentError } from "../../src/errors.js";
import { type By, policyNames } from "../../src/eviction/index.js";
import { writeWhole } from "../../src/write-whole.js";
import type { TraceReading } from "../../workloads/index.js";
import { withInterruption } from "../command-line/interruption.js";
import { parseSeed } from "../command-line/option-values.js";
import { requireWritableFile } from "../command-line/output-file.js";
import {
  noteOnReading,
  type ReadingFlags,
  readingOptions,
  warnOfReading,
  withReadingOptions,
} from "../command-line/trace-reading.js";
import { renderCsv } from "./csv.js";
import { type CurveRow, type Curves, missRatioCurves } from "./curve.js";
import { renderDecisions, withDecisions } from "./decisions.js";
import { type HitRatioAnswer, sizesForHitRatio } from "./for-hit-ratio.js";
import { loadForSweep } from "./load.js";
import { type MachineFlags, type OnProgress, parseMachines, simulating } from "./machines/machines.js";
import { parsePolicies } from "./policies.js";
import { createProgressBar } from "./progress.js";
import { SAMPLES } from "./sample.js";
import type { Simulations } from "./simulation-pool.js";
import { parseSizes } from "./sizes.js";
import { type SweepRow, sweep } from "./sweep.js";
import { renderTables } from "./table.js";

/** The M-007 policies, today's best, and the bound. */
const DEFAULT_POLICIES = "lru,clock,arc,lirs,lfu,2q,s3-fifo,sieve,w-tinylfu,opt";
const DEFAULT_SIZES = "0.1%,1%,5%,10%,20%";
const MAX_THREADS = 1024;
const DEFAULT_POINTS = 20;
const MAX_POINTS = 1000;
const MAX_WINDOWS = 10_000;
/** Parts of a trace that a page shows, unless about otherwise. */
const WINDOWS_OF_A_PAGE = 100;
/** Parts by which a decision tells how much chance has to do with it. */
const WINDOWS_OF_A_DECISION = 12;

interface EvictOptions extends ReadingFlags, MachineFlags {
  policy: string;
  size?: string;
  curve?: string | true;
  sample?: string;
  hit?: string;
  by?: string;
  seed: string;
  windows?: string;
  misses?: boolean;
  output?: string;
  json?: boolean;
  csv?: boolean;
}

/** The command, for the CLI to add. Bad input of any kind is thrown as an InvalidArgumentError. */
export function evictCommand(): Command {
  return withReadingOptions(new Command("evict"))
    .description("simulate eviction policies over traces and print their miss ratios")
    .argument("<trace...>", "trace files; .gz, .zst and .xz are read as they are")
    .option("--policy <names>", `comma-separated, or all: ${policyNames.join(", ")}`, DEFAULT_POLICIES)
    .option(
      "--size <sizes>",
      `comma-separated: objects (1000), a share of the working set (1%), bytes (64MiB) (default: ${DEFAULT_SIZES})`,
    )
    .option(
      "--curve [points]",
      `instead of --size, whole miss-ratio curves from 0.1% to 100% of the working set (default: ${DEFAULT_POINTS} points); lru exactly, the others of a large trace by samples, with their error`,
    )
    .option(
      "--sample <share>",
      `with --curve, the share of the ids each of ${SAMPLES} samples takes, up to 25%; 100% simulates everything (default: as the trace's size asks for)`,
    )
    .option(
      "--hit <share>",
      "instead of --size, how large a cache has to be to hit so many of the requests, such as 90%; in bytes where the trace has sizes",
    )
    .option(
      "--by <unit>",
      "what shares and plain sizes count: objects or bytes (default: objects; sizes with a unit are bytes)",
    )
    .option(
      "--threads <count>",
      `simulations at a time (default: ${availableParallelism()}, what this machine runs in parallel)`,
    )
    .option(
      "--workers <url>",
      "instead of --threads, whoever runs engram worker at these servers of NATS JetStream: nats://host:port, several separated by commas",
    )
    .option(
      "--wait <time>",
      "with --workers, how long to go on while there is no worker, such as 30s (default: for ever)",
    )
    .option(
      "--patience <time>",
      "with --workers, when nothing is heard of a worker for so long, its job is given to another (default: 30s)",
    )
    .option("--seed <number>", "for policies that draw random numbers", "1")
    .option(
      "--windows <count>",
      `tell the hit ratio of so many equal parts of the trace, each by itself, adaptive's decisions and its regret, in --json and on the page (default: none, ${WINDOWS_OF_A_PAGE} with -o)`,
    )
    .option("--misses", "in the table, print exact misses below each miss ratio")
    .option("-o, --output <file>", "write an HTML page besides: curves by policy, winners, costs, hit ratio over time")
    .option("--json", "print the rows as a JSON array, exact counts")
    .option("--csv", "print the rows as CSV, exact counts")
    .action(evict);
}

async function evict(paths: string[], options: EvictOptions): Promise<void> {
  if (options.json && options.csv) throw new InvalidArgumentError("--json and --csv exclude each other, expected one");
  if (options.sample !== undefined && options.curve === undefined) {
    throw new InvalidArgumentError("--sample goes with --curve only: sizes are always simulated whole");
  }
  await refuseStreamsTwice(paths);
  const work = workOf(paths, options);
  const machines = parseMachines(options);
  if (options.output !== undefined) await requireWritableFile("-o", options.output, paths);

  const bar = createProgressBar(process.stderr.isTTY === true);
  try {
    const readings: string[] = [];
    const onRead = (trace: string, reading: TraceReading): void => {
      bar.stop();
      warnOfReading(trace, reading);
      readings.push(noteOnReading(trace, reading));
    };
    const { rows, parts, notes, answers } = await withInterruption((signal) =>
      simulating(machines, signal, bar, (simulations, onProgress) => work(signal, onRead, onProgress, simulations)),
    );
    bar.stop();
    if (options.output !== undefined) await writePage(options.output, rows);
    process.stdout.write(render({ rows, parts, notes: [...readings, ...notes], answers }, options));
  } finally {
    bar.stop();
  }
}

async function writePage(path: string, rows: readonly EvictionResult[]): Promise<void> {
  // Loaded now: what draws is larger than all the rest, and most sweeps are read as a table.
  const { renderEviction } = await import("../../reports/pages.js");
  await writeWhole(path, renderEviction(rows));
}

/** A pipe named twice has nothing left the second time, or waits for ever for somebody to write to it again. */
async function refuseStreamsTwice(paths: readonly string[]): Promise<void> {
  for (const path of new Set(paths.filter((path, i) => paths.indexOf(path) !== i))) {
    const about = await stat(path).catch(() => null); // what is missing is about by who reads it
    if (path !== "-" && (about === null || about.isFile() || about.isDirectory())) continue;
    throw new InvalidArgumentError(
      `${path}: named twice, and is no file but a stream, which can be read once; expected it once`,
    );
  }
}

interface Work {
  rows: CurveRow[];
  /** The same with their equal parts, which were counted for the sentences alone. */
  parts?: CurveRow[];
  /** Lines on how the rows came about. */
  notes: string[];
  /** To a question that is answered in sentences, without tables. */
  answers?: string[];
}

type OnRead = (trace: string, reading: TraceReading) => void;

type Run = (signal: AbortSignal, onRead: OnRead, onProgress: OnProgress, simulations?: Simulations) => Promise<Work>;

function workOf(paths: readonly string[], options: EvictOptions): Run {
  if (options.hit !== undefined) return hitWork(paths, options.hit, options);
  return options.curve === undefined ? sizedWork(paths, options) : curveWork(paths, options);
}

/** Checks all options now, and gives what is left to do. */
function sizedWork(paths: readonly string[], options: EvictOptions): Run {
  const sizes = parseSizes(options.size ?? DEFAULT_SIZES, parseBy(options.by));
  const settings = { policies: parsePolicies(options.policy), ...parseCommon(options) };
  const asked = options.windows !== undefined || options.output !== undefined;
  const decides = options.csv !== true;
  const windows = parseWindows(options.windows, asked ? WINDOWS_OF_A_PAGE : decides ? WINDOWS_OF_A_DECISION : 0);
  return async (signal, onRead, onProgress, simulations) => {
    const traces = loadEach(paths, options, onRead, signal);
    const swept = await sweep({ traces, sizes, windows, ...settings, signal, onProgress, simulations });
    const rows = decides ? withDecisions(swept) : swept;
    return asked
      ? { rows, notes: rows.flatMap(noteOnRegret) }
      : { rows: rows.map(withoutParts), notes: [], parts: swept };
  };
}

function curveWork(paths: readonly string[], options: EvictOptions): Run {
  if (options.windows !== undefined) throw new InvalidArgumentError("--windows goes with --size, not with --curve");
  if (options.size !== undefined) throw new InvalidArgumentError("--size and --curve exclude each other, expected one");
  const by = parseBy(options.by) ?? "objects";
  const points = parsePoints(options.curve as string | true);
  const rate = parseSample(options.sample);
  const settings = { policies: parsePolicies(options.policy), by, points, rate, ...parseCommon(options) };
  return async (signal, onRead, onProgress, simulations) => {
    const traces = loadEach(paths, options, onRead, signal);
    const work: Work = { rows: [], notes: [] };
    for await (const curves of missRatioCurves({ traces, ...settings, signal, onProgress, simulations })) {
      work.rows.push(...withDecisions(curves.rows));
      work.notes.push(noteOn(curves));
    }
    return work;
  };
}

function hitWork(paths: readonly string[], hit: string, options: EvictOptions): Run {
  for (const other of ["size", "curve", "windows"] as const) {
    if (options[other] !== undefined)
      throw new InvalidArgumentError(`--hit finds sizes itself, and does not go with --${other}`);
  }
  const wanted = parseHit(hit);
  const settings = { policies: parsePolicies(options.policy), by: parseBy(options.by), ...parseCommon(options) };
  return async (signal, onRead, onProgress, simulations) => {
    const work: Work = { rows: [], notes: [], answers: [] };
    for await (const trace of loadEach(paths, options, onRead, signal)) {
      const answer = await sizesForHitRatio({ trace, wanted, ...settings, signal, onProgress, simulations });
      work.rows.push(...withAnswer(answer));
      work.answers?.push(...answer.sentences);
    }
    return work;
  };
}

/** The smallest size that is enough has the answer; where none is, the cache of everything, which was simulated last. */
function withAnswer({ rows, found, sentences: [answer, ...reasons] }: HitRatioAnswer): CurveRow[] {
  const told = found[0]?.enough ?? rows.at(-1);
  return rows.map((row) => (row === told ? { ...row, decision: { answer, reasons, steps: [] } } : row));
}

function parseHit(text: string): number {
  const share = /^\d+(\.\d+)?%$/.test(text) ? Number(text.slice(0, -1)) / 100 : Number.NaN;
  if (share > 0 && share < 1) return share;
  throw new InvalidArgumentError(`--hit ${text}: expected a share above 0% and below 100%, such as 90%`);
}

function parseCommon(options: EvictOptions) {
  return { threads: parseThreads(options.threads), seed: parseSeed(options.seed) };
}

function noteOn({ trace, rate, lruDeviation }: Curves): string {
  if (rate === null) return `${trace}: every count is exact`;
  const share = `${(rate * 100).toPrecision(2)} %`;
  const sampled = `${trace}: ± is one standard error, over ${SAMPLES} samples of ${share} of the ids each`;
  if (lruDeviation === null) return sampled;
  const { mean, greatest } = lruDeviation;
  return `${sampled}; of lru, known exactly, they are ${mean.toFixed(4)} off on average and ${greatest.toFixed(4)} at most`;
}

/** One line a row of adaptive with windows. */
function noteOnRegret({ trace, capacity, by, regret, decisions = [] }: SweepRow): string[] {
  if (regret === undefined) return [];
  const points = (ratio: number) => `${(ratio * 100).toFixed(2)}`;
  const switching = regret.switching.map(({ switches, regret: lost }) => `${points(lost)} (${switches})`).join(", ");
  const changes = `${decisions.length} ${decisions.length === 1 ? "change" : "changes"}`;
  return [
    `${trace}, ${capacity} ${by}: adaptive made ${changes}; points of hit ratio behind ${regret.best}, the best fixed policy: ${points(regret.regret)}; behind the best schedule of (k) changes: ${switching}`,
  ];
}

/** Nobody asked for its parts: they were counted for what the decision says of chance. */
function withoutParts({ windowHitRatios: _ratios, decisions: _changes, regret: _regret, ...row }: SweepRow): SweepRow {
  return row;
}

async function* loadEach(paths: readonly string[], options: EvictOptions, onRead: OnRead, signal: AbortSignal) {
  for (const path of paths) {
    signal.throwIfAborted();
    const trace = await loadForSweep(path, { ...readingOptions(options), sizes: true });
    if (trace.reading !== undefined) onRead(trace.name, trace.reading);
    yield trace;
  }
}

function render({ rows, parts = rows, notes, answers }: Work, { json, csv, misses, output }: EvictOptions): string {
  if (json) return `${JSON.stringify(rows satisfies EvictionResult[], null, 2)}\n`;
  if (csv) return renderCsv(rows);
  const told = answers?.map((answer) => `${answer}\n`) ?? [
    renderDecisions(parts),
    renderTables(rows, { misses: misses === true }),
  ];
  const text = [...told, ...notes.map((note) => `${note}\n`)].join("");
  return output === undefined ? text : `${text}\npage: ${output}\n`;
}

function parseBy(text: string | undefined): By | undefined {
  if (text === undefined || text === "objects" || text === "bytes") return text;
  throw new InvalidArgumentError(`--by ${text}: expected objects or bytes`);
}

function parsePoints(text: string | true): number {
  if (text === true) return DEFAULT_POINTS;
  const points = /^\d+$/.test(text) ? Number(text) : 0;
  if (points < 1 || points > MAX_POINTS) {
    throw new InvalidArgumentError(`--curve ${text}: expected a whole number of points from 1 to ${MAX_POINTS}`);
  }
  return points;
}

function parseWindows(text: string | undefined, standard: number): number {
  if (text === undefined) return standard;
  const windows = /^\d+$/.test(text) ? Number(text) : 0;
  if (windows < 1 || windows > MAX_WINDOWS) {
    throw new InvalidArgumentError(`--windows ${text}: expected a whole number from 1 to ${MAX_WINDOWS}`);
  }
  return windows;
}

/** Undefined: as the trace's size asks for. */
function parseSample(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const share = /^\d+(\.\d+)?%$/.test(text) ? Number(text.slice(0, -1)) / 100 : 0;
  if (share === 1 || (share > 0 && share <= 1 / SAMPLES)) return share;
  throw new InvalidArgumentError(`--sample ${text}: expected a share above 0% and up to ${100 / SAMPLES}%, or 100%`);
}

function parseThreads(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const threads = /^\d+$/.test(text) ? Number(text) : 0;
  if (threads < 1 || threads > MAX_THREADS) {
    throw new InvalidArgumentError(`--threads ${text}: expected a whole number from 1 to ${MAX_THREADS}`);
  }
  return threads;
}
