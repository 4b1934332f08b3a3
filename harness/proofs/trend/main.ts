/**
 * `npm run trend:proof -- --trials 2000 --seed 1`: how often `engram trend` says that something changed or rises where nothing does, and how
 * often it finds what was planted. Exits with 1 when a rate is not as it has to be.
 */
import Table from "cli-table3";
import { Command } from "commander";
import { parseSeed, wholeNumber } from "../../command-line/option-values.js";
import { optionsOf } from "../../command-line/program-options.js";
import { holds, LEVEL, type Rate, tryTrends } from "./trials.js";

const program = new Command("trend:proof")
  .description("false alarms and findings of engram trend over made-up series")
  .option("--trials <n>", "series of each kind", (text) => wholeNumber("--trials", text, 20, 1_000_000), 2000)
  .option("--seed <n>", "what the series are drawn from", parseSeed, 1);
const { trials, seed } = optionsOf<{ trials: number; seed: number }>(program);
const rates = tryTrends(trials, seed, (what) => {
  if (process.stderr.isTTY) process.stderr.write(`\r\x1b[K${what}`);
});
if (process.stderr.isTTY) process.stderr.write("\r\x1b[K");
const table = new Table({
  head: ["how often", "series", "rate", "95 %", "has to be"],
  colAligns: ["left", "right", "right", "right", "left"],
  style: { head: [], border: [] },
});
for (const rate of rates) {
  const { what, trials: series, share, interval } = rate;
  table.push([what, series, percent(share), `${percent(interval.lower)} to ${percent(interval.upper)}`, goalOf(rate)]);
}
const short = rates.filter((rate) => !holds(rate));
process.stdout.write(
  `${table.toString()}\nlevel of change points ${percent(LEVEL)}, seed ${seed}; ${rates.length - short.length} of ${rates.length} rates as they have to be\n`,
);
if (short.length > 0) process.exitCode = 1;

function goalOf({ atMost, atLeast }: Rate): string {
  if (atMost !== null) return `at most ${percent(atMost)}`;
  return atLeast !== null ? `at least ${percent(atLeast)}` : "(told)";
}

function percent(share: number): string {
  return `${(100 * share).toFixed(1)} %`;
}
