import { existsSync, readFileSync } from "node:fs";
import { mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { constants, tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { executeRun } from "#dist/harness/runner/execute-run.js";
import { type Results, resultsSchema } from "#dist/reports/results.js";
import { loadScenario } from "#dist/workloads/scenarios.js";
import { engram, start } from "./command-line.js";
import { HeldRuns } from "./held-runs.js";

let folder: string;
/** Runs put their temporary files here, so that a test can see that none are left. */
let temporary: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), "engram-run-endings-"));
  temporary = await mkdtemp(join(tmpdir(), "engram-run-endings-tmp-"));
});
afterAll(async () => {
  expect(await readdir(temporary)).toEqual([]);
  await rm(folder, { recursive: true, force: true });
  await rm(temporary, { recursive: true, force: true });
});

const env = () => ({ TMPDIR: temporary });

async function resultsIn(out: string): Promise<Results> {
  return resultsSchema.parse(JSON.parse(await readFile(join(out, "results.json"), "utf8")));
}

describe("a run that does not go to its end", () => {
  it("hands over what it measured until it was told to stop", async () => {
    const stop = new AbortController();
    const plan = {
      scenario: loadScenario("blackboard"),
      subject: "map",
      trace: null,
      workers: 2,
      rate: null,
      seed: 1,
      directory: folder,
    };
    const outcome = await executeRun({ ...plan, durationMs: 600_000, ops: null }, stop.signal, (_fraction, label) => {
      if (label.startsWith("throughput")) stop.abort();
    });
    expect(outcome.stopped).toBe(true);
    expect(outcome.run.ops).toBeGreaterThan(0);
    expect(outcome.run.seconds).toBeLessThan(600);
  });

  it.skipIf(!existsSync("/proc/self/task"))("Ctrl-C keeps the runs that were done: exit 130, whole files", async () => {
    const out = join(folder, "interrupted");
    const args = ["run", "blackboard", "--subjects", "noop,map", "--duration", "100ms", "--out", out];
    using runs = new HeldRuns();
    const { child, ended } = start(args, { env: { ...env(), ...runs.env } });
    // The second process is there: the first run is over. It is held, so that it cannot be over as well before the signal has come.
    runs.letGo(await runs.next(ended));
    const second = await runs.next(ended);
    child.kill("SIGINT");
    await untilHandled(child.pid, "SIGINT");
    runs.letGo(second);
    const { code, stderr } = await ended;
    expect({ code, stderr }).toEqual({ code: 130, stderr: "engram: interrupted; what was measured is written\n" });
    const results = await resultsIn(out);
    expect(results.interrupted).toBe(true);
    expect(results.runs[0].subject).toBe("noop");
    expect(await readdir(out)).toEqual(["report.html", "results.json"]);
  });

  it("a process that dies: exit 3, one line, the other runs are kept", async () => {
    const out = join(folder, "died");
    const args = ["run", "blackboard", "--subjects", "noop,map", "--duration", "100ms", "--out", out];
    using runs = new HeldRuns();
    const { ended } = start(args, { env: { ...env(), ...runs.env } });
    process.kill(await runs.next(ended), "SIGKILL");
    runs.letGo(await runs.next(ended));
    const { code, stderr } = await ended;
    expect({ code, stderr }).toEqual({
      code: 3,
      stderr: "engram: blackboard / noop: the run's process was killed by SIGKILL\n",
    });
    const results = await resultsIn(out);
    expect(results.runs.map(({ subject }) => subject)).toEqual(["map"]);
    expect(results.notices?.join()).toContain("killed by SIGKILL");
  });

  it("a worker that dies ends its run: exit 3, one line, nothing written", async () => {
    const preload = join(folder, "die-in-workers.mjs");
    await writeFile(
      preload,
      'import { isMainThread, parentPort, workerData } from "node:worker_threads";\n' +
        'if (!isMainThread && workerData?.subject === "map" && workerData.worker === 1) parentPort.on("message", () => { throw new Error("planted"); });\n',
    );
    const out = join(folder, "worker-died");
    const args = ["run", "blackboard", "--subjects", "map", "--duration", "60ms", "--out", out];
    const { code, stderr } = await engram(args, { env: { ...env(), NODE_OPTIONS: `--import ${preload}` } });
    expect(stderr).toBe(
      "engram: blackboard / map: worker 1 died: Error: planted\nengram: no run was finished; nothing written\n",
    );
    expect(code).toBe(3);
    expect(existsSync(out)).toBe(false);
  });
});

/** Until the process has taken the signal: it is pending no more. */
async function untilHandled(pid: number | undefined, signal: NodeJS.Signals): Promise<void> {
  const bit = 1n << BigInt(constants.signals[signal] - 1);
  for (;;) {
    const status = readFileSync(`/proc/${pid}/status`, "utf8");
    const pending = [...status.matchAll(/^(?:SigPnd|ShdPnd):\s*([0-9a-f]+)$/gm)].map((match) =>
      BigInt(`0x${match[1]}`),
    );
    if (pending.every((signals) => (signals & bit) === 0n)) return;
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
}
