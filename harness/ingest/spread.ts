/** `engram ingest spread`: how clients share out a topic's partitions, those of a journal or as many as one likes. */
import { Command } from "commander";
import { InvalidArgumentError } from "../../src/errors.js";
import { firstPosition, JournalReader, metricOf, type Spread, spreadOf } from "../../src/ingest/index.js";
import { wholeNumber } from "../command-line/option-values.js";
import { reading } from "./flags.js";

const MOST_PARTITIONS = 10_000;
const MOST_CLIENTS = 10_000_000;
/** Clients that are shown one by one. */
const SHOWN = 10;

interface SpreadFlags {
  partitions: number;
  clients?: number;
  json?: boolean;
}

export function spreadCommand(): Command {
  return new Command("spread")
    .description("how clients share out the partitions of a topic: a journal's, or client_0, client_1 and so on")
    .argument("[folder]", "a journal, of which metrics are counted too")
    .option("--partitions <n>", "of the topic", (text) => wholeNumber("--partitions", text, 1, MOST_PARTITIONS), 12)
    .option("--clients <n>", "instead of a journal's", (text) => wholeNumber("--clients", text, 1, MOST_CLIENTS))
    .option("--json", "all of it as JSON")
    .action(async (folder: string | undefined, _: object, own: Command) => {
      const flags = own.optsWithGlobals<SpreadFlags>();
      if ((folder === undefined) === (flags.clients === undefined)) {
        throw new InvalidArgumentError("spread takes a journal's folder or --clients; expected one of the two");
      }
      if (folder === undefined) return ofNames(flags.clients as number, flags);
      ofJournal(await reading(folder, () => metricsByClient(folder)), flags);
    });
}

function ofNames(count: number, { partitions, json }: SpreadFlags): void {
  const clients = spreadOf(names(count), partitions);
  process.stdout.write(`${json ? JSON.stringify({ clients }) : text("clients", count, clients)}\n`);
}

function* names(count: number): Generator<string> {
  for (let i = 0; i < count; i++) yield `client_${i}`;
}

function ofJournal(byClient: ReadonlyMap<string, number>, { partitions, json }: SpreadFlags): void {
  const clients = spreadOf(byClient.keys(), partitions);
  const metrics = spreadOf(byClient, partitions);
  const all = [...byClient.values()].reduce((sum, count) => sum + count, 0);
  const hot = [...byClient].filter(([, count]) => count >= all / partitions).sort(([, a], [, b]) => b - a);
  if (json) {
    process.stdout.write(`${JSON.stringify({ clients, metrics, hot })}\n`);
    return;
  }
  const lines = [text("clients", byClient.size, clients), text("metrics", all, metrics)];
  for (const [client, count] of hot.slice(0, SHOWN)) {
    lines.push(`hot: ${client} brings ${((100 * count) / all).toFixed(1)} %, a partition's share or more`);
  }
  if (hot.length > SHOWN) lines.push(`and ${hot.length - SHOWN} more`);
  process.stdout.write(`${lines.join("\n")}\n`);
}

function text(what: string, all: number, { counts, mean, furthest, deviation, chance }: Spread): string {
  const percent = (part: number) => (mean === 0 ? "0" : ((100 * part) / mean).toFixed(2));
  return [
    `${all} ${what} over ${counts.length} partitions: ${mean.toFixed(1)} each, ${Math.min(...counts)} to ${Math.max(...counts)}`,
    `the furthest is ${furthest.toFixed(0)} off, the standard deviation ${percent(deviation)} % (by chance ${percent(chance)} %)`,
  ].join("; ");
}

function metricsByClient(folder: string): Map<string, number> {
  const reader = new JournalReader(folder, firstPosition(folder));
  const clients = new Map<string, number>();
  try {
    for (let read = reader.read(10_000); read !== null; read = reader.read(10_000)) {
      for (const { text: line } of read.lines) {
        const metric = metricOf(line);
        if (metric !== null) clients.set(metric.client, (clients.get(metric.client) ?? 0) + 1);
      }
      reader.moveTo(read.next);
    }
  } finally {
    reader.close();
  }
  return clients;
}
