/** Reading and writing results.json: whatever is wrong with a file is said in one line, with the place. */
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import type { z } from "zod";
import { InvalidArgumentError } from "../src/store/errors.js";
import { findJsonFault } from "./json-position.js";
import { type Results, resultsSchema, SCHEMA_VERSION } from "./results.js";
import { schemaFault } from "./schema-faults.js";
import { writeFileAtomically } from "./write-file.js";

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
  return checkJson(resultsSchema, json);
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
  await writeFileAtomically(path, `${JSON.stringify(parsed.data, null, 2)}\n`);
}

/** @throws InvalidArgumentError when the file cannot be read or is not JSON */
export async function readJson(path: string): Promise<JsonFile> {
  const { file, text } = await readText(path);
  return { file, text, document: parseJson(file, text) };
}

async function readText(path: string): Promise<{ file: string; text: string }> {
  let file = path;
  try {
    if ((await stat(path)).isDirectory()) file = join(path, RESULTS_FILE);
    return { file, text: (await readFile(file, "utf8")).replace(/^\ufeff/, "") };
  } catch (cause) {
    throw new InvalidArgumentError(`${file}: cannot be read (${reasonOf(cause)}); expected a ${RESULTS_FILE}`, {
      cause,
    });
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
  if (schemaVersion === SCHEMA_VERSION) return;
  const advice =
    typeof schemaVersion === "number" && schemaVersion > SCHEMA_VERSION
      ? "it comes from a newer engram, read it with that one"
      : "run the scenarios again with this version";
  throw new InvalidArgumentError(
    `${file}: schemaVersion is ${JSON.stringify(schemaVersion)}; this version of engram reads ${SCHEMA_VERSION} only, ${advice}`,
  );
}

function reasonOf(cause: unknown): string {
  const code = (cause as NodeJS.ErrnoException).code;
  if (code === "ENOENT") return "no such file";
  if (code === "EACCES") return "permission denied";
  return code ?? String(cause);
}
