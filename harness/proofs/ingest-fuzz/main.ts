/**
 * `npm run ingest:fuzz -- [--inputs N] [--seed S]`: bodies of every format, whole and damaged. Prints its figures on the last line, exits 1 when a
 * property fell short.
 */
import { Command } from "commander";
import fc from "fast-check";
import { parseSeed, wholeNumber } from "../../command-line/option-values.js";
import { optionsOf } from "../../command-line/program-options.js";
import { PROPERTIES } from "./properties.js";

const MOST_INPUTS = 1_000_000_000;
const HIGHEST_SEED = 2 ** 32;

const program = new Command("ingest:fuzz")
  .option("--inputs <n>", "bodies in all", (text) => wholeNumber("--inputs", text, 1, MOST_INPUTS), 100_000)
  .option("--seed <n>", "of what is drawn (default: by the clock)", parseSeed);

const { inputs, seed = Date.now() % HIGHEST_SEED } = optionsOf<{ inputs: number; seed?: number }>(program);
process.stdout.write(`seed ${seed}\n`);
const each = Math.ceil(inputs / Object.keys(PROPERTIES).length);
let failed = 0;
for (const [name, property] of Object.entries(PROPERTIES)) {
  const result = fc.check(property, { numRuns: each, seed: seed | 0 });
  if (!result.failed) continue;
  failed++;
  process.stdout.write(`${name}: ${fc.defaultReportMessage(result)}\n`);
}
const count = Object.keys(PROPERTIES).length;
process.stdout.write(`ingest:fuzz: ${each * count} inputs, ${count} properties, ${failed} of them fell short\n`);
process.exitCode = failed > 0 ? 1 : 0;
