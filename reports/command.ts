/** `engram report RESULTS… -o FILE.html`. */
import { join } from "node:path";
import { Command } from "commander";
import { refuseInputs, writeWhole } from "../src/write-whole.js";
import { bytes } from "./format.js";
import { readInputs } from "./measurements.js";
import { RESULTS_FILE } from "./read-results.js";
import { renderSummary } from "./summary.js";
import { tally } from "./verdict-words.js";

const DETAILS = `
Beside results, these JSON files may be given. Their figures join the targets of one run, with their method; several
results have a column for them.
  npm run bench -- --json bench.json                   speed of the parts: hashes, allocation, look-ups, padding
  npm run --silent backup:speed -- --json > backups.json
  engram check HISTORY --json > check.json             is a recorded history linearizable?
  engram evict TRACE --policy lru,adaptive,opt --json > eviction.json`;

/**
 * The command, to be added to the program. It throws InvalidArgumentError for files it cannot use, and writes nothing
 * then; with `--json` stdout carries one JSON object and nothing else.
 */
export function reportCommand(): Command {
  return new Command("report")
    .description("draw results as one HTML page that works offline; several results stand side by side")
    .argument(
      "<results...>",
      "results.json of a run, or the folder it lies in; beside them, what other commands measured",
    )
    .requiredOption("-o, --output <file>", "the HTML file to write")
    .option("--json", "print what was written as JSON, alone on stdout")
    .addHelpText("after", DETAILS)
    .action(async (paths: string[], { output, json }: { output: string; json?: boolean }) => {
      // A folder stands for the results in it.
      refuseInputs("-o", output, [...paths, ...paths.map((path) => join(path, RESULTS_FILE))]);
      const { files, results: all, beside } = await readInputs(paths);
      const { renderReport } = await import("./page.js");
      const page = renderReport(all, beside);
      await writeWhole(output, page);
      const size = Buffer.byteLength(page);
      if (json) {
        const results = all.map(({ targets }, index) => ({ file: files[index], targets: tally(targets) }));
        process.stdout.write(`${JSON.stringify({ report: output, bytes: size, results })}\n`);
      } else {
        const summaries = all.map((results) => renderSummary(results));
        process.stdout.write(`${summaries.join("\n")}\nreport: ${output} (${bytes(size)})\n`);
      }
    });
}
