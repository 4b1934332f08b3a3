/**
 * `npm run fuzz -- --minutes N [--seed S] [--only traces,backups]`: damaged files of every kind that is read, each in bounded time and memory. Counts on
 * the last line.
 *
 * Exit codes: 0 nothing fell short, 1 something did (the file is kept), 2 bad input.
 */
import { Command } from "commander";
import { InvalidArgumentError } from "../../../src/errors.js";
import { EXIT } from "../../command-line/exit-codes.js";
import { withInterruption } from "../../command-line/interruption.js";
import { parseMinutes, parseNames, parseSeed } from "../../command-line/option-values.js";
import { optionsOf } from "../../command-line/program-options.js";
import { type FuzzCounts, fuzz } from "./fuzz.js";
import { TARGETS, type TargetName } from "./targets.js";

const program = new Command("fuzz")
  .option("--minutes <n>", "how long", parseMinutes, 1)
  .option("--seed <n>", "of what is damaged and how (default: by the clock)", parseSeed)
  .option("--only <names>", `some of ${TARGETS.join(", ")}, separated by commas (default: all)`, parseTargets)
  .option("--keep <folder>", "where files are kept that something fell short on", "fuzz-faults");

function parseTargets(text: string): TargetName[] {
  return parseNames("--only", text).map((name) => {
    const found = TARGETS.find((target) => target === name);
    if (found === undefined) throw new InvalidArgumentError(`--only ${name}: expected any of ${TARGETS.join(", ")}`);
    return found;
  });
}

function figures(counts: FuzzCounts): string {
  return Object.entries(counts.targets)
    .map(([target, { read, refused, faults }]) => `${target} ${read} read, ${refused} refused, ${faults} short`)
    .join("; ");
}

interface Options {
  minutes: number;
  seed?: number;
  only?: TargetName[];
  keep: string;
}

const { minutes, seed = Date.now() % 2 ** 32, only: targets = TARGETS, keep } = optionsOf<Options>(program);
process.stdout.write(`seed ${seed}\n`);
const PROGRESS_MS = 30_000;
let lastProgress = performance.now();
const counts = await withInterruption((interrupt) =>
  fuzz({
    ...{ seed, targets, milliseconds: minutes * 60_000, keep, interrupt },
    onProgress(so) {
      if (performance.now() - lastProgress < PROGRESS_MS) return;
      lastProgress = performance.now();
      process.stderr.write(`${figures(so)}\n`); // a campaign may be cut short
    },
  }),
);
for (const { target, what, file } of counts.faults.slice(0, 20)) {
  process.stdout.write(`short: ${target}: ${file}: ${what.split("\n").slice(0, 4).join(" | ")}\n`);
}
process.stdout.write(`fuzz, seed ${seed}: ${figures(counts)}\n`);
process.exitCode = counts.faults.length > 0 ? EXIT.negative : EXIT.ok;
