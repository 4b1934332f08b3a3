/**
 * `npm run gate:command -- --rounds 60`: how often a gate over a command fails one that is no slower, and catches one that is 15 % slower, on
 * this machine as busy as it is. Exit codes: 0 at most 1 % and at least 95 %; 1 otherwise; 2 bad input; 3 a process failed.
 */
import { Command } from "commander";
import { SampleRandom } from "../../../src/random.js";
import { writeWhole } from "../../../src/write-whole.js";
import { withTemporaryFolder } from "../../child/index.js";
import { EXIT } from "../../command-line/exit-codes.js";
import { withInterruption } from "../../command-line/interruption.js";
import { parseSeed, wholeNumber } from "../../command-line/option-values.js";
import { optionsOf } from "../../command-line/program-options.js";
import { createProgress } from "../../command-line/progress.js";
import { type BenchmarkContext, DEFAULT_LIMIT_MS, findShell, runBenchmark } from "../../gate/index.js";
import type { Outcome } from "../../statistics/index.js";
import { type CommandRound, replayGates, type Timed } from "./replay.js";

const SLOWER = 1.15;
const GATES = 1000;
/** Turns of a dependent multiplication: about 0.3 s of a processor. */
const TURNS = 200_000_000;

const command = new Command("gate:command")
  .option("--rounds <n>", "rounds of three processes", (text: string) => wholeNumber("--rounds", text, 10, 10_000), 60)
  .option("--seed <n>", "order of the processes, and what is drawn from the rounds", parseSeed, 1)
  .option("--save <file>", "write the rounds as JSON");

const { rounds: total, seed, save } = optionsOf<{ rounds: number; seed: number; save?: string }>(command);
const progress = createProgress();

/** The start of a process is in both, so that the work is made so much longer that the whole takes 15 % more. */
const benchmark = (turns: number) =>
  `"${process.execPath}" -e 'let x = 1; for (let i = 0; i < ${turns}; i++) x = Math.imul(x, 0x5851f42d) | 1; if (x === 0) process.exit(1)'`;

const rounds = await withInterruption((signal) =>
  withTemporaryFolder("engram-gate-command-", async (temporary) => {
    const shell = await findShell(temporary, signal);
    const run = async (name: string, turns: number): Promise<Timed> => {
      const settings = {
        command: benchmark(turns),
        setup: null,
        build: null,
        metrics: "time",
        metricsFile: null,
      } as const;
      const context: BenchmarkContext = {
        ...{ shell, temporary, signal },
        settings: { ...settings, decideBy: "auto", limitMs: DEFAULT_LIMIT_MS },
      };
      const { wallMs, cpuMs } = await runBenchmark({ name, folder: temporary }, context);
      if (cpuMs === null) throw new Error("this shell tells no processor time");
      return { wallMs, cpuMs };
    };
    const costs = async (turns: number) => (await run("tuning", turns)).cpuMs;
    const empty = Math.min(await costs(0), await costs(0), await costs(0));
    const whole = Math.min(await costs(TURNS), await costs(TURNS), await costs(TURNS));
    const slowTurns = Math.round(TURNS * (1 + ((SLOWER - 1) * whole) / (whole - empty)));
    const random = new SampleRandom(seed);
    const measured: CommandRound[] = [];
    while (measured.length < total) {
      progress.show(measured.length / total, `round ${measured.length + 1} of ${total}`);
      const round: Partial<Record<keyof CommandRound, Timed>> = {};
      const left: (keyof CommandRound)[] = ["base", "again", "slow"];
      while (left.length > 0) {
        const [name] = left.splice(random.below(left.length), 1);
        round[name] = await run(name, name === "slow" ? slowTurns : TURNS);
      }
      measured.push(round as CommandRound);
    }
    progress.stop();
    return measured;
  }),
);
if (save !== undefined) await writeWhole(save, `${JSON.stringify({ rounds }, null, 1)}\n`);

const shown = (counts: Record<Outcome, number>) =>
  Object.entries(counts)
    .map(([outcome, share]) => `${(share * 100).toFixed(1)} % ${outcome}`)
    .join(", ");
const of = (head: "again" | "slow", clock: "auto" | "wall") => replayGates(rounds, head, { gates: GATES, seed, clock });
const before = await of("again", "wall");
const [same, slower] = [await of("again", "auto"), await of("slow", "auto")];
const fair = same.regressed <= 0.01 && slower.regressed >= 0.95;
process.stdout.write(`  by the wall clock alone, the same command: ${shown(before)}
  with processor time, the same command:    ${shown(same)}
  with processor time, 15 % slower:         ${shown(slower)}
gate of a command ${fair ? "held" : "FAILED"}: false failures ${(same.regressed * 100).toFixed(1)} % (at most 1 %), caught ${(slower.regressed * 100).toFixed(1)} % (at least 95 %), ${GATES} gates each over ${rounds.length} rounds
`);
process.exitCode = fair ? EXIT.ok : EXIT.negative;
