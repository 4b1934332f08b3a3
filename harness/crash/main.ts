/** `npm run crash -- --kills N [--seed S]`: prints its figures on the last line, exits 1 when they fall short. */
import { parseArgs } from "node:util";
import { type CrashCounts, crash } from "./crash.js";

const { values } = parseArgs({
  options: {
    kills: { type: "string", default: "100" },
    seed: { type: "string", default: String(Date.now() % 2 ** 32) },
    longest: { type: "string", default: "150" },
  },
});

function whole(name: "kills" | "seed" | "longest", least: number): number {
  const value = Number(values[name]);
  if (Number.isInteger(value) && value >= least && value < 2 ** 32) return value;
  process.stderr.write(`crash: --${name} ${values[name]}: expected a whole number from ${least}\n`);
  process.exit(2);
}

function figures(counts: CrashCounts): string {
  return [
    `${counts.kills} kills`,
    `${counts.recovered} recovered`,
    `${counts.empty} before a first backup`,
    `${counts.midBackup} in the middle of a backup`,
    `${counts.commits} backups finished`,
    `${counts.lives} lives ended and gone on from`,
    `${counts.entries} entries checked`,
    `${counts.damagedWhole + counts.damagedRefused} damaged copies (${counts.damagedRefused} refused)`,
    `${counts.violations.length} violations`,
  ].join(", ");
}

const settings = { kills: whole("kills", 1), seed: whole("seed", 0), longestMs: whole("longest", 1) };
process.stdout.write(`seed ${settings.seed}\n`);
const PROGRESS_EVERY = 100;
const counts = await crash(settings, (so) => {
  if (process.stderr.isTTY) process.stderr.write(`\r${figures(so)}`);
  else if (so.kills % PROGRESS_EVERY === 0) process.stderr.write(`${figures(so)}\n`); // a campaign may be cut short
});
for (const violation of counts.violations.slice(0, 20)) process.stdout.write(`violation: ${violation}\n`);
process.stdout.write(`crash: ${figures(counts)}\n`);
process.exitCode = counts.violations.length > 0 || counts.recovered === 0 ? 1 : 0;
