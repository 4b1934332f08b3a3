/** `engram trend FILE…`: a monitor's history or the records of gates as a table, JSON or a page. */
import { Command } from "commander";
import { InvalidArgumentError } from "../../src/errors.js";
import { FIGURE_NAMES, type FigureName } from "../../src/monitor/index.js";
import { refuseInputs, writeWhole } from "../../src/write-whole.js";
import { EXIT } from "../command-line/exit-codes.js";
import { parseSeed } from "../command-line/option-values.js";
import { requireWritableFile } from "../command-line/output-file.js";
import type { Limit } from "./forecasts.js";
import { readFiles } from "./read.js";
import { tableOf } from "./table.js";
import { trendOf } from "./trend.js";

interface TrendOptions {
  output?: string;
  limit: Limit[];
  level: number;
  seed: number;
  json?: boolean;
}

const DETAILS = `
Of a monitor's history (store.monitor({ history })) it forecasts when figures reach the documented alert limits, with a 95 % interval, or says that
it cannot tell. Of records (engram gate --record) it says at which commits a metric moved. Several files of one kind are read as one.

  engram trend store-history.jsonl --limit entries=1e6 -o trend.html
  engram trend gates.jsonl

Exit codes: 0 done, 2 bad input: also a file that is damaged, or has too few points, of which is shown what there is.`;

export function trendCommand(): Command {
  return new Command("trend")
    .description("monitor histories and records of gates over time: forecasts, and the commits where a metric moved")
    .argument("<files...>", "histories of monitors, or records of gates")
    .option("-o, --output <file>", "also draw them as one HTML page that works offline")
    .option(
      "--limit <figure=value>",
      "forecast when a figure of a history reaches a value; more than once for more (default: the documented limits)",
      (text: string, before: Limit[]) => [...before, parseLimit(text)],
      [],
    )
    .option(
      "--level <share>",
      "how often records of which nothing changed may be said to have moved, such as 1% or 0.01",
      parseLevel,
      0.01,
    )
    .option("--seed <n>", "of permutations and resampling", parseSeed, 1)
    .option("--json", "print all of it as JSON, alone on stdout")
    .addHelpText("after", DETAILS)
    .action(trend);
}

async function trend(paths: string[], { output, limit, level, seed, json }: TrendOptions): Promise<void> {
  if (output !== undefined) {
    refuseInputs("-o", output, paths);
    await requireWritableFile("-o", output);
  }
  const read = readFiles(paths);
  if (read.kind === "records" && limit.length > 0) {
    throw new InvalidArgumentError("--limit goes with a monitor's history; these are records of gates");
  }
  const found = trendOf(paths, read, { limits: limit, level, seed });
  if (output !== undefined) {
    // Loaded now: whoever wants the table needs nothing that draws.
    const { renderTrend } = await import("../../reports/pages.js");
    await writeWhole(output, renderTrend(found));
  }
  process.stdout.write(json ? `${JSON.stringify(found)}\n` : tableOf(found));
  if (output !== undefined && !json) process.stdout.write(`page: ${output}\n`);
  const problems = [...found.damage, ...found.shortages];
  for (const problem of problems) process.stderr.write(`engram: ${problem}\n`);
  if (problems.length > 0) process.exitCode = EXIT.usage;
}

function parseLimit(text: string): Limit {
  const [name, value, ...more] = text.split("=");
  const figure = FIGURE_NAMES.find((one) => one === name);
  const limit = value === undefined || value.trim() === "" ? Number.NaN : Number(value.replace(/ ?%$/, ""));
  if (more.length > 0 || figure === undefined || !Number.isFinite(limit)) {
    throw new InvalidArgumentError(
      `--limit ${JSON.stringify(text)}: expected FIGURE=NUMBER, such as utilisation=90; figures: ${FIGURE_NAMES.join(", ")}`,
    );
  }
  return { figure: figure satisfies FigureName, limit, beyond: null };
}

function parseLevel(text: string): number {
  const match = /^(\d+(?:\.\d+)?|\.\d+)(%?)$/.exec(text.trim());
  const share = match === null ? Number.NaN : Number(match[1]) / (match[2] === "%" ? 100 : 1);
  if (!(share >= 0.0001 && share <= 0.2)) {
    throw new InvalidArgumentError(
      `--level ${JSON.stringify(text)}: expected a share from 0.01% to 20%, such as 1% or 0.01`,
    );
  }
  return share;
}
