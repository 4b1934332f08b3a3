/** Copies of this build, one whose store is slowed and one whose store is not, each run by processes of its own. */
import { cp, mkdir, rename, symlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath, pathToFileURL } from "node:url";
import type { Run } from "../../../reports/index.js";
import { RunFailedError } from "../../command-line/errors.js";
import type { RunPlan } from "../../runner/index.js";
import type { Delays } from "./slowed-subject.js";

type Conductor = typeof import("../../runner/index.js");

/** From dist/harness/proofs/gate/ to the package. */
const PACKAGE = fileURLToPath(new URL("../../../../", import.meta.url));

export interface ProofArm {
  /** One fresh process: the run of the plan against this arm's store. */
  run(plan: Omit<RunPlan, "directory">, signal: AbortSignal): Promise<Run>;
}

/** Makes a copy of the build in `folder` whose store is slowed by `delays`. */
export async function makeArm(folder: string, delays: Delays): Promise<ProofArm> {
  await mkdir(folder);
  await cp(join(PACKAGE, "dist"), join(folder, "dist"), { recursive: true, filter: (path) => !path.endsWith(".map") });
  // What the build finds beside itself.
  await symlink(join(PACKAGE, "node_modules"), join(folder, "node_modules"), "junction");
  for (const name of ["package.json", "workloads"])
    await cp(join(PACKAGE, name), join(folder, name), { recursive: true });
  const subjects = join(folder, "dist/harness/subjects");
  await rename(join(subjects, "engram.js"), join(subjects, "engram-as-built.js"));
  await writeFile(
    join(subjects, "engram.js"),
    `import { engram as asBuilt } from "./engram-as-built.js";
import { slowed } from "../proofs/gate/slowed-subject.js";
export { engramPrepared } from "./engram-as-built.js";
export const engram = slowed(asBuilt, ${JSON.stringify(delays)});
`,
  );
  const conductor = join(folder, "dist/harness/runner/index.js");
  const { conductRuns } = (await import(pathToFileURL(conductor).href)) as Conductor;
  return {
    async run(plan, signal) {
      const { runs, failures, interrupted } = await conductRuns([plan], signal, () => {});
      if (interrupted) throw signal.reason;
      if (runs.length === 0) throw new RunFailedError(`a run of the proof failed: ${failures.join("; ")}`);
      return runs[0];
    },
  };
}
