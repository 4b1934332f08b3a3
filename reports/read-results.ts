/** Reading and writing results.json: whatever is wrong with a file is said in one line, with the place. */
import { readFile, stat } from "node:fs/promises";
import { join } from "node:path";
import type { z } from "zod";
import { InvalidArgumentError } from "../src/store/errors.js";
import { findJsonFault } from "./json-position.js";
import { type Results, resultsSchema, SCHEMA_VERSION } from "./results.js";
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
  const { file, document } = await readJson(path);
  return checkResults(file, document);
}

/** @throws InvalidArgumentError when the document is of another version or breaks the schema */
export function checkResults(file: string, document: unknown): Results {
  refuseOtherVersions(file, document);
  const parsed = resultsSchema.safeParse(document);
  if (!parsed.success) throw new InvalidArgumentError(`${file}: ${describeIssues(parsed.error.issues)}`);
  return parsed.data;
}

/**
 * Checks results against the schema and writes them as JSON, at once or not at all.
 *
 * @throws InvalidArgumentError when the results break the schema or the path cannot be written.
 */
export async function writeResults(path: string, results: Results): Promise<void> {
  const parsed = resultsSchema.safeParse(results);
  if (!parsed.success) throw new InvalidArgumentError(`results for ${path}: ${describeIssues(parsed.error.issues)}`);
  await writeFileAtomically(path, `${JSON.stringify(parsed.data, null, 2)}\n`);
}

/** @throws InvalidArgumentError when the file cannot be read or is not JSON */
export async function readJson(path: string): Promise<{ file: string; document: unknown }> {
  const { file, text } = await readText(path);
  return { file, document: parseJson(file, text) };
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

function parseJson(file: string, text: string): unknown {
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

function refuseOtherVersions(file: string, document: unknown): void {
  if (typeof document !== "object" || document === null || !("schemaVersion" in document)) {
    throw new InvalidArgumentError(`${file}: no schemaVersion; expected results written by engram run`);
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

export function describeIssues(issues: readonly z.core.$ZodIssue[]): string {
  const [first, ...others] = issues;
  const place = first.path.length === 0 ? "the document" : pathText(first.path);
  const rest = others.length === 0 ? "" : ` (and ${others.length} more)`;
  return `${place}: ${first.message.replace(/^Invalid input: /, "")}${rest}`;
}

/** `runs[3].latency.read.p99`; keys that are no plain names are quoted. */
function pathText(path: readonly PropertyKey[]): string {
  return path
    .map((step, index) => {
      if (typeof step === "number") return `[${step}]`;
      const name = String(step);
      if (!/^[A-Za-z_$][\w$-]*$/.test(name)) return `[${JSON.stringify(name)}]`;
      return index === 0 ? name : `.${name}`;
    })
    .join("");
}

function reasonOf(cause: unknown): string {
  const code = (cause as NodeJS.ErrnoException).code;
  if (code === "ENOENT") return "no such file";
  if (code === "EACCES") return "permission denied";
  return code ?? String(cause);
}
