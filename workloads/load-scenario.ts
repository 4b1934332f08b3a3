/** Scenario files: found, read, checked; what is wrong is named with file and line. */
import { readdirSync, readFileSync, statSync } from "node:fs";
import { basename, join } from "node:path";
import { type Alias, type Document, LineCounter, parseDocument, visit } from "yaml";
import { InvalidArgumentError } from "../src/errors.js";
import { cannotBeRead } from "../src/not-readable.js";
import { writeWhole } from "../src/write-whole.js";
import { closest } from "./closest.js";
import { type Scenario, scenarioOf } from "./scenario.js";
import { describeFault } from "./scenario-faults.js";
import { scenarioFolder } from "./scenario-folder.js";
import { scenarioJsonSchema, scenarioSchema } from "./scenario-schema.js";

const ENDING = /\.ya?ml$/;
/** Bytes; a scenario is a page of text. */
const MAX_FILE_BYTES = 1024 * 1024;

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
  const circle = selfContainingAlias(document);
  if (circle !== null) {
    const line = lines.linePos(circle.range?.[0] ?? 0).line;
    throw new InvalidArgumentError(
      `${file}:${line}: *${circle.source} stands within &${circle.source}, a circle without end; expected an alias of something before it`,
    );
  }
  const result = scenarioSchema.safeParse(plainContent(document, file));
  if (!result.success) {
    const fault = describeFault(result.error.issues, document, lines, scenarioJsonSchema());
    throw new InvalidArgumentError(`${file}:${fault}`);
  }
  return scenarioOf(result.data, basename(file).replace(ENDING, ""), file);
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
    throw cannotBeRead(path, error, "a scenario file (.yaml)");
  }
}

/** Phases refer to each other as aliases only, and those only backwards: a circle is an alias within what it stands for. */
function selfContainingAlias(document: Document): Alias | null {
  let found: Alias | null = null;
  visit(document, {
    Alias(_, alias, path) {
      const target = alias.resolve(document);
      if (target === undefined || !path.includes(target)) return undefined;
      found = alias;
      return visit.BREAK;
    },
  });
  return found;
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
