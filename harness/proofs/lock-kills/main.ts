/**
 * `npm run lock-kills -- --kills 2000`: threads that use a few locks without a pause are terminated at random instants. Nobody is ever inside beside another,
 * no death inside goes untold, and every lock is there for the taking afterwards. Exit codes: 0 nothing wrong, 1 something, 2 bad input.
 */
import { Command } from "commander";
import { EXIT } from "../../command-line/exit-codes.js";
import { withInterruption } from "../../command-line/interruption.js";
import { parseSeed, wholeNumber } from "../../command-line/option-values.js";
import { optionsOf } from "../../command-line/program-options.js";
import { createProgress } from "../../command-line/progress.js";
import { runKills } from "./kills.js";

const command = new Command("lock-kills")
  .option("--kills <n>", "threads to terminate", (text: string) => wholeNumber("--kills", text, 1, 1_000_000), 1000)
  .option("--seed <n>", "what is done, and when", parseSeed, Math.floor(Math.random() * 2 ** 31));

const { kills, seed } = optionsOf<{ kills: number; seed: number }>(command);
const progress = createProgress();
const f = await withInterruption((interrupt) =>
  runKills({ kills, seed, interrupt, onProgress: (now) => progress.show(now.kills / kills, `${now.kills} kills`) }),
);
progress.stop();
for (const violation of f.violations) process.stderr.write(`violation: ${violation}\n`);
const wrong = f.broken + f.stuck + f.violations.length;
process.stdout.write(
  `locks ${wrong === 0 ? "held" : "FAILED"}: ${f.kills} threads killed, ${f.holding} with a lock in their hands and ${f.waiting} while they waited; ${f.poisoned} locks found poisoned; ${f.steps} uses of locks, ${f.broken} times two inside or a death untold, ${f.stuck} stuck; ${f.violations.length} violations; ${f.seconds.toFixed(0)} s, seed ${seed}\n`,
);
process.exitCode = wrong === 0 ? EXIT.ok : EXIT.negative;
