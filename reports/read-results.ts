/** Reading and writing results.json: whatever is wrong with a file is said in one line, with the place. */
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import type { z } from "zod";
import { InvalidArgumentError } from "../src/errors.js";
import { cannotBeRead } from "../src/not-readable.js";
import { writeWhole } from "../src/write-whole.js";
import { findJsonFault } from "./json-position.js";
import { type Results, resultsSchema, SCHEMA_VERSION } from "./results.js";
import { schemaFault } from "./schema-faults.js";

/** The name a run gives its results inside its output folder. */
export const RESULTS_FILE = "results.json";

/**
 * Reads and checks a results file; a folder stands for the results.json inside it.
 *
 * @throws InvalidArgumentError when the file cannot be read, is not JSON or cut short (with line and column), was
 *   written by another schema version, or breaks the schema (with the path inside the document).
 */
export async function readResults(path: string): Promise<Results> {
  return checkResults(await readJson(path));
}

/** A file that is JSON: what it says, and how it says it, for messages. */
export interface JsonFile {
  readonly file: string;
  readonly text: string;
  readonly document: unknown;
}

/** @throws InvalidArgumentError when the document is of another version or breaks the schema */
export function checkResults(json: JsonFile, expected = "results written by engram run"): Results {
  refuseOtherVersions(json, expected);
  return checkJson(resultsSchema, { ...json, document: upgraded(json) });
}

/** @throws InvalidArgumentError naming file, line and key, what was expected and what was there */
export function checkJson<T>(schema: z.ZodType<T>, { file, text, document }: JsonFile): T {
  const parsed = schema.safeParse(document);
  if (parsed.success) return parsed.data;
  throw new InvalidArgumentError(schemaFault(file, text, document, parsed.error));
}

/**
 * Checks results against the schema and writes them as JSON, at once or not at all.
 *
 * @throws InvalidArgumentError when the results break the schema or the path cannot be written.
 */
export async function writeResults(path: string, results: Results): Promise<void> {
  const parsed = resultsSchema.safeParse(results);
  if (!parsed.success) throw new InvalidArgumentError(schemaFault(`results for ${path}`, null, results, parsed.error));
  await writeWhole(path, `${JSON.stringify(parsed.data, null, 2)}\n`);
}

/** @throws InvalidArgumentError when the file cannot be read or is not JSON */
export async function readJson(path: string): Promise<JsonFile> {
  const { file, text } = await readText(path);
  return { file, text, document: parseJson(file, text) };
}

/**
 * A file's text as it is, whatever it says; a folder stands for the results.json inside it.
 *
 * @param expected as in "a results.json", for the message
 * @throws InvalidArgumentError when it cannot be read
 */
export async function readText(path: string, expected = `a ${RESULTS_FILE}`): Promise<{ file: string; text: string }> {
  let file = path;
  try {
    if ((await stat(path)).isDirectory()) file = join(path, RESULTS_FILE);
    return { file, text: (await readFile(file, "utf8")).replace(/^\ufeff/, "") };
  } catch (cause) {
    throw cannotBeRead(file, cause, expected);
  }
}

/** @throws InvalidArgumentError with line and column, what was expected there, and whether the text is cut short */
export function parseJson(file: string, text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    if (text.trim() === "") throw new InvalidArgumentError(`${file}: the file is empty; expected JSON`, { cause });
    const fault = findJsonFault(text);
    const place = fault ? `line ${fault.line}, column ${fault.column}: ` : "";
    const expected = fault?.expected ?? "JSON";
    const what = fault?.cutShort
      ? `the file is cut short; expected ${expected} and the rest of the document`
      : `not JSON; expected ${expected}`;
    throw new InvalidArgumentError(`${file}: ${place}${what}`, { cause });
  }
}

function refuseOtherVersions({ file, document }: JsonFile, expected: string): void {
  if (typeof document !== "object" || document === null || !("schemaVersion" in document)) {
    throw new InvalidArgumentError(`${file}: no schemaVersion; expected ${expected}`);
  }
  const { schemaVersion } = document;
  if (schemaVersion === SCHEMA_VERSION || schemaVersion === BEFORE_PHASES) return;
  const advice =
    typeof schemaVersion === "number" && schemaVersion > SCHEMA_VERSION
      ? "it comes from a newer engram, read it with that one"
      : "run the scenarios again with this version";
  throw new InvalidArgumentError(
    `${file}: schemaVersion is ${JSON.stringify(schemaVersion)}; this version of engram reads ${BEFORE_PHASES} and ${SCHEMA_VERSION}, ${advice}`,
  );
}

/** The version whose runs did not tell their phases apart. */
const BEFORE_PHASES = 1;

/** What version 1 wrote of a run, as far as it matters here; the schema has not seen it yet. */
interface OldRun {
  readonly scenario?: unknown;
  readonly loop?: unknown;
  readonly events?: unknown;
}

/**
 * A document of version 1 in the form of this version.
 *
 * @throws InvalidArgumentError when it has a run of several phases with a rate: in it the latencies of one phase, and with them all
 *   waiting, could be lost behind another's, and nothing in the file tells whether they are
 */
function upgraded({ file, document }: JsonFile): unknown {
  const old = document as { schemaVersion: unknown; runs?: unknown; notices?: unknown };
  if (old.schemaVersion !== BEFORE_PHASES) return document;
  const runs = (Array.isArray(old.runs) ? old.runs : []) as (OldRun | null)[];
  const several = runs.flatMap((run, index) => {
    const events = (Array.isArray(run?.events) ? run.events : []) as ({ kind?: unknown } | null)[];
    return events.filter((event) => event?.kind === "phase").length > 1 ? [{ run, index }] : [];
  });
  const mixed = several.find(({ run }) => run?.loop === "open");
  if (mixed !== undefined) {
    throw new InvalidArgumentError(
      `${file}: runs[${mixed.index}]: several phases, some with a rate, which schemaVersion ${BEFORE_PHASES} did not tell apart; run the scenario again with this version`,
    );
  }
  const names = [...new Set(several.map(({ run }) => String(run?.scenario)))];
  const notice = `written by an older engram, which counted all phases of a scenario together: ${names.join(", ")}`;
  const notices = Array.isArray(old.notices) ? old.notices : [];
  return {
    ...old,
    schemaVersion: SCHEMA_VERSION,
    ...(names.length > 0 ? { notices: [...notices, notice] } : {}),
  };
}
