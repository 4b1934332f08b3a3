/** `engram check HISTORY.jsonl`: is a recorded history linearizable? */
import { basename } from "node:path";
import { Command, Option } from "commander";
import type { CheckedHistory } from "../../reports/measurement-files.js";
import { writeWhole } from "../../src/write-whole.js";
import { parseTime, wholeNumber } from "../command-line/option-values.js";
import { requireWritableFile } from "../command-line/output-file.js";
import { type CheckResult, checkHistory, DEFAULT_CACHE_LIMIT, DEFAULT_DEADLINE_MS, type Partition } from "./check.js";
import { readHistory } from "./history.js";
import { createModel, guessModel, listModels } from "./models/catalogue.js";
import { operationLabel } from "./page/operation-label.js";
import { renderViolationPage } from "./page/page.js";

const EXIT_BY_OUTCOME: Record<CheckResult["outcome"], number> = { ok: 0, illegal: 1, unknown: 4 };
/** TTLs of the store are kept in ticks of 10 ms, and a coarse clock may lag by another. */
const DEFAULT_SLACK_MS = 20;

interface CommandOptions {
  model?: string;
  deadline: number;
  cache: number;
  slack: number;
  capacity?: number;
  json?: boolean;
  output?: string;
}

const DETAILS = `
Models:
${listModels()
  .map(({ name, about }) => `  ${name.padEnd(9)} ${about}`)
  .join("\n")}
Without --model: fifo for pushes and pops, else ttl, under which nothing vanishes but what was set to expire.

A history has one operation a line:
  {"client":"w1","key":"k","op":"set","input":{"value":"a"},"output":true,"call":1200,"return":1530}
Times are nanoseconds since any common origin; return is null where no answer came.

Exit codes: 0 linearizable, 1 not linearizable, 2 bad input, 4 not decided before the deadline.`;

export function checkCommand(): Command {
  return new Command("check")
    .description("is a recorded history linearizable?")
    .argument("<history>", "history file, JSON Lines")
    .option("--model <name>", "what the history is checked against (default: by its operations)")
    .addOption(
      new Option("--deadline <time>", "give up after this long")
        .argParser((text) => parseTime("--deadline", text, "above 0"))
        .default(DEFAULT_DEADLINE_MS, `${DEFAULT_DEADLINE_MS / 1000}s`),
    )
    .option("--cache <n>", "configurations to remember for one key", countOf("--cache"), DEFAULT_CACHE_LIMIT)
    .addOption(
      new Option("--slack <time>", "how early or late an expiry may be")
        .argParser((text) => parseTime("--slack", text, "from 0"))
        .default(DEFAULT_SLACK_MS, `${DEFAULT_SLACK_MS}ms`),
    )
    .option("--capacity <n>", "items a fifo ring holds (default: not known)", countOf("--capacity"))
    .option("--json", "print the result as JSON on stdout, and nothing else")
    .option("-o, --output <file>", "where to write the page if the history is not linearizable")
    .addHelpText("after", DETAILS)
    .action(runCheck);
}

async function runCheck(file: string, options: CommandOptions): Promise<void> {
  const chosen = options.model;
  // A wrong name is one line now, not after reading a large file.
  const settings = { slack: options.slack * 1e6, capacity: options.capacity ?? null };
  if (chosen !== undefined) createModel(chosen, settings);
  if (options.output !== undefined) await requireWritableFile("-o", options.output, [file]);
  const history = await readHistory(file);
  const model = createModel(chosen ?? guessModel(history), settings);
  const result = checkHistory(history, { model, deadlineMs: options.deadline, cacheLimit: options.cache, file });
  const page = result.outcome === "illegal" ? options.output : undefined;
  if (page !== undefined) await writeWhole(page, renderViolationPage(result, basename(file)));
  process.stdout.write(
    options.json ? `${JSON.stringify(result satisfies CheckedHistory)}\n` : summaryOf(result, file, page),
  );
  process.exitCode = EXIT_BY_OUTCOME[result.outcome];
}

function summaryOf(result: CheckResult, file: string, page: string | undefined): string {
  const { operations, partitions, model, elapsedMs } = result;
  const lines = partitions.flatMap(linesOf);
  const verdict = { ok: "linearizable", illegal: "NOT LINEARIZABLE", unknown: "not decided" }[result.outcome];
  lines.push(
    `${file}: ${verdict} (model ${model}, ${operations} operations on ${partitions.length} keys, ${elapsedMs.toFixed(0)} ms)`,
  );
  if (page !== undefined) lines.push(`page: ${page}`);
  else if (result.outcome === "illegal") lines.push("-o FILE.html draws it");
  return `${lines.join("\n")}\n`;
}

function linesOf(partition: Partition): string[] {
  const key = `key ${JSON.stringify(partition.key)}`;
  if (partition.outcome === "ok") return [];
  if (partition.outcome === "unknown") return [`${key}: not decided, ${partition.reason}`];
  const { prefix, states, unplaced } = partition.violation;
  const state = states.at(-1) ?? "new";
  return [
    `${key}: ${prefix.length} of ${partition.operations} operations can be placed; then, with the object ${state}:`,
    ...unplaced.map(
      ({ operation, why, expected }) =>
        `  line ${operation.line}, client ${operation.client}: ${operationLabel(operation)}: ${why === "impossible" ? `should have been ${expected}` : "leads to a dead end"}`,
    ),
  ];
}

const MOST = 999_999_999;

function countOf(option: string): (text: string) => number {
  return (text) => wholeNumber(option, text, 1, MOST);
}
