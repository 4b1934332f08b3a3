/**
 * `npm run explore:proof`: every planted fault is found within its number of schedules, each with its shrunk counter-example
 * printed, and the engine as it ships stands a million schedules. Exit code 1 if either falls short.
 *
 *     node dist/harness/explorer/proof.js [--schedules 1000000] [--seed 1] [--brief]
 */
import { Command } from "commander";
import { oneLine } from "./command.js";
import { explore } from "./explore.js";
import { FAMILIES } from "./families.js";
import { PLANTED_FAULTS, type PlantedFault } from "./faults.js";
import { Machine } from "./machine.js";
import { describeViolation, formatReport } from "./report.js";
import { shrink } from "./shrink.js";

interface ProofOptions {
  schedules: string;
  seed: string;
  brief?: boolean;
}

const program = new Command("explore:proof")
  .option("--schedules <n>", "clean schedules", "1000000")
  .option("--seed <n>", "programs and schedules are drawn from it", "1")
  .option("--brief", "without the counter-examples");
const options = program.parse().opts<ProofOptions>();
const seed = Number(options.seed);

const found = PLANTED_FAULTS.filter((fault) => findFault(fault));
const clean = exploreClean(Number(options.schedules));
const complete = found.length === PLANTED_FAULTS.length && clean.violation === null;
process.stdout.write(
  `${found.length} of ${PLANTED_FAULTS.length} planted faults found; without one ${clean.violation === null ? "no violation" : "A VIOLATION"} in ${oneLine(clean.figures)}; seed ${seed}\n`,
);
process.exitCode = complete ? 0 : 1;

function findFault(fault: PlantedFault): boolean {
  const machine = new Machine(fault.number);
  const families = FAMILIES.filter(({ name }) => fault.families.includes(name));
  const { violation } = explore({ families, schedules: fault.within, seed, machine });
  if (violation === null) {
    process.stdout.write(`fault ${fault.number}, ${fault.what}: NOT FOUND in ${fault.within} schedules\n`);
    return false;
  }
  process.stdout.write(`fault ${fault.number}, ${fault.what}: found after ${violation.schedules} schedules\n`);
  if (!options.brief) process.stdout.write(formatReport(describeViolation(machine, shrink(machine, violation, seed))));
  return true;
}

function exploreClean(schedules: number): ReturnType<typeof explore> {
  const machine = new Machine();
  const result = explore({ families: FAMILIES, schedules, seed, machine });
  if (result.violation !== null) {
    process.stdout.write(formatReport(describeViolation(machine, shrink(machine, result.violation, seed))));
  }
  return result;
}
