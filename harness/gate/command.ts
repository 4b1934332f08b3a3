/** `engram gate`: options in, a verdict out. What it takes to get there is loaded when it is asked for: help needs none of it. */
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { InvalidArgumentError } from "../../src/errors.js";
import { parseSeed, parseTime, parseWorkers } from "../command-line/option-values.js";
import { FORMATS } from "./benchmark/printed-metrics.js";
import { parseCommand, parseDecideBy, parseMetricFormat } from "./benchmark/settings.js";
import type { GateOptions } from "./run-gate.js";
import {
  DEFAULT_DURATION,
  DEFAULT_ROUNDS,
  DEFAULT_SCENARIO,
  parseRounds,
  parseRunDuration,
  parseScenarios,
  parseTolerance,
} from "./settings.js";

const EXIT_CODES = `
Any benchmark, in any git repository:
  engram gate --against main --command "node bench.js"
  engram gate --against main --setup "npm ci" --build "npm run build" --command "npx vitest bench --run --outputJson bench.json" --metrics-file bench.json
It may print a line such as {"metrics":[{"name":"parse","value":12.5,"unit":"ms","better":"lower"}]}, or what tinybench, vitest,
hyperfine or mitata write; else the time it takes is compared. Metrics that are no numbers, or that one side alone has: exit code 3, and 4 where only some are gone.

Exit codes: 0 pass or improved, 1 regression, 2 usage or configuration, 3 a run failed, 4 inconclusive, 130 interrupted.`;

/** From dist/harness/gate/ to dist/harness/cli.js. */
const OWN_CLI = fileURLToPath(new URL("../cli.js", import.meta.url));

/**
 * The command, for harness/cli.ts to add. Errors are thrown: InvalidArgumentError, or one with an `exitCode`.
 *
 * @param ownCli what `--baseline` and `--write-baseline` measure; another one than this build's serves the tests.
 */
export function gateCommand(ownCli = OWN_CLI): Command {
  return new Command("gate")
    .description("fail when this build is slower than a revision or a stored baseline")
    .option("--against <rev>", "build this git revision in a worktree and measure both builds side by side")
    .option(
      "--baseline <file>",
      "compare with stored ratios to a reference subject (the weaker check, no second build)",
    )
    .option("--write-baseline <file>", "measure this build and store its ratios")
    .option(
      "--tolerance <share>",
      `how much worse is still a pass (default: 10%, 20% with --baseline; p99 three times that)`,
      parseTolerance,
    )
    .option("--scenario <names>", `scenarios, separated by commas (default: ${DEFAULT_SCENARIO})`, parseScenarios)
    .option("--duration <time>", `measured time of each process (default: ${DEFAULT_DURATION})`, parseRunDuration)
    .option("--workers <n>", "worker threads of each process (default: the scenario's own)", parseWorkers)
    .option(
      "--rounds <n>",
      "rounds before the first look; 1.5 and 2 times as many if undecided",
      parseRounds,
      DEFAULT_ROUNDS,
    )
    .option("--seed <n>", "order of the arms, workload streams, resampling", parseSeed, 1)
    .option("--inconclusive <pass|fail>", "what an inconclusive gate exits with: 0 or 4", parseInconclusive, "fail")
    .option("--command <cmd>", "run this benchmark instead of scenarios, in both trees", (text) =>
      parseCommand("--command", text),
    )
    .option(
      "--setup <cmd>",
      'makes the fresh worktree ready, such as "npm ci" (default: shares node_modules where the lock file is the same)',
      (text) => parseCommand("--setup", text),
    )
    .option("--build <cmd>", "builds a tree before --command runs in it", (text) => parseCommand("--build", text))
    .option(
      "--metrics <format>",
      `how --command tells its figures: ${FORMATS.join(", ")} (default: auto)`,
      parseMetricFormat,
    )
    .option("--metrics-file <file>", "read them from this file that --command writes, and not from its output")
    .option(
      "--decide-by <clock>",
      "auto: by time, and by processor time where the machine is too busy for that; wall; with --command cpu or instructions (default: auto)",
      parseDecideBy,
    )
    .option("--limit <time>", "end a process of --command that takes longer (default: 10m)", (text) =>
      parseTime("--limit", text, "above 0"),
    )
    .option("--no-build", "take the working tree as it is built")
    .option("--json", "print the report as JSON on stdout, and nothing else")
    .option("--record <file>", "append what was found to a record file, a line of JSON a gate, for engram trend")
    .option("--markdown <file>", "write the report as Markdown")
    .option("--junit <file>", "write the report as JUnit XML")
    .option("--benchmark-json <file>", "write the figures for github-action-benchmark (customSmallerIsBetter)")
    .addHelpText("after", EXIT_CODES)
    .action(async (options: GateOptions) => {
      const { runGate } = await import("./run-gate.js");
      await runGate(options, ownCli);
    });
}

function parseInconclusive(text: string): "pass" | "fail" {
  if (text === "pass" || text === "fail") return text;
  throw new InvalidArgumentError(`--inconclusive ${text}: expected pass or fail`);
}
