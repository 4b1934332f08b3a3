/** A process that reads one file after another, watched: one that takes too long or too much memory is ended. */
import { readFileSync } from "node:fs";
import { setTimeout as pause } from "node:timers/promises";
import { Child } from "../../child/index.js";
import type { JobEnd } from "./target-process.js";
import type { Job } from "./targets.js";

/** Processor time a file may take, and time on the clock, which a busy machine stretches. */
const PROCESSOR_SECONDS = 20;
const CLOCK_MS = 300_000;
/** Where the system does not tell processor time: time on the clock. */
const CLOCK_ALONE_MS = 60_000;
/** A limit on the memory of the process: its own code and a store take a quarter of it. */
const MOST_BYTES = 1.25 * 2 ** 30;
const WATCH_MS = 100;
/** Clock ticks a second in /proc, the same on every Linux that Node runs on. */
const TICKS = 100;

const TARGET = new URL("./target-process.js", import.meta.url);

export class Reader {
  private child: Child | null = null;
  private onAnswer: (answer: JobEnd) => void = () => {};

  /** Reads a file. A fault ends the process; the next file gets another one. */
  async read(job: Job): Promise<JobEnd> {
    this.child ??= Child.module(TARGET, {
      execArgv: ["--max-old-space-size=768"],
      stderr: "ignore",
      onMessage: (answer: JobEnd) => this.onAnswer(answer),
    });
    const child = this.child;
    const read = new AbortController();
    const answer = new Promise<JobEnd>((resolve) => {
      this.onAnswer = resolve;
    });
    const death = child.ended.then(
      ({ exitCode, killedBy }): JobEnd => ({
        outcome: "fault",
        what: `the process ended with ${killedBy ?? exitCode}`,
        peak: 0,
      }),
    );
    child.send(job);
    const watched = watch(child, read.signal);
    const end = await Promise.race([answer, death]);
    read.abort();
    const why = await watched;
    const what = why ?? (end.peak > MOST_BYTES ? `took ${toMiB(end.peak)} MiB of memory` : end.what);
    if (what === undefined) return end;
    await this.close();
    return { ...end, outcome: "fault", what };
  }

  async close(): Promise<void> {
    const child = this.child;
    this.child = null;
    child?.kill();
    await child?.ended;
  }
}

/** Ends a process that goes beyond its limits; gives the reason, or nothing when it was told to stop watching. */
async function watch(child: Child, signal: AbortSignal): Promise<string | undefined> {
  const started = performance.now();
  const before = usageOf(child.pid);
  while (!signal.aborted) {
    await pause(WATCH_MS, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return undefined;
    const now = usageOf(child.pid);
    const elapsed = performance.now() - started;
    const seconds = now === null || before === null ? 0 : now.seconds - before.seconds;
    const late = elapsed > (now === null ? CLOCK_ALONE_MS : CLOCK_MS);
    if (seconds <= PROCESSOR_SECONDS && !late && (now?.bytes ?? 0) <= MOST_BYTES) continue;
    child.kill();
    if ((now?.bytes ?? 0) > MOST_BYTES) return `took ${toMiB(now?.bytes ?? 0)} MiB of memory`;
    return late ? `did not end within ${Math.round(elapsed / 1000)} s` : `took ${seconds} s of processor time`;
  }
  return undefined;
}

/** Processor time and memory of a process; null where the system has no /proc. */
function usageOf(pid: number | undefined): { seconds: number; bytes: number } | null {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const fields = stat.slice(stat.lastIndexOf(")") + 2).split(" ");
    return { seconds: (Number(fields[11]) + Number(fields[12])) / TICKS, bytes: Number(fields[21]) * 4096 };
  } catch {
    return null;
  }
}

function toMiB(bytes: number): number {
  return Math.round(bytes / 2 ** 20);
}
