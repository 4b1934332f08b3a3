/** `npm run ingest:rates [-- --metrics N --rounds N]`: prints its figures; exits 1 where its servers are missing. */
import { Command } from "commander";
import { EXIT } from "../../command-line/exit-codes.js";
import { wholeNumber } from "../../command-line/option-values.js";
import { optionsOf } from "../../command-line/program-options.js";
import { influxIsMissing, kafkaIsMissing } from "../../services/index.js";
import { ingestRates } from "./rates.js";

/** The brokers keep 5 MiB a partition. */
const MOST_METRICS = 100_000;

const program = new Command("ingest:rates")
  .option("--metrics <n>", "of a round", (text) => wholeNumber("--metrics", text, 1000, MOST_METRICS), 50_000)
  .option("--rounds <n>", "whose medians are told", (text) => wholeNumber("--rounds", text, 1, 1000), 5);

const settings = optionsOf<{ metrics: number; rounds: number }>(program);
const missing = kafkaIsMissing() ?? influxIsMissing();
if (missing !== null) {
  process.stderr.write(`ingest:rates: ${missing}\n`);
  process.exitCode = EXIT.failed;
} else {
  const rates = await ingestRates(settings, () => process.stderr.write("."));
  process.stderr.write("\n");
  for (const { what, perSecond, cpuMicroseconds } of rates) {
    process.stdout.write(
      `${what.padEnd(30)} ${Math.round(perSecond).toLocaleString("en").padStart(9)} metrics/s ${cpuMicroseconds.toFixed(1).padStart(6)} us of processor a metric\n`,
    );
  }
}
