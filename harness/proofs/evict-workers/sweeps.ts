/**
 * The same sweep alone and by processes of `engram worker`, as one starts them: how long `engram evict` takes from its start to its rows, in turns,
 * and whether the rows are the same, also when a worker is killed in the middle of a job and another stopped for a while.
 */
import { loadavg } from "node:os";
import { fileURLToPath } from "node:url";
import { Child, runProgram } from "../../child/index.js";
import { RunFailedError } from "../../command-line/errors.js";
import { median } from "../../statistics/index.js";

export interface Setting {
  readonly trace: string;
  /** Policies and sizes, as `engram evict` takes them. */
  readonly sweep: readonly string[];
  /** The servers. */
  readonly url: string;
}

export interface Times {
  readonly what: string;
  /** Of each round, ms. */
  readonly ms: number[];
}

interface Told {
  readonly event: string;
  readonly job?: string;
}

const CLI = fileURLToPath(new URL("../../cli.js", import.meta.url));
const ENOUGH_MS = 120_000;
const LOOK_MS = 20;

/** Times of each number of workers, and of one and two threads alone; every sweep's rows are those of the first. @throws RunFailedError when they are not */
export async function inTurns(setting: Setting, workers: readonly number[], rounds: number, onRound: () => void) {
  const arms: Times[] = [];
  const rows = new Set<string>();
  const arm = async (what: string, sweep: () => Promise<Swept>): Promise<void> => {
    const swept = await sweep();
    rows.add(swept.rows);
    if (rows.size > 1) throw new RunFailedError(`${what}: other rows than before`);
    const known = arms.find((one) => one.what === what);
    if (known === undefined) arms.push({ what, ms: [swept.ms] });
    else known.ms.push(swept.ms);
  };
  for (let round = 0; round < rounds; round++) {
    for (const threads of [1, 2]) {
      await arm(`alone, ${threads} ${threads === 1 ? "thread" : "threads"}`, () => alone(setting, threads));
    }
    for (const count of workers) {
      await arm(`${count} ${count === 1 ? "worker" : "workers"}`, () =>
        withWorkers(setting, count, () => together(setting)),
      );
    }
    onRound();
  }
  return { arms, rows: [...rows][0] };
}

export interface Rough {
  readonly rows: string;
  /** What the coordinator said last: who did how much. */
  readonly said: string;
}

/** One of three is killed in the middle of a job, another is stopped in the middle of one until the third has done that. */
export async function roughly(setting: Setting): Promise<Rough> {
  return withWorkers(setting, 3, async ([a, b, c]) => {
    const sweeping = together(setting, ["--patience", "2s"]);
    // told with the sweep
    sweeping.catch(() => {});
    await a.inTheMiddle();
    a.child.kill("SIGKILL");
    const late = await b.inTheMiddle();
    b.child.kill("SIGSTOP");
    await c.until(({ event, job }) => event === "done" && job === late);
    b.child.kill("SIGCONT");
    const { rows, said } = await sweeping;
    return { rows, said };
  });
}

export function describeTimes(arms: readonly Times[]): string[] {
  const [{ ms: one }] = arms;
  return arms.map(({ what, ms }) => {
    // of the same round, so that what the machine did besides meets both alike
    const ratio = median(ms.map((time, round) => one[round] / time));
    const spread = `${(Math.min(...ms) / 1000).toFixed(2)} to ${(Math.max(...ms) / 1000).toFixed(2)}`;
    return `${what.padEnd(18)} ${(median(ms) / 1000).toFixed(2).padStart(7)} s (${spread}), ${ratio.toFixed(2)} times as fast as one thread alone`;
  });
}

export function load(): string {
  return loadavg()
    .map((one) => one.toFixed(1))
    .join(", ");
}

interface Swept {
  readonly ms: number;
  readonly rows: string;
  readonly said: string;
}

const alone = (setting: Setting, threads: number) => evict(setting, ["--threads", String(threads)]);
const together = (setting: Setting, more: readonly string[] = []) =>
  evict(setting, ["--workers", setting.url, ...more]);

async function evict({ trace, sweep }: Setting, more: readonly string[]): Promise<Swept> {
  const args = [CLI, "evict", trace, ...sweep, "--json", ...more];
  const { exitCode, stdout, stderr, wallMs } = await runProgram(process.execPath, args);
  if (exitCode !== 0) throw new RunFailedError(`engram evict ${more.join(" ")} ended with ${exitCode}: ${stderr}`);
  const rows = (JSON.parse(stdout) as { nsPerRequest: number }[]).map(({ nsPerRequest: _, ...counted }) => counted);
  return { ms: wallMs, rows: JSON.stringify(rows), said: stderr.trimEnd().split("\n").at(-1) ?? "" };
}

class WorkerProcess {
  readonly child: Child;
  readonly #told: Told[] = [];

  constructor(url: string, name: string) {
    const args = [CLI, "worker", url, "--name", name, "--threads", "1", "--json"];
    let rest = "";
    const onStdout = (text: string): void => {
      const lines = (rest + text).split("\n");
      rest = lines.pop() as string;
      this.#told.push(...lines.map((line) => JSON.parse(line) as Told));
    };
    this.child = Child.program(process.execPath, args, { onStdout });
  }

  /** @throws RunFailedError when it has not told that in two minutes */
  async until(wanted: (told: Told) => boolean): Promise<Told> {
    for (const began = performance.now(); performance.now() - began < ENOUGH_MS; ) {
      const found = this.#told.find(wanted);
      if (found !== undefined) return found;
      await new Promise((done) => setTimeout(done, LOOK_MS));
    }
    throw new RunFailedError(`a worker told only ${JSON.stringify(this.#told)}`);
  }

  /** The job that it has taken and not finished. */
  async inTheMiddle(): Promise<string> {
    const isDone = (job: string | undefined) => this.#told.some((told) => told.event === "done" && told.job === job);
    const { job } = await this.until(({ event, job }) => event === "took" && !isDone(job));
    return job as string;
  }
}

async function withWorkers<T>(
  { url }: Setting,
  count: number,
  work: (workers: WorkerProcess[]) => Promise<T>,
): Promise<T> {
  const workers = Array.from({ length: count }, (_, i) => new WorkerProcess(url, `w${i + 1}`));
  try {
    await Promise.all(workers.map((worker) => worker.until(({ event }) => event === "ready")));
    return await work(workers);
  } finally {
    for (const { child } of workers) child.kill();
    await Promise.all(workers.map(({ child }) => child.ended));
  }
}
