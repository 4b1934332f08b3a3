/**
 * `npm run agents-kills -- --kills 2000`: threads that take and give blocks and pieces, make agents, hand them over, adopt and claim them are
 * terminated at random instants. After each death nothing is damaged, leaked or charged to nobody. Exit codes: 0 nothing wrong, 1 something, 2 bad input.
 */
import { Command } from "commander";
import { EXIT } from "../../command-line/exit-codes.js";
import { withInterruption } from "../../command-line/interruption.js";
import { parseSeed, wholeNumber } from "../../command-line/option-values.js";
import { optionsOf } from "../../command-line/program-options.js";
import { createProgress } from "../../command-line/progress.js";
import { runAgentKills } from "./kills.js";

const command = new Command("agents-kills")
  .option("--kills <n>", "threads to terminate", (text: string) => wholeNumber("--kills", text, 1, 1_000_000), 1000)
  .option("--seed <n>", "what is done, and when", parseSeed, Math.floor(Math.random() * 2 ** 31));

const { kills, seed } = optionsOf<{ kills: number; seed: number }>(command);
const progress = createProgress();
const f = await withInterruption((interrupt) =>
  runAgentKills({
    kills,
    seed,
    interrupt,
    onProgress: (now) => progress.show(now.kills / kills, `${now.kills} kills`),
  }),
);
progress.stop();
for (const violation of f.violations) process.stderr.write(`violation: ${violation}\n`);
const wrong = f.broken + f.stuck + f.violations.length;
process.stdout.write(
  `agents ${wrong === 0 ? "held" : "FAILED"}: ${f.kills} threads killed, ${f.orphans} agents found without an owner after it, ${f.poisoned} of them in the middle of a change; ${f.adopted} adopted, ${f.claimed} claimed; ${f.steps} things done, ${f.broken} times not as it was left, ${f.stuck} stuck; ${f.violations.length} violations; ${f.seconds.toFixed(0)} s, seed ${seed}\n`,
);
process.exitCode = wrong === 0 ? EXIT.ok : EXIT.negative;
