/** `engram trace info | convert | generate | record`. */
import { Command } from "commander";
import { InvalidArgumentError } from "../../src/errors.js";
import {
  describeReading,
  type KeySpec,
  loadTrace,
  lossesOf,
  type Trace,
  type TraceOptions,
  WRITABLE_FORMATS,
  type WritableFormat,
  writeTrace,
} from "../../workloads/index.js";
import { parseSeed, wholeNumber } from "../command-line/option-values.js";
import { requireWritableFile } from "../command-line/output-file.js";
import { type ReadingFlags, readingOptions, warnOfReading, withReadingOptions } from "../command-line/trace-reading.js";
import { generateTrace } from "./generate.js";
import { measureTrace } from "./measure.js";
import { withNames } from "./names.js";
import { formatToWrite, oneOf, parseSizeSpec } from "./option-values.js";
import { recordCommand } from "./record.js";
import { renderInfo } from "./render-info.js";

/** What a trace in memory may take: 1.2 GB with sizes. */
const MOST_REQUESTS = 100_000_000;
const MOST_KEYS = 100_000_000;
const DISTRIBUTIONS = [
  "uniform",
  "zipfian",
  "scrambledZipfian",
  "zipf",
  "latest",
  "hotspot",
  "exponential",
  "sequential",
] as const satisfies ReadonlyArray<KeySpec["distribution"]>;

interface ReadFlags extends ReadingFlags {
  limit?: string;
  names?: string;
  json?: boolean;
}

interface GenerateFlags {
  distribution: string;
  count: string;
  keys: string;
  seed: string;
  skew?: string;
  sizes?: string;
  to?: string;
  json?: boolean;
}

/** The command, for the CLI to add. Bad input of any kind is thrown as an InvalidArgumentError. */
export function traceCommand(): Command {
  const command = new Command("trace").description("traces of cache requests: look into, convert, generate, record");
  reading(command.command("info"))
    .description(
      "what a trace is like: footprint, popularity, reuse distances, access pattern, and a policy to start with",
    )
    .argument("<trace>", "trace file; .gz, .zst and .xz are read as they are")
    .option(
      "--names <file>",
      "for operation logs, which know keys by their hash: a line for each key that may be among the hottest, its namespace, a tab, and the key",
    )
    .action(info);
  reading(command.command("convert"))
    .description(`write a trace in another format: ${WRITABLE_FORMATS.join(", ")}`)
    .argument("<in>", "trace file to read")
    .argument("<out>", "file to write; gzipped when its name ends in .gz")
    .option("--to <name>", "the format to write, instead of telling it from the name")
    .action(convert);
  command
    .command("generate")
    .description("write a trace of reads drawn from a key distribution; the same seed, the same trace")
    .argument("<out>", "file to write; gzipped when its name ends in .gz")
    .option("--distribution <name>", DISTRIBUTIONS.join(", "), "zipfian")
    .option("--count <requests>", "requests", "1000000")
    .option("--keys <number>", "keys there are", "100000")
    .option("--skew <number>", "exponent of zipfian and latest (below 1) or zipf (to 10) (default: 0.99)")
    .option("--sizes <spec>", "object sizes: 4KiB, 64B-4KiB (each as likely), zipf:64B-4KiB (small ones more often)")
    .option("--seed <number>", "of everything drawn", "1")
    .option("--to <name>", `the format to write (${WRITABLE_FORMATS.join(", ")}), instead of telling it from the name`)
    .option("--json", "print what was written as JSON, alone on stdout")
    .action(generate);
  command
    .command("record")
    .description(
      "run a program with its stores recorded: every get, set, delete and increment of all its threads, as an operation log that info, evict and run --trace read",
    )
    .usage("[options] <out> -- <program> [arguments...]")
    .argument("<out>", "file to write: an operation log (.oplog), or as its name or --to says")
    .argument("<program...>", "what to run, as in: node agents.js")
    .option("--to <name>", `the format to write: ${WRITABLE_FORMATS.join(", ")}`)
    .option("--json", "print what was recorded as JSON, on stdout after what the program prints")
    .action(record);
  return command;
}

function reading(command: Command): Command {
  return withReadingOptions(command)
    .option("--limit <requests>", "read at most this many")
    .option("--json", "print JSON, alone on stdout");
}

async function info(path: string, flags: ReadFlags): Promise<void> {
  const measured = await measureTrace(path, readOptions(flags));
  const full = flags.names === undefined ? measured : await withNames(measured, flags.names);
  warnOfReading(full.name, full.reading);
  process.stdout.write(flags.json ? `${JSON.stringify(full, null, 2)}\n` : renderInfo(full));
}

async function convert(from: string, to: string, flags: ReadFlags & { to?: string }): Promise<void> {
  const format = formatToWrite(to, flags.to);
  const options = readOptions(flags);
  await requireWritableFile("output", to, [from]);
  const trace = await loadTrace(from, options);
  if (trace.reading !== undefined) warnOfReading(trace.name, trace.reading);
  await write(to, trace, format, flags.json === true);
}

async function generate(path: string, flags: GenerateFlags): Promise<void> {
  const format = formatToWrite(path, flags.to);
  const requests = wholeNumber("--count", flags.count, 1, MOST_REQUESTS);
  const seed = parseSeed(flags.seed);
  const keys = keySpec(flags);
  const sizes = flags.sizes === undefined ? undefined : parseSizeSpec(flags.sizes);
  if (sizes !== undefined && format === "txt") {
    throw new InvalidArgumentError(
      `--sizes ${flags.sizes}: txt holds no sizes, expected --to csv, oracleGeneral or oplog`,
    );
  }
  await requireWritableFile("output", path);
  await write(path, generateTrace({ keys, requests, seed, sizes }), format, flags.json === true);
}

async function record(out: string, program: string[], flags: { to?: string; json?: boolean }): Promise<void> {
  const isLog = flags.to === undefined ? /\.oplog$/i.test(out) : /^oplog$/i.test(flags.to);
  const format = isLog ? null : formatToWrite(out, flags.to);
  if (isLog && /\.(gz|zst)$/i.test(out)) {
    throw new InvalidArgumentError(`${out}: an operation log is written as it is, expected a name that ends in .oplog`);
  }
  // The program and the files it is told to read may be among its words.
  await requireWritableFile("output", out, program);
  const run = await recordCommand(out, program, format);
  const lost = run.lost > 0 ? `, ${run.lost.toLocaleString("en-US")} more lost` : "";
  const counted = `${run.operations.toLocaleString("en-US")} operations${lost}, ${run.bytes.toLocaleString("en-US")} bytes`;
  process.stdout.write(flags.json ? `${JSON.stringify(run)}\n` : `${run.file}: ${counted}, written as ${run.format}\n`);
  process.exitCode = run.exitCode;
}

function keySpec({ distribution: name, keys, skew }: GenerateFlags): KeySpec {
  const distribution = oneOf("--distribution", name, DISTRIBUTIONS);
  const count = wholeNumber("--keys", keys, 1, MOST_KEYS);
  if (skew === undefined) return { distribution, count };
  const exponent = /^\d+(\.\d+)?$/.test(skew) ? Number(skew) : Number.NaN;
  if (distribution === "zipf") {
    if (!(exponent > 0 && exponent <= 10)) throw badSkew(skew, "a number above 0 and at most 10 for zipf");
    return { distribution, count, exponent };
  }
  if (distribution === "zipfian" || distribution === "latest") {
    if (!(exponent > 0 && exponent < 1)) throw badSkew(skew, `a number between 0 and 1 for ${distribution}`);
    return { distribution, count, theta: exponent };
  }
  throw badSkew(skew, `none: ${distribution} takes no skew; zipfian, zipf and latest do`);
}

function badSkew(skew: string, expected: string): InvalidArgumentError {
  return new InvalidArgumentError(`--skew ${JSON.stringify(skew)}: expected ${expected}`);
}

function readOptions(flags: ReadFlags): TraceOptions {
  const { limit } = flags;
  const most = limit === undefined ? undefined : wholeNumber("--limit", limit, 1, 2 ** 31);
  return { ...readingOptions(flags), limit: most };
}

async function write(path: string, trace: Trace, format: WritableFormat, json: boolean): Promise<void> {
  const { requests, renumbered } = await writeTrace(path, trace, format);
  const dropped = lossesOf(trace, format);
  const read = trace.reading === undefined ? null : describeReading(trace.reading);
  const warnings = trace.reading?.warnings ?? [];
  const written = { file: path, format, requests, distinct: trace.distinct, renumbered, dropped, read, warnings };
  process.stdout.write(json ? `${JSON.stringify(written)}\n` : describe(written));
}

interface Written {
  readonly file: string;
  readonly format: string;
  readonly requests: number;
  readonly distinct: number;
  readonly renumbered: boolean;
  readonly dropped: readonly string[];
  /** How what is written was read; null: it was made. */
  readonly read: string | null;
  readonly warnings: readonly string[];
}

function describe({ file, format, requests, distinct, renumbered, dropped, read }: Written): string {
  const counted = `${requests.toLocaleString("en-US")} requests of ${distinct.toLocaleString("en-US")} keys`;
  const notes = [
    read === null ? "" : `  read as ${read}\n`,
    renumbered ? "  keys that are no 64-bit numbers: all were numbered from 0 by first appearance\n" : "",
    dropped.length > 0 ? `  left out, for ${format} cannot hold them: ${dropped.join(", ")}\n` : "",
  ];
  return `${file}: ${counted}, written as ${format}\n${notes.join("")}`;
}
