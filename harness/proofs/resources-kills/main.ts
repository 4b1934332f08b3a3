/**
 * `npm run resources-kills -- --kills 500`: threads that hold one of each kind of resource (lock, block, connection and its permit, what is tracked, mapped
 * file, watch, region, buffer) are terminated at random instants. Nothing is left of any of them, and never more connections are open than there
 * may be. Exit codes: 0 nothing wrong, 1 something, 2 bad input.
 */
import { Command } from "commander";
import { EXIT } from "../../command-line/exit-codes.js";
import { withInterruption } from "../../command-line/interruption.js";
import { parseSeed, wholeNumber } from "../../command-line/option-values.js";
import { optionsOf } from "../../command-line/program-options.js";
import { createProgress } from "../../command-line/progress.js";
import { runResourceKills } from "./kills.js";

const command = new Command("resources-kills")
  .option("--kills <n>", "threads to terminate", (text: string) => wholeNumber("--kills", text, 1, 1_000_000), 500)
  .option("--seed <n>", "what is done, and when", parseSeed, Math.floor(Math.random() * 2 ** 31));

const { kills, seed } = optionsOf<{ kills: number; seed: number }>(command);
const progress = createProgress();
const f = await withInterruption((interrupt) =>
  runResourceKills({
    kills,
    seed,
    interrupt,
    onProgress: (now) => progress.show(now.kills / kills, `${now.kills} kills`),
  }),
);
progress.stop();
for (const violation of f.violations) process.stderr.write(`violation: ${violation}\n`);
const wrong = f.stuck + f.violations.length;
const held = Object.entries(f.held)
  .sort(([, a], [, b]) => b - a)
  .map(([kind, n]) => `${n} ${kind}`)
  .join(", ");
process.stdout.write(
  `resources ${wrong === 0 ? "given back" : "LEFT BEHIND"}: ${f.kills} threads killed, with ${held} in their hands; at most ${f.peak} connections open at a time; ${f.steps} things taken or given back, ${f.stuck} stuck; ${f.violations.length} violations; ${f.seconds.toFixed(0)} s, seed ${seed}\n`,
);
process.exitCode = wrong === 0 ? EXIT.ok : EXIT.negative;
