/**
 * `npm run explore:proof`: every planted fault is found within its number of schedules, each with its shrunk counter-example
 * printed, and the engine as it ships stands a million schedules. Exit code 1 if either falls short.
 *
 *     npm run explore:proof -- [--schedules 1000000] [--seed 1] [--faults 40-59,110] [--brief] [--markdown docs/proof.md]
 *
 * With --faults these alone are looked for, and the engine as it ships is not run; each row goes into the page as soon as it is there, beside those of
 * the others.
 */
import { readFileSync } from "node:fs";
import { InvalidArgumentError as BadFlag, Command } from "commander";
import { writeWhole } from "../../../src/write-whole.js";
import { EXIT } from "../../command-line/exit-codes.js";
import {
  describeViolation,
  type Exploration,
  explore,
  FAMILIES,
  formatReport,
  Machine,
  oneLine,
  PLANTED_FAULTS,
  shrink,
} from "../../explorer/index.js";
import { type FoundFault, type Proof, replaceProof, replaceRows } from "./page.js";

interface ProofOptions {
  schedules: number;
  seed: number;
  faults?: ReadonlySet<number>;
  brief?: boolean;
  markdown?: string;
}

function parseWhole(least: number): (text: string) => number {
  return (text) => {
    if (/^\d{1,12}$/.test(text) && Number(text) >= least) return Number(text);
    throw new BadFlag(`expected a whole number from ${least}`);
  };
}

/** "40-59,110": the numbers of faults that there are. */
function parseFaults(text: string): ReadonlySet<number> {
  const numbers = new Set<number>();
  for (const part of text.split(",")) {
    const range = /^(\d{1,4})(?:-(\d{1,4}))?$/.exec(part.trim());
    if (range === null) throw new BadFlag(`expected numbers and ranges, such as 40-59,110`);
    const [first, last = first] = range.slice(1).map((digits) => (digits === undefined ? undefined : Number(digits)));
    for (const { number } of PLANTED_FAULTS) if (number >= Number(first) && number <= Number(last)) numbers.add(number);
  }
  if (numbers.size === 0) throw new BadFlag("there are no such faults; harness/explorer/faults.ts has them");
  return numbers;
}

/** The page whose figures are to be replaced, read before the minutes of work. */
function readPage(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    throw new BadFlag("there is no such file; the figures go between the marks of one that is there");
  }
}

const options = new Command("explore:proof")
  .option("--schedules <n>", "clean schedules", parseWhole(1), 1_000_000)
  .option("--seed <n>", "programs and schedules are drawn from it", parseWhole(0), 1)
  .option("--faults <list>", "these alone, without the clean schedules", parseFaults)
  .option("--brief", "without the counter-examples")
  .option("--markdown <file>", "put the figures into this page", (path) => {
    readPage(path);
    return path;
  })
  .exitOverride(({ exitCode }) => process.exit(exitCode === 0 ? EXIT.ok : EXIT.usage))
  .parse()
  .opts<ProofOptions>();
const { seed } = options;

if (options.faults === undefined) await proveAll();
else await proveSome(options.faults);

async function proveAll(): Promise<void> {
  const faults = PLANTED_FAULTS.map(findFault);
  const found = faults.filter(({ schedules }) => schedules !== null).length;
  const clean = exploreClean(options.schedules);
  const proof: Proof = { faults, clean: clean.figures, violated: clean.violation !== null, seed };
  if (options.markdown !== undefined) {
    await writeWhole(options.markdown, replaceProof(readPage(options.markdown), proof));
  }
  process.stdout.write(
    `${found} of ${faults.length} planted faults found; without one ${clean.violation === null ? "no violation" : "A VIOLATION"} in ${oneLine(clean.figures)}, ${clean.figures.spins} without an end; seed ${seed}\n`,
  );
  // a thread that goes on for ever is no violation of an invariant, but none of a lock-free store
  const held = clean.violation === null && clean.figures.spins === 0;
  process.exitCode = found === faults.length && held ? EXIT.ok : EXIT.negative;
}

async function proveSome(numbers: ReadonlySet<number>): Promise<void> {
  let found = 0;
  for (const fault of PLANTED_FAULTS) {
    if (!numbers.has(fault.number)) continue;
    const row = findFault(fault);
    if (row.schedules !== null) found++;
    if (options.markdown !== undefined) {
      await writeWhole(options.markdown, replaceRows(readPage(options.markdown), [row]));
    }
  }
  process.stdout.write(`${found} of ${numbers.size} planted faults found; seed ${seed}\n`);
  process.exitCode = found === numbers.size ? EXIT.ok : EXIT.negative;
}

function findFault(fault: (typeof PLANTED_FAULTS)[number]): FoundFault {
  const machine = new Machine(fault.number);
  const families = FAMILIES.filter(({ name }) => fault.families.includes(name));
  const { violation } = explore({ families, schedules: fault.within, seed, machine });
  if (violation === null) {
    process.stdout.write(`fault ${fault.number}, ${fault.what}: NOT FOUND in ${fault.within} schedules\n`);
    return { fault, schedules: null, operations: 0, switches: 0, shown: "" };
  }
  process.stdout.write(`fault ${fault.number}, ${fault.what}: found after ${violation.schedules} schedules\n`);
  const small = shrink(machine, violation, seed);
  if (!options.brief) process.stdout.write(formatReport(describeViolation(machine, small)));
  return {
    fault,
    schedules: violation.schedules,
    operations: small.program.threads.flat().length,
    switches: small.segments.length - 1,
    shown: small.what,
  };
}

function exploreClean(schedules: number): Exploration {
  const machine = new Machine();
  const result = explore({ families: FAMILIES, schedules, seed, machine });
  if (result.violation !== null) {
    process.stdout.write(formatReport(describeViolation(machine, shrink(machine, result.violation, seed))));
  }
  return result;
}
