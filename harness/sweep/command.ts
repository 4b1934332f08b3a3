/** `engram evict`: traces in, miss ratios of eviction policies out. */
import { availableParallelism } from "node:os";
import { Command } from "commander";
import { renderEviction, writeFileAtomically } from "../../reports/index.js";
import { type By, policyNames } from "../../src/eviction/index.js";
import { InvalidArgumentError } from "../../src/store/errors.js";
import { renderCsv } from "./csv.js";
import { interruptible } from "./interruption.js";
import { loadForSweep } from "./load.js";
import { requireWritableFile } from "./output-file.js";
import { parsePolicies } from "./policies.js";
import { createProgressBar } from "./progress.js";
import { parseSizes } from "./sizes.js";
import { type SweepRow, sweep } from "./sweep.js";
import { renderTables } from "./table.js";

/** The ADR-007 policies, today's best, and the bound. */
const DEFAULT_POLICIES = "lru,clock,arc,lirs,lfu,2q,s3-fifo,sieve,w-tinylfu,opt";
const DEFAULT_SIZES = "0.1%,1%,5%,10%,20%";
const MAX_THREADS = 1024;

interface EvictOptions {
  policy: string;
  size: string;
  format?: string;
  columns?: string;
  by?: string;
  threads?: string;
  seed: string;
  misses?: boolean;
  output?: string;
  json?: boolean;
  csv?: boolean;
}

/** The command, for the CLI to add. Bad input of any kind is thrown as an InvalidArgumentError. */
export function evictCommand(): Command {
  return new Command("evict")
    .description("simulate eviction policies over traces and print their miss ratios")
    .argument("<trace...>", "trace files; .gz and .zst are read as they are")
    .option("--policy <names>", `comma-separated, or all: ${policyNames.join(", ")}`, DEFAULT_POLICIES)
    .option(
      "--size <sizes>",
      "comma-separated: objects (1000), a share of the working set (1%), bytes (64MiB)",
      DEFAULT_SIZES,
    )
    .option("--format <name>", "the traces' format, instead of guessing it from name and content")
    .option("--columns <spec>", "for csv: which column is what, such as time=1,id=2,size=3")
    .option(
      "--by <unit>",
      "objects or bytes: what shares count, and with bytes plain sizes too (default: as the sizes say)",
    )
    .option(
      "--threads <count>",
      `simulations at a time (default: ${availableParallelism()}, what this machine runs in parallel)`,
    )
    .option("--seed <number>", "for policies that draw random numbers", "1")
    .option("--misses", "in the table, print exact misses below each miss ratio")
    .option("-o, --output <file>", "write an HTML page besides: curves by policy, winners, costs")
    .option("--json", "print the rows as a JSON array, exact counts")
    .option("--csv", "print the rows as CSV, exact counts")
    .action(evict);
}

async function evict(paths: string[], options: EvictOptions): Promise<void> {
  const policies = parsePolicies(options.policy);
  const sizes = parseSizes(options.size, parseBy(options.by));
  const threads = parseThreads(options.threads);
  const seed = parseSeed(options.seed);
  if (options.json && options.csv) throw new InvalidArgumentError("--json and --csv exclude each other, expected one");
  if (options.output !== undefined) await requireWritableFile("-o", options.output, paths);

  const bar = createProgressBar(process.stderr.isTTY === true);
  try {
    const rows = await interruptible((signal) =>
      sweep({
        traces: loadEach(
          paths,
          options,
          sizes.some(({ by }) => by === "bytes"),
          signal,
        ),
        policies,
        sizes,
        threads,
        seed,
        signal,
        onProgress: bar.show,
      }),
    );
    bar.stop();
    if (options.output !== undefined) await writeFileAtomically(options.output, renderEviction(rows));
    process.stdout.write(render(rows, options));
  } finally {
    bar.stop();
  }
}

async function* loadEach(
  paths: readonly string[],
  { format, columns }: EvictOptions,
  sizes: boolean,
  signal: AbortSignal,
) {
  for (const path of paths) {
    signal.throwIfAborted();
    yield await loadForSweep(path, { format, columns, sizes });
  }
}

function render(rows: readonly SweepRow[], { json, csv, misses, output }: EvictOptions): string {
  if (json) return `${JSON.stringify(rows, null, 2)}\n`;
  if (csv) return renderCsv(rows);
  const tables = renderTables(rows, { misses: misses === true });
  return output === undefined ? tables : `${tables}\npage: ${output}\n`;
}

function parseBy(text: string | undefined): By | undefined {
  if (text === undefined || text === "objects" || text === "bytes") return text;
  throw new InvalidArgumentError(`--by ${text}: expected objects or bytes`);
}

function parseThreads(text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const threads = /^\d+$/.test(text) ? Number(text) : 0;
  if (threads < 1 || threads > MAX_THREADS) {
    throw new InvalidArgumentError(`--threads ${text}: expected a whole number from 1 to ${MAX_THREADS}`);
  }
  return threads;
}

function parseSeed(text: string): number {
  const seed = /^\d+$/.test(text) ? Number(text) : Number.NaN;
  if (!(seed <= 0xffff_ffff)) {
    throw new InvalidArgumentError(`--seed ${text}: expected a whole number from 0 to ${0xffff_ffff}`);
  }
  return seed;
}
