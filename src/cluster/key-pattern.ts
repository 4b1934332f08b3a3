/**
 * Patterns of keys, as `session:*`: `*` stands for any text, also none, `?` for one character, a backslash before either for itself. Matched in the
 * length of the key times that of the pattern at most, whatever the pattern: they come from other nodes.
 */
import { describe } from "../check.js";
import { InvalidArgumentError } from "../errors.js";

const LONGEST = 1024;

/** @throws InvalidArgumentError for what is no text, empty or longer than a key may be */
export function checkPattern(pattern: unknown): string {
  if (typeof pattern === "string" && pattern !== "" && pattern.length <= LONGEST) return pattern;
  throw new InvalidArgumentError(
    `a pattern of keys is ${describe(pattern)}; expected 1 to ${LONGEST} characters such as "session:*"`,
  );
}

const ANY = Symbol("any text");
const ONE = Symbol("one character");
type Part = string | typeof ANY | typeof ONE;

/** A test of keys. */
export function keyPattern(pattern: string): (key: string) => boolean {
  const parts = partsOf(pattern);
  return (key) => matches(parts, [...key]);
}

function partsOf(pattern: string): Part[] {
  const parts: Part[] = [];
  const characters = [...pattern];
  for (let at = 0; at < characters.length; at++) {
    const character = characters[at];
    if (character === "\\" && at + 1 < characters.length) parts.push(characters[++at]);
    else if (character === "?") parts.push(ONE);
    else if (character !== "*") parts.push(character);
    else if (parts.at(-1) !== ANY) parts.push(ANY);
  }
  return parts;
}

/** Only the last `*` is ever tried again: an earlier one has found the first place where what follows it fits. */
function matches(parts: readonly Part[], key: readonly string[]): boolean {
  let part = 0;
  let star = -1;
  let starAt = 0;
  for (let at = 0; at < key.length; ) {
    if (parts[part] === ANY) {
      star = part++;
      starAt = at;
    } else if (part < parts.length && (parts[part] === ONE || parts[part] === key[at])) {
      part++;
      at++;
    } else if (star !== -1) {
      part = star + 1;
      at = ++starAt;
    } else {
      return false;
    }
  }
  while (parts[part] === ANY) part++;
  return part === parts.length;
}
