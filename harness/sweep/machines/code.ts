/** Which code simulates here: two machines whose digests agree come to the same counts. */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { packageVersion } from "../../command-line/version.js";

export interface Code {
  readonly version: string;
  /** SHA-256 of the policies and of what replays a trace through them, in hexadecimal. */
  readonly digest: string;
}

const POLICIES = join(import.meta.dirname, "../../../src/eviction");
const REPLAY = ["worker.js", "shared-trace.js"].map((name) => join(import.meta.dirname, "..", name));

export function codeHere(): Code {
  const policies = readdirSync(POLICIES)
    .filter((name) => name.endsWith(".js"))
    .sort()
    .map((name) => join(POLICIES, name));
  const hash = createHash("sha256");
  for (const path of [...policies, ...REPLAY]) hash.update(readFileSync(path)).update("\0");
  return { version: packageVersion(), digest: hash.digest("hex") };
}

/** Why a worker of one code takes no job of another's; null when it does. */
export function differs(sweep: Code, worker: Code): string | null {
  if (sweep.version !== worker.version)
    return `the sweep is of engram ${sweep.version}, this worker of ${worker.version}`;
  if (sweep.digest === worker.digest) return null;
  const short = (digest: string) => digest.slice(0, 8);
  return `the sweep's policies are another build of engram ${sweep.version} (${short(sweep.digest)}) than this worker's (${short(worker.digest)})`;
}
