/** `npm run bench`: options in, tables and a verdict out. */
import { loadavg } from "node:os";
import { Command } from "commander";
import { writeWhole } from "../../../src/write-whole.js";
import { EXIT } from "../../command-line/exit-codes.js";
import { withInterruption } from "../../command-line/interruption.js";
import { parseSeed, wholeNumber } from "../../command-line/option-values.js";
import { requireWritableFile } from "../../command-line/output-file.js";
import { createProgress } from "../../command-line/progress.js";
import { packageVersion } from "../../command-line/version.js";
import { captureEnvironment } from "../../measure/index.js";
import { median } from "../../statistics/index.js";
import { checkGroup, GROUP_NAMES } from "./groups/index.js";
import { renderGroup, renderHead, renderVerdict } from "./render.js";
import { BENCH_SCHEMA_VERSION, type BenchResults, benchResultsSchema, type GroupResult } from "./results.js";
import { GroupProcess } from "./run-group.js";
import { type BenchSettings, DEFAULT_ROUNDS, settingsOf } from "./settings.js";

const MOST_ROUNDS = 1000;

interface BenchOptions {
  rounds?: number;
  quick: boolean;
  profile: boolean;
  only: string[];
  json?: string;
  seed: number;
}

const AFTER_HELP = `
Groups: ${GROUP_NAMES.join(", ")}

Exit codes: 0 every goal is met (or --quick, which judges nothing), 1 a goal is missed, 2 bad input, 3 a group failed,
130 interrupted.`;

/** @param setExitCode told when the outcome is not 0 */
export function benchCommand(setExitCode: (code: number) => void): Command {
  return new Command("bench")
    .description("the store's speed beside Map, lmdb, sharedmap and lru-cache, and against its goals")
    .option("--rounds <n>", `turns of each row (default: ${DEFAULT_ROUNDS})`, parseRounds)
    .option("--quick", "short turns, three rounds, fewer keys: to see that it works, not to judge", false)
    .option("--profile", "profile each row after its rounds: where its time goes", false)
    .option("--only <names>", "groups, separated by commas; may be given again", parseGroups, [])
    .option("--json <file>", "write all figures there, too")
    .option("--seed <n>", "of the order in which keys are accessed", parseSeed, 1)
    .addHelpText("after", AFTER_HELP)
    .action(async (options: BenchOptions) => setExitCode(await bench(options)));
}

async function bench(options: BenchOptions): Promise<number> {
  const settings = settingsOf(options);
  const names = options.only.length === 0 ? GROUP_NAMES : GROUP_NAMES.filter((name) => options.only.includes(name));
  if (options.json !== undefined) await requireWritableFile("--json", options.json);
  return withInterruption(async (interrupt) => {
    const head = await describeRun(settings, names);
    process.stdout.write(renderHead(head));
    const groups = await measure(names, settings, interrupt);
    if (groups === null) return EXIT.interrupted;
    const results: BenchResults = { ...head, loadAverageAfter: loadavg(), groups };
    if (options.json !== undefined) await writeJson(options.json, results);
    return conclude(results);
  });
}

/** Prints each group when it is done. Null when interrupted. */
async function measure(
  names: readonly string[],
  settings: BenchSettings,
  interrupt: AbortSignal,
): Promise<GroupResult[] | null> {
  const groups: GroupResult[] = [];
  // Where nothing is judged, groups share a process: to start takes longer than most of them.
  let measuring: GroupProcess | undefined;
  try {
    for (const [index, name] of names.entries()) {
      if (!settings.quick) await measuring?.close();
      if (!settings.quick || measuring === undefined) measuring = new GroupProcess(interrupt);
      groups.push(await showing(`${name} (${index + 1} of ${names.length})`, measuring, name, settings));
      process.stdout.write(renderGroup(groups[index]));
    }
    return groups;
  } catch (error) {
    if (interrupt.aborted) return null;
    throw error;
  } finally {
    await measuring?.close();
  }
}

/** With a bar of its own, since the tables are printed in between. */
async function showing(
  label: string,
  measuring: GroupProcess,
  name: string,
  settings: BenchSettings,
): Promise<GroupResult> {
  const progress = createProgress();
  try {
    progress.show(0, label);
    return await measuring.measure(name, settings, (share) => progress.show(share, label));
  } finally {
    progress.stop();
  }
}

async function describeRun(
  { rounds, turnMs, quick, seed }: BenchSettings,
  groups: readonly string[],
): Promise<Omit<BenchResults, "groups" | "loadAverageAfter">> {
  return {
    schemaVersion: BENCH_SCHEMA_VERSION,
    engram: packageVersion(),
    createdAt: new Date().toISOString(),
    environment: await captureEnvironment(clockCost(), null),
    config: { rounds, turnMs, quick, seed, groups: [...groups] },
  };
}

/** Median ns between two readings of the clock. */
function clockCost(): number {
  const costs = Array.from({ length: 10_001 }, () => {
    const before = performance.now();
    return performance.now() - before;
  });
  return median(costs) * 1e6;
}

/** The exit code. The verdict is the last line. */
function conclude({ config, groups, loadAverageAfter }: BenchResults): number {
  const judgements = groups.flatMap((group) => group.judgements);
  process.stdout.write(`\nload average ${loadAverageAfter.map((load) => load.toFixed(2)).join(" ")} after\n`);
  if (config.quick)
    process.stdout.write("A quick run judges nothing: its turns are too short and its tables too small.\n");
  process.stdout.write(`${renderVerdict(judgements)}\n`);
  return config.quick || judgements.every(({ met }) => met) ? EXIT.ok : EXIT.negative;
}

async function writeJson(path: string, results: BenchResults): Promise<void> {
  const checked = benchResultsSchema.parse(results);
  await writeWhole(path, `${JSON.stringify(checked, null, 2)}\n`);
}

function parseRounds(text: string): number {
  return wholeNumber("--rounds", text, 1, MOST_ROUNDS);
}

function parseGroups(text: string, sofar: string[]): string[] {
  const names = text.split(",").map((name) => name.trim());
  for (const name of names) checkGroup(name);
  return [...sofar, ...names];
}
