/**
 * `npm run evict:workers [-- --requests N --rounds N --workers 1,2,4]`: the speed-up of a sweep over worker processes on this machine, and its rows
 * under a kill and a stop. Exits 1 when any row differs, 3 where there is no nats-server.
 */
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { Command } from "commander";
import { runProgram, withTemporaryFolder } from "../../child/index.js";
import { RunFailedError } from "../../command-line/errors.js";
import { EXIT } from "../../command-line/exit-codes.js";
import { parseWorkerCounts, wholeNumber } from "../../command-line/option-values.js";
import { optionsOf } from "../../command-line/program-options.js";
import { natsIsMissing, startNats } from "../../services/index.js";
import { describeTimes, inTurns, load, roughly } from "./sweeps.js";

const SWEEP = ["--policy", "lru,arc,lirs,s3-fifo,w-tinylfu,hybrid,adaptive,opt", "--size", "1%,5%,20%"];
const CLI = join(import.meta.dirname, "../../cli.js");

const program = new Command("evict:workers")
  .option("--requests <n>", "of the trace", (text) => wholeNumber("--requests", text, 10_000, 1e9), 2_000_000)
  .option("--rounds <n>", "whose medians are told", (text) => wholeNumber("--rounds", text, 1, 1000), 5)
  .option("--workers <counts>", "processes of one thread each", parseWorkerCounts, [1, 2, 4]);

const { requests, rounds, workers } = optionsOf<{ requests: number; rounds: number; workers: number[] }>(program);

async function campaign(): Promise<number> {
  const nats = await startNats();
  try {
    return await withTemporaryFolder("engram-evict-workers-", async (folder) => {
      const trace = join(folder, "trace.oracleGeneral");
      const drawn = ["--count", String(requests), "--keys", String(Math.ceil(requests / 10)), "--sizes", "64B-4KiB"];
      await runProgram(process.execPath, [CLI, "trace", "generate", trace, ...drawn]);
      const setting = { trace, sweep: SWEEP, url: `nats://${nats.addresses[0]}` };
      const before = load();
      const { arms, rows } = await inTurns(setting, workers, rounds, () => process.stderr.write("."));
      process.stderr.write("\n");
      for (const line of describeTimes(arms)) process.stdout.write(`${line}\n`);
      const rough = await roughly(setting);
      const same = rough.rows === rows;
      process.stdout.write(`one killed, one stopped: ${same ? "the same rows" : "OTHER ROWS"}; ${rough.said}\n`);
      const jobs = JSON.parse(rows).length;
      process.stdout.write(
        `${jobs} jobs over ${requests} requests, medians of ${rounds} rounds in turns, ${availableParallelism()} processors, load ${before} before and ${load()} after\n`,
      );
      return same ? EXIT.ok : EXIT.negative;
    });
  } finally {
    await nats.stop();
  }
}

const missing = natsIsMissing();
if (missing !== null) {
  process.stderr.write(`evict:workers: ${missing}\n`);
  process.exitCode = EXIT.failed;
} else {
  try {
    process.exitCode = await campaign();
  } catch (error) {
    if (!(error instanceof RunFailedError)) throw error;
    process.stderr.write(`\nevict:workers: ${error.message}\n`);
    process.exitCode = EXIT.negative;
  }
}
