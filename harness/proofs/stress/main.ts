/**
 * `npm run stress`: real worker threads on a few hot keys, every operation recorded in shared memory and every history checked for
 * linearizability.
 *
 *     npm run stress -- --minutes 10    rounds of three agents, one of them killed in every other round
 *     npm run stress -- --kills 5000    rounds of ten agents, eight of them killed at random instants in each
 *     npm run stress -- --near          either with agents that keep what they read near
 *
 * Exit codes: 0 nothing wrong, 1 a violation, 2 bad input.
 */
import { writeFileSync } from "node:fs";
import { Command } from "commander";
import { type CheckResult, renderViolationPage } from "../../checker/index.js";
import { EXIT } from "../../command-line/exit-codes.js";
import { withInterruption } from "../../command-line/interruption.js";
import { parseMinutes, parseSeed, wholeNumber } from "../../command-line/option-values.js";
import { optionsOf } from "../../command-line/program-options.js";
import { createProgress } from "../../command-line/progress.js";
import { type DeathFigures, runDeaths } from "./deaths.js";
import { type MinutesFigures, runMinutes } from "./minutes.js";

interface Options {
  minutes?: number;
  kills?: number;
  seed: number;
  near?: boolean;
  json?: boolean;
}

/** A page for a history that no order explains. */
function notice(result: CheckResult, round: number): void {
  if (result.outcome !== "illegal") return;
  const page = `stress-violation-${round}-${result.model}.html`;
  writeFileSync(page, renderViolationPage(result, `stress, round ${round}`));
  process.stderr.write(`round ${round}: the history is not linearizable by model ${result.model}; see ${page}\n`);
}

const complain = (what: string): void => void process.stderr.write(`violation: ${what}\n`);

async function stressForMinutes(minutes: number, { seed, near }: Options): Promise<[MinutesFigures, string]> {
  const progress = createProgress();
  const figures = await withInterruption((interrupt) =>
    runMinutes({
      minutes,
      seed,
      near,
      interrupt,
      onRound: (f) => progress.show(f.seconds / 60 / minutes, `${f.rounds} rounds, ${f.kills} kills`),
      onViolation: complain,
      onCheck: notice,
    }),
  );
  progress.stop();
  const f = figures;
  return [
    f,
    `${f.rounds} histories of ${f.operations} operations checked, ${f.notLinearizable} not linearizable, ${f.undecided} undecided; ${f.kills} agents killed, ${f.open} operations left open; ${f.violations} violations of invariants; seed ${seed}`,
  ];
}

async function stressByDeath(kills: number, { seed, near }: Options): Promise<[DeathFigures, string]> {
  const progress = createProgress();
  const figures = await withInterruption((interrupt) =>
    runDeaths({
      kills,
      seed,
      near,
      interrupt,
      onRound: (f) => progress.show(f.kills / kills, `${f.kills} kills, ${f.histories} histories`),
      onViolation: complain,
      onCheck: notice,
    }),
  );
  progress.stop();
  const f = figures;
  return [
    f,
    `${f.kills} agents killed, ${f.inHotKey} in the middle of a recorded operation and ${f.inChurn} of another; ${f.reaped} slots reaped; ${f.rounds} times invariants and leaks looked for, ${f.violations} violations; ${f.histories} histories of ${f.operations} operations checked, ${f.open} left open, ${f.notLinearizable} not linearizable, ${f.undecided} undecided; ${f.seconds.toFixed(0)} s, seed ${seed}`,
  ];
}

const MOST_KILLS = 1_000_000_000;

const program = new Command("stress")
  .option("--minutes <n>", "how long (default: 1, without --kills)", parseMinutes)
  .option("--kills <n>", "agents to terminate at random instants", (text) =>
    wholeNumber("--kills", text, 1, MOST_KILLS),
  )
  .option("--seed <n>", "of the operations and of the kills", parseSeed, 1)
  .option("--near", "agents keep what they read near, and answer from there while it is the present value")
  .option("--json", "print the figures as JSON on stdout, and nothing else");
const options = optionsOf<Options>(program);
if (options.kills !== undefined && options.minutes !== undefined) {
  process.stderr.write("stress: --minutes and --kills are two campaigns; choose one\n");
  process.exit(EXIT.usage);
}
const [figures, sentence] =
  options.kills === undefined
    ? await stressForMinutes(options.minutes ?? 1, options)
    : await stressByDeath(options.kills, options);
const held = figures.notLinearizable + figures.undecided + figures.violations === 0;
process.stdout.write(
  options.json
    ? `${JSON.stringify({ held, seed: options.seed, ...figures })}\n`
    : `stress ${held ? "held" : "FELL SHORT"}: ${sentence}\n`,
);
process.exitCode = held ? EXIT.ok : EXIT.negative;
