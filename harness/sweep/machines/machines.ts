/** The options of `engram evict` by which other machines simulate, and the work done with them. */
import { InvalidArgumentError } from "../../../src/errors.js";
import { parseTime } from "../../command-line/option-values.js";
import type { ProgressBar } from "../progress.js";
import type { Simulations } from "../simulation-pool.js";
import type { SweepProgress } from "../sweep.js";
import { parseServers, type Servers } from "./servers.js";

export interface MachineFlags {
  workers?: string;
  wait?: string;
  patience?: string;
  threads?: string;
}

export type OnProgress = ((progress: SweepProgress) => void) | undefined;

/** How long nothing may be heard of a worker, ms. */
const PATIENCE_MS = 30_000;
const LEAST_PATIENCE_MS = 1000;
const MOST_PATIENCE_MS = 3_600_000;

export interface Machines {
  readonly servers: Servers;
  readonly waitMs: number | null;
  readonly patienceMs: number;
}

/** Null: this machine does it. @throws InvalidArgumentError */
export function parseMachines({ workers, wait, patience, threads }: MachineFlags): Machines | null {
  if (workers === undefined) {
    const [alone] = Object.entries({ wait, patience }).flatMap(([name, value]) => (value === undefined ? [] : [name]));
    if (alone !== undefined) throw new InvalidArgumentError(`--${alone} goes with --workers only`);
    return null;
  }
  if (threads !== undefined) {
    throw new InvalidArgumentError(
      "--threads does not go with --workers: each worker has its own, engram worker --threads",
    );
  }
  return {
    servers: parseServers("--workers", workers),
    waitMs: wait === undefined ? null : parseTime("--wait", wait, "above 0"),
    patienceMs: patience === undefined ? PATIENCE_MS : parsePatience(patience),
  };
}

function parsePatience(text: string): number {
  const ms = parseTime("--patience", text, "above 0");
  if (ms >= LEAST_PATIENCE_MS && ms <= MOST_PATIENCE_MS) return Math.round(ms);
  throw new InvalidArgumentError(`--patience ${text}: expected a time from 1s to 1h`);
}

/** Does the work with other machines, where they are asked for; what they leave on the servers is gone afterwards. */
export async function simulating<T>(
  machines: Machines | null,
  signal: AbortSignal,
  bar: ProgressBar,
  work: (simulations: Simulations | undefined, onProgress: OnProgress) => Promise<T>,
): Promise<T> {
  if (machines === null) return await work(undefined, bar.show);
  // Loaded now: one machine needs none of it.
  const { Coordinator } = await import("./coordinator.js");
  const say = (line: string): void => {
    bar.stop();
    process.stderr.write(`engram: ${line}\n`);
  };
  const coordinator = await Coordinator.open({ ...machines, signal, say });
  const { show } = bar;
  try {
    return await work(coordinator, show && ((progress) => show({ ...progress, note: coordinator.note })));
  } finally {
    bar.stop();
    await coordinator.close();
  }
}
