/** What is fuzzed: for each kind of file the readers that users reach, run in a process of its own (target-process.ts). */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { readResults } from "../../../reports/index.js";
import { InvalidArgumentError } from "../../../src/errors.js";
import { readHistory as readMonitorHistory } from "../../../src/monitor/index.js";
import { loadTrace, openTrace, TRACE_FORMATS, writeTrace } from "../../../workloads/index.js";
import { parseScenario } from "../../../workloads/scenarios.js";
import { backupFiles, convert, inspect, verify } from "../../backup/index.js";
import { checkHistory, createModel, guessModel, readHistory } from "../../checker/index.js";
import { readRecords } from "../../records/index.js";

export const TARGETS = [
  "traces",
  "logs",
  "compressed",
  "oplogs",
  "scenarios",
  "results",
  "histories",
  "monitor-histories",
  "records",
  "backups",
  "jsonl",
  "msgpack",
] as const;
export type TargetName = (typeof TARGETS)[number];

export interface Job {
  readonly target: TargetName;
  readonly file: string;
  /** A number drawn for the choices of a target: which format, whole or part. */
  readonly choice: number;
  /** For what is written; must be empty but for the outputs that are told. */
  readonly folder: string;
}

/** Files a target may leave in the job's folder. */
export const OUTPUTS = ["out.csv", "out.jsonl", "out"] as const;
const WRITTEN_REQUESTS = 100_000;
const DEADLINE_MS = 500;

const RUN: Readonly<Record<TargetName, (job: Job) => Promise<unknown>>> = {
  traces: readTrace,
  logs: readTrace,
  compressed: readTrace,
  oplogs: ({ file }) => loadTrace(file, { format: "oplog" }),
  scenarios: async ({ file }) => parseScenario(await readFile(file, "utf8"), file),
  results: ({ file }) => readResults(file),
  async histories({ file }) {
    const history = await readHistory(file);
    const model = createModel(guessModel(history), { slack: 0, capacity: null });
    checkHistory(history, { model, deadlineMs: DEADLINE_MS, file });
  },
  "monitor-histories": async ({ file }) => wholeOrRefused(readMonitorHistory(file).damage),
  records: async ({ file }) => wholeOrRefused(readRecords(file).damage),
  async backups({ file, choice, folder }) {
    for (const path of backupFiles(file)) {
      inspect(path);
      verify(path);
    }
    const to = [null, join(folder, "out.jsonl"), join(folder, "out")][choice % 3];
    await convert(file, { to, partial: choice % 2 === 0, capacity: undefined });
  },
  jsonl: importEntries,
  msgpack: importEntries,
};

export function runJob(job: Job): Promise<unknown> {
  return RUN[job.target](job);
}

/** What `--pattern`, and `--columns` of JSON lines, are given: all that the samples have, a part, and what is in none. */
const PATTERNS = [
  "(?<time>[\\d.]+) t=\\d+ cache (?<op>[A-Z]+) key=(?<key>\\S+) size=(?<size>\\d+) ttl=(?<ttl>\\d+)",
  "key=(?<key>\\S*)( size=(?<size>\\S*))?",
  "(?<key>.+)",
  "(?<time>\\d+)[, ](?<key>[^, ]*)",
];
const PATHS = ["id=key,time=ts,size=size,op=op,ttl=ttl", "id=of.uri.1,time=ts", "id=of.uri", "id=key,op=of"];

/** As its name and content say half of the time, else as any format: loaded and written, or only gone through. */
async function readTrace({ file, choice, folder }: Job): Promise<void> {
  const format = choice % 2 === 0 ? undefined : TRACE_FORMATS[(choice >>> 1) % TRACE_FORMATS.length].name;
  const drawn = (of: readonly string[]) => of[(choice >>> 8) % of.length];
  const options = {
    format,
    pattern: format === "pattern" ? drawn(PATTERNS) : undefined,
    columns: format === "jsonl" ? drawn(PATHS) : undefined,
  };
  if (choice % 3 === 0) {
    const stream = await openTrace(file, options);
    for await (const batch of stream.batches()) if (batch.count === 0) throw new Error("a batch without a request");
    return;
  }
  const trace = await loadTrace(file, options);
  if (trace.requests <= WRITTEN_REQUESTS) await writeTrace(join(folder, "out.csv"), trace, "csv");
}

async function importEntries({ file, choice, folder }: Job): Promise<void> {
  await convert(file, { to: choice % 2 === 0 ? null : join(folder, "out"), partial: false, capacity: "64MiB" });
}

/** Read up to its damage counts as refused. */
function wholeOrRefused(damage: { why: string } | null): void {
  if (damage !== null) throw new InvalidArgumentError(damage.why);
}
