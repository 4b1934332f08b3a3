/** `engram check-subject FILE`: is a subject what it says it is? */
import { Command } from "commander";
import { InvalidArgumentError } from "../../src/errors.js";
import { EXIT } from "../command-line/exit-codes.js";
import { withInterruption } from "../command-line/interruption.js";
import * as values from "../command-line/option-values.js";
import { type Examination, isSound } from "./examination.js";
import { examineSubject } from "./examine.js";
import { subjectPath } from "./subject-path.js";

interface CheckOptions {
  workers: string;
  steps: string;
  seed: string;
  deadline: string;
  json?: boolean;
}

const MOST_WORKERS = 64;
const MOST_STEPS = 1_000_000;

const DETAILS = `
The file is a module whose default export is a subject: export default defineSubject({ name, open, attach, … }) from "engram/lab";
"engram init subject" writes one to begin with. Each worker does random operations on keys of its own and compares every answer with a
Map's, byte by byte where the subject hands out bytes; then all look at what one of them wrote, wait for a time to live to pass, and close.
A value that is gone is told and no fault, for a cache may drop what it likes.

Exit codes: 0 nothing is wrong, 1 a fault was found, 2 bad input, 130 interrupted.`;

export function checkSubjectCommand(): Command {
  return new Command("check-subject")
    .description("is a store of one's own fit to be measured: every answer compared with a Map's, on several workers")
    .argument("<file>", "a module whose default export is a subject")
    .option("--workers <n>", "worker threads that use it at once", "2")
    .option("--steps <n>", "operations of each", "2000")
    .option("--seed <n>", "of the operations", "1")
    .option("--deadline <time>", "time for all of it, after which it is said to hang", "30s")
    .option("--json", "print what was found as JSON on stdout, and nothing else")
    .addHelpText("after", DETAILS)
    .action(check);
}

async function check(file: string, options: CheckOptions): Promise<void> {
  const settings = {
    workers: values.wholeNumber("--workers", options.workers, 1, MOST_WORKERS),
    steps: values.wholeNumber("--steps", options.steps, 1, MOST_STEPS),
    seed: values.parseSeed(options.seed),
    limitMs: values.parseTime("--deadline", options.deadline, "above 0"),
  };
  await subjectPath(file);
  await withInterruption(async (interrupt) => {
    const examination = await examineSubject(file, { ...settings, interrupt });
    refuseUnloadable(examination);
    process.stdout.write(options.json ? `${JSON.stringify(examination, null, 2)}\n` : summaryOf(examination));
    if (!isSound(examination)) process.exitCode = EXIT.negative;
  });
}

/** Nothing was examined: there is no subject in it. @throws InvalidArgumentError */
function refuseUnloadable({ subject, findings }: Examination): void {
  const why = findings.find(({ about }) => about === "load");
  if (subject === null && why !== undefined) throw new InvalidArgumentError(why.message);
}

/** For a reader: what it is, what was compared, what is wrong. */
function summaryOf(examination: Examination): string {
  const { file, subject, workers, checked, findings } = examination;
  const lines: string[] = [];
  if (subject !== null) {
    lines.push(`${subject.name}: ${subject.summary}`);
    const says = [
      subject.shared ? "shared by all workers" : "a copy of its own in each worker",
      subject.expires ? "entries expire" : "entries do not expire",
      ...(subject.asynchronous ? ["answers later"] : []),
      ...(subject.cannot.length > 0 ? [`cannot ${subject.cannot.join(", ")}`] : []),
      ...(subject.also.length > 0 ? [`also ${subject.also.join(", ")}`] : []),
    ];
    lines.push(`  says: ${says.join("; ")}`);
    const counts = Object.entries(checked).map(([name, count]) => `${count} ${name}`);
    if (counts.length > 0)
      lines.push(`  compared on ${workers} ${workers === 1 ? "worker" : "workers"}: ${counts.join(", ")}`);
  }
  for (const { kind, message } of findings) lines.push(`  ${kind}: ${message}`);
  lines.push(isSound(examination) ? `${file}: fit to be measured` : `${file}: not fit to be measured`);
  return `${lines.join("\n")}\n`;
}
