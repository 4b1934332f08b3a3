/** `npm run cluster:faults -- [--nemesis NAME] [--rounds N]`: prints a line for each nemesis, exits 1 when one falls short. */
import { Command } from "commander";
import { InvalidArgumentError } from "../../../src/errors.js";
import { parseSeed, wholeNumber } from "../../command-line/option-values.js";
import { optionsOf } from "../../command-line/program-options.js";
import { namespacesAreMissing, natsIsMissing } from "../../services/index.js";
import { campaign, type Outcome } from "./campaign.js";
import { NEMESES, type Nemesis } from "./nemeses.js";

const MOST_ROUNDS = 1000;
const CALM_MS = 3000;
const CHECK_MS = 120_000;
/** Of each round, so that a history that hardly ran is not taken for a proof. */
const FEWEST_OPERATIONS = 200;

const names = NEMESES.map(({ name }) => name);
const program = new Command("cluster:faults")
  .option("--nemesis <name>", `one of ${names.join(", ")} (default: all)`, (text) => nemesisOf(text))
  .option("--rounds <n>", "how often each strikes", (text) => wholeNumber("--rounds", text, 1, MOST_ROUNDS), 3)
  .option("--clients <n>", "strong clients of each node", (text) => wholeNumber("--clients", text, 1, 16), 2)
  .option("--threads <n>", "attached to each node", (text) => wholeNumber("--threads", text, 0, 16), 2)
  .option("--seed <n>", "of what is written and read (default: by the clock)", parseSeed);

function nemesisOf(text: string): Nemesis {
  const found = NEMESES.find(({ name }) => name === text);
  if (found === undefined) throw new InvalidArgumentError(`--nemesis ${text}: expected one of ${names.join(", ")}`);
  return found;
}

interface Options {
  nemesis?: Nemesis;
  rounds: number;
  clients: number;
  threads: number;
  seed?: number;
}

const { nemesis, rounds, clients, threads, seed = Date.now() % 2 ** 32 } = optionsOf<Options>(program);

function words({ nemesis, rounds, operations, unanswered, outageMs, healedMs, eventual, ...more }: Outcome): string {
  return [
    `${nemesis.padEnd(16)} ${rounds} times`,
    `${operations} strong operations linearizable (${unanswered} unanswered)`,
    `no write for ${outageMs} ms at most`,
    `all pass again after ${healedMs} ms`,
    `${more.bounded} bounded reads within their window (${more.stale} refused)`,
    `${eventual} eventual writes, ${more.conflicts} conflicts (${more.dropped} lost to the other)`,
    `${more.repairs} repairs`,
    `${more.violations.length} violations`,
  ].join(", ");
}

const missing = natsIsMissing();
if (missing !== null) {
  process.stderr.write(`cluster:faults: ${missing}\n`);
  process.exitCode = 1;
} else {
  process.stdout.write(`seed ${seed}\n`);
  const apart = namespacesAreMissing();
  let [operations, bounded, violations, skipped] = [0, 0, 0, 0];
  for (const one of nemesis === undefined ? NEMESES : [nemesis]) {
    if (one.apart && apart !== null) {
      process.stdout.write(`${one.name.padEnd(16)} skipped: ${apart}\n`);
      skipped++;
      continue;
    }
    const outcome = await campaign(one, { rounds, clients, threads, seed, calmMs: CALM_MS, checkMs: CHECK_MS });
    const short = outcome.operations < rounds * FEWEST_OPERATIONS ? ["too few operations to say anything"] : [];
    const found = [...outcome.violations, ...short];
    process.stdout.write(`${words(outcome)}\n`);
    for (const violation of found.slice(0, 20)) process.stdout.write(`violation: ${violation}\n`);
    if (outcome.history !== null) process.stdout.write(`history: ${outcome.history}\n`);
    operations += outcome.operations;
    bounded += outcome.bounded;
    violations += found.length;
  }
  process.stdout.write(
    `cluster:faults: ${operations} strong operations, ${bounded} bounded reads, ${violations} violations, ${skipped} skipped\n`,
  );
  process.exitCode = violations > 0 || operations === 0 ? 1 : 0;
}
