/**
 * pattern: any log, by a regular expression whose named groups are the fields: `--pattern '"GET (?<key>\S+)" .* (?<size>\d+)$'`. Groups: key (needed),
 * time, size, op, ttl. Lines in which it is not found are left out and counted.
 */
import { InvalidArgumentError } from "../../../src/errors.js";
import type { ColumnField } from "../columns.js";
import type { TraceFormat } from "../format.js";
import { headLines } from "../head.js";
import { fillRequest, unitsOf } from "./fields-of-lines.js";
import { logRequests } from "./log-lines.js";

const GROUPS: ReadonlyMap<string, ColumnField> = new Map([
  ["key", "id"],
  ["time", "time"],
  ["size", "size"],
  ["op", "op"],
  ["ttl", "ttl"],
]);

/** @throws InvalidArgumentError for what is no regular expression, or has no group for the key */
export function parsePattern(text: string): RegExp {
  let pattern: RegExp;
  try {
    pattern = new RegExp(text, "u");
  } catch (cause) {
    throw new InvalidArgumentError(`--pattern ${JSON.stringify(text)}: ${(cause as Error).message}`, { cause });
  }
  const groups = groupsOf(text);
  const unknown = groups.find((name) => !GROUPS.has(name));
  if (unknown !== undefined || !groups.includes("key")) {
    throw new InvalidArgumentError(
      `--pattern ${JSON.stringify(text)}: ${unknown === undefined ? "it has no group for the key" : `(?<${unknown}>…) is no field`}; expected (?<key>…), and any of (?<time>…), (?<size>…), (?<op>…), (?<ttl>…)`,
    );
  }
  return pattern;
}

function groupsOf(text: string): string[] {
  return [...text.matchAll(/\(\?<([A-Za-z_$][\w$]*)>/g)].map((match) => match[1]);
}

export const pattern: TraceFormat = {
  name: "pattern",
  description: "lines of any log, by the named groups of --pattern",
  endings: [],
  // Nothing is one by itself: it is asked for.
  looksLike: () => false,
  read(source, { pattern: found, reading, ...units }) {
    if (found === undefined) {
      throw new InvalidArgumentError(
        `${source.path}: --format pattern goes with --pattern REGEX, such as --pattern "GET (?<key>\\S+)"`,
      );
    }
    const fields = new Map(groupsOf(found.source).map((name) => [GROUPS.get(name) as ColumnField, name]));
    const has = (field: ColumnField) => fields.has(field);
    const groupsIn = (line: string) => found.exec(line)?.groups;
    reading.columns = `${[...fields.values()].join(", ")} from the groups of --pattern`;
    reading.unknownSizes = has("size");
    const times = headLines(source.head).map((line) => groupsIn(line)?.time);
    const judged = unitsOf(
      times.filter((time) => time !== undefined),
      units,
      reading,
    );
    return logRequests(
      source,
      { time: has("time"), size: has("size"), op: has("op"), ttl: has("ttl") },
      (line, request, put) => {
        const groups = groupsIn(line);
        if (groups === undefined) return "--pattern does not find anything";
        const wrong = fillRequest(request, (field) => groups[fields.get(field) ?? ""], has, judged);
        if (wrong === null) put();
        return wrong;
      },
      { reading, expected: "lines that --pattern finds a key in" },
    );
  },
};
