/**
 * `npm run stress -- --minutes N`: real worker threads on a few hot keys, every operation recorded in shared memory and every history
 * checked for linearizability; in every other round an agent is terminated somewhere in the middle, its slot is reaped, and the
 * operation it was in stays open. At the end the store's invariants and the leak sweep. Exit code 1 when anything is wrong.
 */
import { writeFileSync } from "node:fs";
import { InvalidArgumentError as BadFlag, Command } from "commander";
import { Store } from "../../src/index.js";
import { Random } from "../../workloads/index.js";
import { type CheckResult, renderViolationPage } from "../checker/index.js";
import { playRound } from "./round.js";

const AGENTS = 3;
const KEYS = 3;
const OPERATIONS = 600;
const ROUNDS_PER_STORE = 50;

function parseMinutes(text: string): number {
  const minutes = Number(text);
  if (!(minutes > 0 && minutes <= 10_000)) throw new BadFlag("expected minutes, above 0 and at most 10000");
  return minutes;
}

function parseSeed(text: string): number {
  const seed = Number(text);
  if (!Number.isInteger(seed) || seed < 0 || seed > 0x7fffffff) throw new BadFlag("expected a whole number from 0");
  return seed;
}

const totals = { rounds: 0, operations: 0, open: 0, kills: 0, illegal: 0, unknown: 0, violations: 0 };

function judge(checks: CheckResult[], round: number): void {
  for (const result of checks) {
    if (result.outcome === "unknown") totals.unknown++;
    if (result.outcome !== "illegal") continue;
    totals.illegal++;
    const page = `stress-violation-${round}.html`;
    writeFileSync(page, renderViolationPage(result, `stress, round ${round}`));
    process.stderr.write(`round ${round}: the history is not linearizable by model ${result.model}; see ${page}\n`);
  }
}

async function stress(minutes: number, seed: number): Promise<void> {
  const end = performance.now() + minutes * 60_000;
  const random = new Random(seed);
  while (performance.now() < end) {
    const store = await Store.create({ capacity: "8MiB", maxWorkers: AGENTS });
    for (let i = 0; i < ROUNDS_PER_STORE && performance.now() < end; i++) {
      const round = totals.rounds++;
      const killAfter = round % 2 === 1 ? random.below(OPERATIONS) : null;
      const plan = { round, seed: seed + round, agents: AGENTS, keys: KEYS, operations: OPERATIONS, killAfter };
      const outcome = await playRound(store, plan);
      totals.operations += outcome.operations;
      totals.open += outcome.open;
      if (outcome.killed) totals.kills++;
      judge(outcome.checks, round);
      if (process.stderr.isTTY) process.stderr.write(`\r${totals.rounds} rounds, ${totals.kills} kills `);
    }
    const { violations } = await store.verify();
    totals.violations += violations.length;
    for (const violation of violations) process.stderr.write(`${violation}\n`);
    await store.close();
  }
}

const options = new Command("stress")
  .option("--minutes <n>", "how long", parseMinutes, 1)
  .option("--seed <n>", "of the operations and of the kills", parseSeed, 1)
  .parse()
  .opts<{ minutes: number; seed: number }>();
await stress(options.minutes, options.seed);
const wrong = totals.illegal + totals.unknown + totals.violations;
process.stdout.write(
  `stress ${wrong === 0 ? "held" : "FELL SHORT"}: ${totals.rounds} histories of ${totals.operations} operations checked, ${totals.illegal} not linearizable, ${totals.unknown} undecided; ${totals.kills} agents killed, ${totals.open} operations left open; ${totals.violations} violations of invariants; seed ${options.seed}\n`,
);
process.exitCode = wrong === 0 ? 0 : 1;
