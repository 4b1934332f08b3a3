/** `engram targets`: every figure the documents promise. */
import { Command } from "commander";
import { TARGETS } from "../../src/monitor/index.js";

export function targetsCommand(): Command {
  return new Command("targets")
    .description("the documented targets a run is judged by")
    .option("--json", "print them as JSON, alone on stdout")
    .action(async ({ json }: { json?: boolean }) => {
      if (json) {
        process.stdout.write(`${JSON.stringify(TARGETS, null, 2)}\n`);
        return;
      }
      const { renderTargets } = await import("../../reports/index.js");
      process.stdout.write(`${renderTargets().trimEnd()}\n`);
    });
}
