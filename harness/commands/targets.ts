/** `engram targets`: every figure the documents promise. */
import { Command } from "commander";
import { measuredBy, TARGETS } from "../../reports/targets/index.js";

export function targetsCommand(): Command {
  return new Command("targets")
    .description("the documented targets a run is judged by")
    .option("--json", "print them as JSON, alone on stdout")
    .action(async ({ json }: { json?: boolean }) => {
      if (json) {
        const rows = TARGETS.map((target) => ({ ...target, measuredBy: measuredBy(target.id) }));
        process.stdout.write(`${JSON.stringify(rows, null, 2)}\n`);
        return;
      }
      const { renderTargets } = await import("../../reports/index.js");
      process.stdout.write(`${renderTargets().trimEnd()}\n`);
    });
}
