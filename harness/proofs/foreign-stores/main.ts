/**
 * `npm run foreign-stores -- [--subject FILE…] [--only blackboard,mailboxes] [--ops N]`: stores of others through every scenario, small, each in a
 * process of its own. Each ends in results or with a line that names what the store cannot; none hangs, none leaves a process.
 *
 * Exit codes: 0 all did, 1 some did not, 2 bad input.
 */
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { InvalidArgumentError } from "../../../src/errors.js";
import { closest, replaysTrace } from "../../../workloads/index.js";
import { listScenarios } from "../../../workloads/scenarios.js";
import { withTemporaryFolder } from "../../child/index.js";
import { EXIT } from "../../command-line/exit-codes.js";
import { withInterruption } from "../../command-line/interruption.js";
import { parseNames, wholeNumber } from "../../command-line/option-values.js";
import { optionsOf } from "../../command-line/program-options.js";
import { createProgress } from "../../command-line/progress.js";
import { type Outcome, runStage, type StageRun, subjectName } from "./stages.js";

const EXAMPLES = ["tiny-lru", "keyv"].map((name) =>
  fileURLToPath(new URL(`../../../../examples/subjects/${name}.mjs`, import.meta.url)),
);
const SCENARIOS = listScenarios().map((scenario) => ({ name: scenario.name, needsTrace: replaysTrace(scenario) }));
const KNOWN = SCENARIOS.map(({ name }) => name);

const command = new Command("foreign-stores")
  .option("--subject <file>", "a module that exports a subject; again for another (default: the examples)", collect)
  .option("--only <scenarios>", "some of them, separated by commas (default: all)", parseScenarios)
  .option("--ops <n>", "operations of a pass", (text) => wholeNumber("--ops", text, 1, 100_000_000), 2000)
  .option("--limit <s>", "seconds a scenario may take", (text) => wholeNumber("--limit", text, 1, 86_400), 600);

function collect(file: string, before: string[] | undefined): string[] {
  return [...(before ?? []), file];
}

function parseScenarios(text: string): string[] {
  return parseNames("--only", text).map((name) => {
    if (KNOWN.includes(name)) return name;
    throw new InvalidArgumentError(
      `--only ${name}: no such scenario${closest(name, KNOWN)}; known: ${KNOWN.join(", ")}`,
    );
  });
}

function shown(outcome: Outcome): string {
  if (outcome.kind === "measured") return "measured";
  return outcome.kind === "declined" ? `declined: ${outcome.line}` : `FAULT: ${outcome.what}`;
}

interface Options {
  subject?: string[];
  only?: string[];
  ops: number;
  limit: number;
}

const { subject: files = EXAMPLES, only = KNOWN, ops, limit } = optionsOf<Options>(command);
const names = await Promise.all(files.map(subjectName));
const progress = createProgress();
const runs: StageRun[] = [];
await withInterruption((interrupt) =>
  withTemporaryFolder("engram-foreign-stores-", async (folder) => {
    for (const scenario of SCENARIOS.filter(({ name }) => only.includes(name))) {
      progress.show(runs.length / only.length, scenario.name);
      const run = await runStage(scenario, names, { files, ops, limitMs: limit * 1000, folder, interrupt });
      runs.push(run);
      for (const [name, outcome] of run.outcomes) {
        process.stdout.write(`${run.scenario} / ${name} (${run.seconds.toFixed(1)} s): ${shown(outcome)}\n`);
      }
    }
  }),
);
progress.stop();
const all = runs.flatMap(({ outcomes }) => [...outcomes.values()]);
const count = (kind: Outcome["kind"]): number => all.filter((outcome) => outcome.kind === kind).length;
process.stdout.write(
  `foreign stores: ${names.join(", ")} through ${runs.length} scenarios: ${count("measured")} measured, ${count("declined")} declined by name, ${count("fault")} faults\n`,
);
process.exitCode = count("fault") === 0 ? EXIT.ok : EXIT.negative;
