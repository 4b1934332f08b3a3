/**
 * Fuzzing: valid files are damaged, and read where it can be seen how that ends. Whatever a file holds, it is read, or refused with one of the
 * project's own errors; within bounded time and memory, and with nothing half-written left behind.
 */
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Random } from "../../../workloads/index.js";
import { mutate, reseal } from "./mutate.js";
import { Reader } from "./reader.js";
import { makeSamples, type Sample } from "./samples.js";
import { TARGETS, type TargetName } from "./targets.js";

export interface FuzzOptions {
  readonly seed: number;
  readonly targets: readonly TargetName[];
  /** Ends after so long … */
  readonly milliseconds?: number;
  /** … or after so many files of each target. */
  readonly inputs?: number;
  /** Where files are kept that something fell short on. */
  readonly keep: string;
  readonly interrupt?: AbortSignal;
  readonly onProgress?: (counts: FuzzCounts) => void;
}

export interface TargetCounts {
  read: number;
  refused: number;
  faults: number;
}

export interface FuzzFault {
  readonly target: TargetName;
  readonly what: string;
  /** The file that brought it about, kept. */
  readonly file: string;
}

export interface FuzzCounts {
  readonly targets: Record<string, TargetCounts>;
  readonly faults: FuzzFault[];
}

/** The header of a backup and of an operation log's block, with the place of its checksum. */
const SEALS: Partial<Record<TargetName, number>> = { backups: 1020, oplogs: 44 };

export async function fuzz(options: FuzzOptions): Promise<FuzzCounts> {
  const { seed, targets, milliseconds = Number.POSITIVE_INFINITY, inputs = Number.POSITIVE_INFINITY } = options;
  const counts: FuzzCounts = {
    targets: Object.fromEntries(targets.map((target) => [target, { read: 0, refused: 0, faults: 0 }])),
    faults: [],
  };
  const samples = await makeSamples();
  const folder = await mkdtemp(join(tmpdir(), "engram-fuzz-"));
  const reader = new Reader();
  const end = performance.now() + milliseconds;
  try {
    for (let input = 0; input < inputs; input++) {
      for (const target of targets) {
        if (performance.now() >= end || options.interrupt?.aborted) return counts;
        await fuzzOne(reader, target, samples[target], { input, seed, folder, keep: options.keep }, counts);
        options.onProgress?.(counts);
      }
    }
    return counts;
  } finally {
    await reader.close();
    await rm(folder, { recursive: true, force: true });
  }
}

interface Place {
  readonly input: number;
  readonly seed: number;
  readonly folder: string;
  readonly keep: string;
}

/** Every other input is a sample as it is, until each has been one: those must be read. */
async function fuzzOne(
  reader: Reader,
  target: TargetName,
  samples: readonly Sample[],
  { input, seed, folder, keep }: Place,
  counts: FuzzCounts,
): Promise<void> {
  const random = new Random(seed, TARGETS.indexOf(target), input);
  const isSample = input % 2 === 0 && input / 2 < samples.length;
  const sample = isSample ? samples[input / 2] : samples[random.below(samples.length)];
  const bytes = isSample ? sample.bytes : damaged(target, sample, samples, random);
  const work = join(folder, "work");
  await rm(work, { recursive: true, force: true });
  await mkdir(work);
  const file = join(folder, sample.name);
  await writeFile(file, bytes);
  const choice = isSample ? 0 : random.below(2 ** 31);
  const { outcome, what = "" } = await reader.read({ target, file, choice, folder: work });
  await rm(file, { force: true });
  const fault = isSample && outcome === "refused" ? "a valid file is refused" : what;
  const counted = counts.targets[target];
  if (outcome !== "fault" && fault === what) {
    counted[outcome === "read" ? "read" : "refused"]++;
    return;
  }
  counted.faults++;
  await mkdir(keep, { recursive: true });
  const kept = join(keep, `${target}-${seed}-${input}-${choice}-${sample.name}`);
  await writeFile(kept, bytes);
  counts.faults.push({ target, what: fault, file: kept });
}

function damaged(target: TargetName, sample: Sample, samples: readonly Sample[], random: Random): Buffer {
  const bytes = mutate(
    sample.bytes,
    random,
    samples.map((other) => other.bytes),
  );
  const seal = SEALS[target];
  return seal === undefined || random.below(2) === 0 ? bytes : reseal(bytes, 0, seal);
}
