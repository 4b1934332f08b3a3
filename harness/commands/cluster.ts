/** `engram cluster status|checkpoint|recover|heal`: a running node, asked and told over its control port. */
import { Command, Option } from "commander";
import {
  askNode,
  type CheckpointInfo,
  type ClusterStatus,
  RECOVERY_MODES,
  type RecoveredDomain,
  reportOf,
} from "../../src/cluster/index.js";
import { InvalidArgumentError } from "../../src/errors.js";
import { formatBytes } from "../../src/units.js";
import { RunFailedError } from "../command-line/errors.js";

interface Shared {
  control: string;
  json?: boolean;
}

const DETAILS = `
The port is the one that engram node prints when it starts, or was given with --control.

Exit codes: 0 done, 2 nothing answers there, or the node takes no such argument, 3 the node could not do it.`;

export function clusterCommand(): Command {
  const command = new Command("cluster").description(
    "a running node of the distributed memory: status, checkpoint, recover, heal",
  );
  sub(command, "status", "what it knows of its domains and of the other nodes").action(async (options: Shared) => {
    const status = await ask<ClusterStatus>(portOf(options), "status");
    print(options, status, () => describeStatus(status));
  });
  sub(command, "checkpoint", "take a checkpoint now")
    .option("--name <name>", "its name (default: by the time)")
    .action(async (options: Shared & { name?: string }) => {
      const taken = await ask<CheckpointInfo>(portOf(options), "checkpoint", { name: options.name });
      print(options, taken, () => `checkpoint ${taken.name}: ${formatBytes(taken.bytes)}\n`);
    });
  sub(command, "recover", "rebuild its copies")
    .addOption(new Option("--mode <mode>", "from what").choices(RECOVERY_MODES).default("auto"))
    .option("--domain <name>", "only this one")
    .option("--peer <node>", "with mode peer: whose copy")
    .option("--checkpoint <name>", "with mode snapshot: which (default: the latest)")
    .action(async ({ control, json, ...options }: Shared & Record<string, string>) => {
      const shared = { control, json: json as unknown as boolean };
      const domains = await ask<RecoveredDomain[]>(portOf(shared), "recover", options);
      print(shared, domains, () => domains.map(describeRecovered).join(""));
    });
  sub(command, "heal", "after a time apart: fetch what was missed, bring to the log what is not there").action(
    async (options: Shared) => {
      const healed = await ask<{ nodes: number; merged: boolean; conflictsResolved: number }>(portOf(options), "heal");
      print(options, healed, () => {
        const merged = healed.merged ? "all is merged" : "some writes still wait for the log";
        return `${merged}; ${healed.conflictsResolved} conflicts resolved; ${healed.nodes} nodes are there\n`;
      });
    },
  );
  return command;
}

function sub(command: Command, name: string, description: string): Command {
  return command
    .command(name)
    .description(description)
    .requiredOption("--control <port>", "the node's control port on this machine")
    .option("--json", "print it as JSON, alone on stdout")
    .addHelpText("after", DETAILS);
}

/** @throws InvalidArgumentError, RunFailedError as the node says it */
async function ask<T>(...asked: Parameters<typeof askNode>): Promise<T> {
  try {
    return await askNode<T>(...asked);
  } catch (error) {
    if (error instanceof InvalidArgumentError) throw error;
    throw new RunFailedError((error as Error).message, { cause: error });
  }
}

/** @throws InvalidArgumentError */
function portOf({ control }: Shared): number {
  const port = Number(control);
  if (/^\d{1,5}$/.test(control) && port >= 1 && port <= 65535) return port;
  throw new InvalidArgumentError(`--control ${control}: expected a port from 1 to 65535`);
}

function print({ json }: Shared, value: unknown, text: () => string): void {
  process.stdout.write(json ? `${JSON.stringify(value, null, 2)}\n` : text());
}

function describeStatus(status: ClusterStatus): string {
  const { title, table } = reportOf(status);
  const widths = table[0].map((_, column) => Math.max(...table.map((row) => row[column].length)));
  const lines = table.map((row) =>
    row
      .map((cell, column) => cell.padEnd(widths[column]))
      .join("  ")
      .trimEnd(),
  );
  const { memory, recovery, checkpoints } = status;
  const nodes = `${memory.nodes} ${memory.nodes === 1 ? "node keeps" : "nodes keep"} ${formatBytes(memory.usedMemoryBytes)} of ${formatBytes(memory.totalMemoryBytes)}`;
  const last = checkpoints.at(-1);
  const taken = last === undefined ? "no checkpoint" : `last checkpoint ${last.name}`;
  return `${title}\n${nodes}; recovery ${recovery.status}; ${taken}\n\n${lines.join("\n")}\n`;
}

function describeRecovered(done: RecoveredDomain): string {
  const faults = done.faults.length === 0 ? "" : `, ${done.repaired} of ${done.faults.length} faults mended`;
  const waits = done.merged ? "" : "; some writes wait for the log";
  return `${done.domain}: ${done.mode} (${done.because}): ${done.taken} versions in, ${done.removed} keys gone${faults}, ${done.conflictsResolved} conflicts resolved${waits}; at ${done.applied} after ${Math.round(done.tookMs)} ms\n`;
}
