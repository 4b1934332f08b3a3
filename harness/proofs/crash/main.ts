/** `npm run crash -- --kills N [--seed S]`: prints its figures on the last line, exits 1 when they fall short. */
import { Command } from "commander";
import { parseSeed, wholeNumber } from "../../command-line/option-values.js";
import { optionsOf } from "../../command-line/program-options.js";
import { type CrashCounts, crash } from "./crash.js";

const MOST_KILLS = 1_000_000_000;
const LONGEST_MS = 3_600_000;
const MOST_STEPS = 1_000_000;

const program = new Command("crash")
  .option("--kills <n>", "processes to kill", (text) => wholeNumber("--kills", text, 1, MOST_KILLS), 100)
  .option("--seed <n>", "of what is written and when it dies (default: by the clock)", parseSeed)
  .option(
    "--longest <ms>",
    "how long a process lives at most",
    (text) => wholeNumber("--longest", text, 1, LONGEST_MS),
    300,
  )
  .option(
    "--large-every <n>",
    "one in so many writes is of a large value, 17 to 200 KB; 0: none is",
    (text) => wholeNumber("--large-every", text, 0, MOST_STEPS),
    12,
  );

function figures(counts: CrashCounts): string {
  return [
    `${counts.kills} kills`,
    `${counts.recovered} recovered`,
    `${counts.empty} before a first backup`,
    `${counts.midBackup} in the middle of a backup`,
    `${counts.commits} backups finished`,
    `${counts.lives} lives ended and gone on from`,
    `${counts.entries} entries checked (${counts.large} of them large)`,
    `${counts.damagedWhole + counts.damagedRefused} damaged copies (${counts.damagedRefused} refused)`,
    `${counts.violations.length} violations`,
  ].join(", ");
}

const {
  kills,
  seed = Date.now() % 2 ** 32,
  longest,
  largeEvery,
} = optionsOf<{ kills: number; seed?: number; longest: number; largeEvery: number }>(program);
const settings = { kills, seed, longestMs: longest, largeEvery };
process.stdout.write(`seed ${settings.seed}\n`);
const PROGRESS_EVERY = 100;
const counts = await crash(settings, (so) => {
  if (process.stderr.isTTY) process.stderr.write(`\r${figures(so)}`);
  else if (so.kills % PROGRESS_EVERY === 0) process.stderr.write(`${figures(so)}\n`); // a campaign may be cut short
});
for (const violation of counts.violations.slice(0, 20)) process.stdout.write(`violation: ${violation}\n`);
process.stdout.write(`crash: ${figures(counts)}\n`);
process.exitCode = counts.violations.length > 0 || counts.recovered === 0 ? 1 : 0;
