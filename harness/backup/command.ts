/** `engram backup inspect | verify | restore`: what is in a backup, whether it is whole, and how to get it out. */
import { Command } from "commander";
import { CorruptBackupError, InvalidArgumentError } from "../../src/errors.js";
import { EXIT } from "../command-line/exit-codes.js";
import { type Conversion, convert } from "./convert.js";
import { backupFiles, inspect, type Overview, type Verdict, verify } from "./overview.js";

const DETAILS = `
A backup is a file (generation-*.engram, checkpoint-*.engram) or the directory of them: then the newest whole generation.

Exit codes: 0 done and whole, 1 a file is damaged but a whole one is there, 2 bad input, or no file is whole.`;

export function backupCommand(): Command {
  const command = new Command("backup")
    .description("backup files: inspect, verify, restore")
    .addHelpText("after", DETAILS);
  command
    .command("inspect")
    .description("what the header of each backup says")
    .argument("<path>", "backup file or directory")
    .option("--json", "print JSON on stdout, and nothing else")
    .action((path: string, options: { json?: boolean }) => refusing(() => runInspect(path, options.json ?? false)));
  command
    .command("verify")
    .description("check every checksum and every entry")
    .argument("<path>", "backup file or directory")
    .option("--json", "print JSON on stdout, and nothing else")
    .action((path: string, options: { json?: boolean }) => refusing(() => runVerify(path, options.json ?? false)));
  command
    .command("restore")
    .description("restore a backup, or a .jsonl or .msgpack file of entries, into a fresh backup or such a file")
    .argument("<from>", "backup file or directory, or a .jsonl or .msgpack file")
    .option("-o, --output <path>", "directory for a fresh backup, or a .jsonl or .msgpack file (default: only try it)")
    .option("--partial", "keep every intact entry of a damaged backup, and list what was lost")
    .option("--capacity <size>", "of the store it goes through, such as 256MiB (default: as it was, or by the file)")
    .option("--json", "print JSON on stdout, and nothing else")
    .action((from: string, options: RestoreFlags) => refusing(() => runRestore(from, options)));
  return command;
}

interface RestoreFlags {
  output?: string;
  partial?: boolean;
  capacity?: string;
  json?: boolean;
}

/** A corrupt backup is bad input here: one line, exit 2. */
async function refusing(run: () => void | Promise<void>): Promise<void> {
  try {
    await run();
  } catch (error) {
    if (error instanceof CorruptBackupError) throw new InvalidArgumentError(error.message, { cause: error });
    throw error;
  }
}

function runInspect(path: string, json: boolean): void {
  const found = backupFiles(path).map(inspect);
  if (found.length === 1 && found[0].header === null) {
    throw new InvalidArgumentError(verify(found[0].file).fault ?? `${path}: has no header`);
  }
  process.stdout.write(json ? `${JSON.stringify(found, null, 2)}\n` : found.map(describeOverview).join("\n"));
}

function describeOverview({ file, bytes, header }: Overview): string {
  if (header === null) return `${file}: ${bytes} bytes, no whole header (unfinished or damaged; "verify" says which)\n`;
  const taken = new Date(header.takenMs);
  const age = Math.max(0, (Date.now() - header.takenMs) / 1000);
  return [
    `${file}: generation ${header.generation}, written ${header.kind === "full" ? "in full" : "incrementally"}`,
    `  taken     ${taken.toISOString()} (${age.toFixed(1)} s ago), epoch ${header.epoch}`,
    `  size      ${bytes} bytes; ${header.slabCount} slabs of 64 KiB in use, ${header.slabCount * 16} regions of 4 KiB`,
    `  store     ${header.capacity} bytes, ${header.slotCount} slots, ${header.bucketCount} buckets, id ${header.storeId.toString(16)}`,
    "",
  ].join("\n");
}

function runVerify(path: string, json: boolean): void {
  const verdicts = backupFiles(path).map(verify);
  const whole = verdicts.filter(({ outcome }) => outcome === "whole");
  if (whole.length === 0) throw new InvalidArgumentError(verdicts.map(({ fault }) => fault).join("; "));
  process.stdout.write(
    json ? `${JSON.stringify(verdicts, null, 2)}\n` : `${verdicts.map(describeVerdict).join("\n")}\n`,
  );
  if (verdicts.some(({ outcome }) => outcome === "damaged" || outcome === "unreadable"))
    process.exitCode = EXIT.negative;
}

function describeVerdict({ file, outcome, fault, generation, takenAt, entries, namespaces }: Verdict): string {
  if (outcome !== "whole") return `${outcome.padEnd(10)} ${fault}`;
  return `whole      ${file}: generation ${generation} of ${takenAt}, ${entries} entries in ${namespaces} namespaces`;
}

async function runRestore(from: string, options: RestoreFlags): Promise<void> {
  const conversion = await convert(from, {
    to: options.output ?? null,
    partial: options.partial ?? false,
    capacity: options.capacity,
  });
  process.stdout.write(options.json ? `${JSON.stringify(conversion, null, 2)}\n` : describeConversion(conversion));
}

function describeConversion({ from, to, entries, expired, takenAt, losses, refused }: Conversion): string {
  const lines = refused.map((message) => `refused    ${message}`);
  for (const { file, byte, bytes, what } of losses)
    lines.push(`lost       ${file}: byte ${byte}, ${bytes} bytes: ${what}`);
  const age = takenAt === null ? "" : `, as of ${takenAt}`;
  const gone = expired === 0 ? "" : ` (${expired} had expired)`;
  lines.push(`${from}: ${entries} entries${gone}${age} ${to === null ? "can be restored" : `restored to ${to}`}`);
  return `${lines.join("\n")}\n`;
}
