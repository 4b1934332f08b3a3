/**
 * `npm run fuzz -- --minutes N [--seed S] [--only traces,backups]`: damaged files of every kind that is read, each in bounded time and memory. Counts on
 * the last line.
 *
 * Exit codes: 0 nothing fell short, 1 something did (the file is kept), 2 bad input.
 */
import { parseArgs } from "node:util";
import { EXIT } from "../../command-line/exit-codes.js";
import { withInterruption } from "../../command-line/interruption.js";
import { type FuzzCounts, fuzz } from "./fuzz.js";
import { TARGETS, type TargetName } from "./targets.js";

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "1" },
    seed: { type: "string", default: String(Date.now() % 2 ** 32) },
    only: { type: "string", default: TARGETS.join(",") },
    keep: { type: "string", default: "fuzz-faults" },
  },
});

function refuse(message: string): never {
  process.stderr.write(`fuzz: ${message}\n`);
  process.exit(EXIT.usage);
}

function figures(counts: FuzzCounts): string {
  return Object.entries(counts.targets)
    .map(([target, { read, refused, faults }]) => `${target} ${read} read, ${refused} refused, ${faults} short`)
    .join("; ");
}

const minutes = Number(values.minutes);
if (!(minutes > 0 && minutes <= 10_000)) refuse(`--minutes ${values.minutes}: expected above 0 and at most 10000`);
const seed = Number(values.seed);
if (!(Number.isInteger(seed) && seed >= 0 && seed < 2 ** 32)) {
  refuse(`--seed ${values.seed}: expected a whole number from 0 to ${2 ** 32 - 1}`);
}
const targets = values.only.split(",").map((name) => {
  const found = TARGETS.find((target) => target === name.trim());
  return found ?? refuse(`--only ${name}: expected any of ${TARGETS.join(", ")}`);
}) as TargetName[];

process.stdout.write(`seed ${seed}\n`);
const PROGRESS_MS = 30_000;
let told = performance.now();
const counts = await withInterruption((interrupt) =>
  fuzz({
    ...{ seed, targets, milliseconds: minutes * 60_000, keep: values.keep, interrupt },
    onProgress(so) {
      if (performance.now() - told < PROGRESS_MS) return;
      told = performance.now();
      process.stderr.write(`${figures(so)}\n`); // a campaign may be cut short
    },
  }),
);
for (const { target, what, file } of counts.faults.slice(0, 20)) {
  process.stdout.write(`short: ${target}: ${file}: ${what.split("\n").slice(0, 4).join(" | ")}\n`);
}
process.stdout.write(`fuzz, seed ${seed}: ${figures(counts)}\n`);
process.exitCode = counts.faults.length > 0 ? EXIT.negative : EXIT.ok;
