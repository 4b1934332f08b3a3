/**
 * `npm run test:repeat -- --runs 30 --quick --load 4 [--seed S]`: the suite again and again, each run with a seed of its own, while so many
 * busy processes load the machine. What is never red by chance stays green here. The last line names each test that failed, with its seeds.
 *
 * Exit codes: 0 all green, 1 a test failed, 2 bad input, 130 interrupted (after the run's failures so far are told).
 */
import { readFile } from "node:fs/promises";
import { createRequire } from "node:module";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { Command } from "commander";
import { Child, tellingLine, withTemporaryFolder } from "../../child/index.js";
import { EXIT } from "../../command-line/exit-codes.js";
import { withInterruption } from "../../command-line/interruption.js";
import { parseSeed, wholeNumber } from "../../command-line/option-values.js";
import { optionsOf } from "../../command-line/program-options.js";
import { failuresIn, type SuiteReport, tellFailures } from "./failures.js";

const ROOT = fileURLToPath(new URL("../../../..", import.meta.url));
const VITEST = join(dirname(createRequire(import.meta.url).resolve("vitest/package.json")), "vitest.mjs");
const SEEDS = 2 ** 32;
/** An interrupted suite ends its own processes first. */
const GRACE_MS = 20_000;

/** Computes for nobody, until whoever started it is gone. */
const BUSY = "const p = process.ppid; do for (let i = 0; i < 1e8; i++); while (process.ppid === p);";

const program = new Command("test:repeat")
  .option("--runs <n>", "how often", (text) => wholeNumber("--runs", text, 1, 100_000), 10)
  .option("--load <n>", "busy processes beside it", (text) => wholeNumber("--load", text, 0, 256), 0)
  .option("--quick", "the quick part alone", false)
  .option("--seed <n>", "of the first run, the others count on (default: by the clock)", parseSeed);

const {
  runs,
  load,
  quick,
  seed = Date.now() % SEEDS,
} = optionsOf<{ runs: number; load: number; quick: boolean; seed?: number }>(program);

/** One run of the suite. */
async function runSuite(seed: number, interrupt: AbortSignal): Promise<string[]> {
  return withTemporaryFolder("engram-repeat-", async (folder) => {
    const file = join(folder, "report.json");
    const args = ["run", "--config", "test/vitest.config.ts", "--silent", "--reporter=json", `--outputFile=${file}`];
    const { exitCode, killedBy, stderr } = await Child.program(
      process.execPath,
      [VITEST, ...args, ...(quick ? ["--project", "quick"] : [])],
      { cwd: ROOT, env: { ...process.env, SEED: String(seed) }, interrupt, graceMs: GRACE_MS },
    ).ended;
    if (interrupt.aborted) return [];
    const report = await readFile(file, "utf8").catch(() => undefined);
    if (report === undefined) return [`the suite itself, ended by ${killedBy ?? exitCode}: ${tellingLine(stderr)}`];
    const failures = failuresIn(JSON.parse(report) as SuiteReport, ROOT);
    // An error outside of every test, such as a rejection that nobody handles.
    return failures.length === 0 && exitCode !== 0 ? [`outside of every test: ${tellingLine(stderr)}`] : failures;
  });
}

process.exitCode = await withInterruption(async (interrupt) => {
  const stopLoad = new AbortController();
  const busy = Array.from({ length: load }, () =>
    Child.program(process.execPath, ["-e", BUSY], { interrupt: stopLoad.signal }),
  );
  const failures = new Map<string, number[]>();
  let done = 0;
  try {
    for (; done < runs && !interrupt.aborted; done++) {
      const own = (seed + done) % SEEDS;
      const failed = await runSuite(own, interrupt);
      if (interrupt.aborted) break;
      for (const test of failed) failures.set(test, [...(failures.get(test) ?? []), own]);
      process.stdout.write(
        `run ${done + 1} of ${runs}, seed ${own}: ${failed.length === 0 ? "green" : failed.join("; ")}\n`,
      );
    }
  } finally {
    stopLoad.abort();
    await Promise.allSettled(busy.map(({ ended }) => ended));
  }
  process.stdout.write(`${tellFailures(done, failures)}\n`);
  if (interrupt.aborted) return EXIT.interrupted;
  return failures.size > 0 ? 1 : EXIT.ok;
});
