/** A git repository of two commits whose "engram" writes figures we choose: the gate's whole path, without measuring. */
import { execFileSync, spawn } from "node:child_process";
import {
  chmodSync,
  copyFileSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  realpathSync,
  rmSync,
  writeFileSync,
} from "node:fs";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { OneProcess } from "../harness/command-line.js";

const FIXTURES = new URL("fixtures/", import.meta.url).pathname;
const GATE = new URL("fixtures/gate-main.mjs", import.meta.url);

/** Where gates run one after the other, as long as nothing about processes is asked. */
let shared: OneProcess | undefined;

export interface Speed {
  throughput?: number;
  get?: number;
  set?: number;
  p99?: number;
  noise?: number;
  machine?: number;
  floor?: number;
  cpu?: string;
  /** Errors by code, in the subject under test. */
  fails?: Record<string, number>;
  /** They happen in the round of this seed alone. */
  oddSeed?: number;
  /** Operations begun; null: as a version writes it that counted failed operations as done. */
  attempted?: number | null;
  /** Hit ratio; absent: 0.9. */
  hits?: number;
  /** Processor time of the million operations, ms. */
  cpuMs?: number;
  /** Look-ups an operation. */
  lookups?: number;
  noSet?: boolean;
  crash?: boolean;
  /** Says this on stderr and exits with 2. */
  refuse?: string;
  wrongSchema?: boolean;
  /** Never ends, and writes its process id to this file. */
  hang?: string;
}

export interface GateRun {
  exitCode: number | null;
  stdout: string;
  stderr: string;
}

export class GateProject {
  readonly folder = realpathSync(mkdtempSync(join(tmpdir(), "gate-project-")));
  /** The gate's temporary folders go here, so that a test can see what is left. */
  readonly scratch = realpathSync(mkdtempSync(join(tmpdir(), "gate-scratch-")));

  constructor(speed: Speed = {}) {
    // The build copies the command line into dist/, as the real one compiles it there.
    const build = "mkdir -p dist/harness && cp cli.mjs dist/harness/cli.js";
    this.write("package.json", JSON.stringify({ type: "module", scripts: { build } }));
    this.write("package-lock.json", "{}");
    this.write(".gitignore", "dist\nnode_modules\n");
    mkdirSync(join(this.folder, "node_modules"));
    chmodSync(this.write("node_modules/npm", `#!/bin/sh\n${build}\n`), 0o755);
    copyFileSync(join(FIXTURES, "fake-engram.mjs"), join(this.folder, "cli.mjs"));
    this.setSpeed(speed);
    this.git("init", "--quiet", "--initial-branch=main");
    this.commit("first");
  }

  get cli(): string {
    return join(this.folder, "dist", "harness", "cli.js");
  }

  write(name: string, text: string): string {
    writeFileSync(join(this.folder, name), text);
    return join(this.folder, name);
  }

  setSpeed(speed: Speed): void {
    this.write("speed.json", JSON.stringify(speed));
  }

  commit(message: string): string {
    this.git("add", "-A");
    this.git("-c", "user.name=t", "-c", "user.email=t@t", "commit", "--quiet", "--allow-empty", "-m", message);
    return this.git("rev-parse", "HEAD").trim();
  }

  build(): void {
    mkdirSync(join(this.folder, "dist", "harness"), { recursive: true });
    copyFileSync(join(this.folder, "cli.mjs"), this.cli);
  }

  git(...args: string[]): string {
    return execFileSync("git", args, { cwd: this.folder, encoding: "utf8", stdio: ["ignore", "pipe", "pipe"] });
  }

  /** Runs `engram gate`; `onStart` gets the process, to interrupt it. */
  gate(args: string[], onStart?: (pid: number) => Promise<void>, cwd = this.folder): Promise<GateRun> {
    const path = process.env.PATH ?? "";
    const env = {
      PATH: this.npm === "real" ? path : `${join(this.folder, "node_modules")}${delimiter}${path}`,
      TMPDIR: this.scratch,
      FAKE_CLI: this.cli,
      FAKE_IN_PROCESS: "1",
      GITHUB_STEP_SUMMARY: this.summary,
      ...this.environment,
    };
    if (this.processes === "none") return runShared(args, cwd, env);
    return runAlone(args, cwd, { ...process.env, ...env, FAKE_IN_PROCESS: "0" }, onStart);
  }

  /** Whether the gate is a process of its own, and each of its runs is one. */
  processes: "real" | "none" = "none";
  /** What builds: npm itself, or what it would run, which is all that most tests need and takes no second to start. */
  npm: "real" | "what it runs" = process.platform === "win32" ? "real" : "what it runs";
  summary = "";
  environment: Record<string, string> = {};

  /** What the gate left behind: files in its temporary folder, worktrees git knows of. */
  leftovers(): string[] {
    const worktrees = this.git("worktree", "list", "--porcelain").match(/^worktree .*$/gm) ?? [];
    return [...readdirSync(this.scratch), ...worktrees.slice(1)];
  }

  remove(): void {
    rmSync(this.folder, { recursive: true, force: true });
    rmSync(this.scratch, { recursive: true, force: true });
  }
}

/** Ends the process that gates share, when a file's tests are over. */
export async function endSharedGates(): Promise<void> {
  const ending = shared;
  shared = undefined;
  await ending?.close();
}

async function runShared(args: string[], cwd: string, env: Record<string, string>): Promise<GateRun> {
  shared ??= new OneProcess({}, GATE);
  const { code, stdout, stderr } = await shared.run(args, { cwd, env });
  return { exitCode: code, stdout, stderr };
}

function runAlone(
  args: string[],
  cwd: string,
  env: NodeJS.ProcessEnv,
  onStart?: (pid: number) => Promise<void>,
): Promise<GateRun> {
  const child = spawn(process.execPath, [join(FIXTURES, "gate-cli.mjs"), ...args], { cwd, env });
  const run: GateRun = { exitCode: null, stdout: "", stderr: "" };
  child.stdout.on("data", (chunk) => {
    run.stdout += chunk;
  });
  child.stderr.on("data", (chunk) => {
    run.stderr += chunk;
  });
  const ended = new Promise<GateRun>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (exitCode) => resolve({ ...run, exitCode }));
  });
  return onStart ? onStart(child.pid!).then(() => ended) : ended;
}
