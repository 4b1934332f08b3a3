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
import { loadForSweep } from "./load.js";
import { parsePolicies } from "./policies.js";
import { createProgressBar } from "./progress.js";
import { SAMPLES } from "./sample.js";
import { parseSizes } from "./sizes.js";
import { type SweepProgress, type SweepRow, sweep } from "./sweep.js";
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

interface EvictOptions extends ReadingFlags {
  policy: string;
  size?: string;
  curve?: string | true;
  sample?: string;
  by?: string;
  threads?: string;
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
      "--by <unit>",
      "what shares and plain sizes count: objects or bytes (default: objects; sizes with a unit are bytes)",
    )
    .option(
      "--threads <count>",
      `simulations at a time (default: ${availableParallelism()}, what this machine runs in parallel)`,
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
  const work = options.curve === undefined ? sizedWork(paths, options) : curveWork(paths, options);
  if (options.output !== undefined) await requireWritableFile("-o", options.output, paths);

  const bar = createProgressBar(process.stderr.isTTY === true);
  try {
    const readings: string[] = [];
    const onRead = (trace: string, reading: TraceReading): void => {
      bar.stop();
      warnOfReading(trace, reading);
      readings.push(noteOnReading(trace, reading));
    };
    const { rows, notes } = await withInterruption((signal) => work(signal, onRead, bar.show));
    bar.stop();
    if (options.output !== undefined) await writePage(options.output, rows);
    process.stdout.write(render({ rows, notes: [...readings, ...notes] }, options));
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
    if (about === null || about.isFile() || about.isDirectory()) continue;
    throw new InvalidArgumentError(
      `${path}: named twice, and is no file but a stream, which can be read once; expected it once`,
    );
  }
}

interface Work {
  rows: CurveRow[];
  /** Lines on how the rows came about. */
  notes: string[];
}

type OnRead = (trace: string, reading: TraceReading) => void;

type Run = (signal: AbortSignal, onRead: OnRead, onProgress?: (progress: SweepProgress) => void) => Promise<Work>;

/** Checks all options now, and gives what is left to do. */
function sizedWork(paths: readonly string[], options: EvictOptions): Run {
  const sizes = parseSizes(options.size ?? DEFAULT_SIZES, parseBy(options.by));
  const settings = { policies: parsePolicies(options.policy), ...parseCommon(options) };
  const windows = parseWindows(options.windows, options.output === undefined ? 0 : WINDOWS_OF_A_PAGE);
  return async (signal, onRead, onProgress) => {
    const traces = loadEach(paths, options, onRead, signal);
    const rows = await sweep({ traces, sizes, windows, ...settings, signal, onProgress });
    return { rows, notes: rows.flatMap(noteOnRegret) };
  };
}

function curveWork(paths: readonly string[], options: EvictOptions): Run {
  if (options.windows !== undefined) throw new InvalidArgumentError("--windows goes with --size, not with --curve");
  if (options.size !== undefined) throw new InvalidArgumentError("--size and --curve exclude each other, expected one");
  const by = parseBy(options.by) ?? "objects";
  const points = parsePoints(options.curve as string | true);
  const rate = parseSample(options.sample);
  const settings = { policies: parsePolicies(options.policy), by, points, rate, ...parseCommon(options) };
  return async (signal, onRead, onProgress) => {
    const traces = loadEach(paths, options, onRead, signal);
    const work: Work = { rows: [], notes: [] };
    for await (const curves of missRatioCurves({ traces, ...settings, signal, onProgress })) {
      work.rows.push(...curves.rows);
      work.notes.push(noteOn(curves));
    }
    return work;
  };
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

async function* loadEach(paths: readonly string[], options: EvictOptions, onRead: OnRead, signal: AbortSignal) {
  for (const path of paths) {
    signal.throwIfAborted();
    const trace = await loadForSweep(path, { ...readingOptions(options), sizes: true });
    if (trace.reading !== undefined) onRead(trace.name, trace.reading);
    yield trace;
  }
}

function render({ rows, notes }: Work, { json, csv, misses, output }: EvictOptions): string {
  if (json) return `${JSON.stringify(rows satisfies EvictionResult[], null, 2)}\n`;
  if (csv) return renderCsv(rows);
  const tables = renderTables(rows, { misses: misses === true });
  const text = [tables, ...notes.map((note) => `${note}\n`)].join("");
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
