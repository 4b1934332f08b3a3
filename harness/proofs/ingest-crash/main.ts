/** `npm run ingest:crash -- --kills N [--seed S]`: prints its figures on the last line, exits 1 when they fall short. */
import { Command } from "commander";
import { parseSeed, wholeNumber } from "../../command-line/option-values.js";
import { optionsOf } from "../../command-line/program-options.js";
import { influxIsMissing, kafkaIsMissing } from "../../services/index.js";
import { type CrashCounts, ingestCrash } from "./crash.js";

const MOST_KILLS = 1_000_000;
const LONGEST_MS = 3_600_000;

const program = new Command("ingest:crash")
  .option("--kills <n>", "processes to kill", (text) => wholeNumber("--kills", text, 1, MOST_KILLS), 100)
  .option("--seed <n>", "of when they die (default: by the clock)", parseSeed)
  .option("--longest <ms>", "how long one lives at most", (text) => wholeNumber("--longest", text, 1, LONGEST_MS), 400);

function figures(counts: CrashCounts): string {
  return [
    `${counts.kills} kills`,
    `${counts.influxKills} of the database`,
    `${counts.brokerKills} of brokers`,
    `${counts.requests} requests`,
    `${counts.acknowledged} acknowledged with ${counts.metrics} metrics`,
    `${counts.lines} lines in the journal`,
    `${counts.points} points in the database`,
    `${counts.messages} messages in the topic, of which ${counts.again} come again and ${counts.disordered} out of order`,
    `${counts.torn} torn lines`,
    `${counts.violations.length} violations`,
  ].join(", ");
}

const {
  kills,
  seed = Date.now() % 2 ** 32,
  longest,
} = optionsOf<{ kills: number; seed?: number; longest: number }>(program);
process.stdout.write(`seed ${seed}\n`);
for (const missing of [influxIsMissing(), kafkaIsMissing()]) {
  if (missing !== null) process.stdout.write(`${missing}: without that sink\n`);
}
const PROGRESS_EVERY = 20;
const counts = await ingestCrash({ kills, seed, longestMs: longest }, (so) => {
  if (so.kills % PROGRESS_EVERY === 0) process.stderr.write(`${figures(so)}\n`); // a campaign may be cut short
});
for (const violation of counts.violations.slice(0, 20)) process.stdout.write(`violation: ${violation}\n`);
process.stdout.write(`ingest:crash: ${figures(counts)}\n`);
process.exitCode = counts.violations.length > 0 || counts.acknowledged === 0 ? 1 : 0;
