/** Every trace format read, and which of them a file is in. */
import { InvalidArgumentError } from "../../src/errors.js";
import { closest } from "../closest.js";
import type { TraceFormat } from "./format.js";
import { arc } from "./formats/arc.js";
import { blockFormats } from "./formats/block-io.js";
import { csv } from "./formats/csv.js";
import { looksLikeColumns } from "./formats/csv-layout.js";
import { ibmObjectStore } from "./formats/ibm-object-store.js";
import { jsonLines } from "./formats/json-lines.js";
import { lirs } from "./formats/lirs.js";
import { operationLog } from "./formats/operation-log.js";
import { oracleGeneral, oracleGeneralOpNs } from "./formats/oracle-general.js";
import { pattern } from "./formats/pattern.js";
import { cache2k, corda } from "./formats/plain-binary.js";
import { redisMonitor } from "./formats/redis-monitor.js";
import { twr } from "./formats/twr.js";
import { txt } from "./formats/txt.js";
import { vscsi } from "./formats/vscsi.js";
import { webLog } from "./formats/web-log.js";
import type { FoundBy } from "./reading.js";

/** In the order their `looksLike` is asked: the pickier first, txt (which takes any text) last. */
export const TRACE_FORMATS: readonly TraceFormat[] = [
  operationLog,
  vscsi,
  oracleGeneral,
  oracleGeneralOpNs,
  twr,
  ...blockFormats,
  ibmObjectStore,
  webLog,
  redisMonitor,
  jsonLines,
  arc,
  lirs,
  csv,
  txt,
  pattern,
  corda,
  cache2k,
];

/** What files called .csv or .txt may be, rather than columns of anybody's. */
const PUBLISHED: readonly TraceFormat[] = [...blockFormats, ibmObjectStore];

/** Other spellings `--format` takes. */
const ALIASES: Readonly<Record<string, string>> = {
  nginx: "weblog",
  clf: "weblog",
  combined: "weblog",
  apache: "weblog",
  monitor: "redis-monitor",
  "msr-cambridge": "msr",
  umass: "spc",
  ibm: "ibm-cos",
  "ibm-object-store": "ibm-cos",
  ndjson: "jsonl",
  "json-lines": "jsonl",
  regex: "pattern",
  "oraclegeneral+opns": "oraclegeneralopns",
  oraclegeneralbin: "oraclegeneral",
  vscsi1: "vscsi",
  vscsi2: "vscsi",
};

export interface DetectedFormat {
  readonly format: TraceFormat;
  /** How it was found: messages about content that does not fit say so when it was only a guess. */
  readonly by: FoundBy;
}

/** The format a `--format` value names. Throws InvalidArgumentError listing them all. */
export function formatByName(name: string): TraceFormat {
  const wanted = name.toLowerCase();
  const found = TRACE_FORMATS.find((format) => format.name.toLowerCase() === (ALIASES[wanted] ?? wanted));
  if (found === undefined) {
    const names = TRACE_FORMATS.map((format) => format.name);
    throw new InvalidArgumentError(
      `--format ${JSON.stringify(name)}: no such trace format${closest(name, names)}; expected one of ${names.join(", ")}`,
    );
  }
  return found;
}

/**
 * Guesses the format from the file's name and, failing that, its beginning. Throws InvalidArgumentError when neither tells.
 *
 * @param saysColumns whoever reads it has said what its columns, or their units, are: then it is no format that lays them down
 */
export function detectFormat(path: string, head: Buffer, asked?: string, saysColumns = false): DetectedFormat {
  if (asked !== undefined) return { format: formatByName(asked), by: "option" };
  const name = path.toLowerCase().replace(/\.(gz|zst|xz)$/, "");
  const named = longestEnding(name);
  // .csv and .txt say little: a publisher's own columns are known by every line, and columns in .txt are columns
  if (!saysColumns && (named === csv || named === txt)) {
    const published = PUBLISHED.find((format) => format.looksLike(head));
    if (published !== undefined) return { format: published, by: "content" };
  }
  if (named === txt && looksLikeColumns(head)) return { format: csv, by: "content" };
  if (named !== undefined) return { format: named, by: "name" };
  const seen = TRACE_FORMATS.find((format) => !(saysColumns && PUBLISHED.includes(format)) && format.looksLike(head));
  if (seen !== undefined) return { format: seen, by: "content" };
  const names = TRACE_FORMATS.map((format) => format.name);
  throw new InvalidArgumentError(
    `${path}: neither its name nor its content tells the trace format; give --format, one of ${names.join(", ")}`,
  );
}

/** `.twr.csv` before `.csv`. */
function longestEnding(name: string): TraceFormat | undefined {
  let found: TraceFormat | undefined;
  let length = 0;
  for (const format of TRACE_FORMATS) {
    for (const ending of format.endings) {
      if (ending.length > length && name.endsWith(ending)) {
        found = format;
        length = ending.length;
      }
    }
  }
  return found;
}
