/**
 * `npm run cluster:sim -- --seeds 3000`: so many lives of a small cluster at each level, and each planted fault looked for. Exit codes: 0 nothing
 * diverged or was lost, every strong history is linearizable and every fault was found; 1 otherwise; 2 bad input.
 */
import { Command } from "commander";
import { type CampaignResult, FAULT_LEVELS, FAULTS, runCampaign } from "../../cluster/index.js";
import { EXIT } from "../../command-line/exit-codes.js";
import { withInterruption } from "../../command-line/interruption.js";
import { parseSeed, wholeNumber } from "../../command-line/option-values.js";
import { optionsOf } from "../../command-line/program-options.js";
import { createProgress } from "../../command-line/progress.js";

const command = new Command("cluster:sim")
  .option("--seeds <n>", "lives at each level", (text: string) => wholeNumber("--seeds", text, 1, 10_000_000), 300)
  .option("--seed <n>", "the first of them; the others follow", parseSeed, 1);

const { seeds, seed: firstSeed } = optionsOf<{ seeds: number; seed: number }>(command);
const progress = createProgress();
const started = performance.now();
let wrong = 0;

/** Its line, and whether it is as it should be. */
function tell(result: CampaignResult): void {
  const { level, fault, seeds: lived, broken, first, undecided, operations, conflicts, dropped } = result;
  const right = fault === null ? broken + undecided === 0 : broken > 0;
  if (!right) wrong++;
  const what = first === null ? "" : `; first seed ${first.seed}: ${first.what}`;
  const checked = operations === 0 ? "" : `, ${operations} strong operations checked, ${undecided} histories undecided`;
  process.stdout.write(
    `${right ? " " : "!"} ${level}${fault === null ? "" : ` with ${fault}`}: ${broken} of ${lived} broken${checked}; conflicts ${conflicts}, dropped ${dropped}${what}\n`,
  );
}

const results = await withInterruption(async (interrupt) => {
  const all: CampaignResult[] = [];
  const campaign = async (level: CampaignResult["level"], fault: CampaignResult["fault"]) => {
    const onSeed = (done: number) => progress.show(done / seeds, `${level}${fault === null ? "" : ` with ${fault}`}`);
    const interrupted = () => interrupt.aborted;
    const result = await runCampaign({
      level,
      fault,
      seeds,
      firstSeed,
      onSeed,
      interrupted,
      untilBroken: fault !== null,
    });
    progress.stop();
    if (interrupt.aborted) return;
    tell(result);
    all.push(result);
  };
  for (const level of ["eventual", "strong", "mixed"] as const) await campaign(level, null);
  for (const fault of FAULTS) await campaign(FAULT_LEVELS[fault], fault);
  return all;
});

const sound = results.filter(({ fault }) => fault === null);
const sum = (of: (result: CampaignResult) => number) => sound.reduce((total, result) => total + of(result), 0);
const found = results.filter(({ fault, broken }) => fault !== null && broken > 0).length;
process.stdout.write(
  `cluster ${wrong === 0 ? "held" : "FAILED"}: ${sum((one) => one.seeds)} lives, ${sum((one) => one.events)} events, ${sum((one) => one.broken)} broken; ${sum((one) => one.operations)} strong operations linearizable, ${sum((one) => one.conflicts)} conflicts resolved; ${found} of ${FAULTS.length} planted faults found; seeds from ${firstSeed}, ${((performance.now() - started) / 1000).toFixed(0)} s\n`,
);
process.exitCode = wrong === 0 ? EXIT.ok : EXIT.negative;
