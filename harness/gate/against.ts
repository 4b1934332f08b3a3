/** `gate --against REV`: builds the revision in a worktree of its own and measures both builds side by side. */
import { join } from "node:path";
import { decide, looksFrom } from "../statistics/index.js";
import { buildArm, CLI_PATH, installDependencies } from "./build-arm.js";
import { RunFailedError } from "./errors.js";
import { PairedRounds } from "./paired-rounds.js";
import type { Progress } from "./progress.js";
import { absoluteReadings, type OwnClock, type Readings, SUBJECT, targetsOf } from "./readings.js";
import { type GateReport, reportOf } from "./report.js";
import {
  addWorktree,
  describeHead,
  openRepository,
  type Repository,
  removeWorktree,
  resolveRevision,
} from "./repository.js";
import { type Arm, runArm } from "./run-arm.js";
import type { RunSettings } from "./settings.js";

export interface GateContext {
  /** Folder the gate was called in. */
  folder: string;
  /** Command line of this very build, for the modes that build nothing. */
  ownCli: string;
  /** Folder of its own that is removed when the gate ends. */
  temporary: string;
  settings: RunSettings;
  tolerance: number;
  seed: number;
  /** Rounds before the first look. */
  rounds: number;
  inconclusive: "pass" | "fail";
  /** By which figures it is decided; nothing but the wall clock where a stored baseline is compared with. */
  clock: OwnClock;
  /** False: take the head's build as it lies there. */
  build: boolean;
  progress: Progress;
  signal: AbortSignal;
}

export async function gateAgainst(revision: string, context: GateContext): Promise<GateReport> {
  const repository = await openRepository(context.folder, context.signal);
  const commit = await resolveRevision(repository, revision);
  const worktree = join(context.temporary, "base");
  try {
    const arms = await buildArms(repository, worktree, commit, context);
    return await measure(revision, commit, repository, arms, context);
  } finally {
    context.progress.stop();
    await removeWorktree(repository, worktree);
  }
}

interface Arms {
  head: Arm;
  base: Arm;
}

async function buildArms(
  repository: Repository,
  worktree: string,
  commit: string,
  { progress, signal, build }: GateContext,
): Promise<Arms> {
  progress.step(`building ${commit.slice(0, 12)} in a worktree`);
  await addWorktree(repository, worktree, commit);
  await installDependencies(worktree, repository.root, signal);
  await buildArm(worktree, signal);
  if (build) {
    progress.step("building the working tree");
    await buildArm(repository.root, signal);
  }
  const arm = (name: string, folder: string): Arm => ({ name, folder, cli: join(folder, CLI_PATH) });
  return { head: arm("head", repository.root), base: arm("base", worktree) };
}

async function measure(
  revision: string,
  commit: string,
  repository: Repository,
  arms: Arms,
  context: GateContext,
): Promise<GateReport> {
  const { settings, tolerance, seed, progress } = context;
  const targets = targetsOf(settings.scenarios, context.clock);
  const run = async (name: keyof Arms, roundSeed: number): Promise<Readings> => {
    const results = await runArm(arms[name], { ...context, subjects: [SUBJECT], seed: roundSeed });
    return absoluteReadings(targets, arms[name], results);
  };
  // Once each, unjudged: the first process reads its files from the disk, the others from memory.
  await run("base", seed);
  await run("head", seed);
  const rounds = new PairedRounds({ targets, tolerance, seed, measure: run, onRound: progress.rounds });
  const decision = await decide(rounds, { seed, looks: looksFrom(context.rounds) });
  if (decision.noise.length === 0) {
    throw new RunFailedError(
      `no metric could be compared: ${
        rounds
          .table()
          .leftOut.map((l) => `${l.name}: ${l.reason}`)
          .join("; ") || "none measured"
      }`,
    );
  }
  const { commit: headCommit, dirty } = await describeHead(repository);
  return reportOf({
    ...context,
    mode: "against",
    head: `working tree (${headCommit?.slice(0, 12) ?? "no commit"}${dirty ? " with changes" : ""})`,
    base: revision === commit ? commit.slice(0, 12) : `${revision} (${commit.slice(0, 12)})`,
    commits: { head: headCommit, dirty, base: commit },
    decision,
    targets,
    measured: rounds,
    notices: headCommit === commit && !dirty ? ["head and base are the same commit"] : [],
  });
}
