/** Keys made of parts that may be any text: parts are joined with slashes, and what is a slash in them is written otherwise. */
import { describe } from "../check.js";
import { InvalidArgumentError } from "../errors.js";

/** "a/b" -> "a%2Fb": no part has a slash afterwards, and no two parts become the same. */
export function escapePart(part: string): string {
  return /[%/]/.test(part) ? part.replaceAll("%", "%25").replaceAll("/", "%2F") : part;
}

export function unescapePart(part: string): string {
  return part.includes("%") ? part.replaceAll("%2F", "/").replaceAll("%25", "%") : part;
}

export function joinParts(...parts: readonly string[]): string {
  return parts.map(escapePart).join("/");
}

/** @throws InvalidArgumentError */
export function textPart(name: string, value: unknown, allowEmpty = false): string {
  if (typeof value === "string" && (allowEmpty || value !== "")) return value;
  throw new InvalidArgumentError(
    `${name} is ${describe(value)}; expected text${allowEmpty ? "" : " of at least a character"}`,
  );
}
