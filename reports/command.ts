/** `engram report RESULTS… -o FILE.html`. */
import { Command } from "commander";
import { bytes } from "./format.js";
import { renderReport } from "./page.js";
import { readResults } from "./read-results.js";
import { tally } from "./sections/verdict.js";
import { renderSummary } from "./summary.js";
import { writeFileAtomically } from "./write-file.js";

/**
 * The command, to be added to the program. It throws InvalidArgumentError for files it cannot use, and writes nothing
 * then; with `--json` stdout carries one JSON object and nothing else.
 */
export function reportCommand(): Command {
  return new Command("report")
    .description("draw results as one HTML page that works offline; several results stand side by side")
    .argument("<results...>", "results.json of a run, or the folder it lies in")
    .requiredOption("-o, --output <file>", "the HTML file to write")
    .option("--json", "print what was written as JSON, alone on stdout")
    .action(async (paths: string[], { output, json }: { output: string; json?: boolean }) => {
      const all = await Promise.all(paths.map(readResults));
      const page = renderReport(all);
      await writeFileAtomically(output, page);
      const size = Buffer.byteLength(page);
      if (json) {
        const results = all.map(({ targets }, index) => ({ file: paths[index], targets: tally(targets) }));
        process.stdout.write(`${JSON.stringify({ report: output, bytes: size, results })}\n`);
      } else {
        const summaries = all.map((results) => renderSummary(results));
        process.stdout.write(`${summaries.join("\n")}\nreport: ${output} (${bytes(size)})\n`);
      }
    });
}
