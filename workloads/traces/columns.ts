/**
 * `--columns time=1,id=2,size=3`: which column of a csv is what, by 1-based number or by header name. `count`: the row stands for so many requests.
 */
import { InvalidArgumentError } from "../../src/errors.js";

export const COLUMN_FIELDS = ["id", "time", "size", "op", "ttl", "count"] as const;
export type ColumnField = (typeof COLUMN_FIELDS)[number];

export interface ColumnSpec {
  /** A 1-based number or a header name. `id` is always there. */
  readonly fields: ReadonlyMap<ColumnField, number | string>;
  /** `header=yes|no`; unset: yes when a field is named, else judged by the first line. */
  readonly header?: boolean;
  /** `delimiter=comma|tab|semicolon|pipe|space`; unset: judged by the first lines. */
  readonly delimiter?: string;
}

/** By name; of several that fit, the first. A space stands for any run of blanks and tabs. */
export const DELIMITERS: Readonly<Record<string, string>> = {
  comma: ",",
  tab: "\t",
  semicolon: ";",
  pipe: "|",
  space: " ",
};

const EXPECTED =
  "expected id=COLUMN and any of time=, size=, op=, ttl=, count= (COLUMN: a number from 1 or a header name), header=yes|no, delimiter=comma|tab|semicolon|pipe|space";

/** Parses the option's text. Throws InvalidArgumentError quoting the part that is wrong. */
export function parseColumns(text: string): ColumnSpec {
  const fields = new Map<ColumnField, number | string>();
  let header: boolean | undefined;
  let delimiter: string | undefined;
  for (const part of text.split(",")) {
    const [name, value, ...rest] = part.split("=").map((piece) => piece.trim());
    if (value === undefined || value === "" || rest.length > 0) refuse(part);
    if (name === "header") {
      if (value !== "yes" && value !== "no") refuse(part);
      header = value === "yes";
    } else if (name === "delimiter") {
      if (!Object.hasOwn(DELIMITERS, value)) refuse(part);
      delimiter = DELIMITERS[value];
    } else {
      if (!isField(name) || fields.has(name)) refuse(part);
      fields.set(name, column(value, part));
    }
  }
  if (!fields.has("id")) throw new InvalidArgumentError(`--columns ${JSON.stringify(text)}: no id column; ${EXPECTED}`);
  if (header === false && [...fields.values()].some((value) => typeof value === "string")) {
    throw new InvalidArgumentError(
      `--columns ${JSON.stringify(text)}: header=no, yet a column is given by name; use numbers from 1`,
    );
  }
  return { fields, header, delimiter };
}

function column(value: string, part: string): number | string {
  if (!/^[0-9]+$/.test(value)) return value;
  const number = Number(value);
  if (number < 1 || number > 10_000) refuse(part);
  return number;
}

function isField(name: string): name is ColumnField {
  return (COLUMN_FIELDS as readonly string[]).includes(name);
}

function refuse(part: string): never {
  throw new InvalidArgumentError(`--columns: ${JSON.stringify(part)}: ${EXPECTED}`);
}
