/** Where a nats-server that is new enough is: named by the environment, on the path, or fetched by fetch-nats.sh. */
import { spawnSync } from "node:child_process";
import { join } from "node:path";

/** Names the program; nothing else is looked for then. */
export const NATS_SERVER_VARIABLE = "ENGRAM_NATS_SERVER";

/** As the cluster's engine asks for. */
const OLDEST = [2, 10, 27];
/** Where fetch-nats.sh is told to put it: the checkout's own folder, from this file in dist/harness/services. */
const FETCHED = join(import.meta.dirname, "../../../.servers/nats-server");

interface Found {
  readonly program: string | null;
  /** What was found instead. */
  readonly said: readonly string[];
}

let found: Found | undefined;

/** Why no servers can be started here; null when they can. */
export function natsIsMissing(): string | null {
  const { program, said } = look();
  if (program !== null) return null;
  const instead = said.length === 0 ? "" : ` (${said.join("; ")})`;
  return `there is no nats-server ${OLDEST.join(".")} or newer on this machine${instead}: sh harness/services/fetch-nats.sh .servers fetches one`;
}

/** @throws Error as natsIsMissing says */
export function natsProgram(): string {
  const { program } = look();
  if (program === null) throw new Error(natsIsMissing() ?? "");
  return program;
}

function look(): Found {
  if (found !== undefined) return found;
  const named = process.env[NATS_SERVER_VARIABLE];
  const said: string[] = [];
  for (const program of named === undefined ? ["nats-server", FETCHED] : [named]) {
    const { stdout, status } = spawnSync(program, ["--version"], { encoding: "utf8" });
    const version = /v(\d+)\.(\d+)\.(\d+)/.exec(stdout ?? "")?.slice(1);
    if (status === 0 && version !== undefined) {
      if (newEnough(version.map(Number))) {
        found = { program, said: [] };
        return found;
      }
      said.push(`${program} is ${version.join(".")}`);
    } else if (named !== undefined) said.push(`${NATS_SERVER_VARIABLE}=${named} does not run`);
  }
  found = { program: null, said };
  return found;
}

function newEnough(version: readonly number[]): boolean {
  const place = OLDEST.findIndex((number, i) => version[i] !== number);
  return place < 0 || version[place] > OLDEST[place];
}
