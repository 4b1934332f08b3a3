/** Scenario files: found, read, checked; what is wrong is named with file and line. */
import { existsSync, readdirSync, readFileSync, statSync } from "node:fs";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Document, isMap, isPair, isScalar, LineCounter, parseDocument } from "yaml";
import type { z } from "zod";
import { InvalidArgumentError } from "../src/store/errors.js";
import { closest } from "./closest.js";
import { type Scenario, scenarioJsonSchema, scenarioSchema } from "./scenario.js";
import { writeWhole } from "./write-whole.js";

const ENDING = /\.ya?ml$/;
/** Bytes; a scenario is a page of text. */
const MAX_FILE_BYTES = 1024 * 1024;

/** The package's own scenario files: `workloads/` beside the package.json above this module, built or not. */
export function scenarioFolder(): string {
  let folder = dirname(fileURLToPath(import.meta.url));
  while (!existsSync(join(folder, "package.json"))) {
    const parent = dirname(folder);
    if (parent === folder)
      throw new InvalidArgumentError("the package's own files are incomplete: no package.json above its modules");
    folder = parent;
  }
  return join(folder, "workloads");
}

/** Every scenario of the package, by name. Throws InvalidArgumentError when one of the files is not valid. */
export function listScenarios(): Scenario[] {
  const folder = scenarioFolder();
  return scenarioNames(folder).map((name) => readScenario(join(folder, `${name}.yaml`)));
}

/**
 * One scenario: by name (`blackboard`) or, when the text holds a slash or ends in .yaml or .yml, by path.
 * Throws InvalidArgumentError: unknown name (with the known ones and the closest), file missing, file not valid.
 */
export function loadScenario(nameOrPath: string): Scenario {
  if (ENDING.test(nameOrPath) || nameOrPath.includes("/") || nameOrPath.includes("\\")) return readScenario(nameOrPath);
  const folder = scenarioFolder();
  const names = scenarioNames(folder);
  if (!names.includes(nameOrPath)) {
    throw new InvalidArgumentError(
      `no scenario ${JSON.stringify(nameOrPath)}${closest(nameOrPath, names)}; expected one of ${names.join(", ")}, or the path of a .yaml file`,
    );
  }
  return readScenario(join(folder, `${nameOrPath}.yaml`));
}

/** Checks the text of a scenario file. `file` is for messages. Throws InvalidArgumentError with file, line, what was expected. */
export function parseScenario(text: string, file: string): Scenario {
  const lines = new LineCounter();
  const document = parseDocument(text, { lineCounter: lines, uniqueKeys: true, stringKeys: true });
  const problem = document.errors[0];
  if (problem !== undefined) {
    const what = problem.message.split("\n")[0].replace(/ at line \d+, column \d+:?$/, "");
    throw new InvalidArgumentError(`${file}:${lines.linePos(problem.pos[0]).line}: ${what}; expected a YAML document`);
  }
  const result = scenarioSchema.safeParse(plainContent(document, file));
  if (!result.success) {
    const issue = result.error.issues[0];
    throw new InvalidArgumentError(`${file}:${lineOf(document, lines, issue)}: ${described(issue)}`);
  }
  return { ...result.data, name: basename(file).replace(ENDING, ""), file };
}

/** Writes the JSON Schema of scenario files (whole or not at all). */
export async function writeScenarioSchema(path: string): Promise<void> {
  await writeWhole(path, [`${JSON.stringify(scenarioJsonSchema(), null, 2)}\n`]);
}

function scenarioNames(folder: string): string[] {
  return readdirSync(folder)
    .filter((name) => name.endsWith(".yaml"))
    .map((name) => name.replace(ENDING, ""))
    .sort();
}

function readScenario(path: string): Scenario {
  return parseScenario(readText(path), path);
}

function readText(path: string): string {
  try {
    const about = statSync(path);
    if (about.isDirectory())
      throw new InvalidArgumentError(`${path}: is a directory; expected a scenario file (.yaml)`);
    if (about.size > MAX_FILE_BYTES) {
      throw new InvalidArgumentError(
        `${path}: ${about.size} bytes; expected a scenario file of at most ${MAX_FILE_BYTES}`,
      );
    }
    return new TextDecoder("utf-8", { fatal: true }).decode(readFileSync(path));
  } catch (error) {
    if (error instanceof InvalidArgumentError) throw error;
    if (error instanceof TypeError)
      throw new InvalidArgumentError(`${path}: not valid UTF-8; expected a scenario file (.yaml)`, { cause: error });
    const code = (error as NodeJS.ErrnoException).code;
    const what = code === "ENOENT" || code === "ENOTDIR" ? "no such file" : `cannot be read (${code})`;
    throw new InvalidArgumentError(`${path}: ${what}; expected a scenario file (.yaml)`, { cause: error });
  }
}

function plainContent(document: Document, file: string): unknown {
  try {
    return document.toJS({ maxAliasCount: 100 });
  } catch (error) {
    throw new InvalidArgumentError(`${file}:1: ${(error as Error).message}; expected a plain YAML document`, {
      cause: error,
    });
  }
}

type Issue = z.core.$ZodIssue;

/** The line of the offending key or value; a missing key is reported on the line of the map it is missing from. */
function lineOf(document: Document, lines: LineCounter, issue: Issue): number {
  const unknownKey = issue.code === "unrecognized_keys" ? issue.keys[0] : undefined;
  for (let depth = issue.path.length; depth >= 0; depth--) {
    const node: unknown = depth === 0 ? document.contents : document.getIn(issue.path.slice(0, depth), true);
    const at = offsetOf(node, depth === issue.path.length ? unknownKey : undefined);
    if (at !== undefined) return lines.linePos(at).line;
  }
  return 1;
}

function offsetOf(node: unknown, key: string | undefined): number | undefined {
  if (key !== undefined && isMap(node)) {
    const pair = node.items.find((item) => isPair(item) && isScalar(item.key) && item.key.value === key);
    if (pair !== undefined && isScalar(pair.key)) return pair.key.range?.[0];
  }
  return (node as { range?: [number, number, number] | null } | undefined)?.range?.[0];
}

function described(issue: Issue): string {
  const where = issue.path.length === 0 ? "" : `${issue.path.join(".")}: `;
  if (issue.code === "unrecognized_keys")
    return `${where}unknown key ${issue.keys.map((key) => JSON.stringify(key)).join(", ")}; expected only keys of the scenario schema`;
  return `${where}${issue.message}`;
}
