/**
 * Where a text stops being JSON. `JSON.parse` names a position for some faults, for others not, and differs between
 * versions of Node; a reader who has to mend a file by hand wants line and column for each.
 */

/** The first fault: where, and what could have stood there. Lines and columns count from 1. */
export interface JsonFault {
  offset: number;
  line: number;
  column: number;
  expected: string;
  /** The text is right as far as it goes and then ends: the file was cut short. */
  cutShort: boolean;
}

const SPACE = /[ \t\r\n]*/y;
const SCALAR = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?|true|false|null/y;
/** The start of such a scalar that runs to the end of the text: with more text it might have become one. */
const UNFINISHED_SCALAR = /(?:-?(?:(?:0|[1-9]\d*)(?:\.\d*)?(?:[eE][+-]?)?)?|t(?:ru?)?|f(?:a(?:ls?)?)?|n(?:ul?)?)$/y;
const ESCAPE = /\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4})/y;
const UNFINISHED_ESCAPE = /\\(?:u[0-9a-fA-F]{0,3})?$/y;

type Expectation = "value" | "value or ]" | "key or }" | "key" | "colon" | ", or ]" | ", or }" | "string" | "end";
const WORDS: Record<Expectation, string> = {
  value: "a value",
  "value or ]": 'a value or "]"',
  "key or }": 'a key in double quotes or "}"',
  key: "a key in double quotes",
  colon: '":"',
  ", or ]": '"," or "]"',
  ", or }": '"," or "}"',
  string: "a JSON string (control characters escaped, closed by a double quote)",
  end: "the end of the file",
};

/** The first place where `text` is not JSON, or null when all of it is. */
export function findJsonFault(text: string): JsonFault | null {
  const open: ("[" | "{")[] = [];
  let expected = "value" as Expectation;
  let offset = 0;
  const afterValue = (): Expectation => (open.length === 0 ? "end" : open.at(-1) === "[" ? ", or ]" : ", or }");

  for (;;) {
    offset += matchAt(SPACE, text, offset).length;
    if (offset >= text.length) return expected === "end" ? null : fault(text, offset, expected, true);
    const character: string = text[offset];
    const wantsValue: boolean = expected === "value" || expected === "value or ]";
    const wantsKey: boolean = expected === "key" || expected === "key or }";
    const closesArray = character === "]" && (expected === "value or ]" || expected === ", or ]");
    const closesObject = character === "}" && (expected === "key or }" || expected === ", or }");

    if (closesArray || closesObject) {
      open.pop();
      expected = afterValue();
      offset += 1;
    } else if (character === "," && (expected === ", or ]" || expected === ", or }")) {
      expected = expected === ", or ]" ? "value" : "key";
      offset += 1;
    } else if (character === ":" && expected === "colon") {
      expected = "value";
      offset += 1;
    } else if (wantsValue && (character === "[" || character === "{")) {
      open.push(character);
      expected = character === "[" ? "value or ]" : "key or }";
      offset += 1;
    } else if ((wantsValue || wantsKey) && character === '"') {
      const string = scanString(text, offset);
      if (!string.whole) return fault(text, string.end, "string", string.end >= text.length || string.cut);
      offset = string.end;
      expected = wantsKey ? "colon" : afterValue();
    } else if (wantsValue) {
      const scalar = matchAt(SCALAR, text, offset);
      // A number that the text ends in ("-", "1.") is unfinished, even where a shorter one would match.
      const unfinished = matchAt(UNFINISHED_SCALAR, text, offset);
      if (scalar.length < unfinished.length || scalar === "") return fault(text, offset, expected, unfinished !== "");
      offset += scalar.length;
      expected = afterValue();
    } else {
      return fault(text, offset, expected, false);
    }
  }
}

/** The end of the string that opens at `start`, or the place of what no string may hold. */
function scanString(text: string, start: number): { whole: boolean; end: number; cut: boolean } {
  let end = start + 1;
  while (end < text.length) {
    const character = text[end];
    if (character === '"') return { whole: true, end: end + 1, cut: false };
    if (character === "\\") {
      const escaped = matchAt(ESCAPE, text, end);
      if (escaped === "") return { whole: false, end, cut: matchAt(UNFINISHED_ESCAPE, text, end) !== "" };
      end += escaped.length;
    } else if (character < " ") {
      return { whole: false, end, cut: false };
    } else {
      end += 1;
    }
  }
  return { whole: false, end, cut: true };
}

function matchAt(sticky: RegExp, text: string, offset: number): string {
  sticky.lastIndex = offset;
  return sticky.exec(text)?.[0] ?? "";
}

function fault(text: string, offset: number, expected: Expectation, cutShort: boolean): JsonFault {
  const before = text.slice(0, offset);
  const line = before.split("\n").length;
  const column = offset - before.lastIndexOf("\n");
  return { offset, line, column, expected: WORDS[expected], cutShort };
}
