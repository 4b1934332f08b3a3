/** What the pages are given: one's own files, read and checked, as plain data. */
import type { EvictionResult, Results, Trend } from "../../reports/index.js";
import { evictionRowsSchema } from "../../reports/measurement-files.js";
import { checkJson, checkResults, parseJson, readText } from "../../reports/read-results.js";
import { InvalidArgumentError } from "../../src/errors.js";
import { packageVersion } from "../command-line/version.js";
import { readTexts, trendOf } from "../trend/index.js";
import { EXPECTED, type Kind, kindOfDocument, kindOfLines, type NotebookName, oneKind } from "./kinds.js";

interface About {
  readonly engram: string;
  readonly files: readonly string[];
  /** The pages that show these files, the fitting one first. */
  readonly notebooks: readonly NotebookName[];
  /** What is wrong with the files, one line each: what comes before damage is shown. */
  readonly problems: readonly string[];
}

export type NotebookData =
  | (About & {
      readonly kind: "results";
      readonly results: readonly Results[];
      readonly rows: readonly EvictionResult[];
    })
  | (About & { readonly kind: "sweep"; readonly rows: readonly EvictionResult[] })
  | (About & { readonly kind: "history" | "records"; readonly trend: Trend });

interface Recognised {
  readonly kind: Kind;
  readonly file: string;
  readonly text: string;
  /** Of a JSON document. */
  readonly document?: unknown;
}

/** As `engram trend` looks at files without options. */
const TREND_SETTINGS = { limits: [], level: 0.01, seed: 1 } as const;

/**
 * Reads files that are all of one kind; a folder stands for the results.json inside it.
 *
 * @throws InvalidArgumentError for a file that cannot be read, is damaged, is of no kind that a notebook shows or of another than the others, or has
 *   nothing in it to be shown. Files of JSON lines are read up to their damage, which `problems` tells.
 */
export async function readNotebookData(paths: readonly string[]): Promise<NotebookData> {
  const files = await Promise.all(paths.map(recognise));
  const kind = oneKind(files);
  const about = { engram: packageVersion(), files: files.map(({ file }) => file) };
  if (kind === "results") return resultsData(about, files);
  if (kind === "sweep") {
    const rows = labelled(files.map((file) => ({ file: file.file, rows: rowsOf(file) })));
    return { ...about, kind, notebooks: ["sweep"], problems: [], rows };
  }
  const read = readTexts(files.map(({ file, text }) => ({ path: file, text })));
  const trend = trendOf(about.files, read, TREND_SETTINGS);
  return { ...about, kind, notebooks: ["history"], problems: [...trend.damage, ...trend.shortages], trend };
}

async function recognise(path: string): Promise<Recognised> {
  const { file, text } = await readText(path, EXPECTED);
  if (text.trim() === "") throw new InvalidArgumentError(`${file}: is empty; expected ${EXPECTED}`);
  const kind = kindOfLines(text);
  if (kind !== null) return { kind, file, text };
  const document = parseJson(file, text);
  return { kind: kindOfDocument(file, document), file, text, document };
}

function resultsData(about: Pick<About, "engram" | "files">, files: readonly Recognised[]): NotebookData {
  const results = files.map(({ file, text, document }) => checkResults({ file, text, document }, EXPECTED));
  const rows = labelled(results.map(({ evictions }, i) => ({ file: files[i].file, rows: evictions ?? [] })));
  const empty = results.findIndex(({ runs, evictions = [] }) => runs.length === 0 && evictions.length === 0);
  if (empty >= 0) {
    throw new InvalidArgumentError(`${files[empty].file}: has no runs in it; expected results with one run or more`);
  }
  const runs = results.some((one) => one.runs.length > 0);
  const notebooks: NotebookName[] = [...(runs ? (["results", "latency"] as const) : [])];
  if (rows.length > 0) notebooks.push("sweep");
  return { ...about, kind: "results", notebooks, problems: [], results, rows };
}

function rowsOf({ file, text, document }: Recognised): EvictionResult[] {
  if (Array.isArray(document) && document.length === 0) {
    throw new InvalidArgumentError(`${file}: has no rows in it; expected one row or more of engram evict --json`);
  }
  return checkJson(evictionRowsSchema, { file, text, document });
}

/** Rows of several files, told apart where files have traces of one name. */
function labelled(files: readonly { file: string; rows: readonly EvictionResult[] }[]): EvictionResult[] {
  const filesOf = new Map<string, Set<string>>();
  for (const { file, rows } of files) {
    for (const { trace } of rows) filesOf.set(trace, (filesOf.get(trace) ?? new Set()).add(file));
  }
  return files.flatMap(({ file, rows }) =>
    rows.map((row) => ((filesOf.get(row.trace)?.size ?? 0) > 1 ? { ...row, trace: `${row.trace} · ${file}` } : row)),
  );
}
