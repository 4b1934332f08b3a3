import type { Operation } from "../history.js";

/** `set "a" → true`, `get → absent`, `delete → no answer`. */
export function operationLabel({ op, input, output, return: answer }: Operation): string {
  const asked = input === null ? op : `${op} ${inputText(input)}`;
  if (answer === Number.POSITIVE_INFINITY) return `${asked} → no answer`;
  return `${asked} → ${output === null ? "null" : JSON.stringify(output)}`;
}

/** A set or push reads best by its value alone, with whatever else was given after it. */
function inputText(input: unknown): string {
  if (typeof input !== "object" || input === null || !("value" in input)) return JSON.stringify(input);
  const { value, ...rest } = input as Record<string, unknown>;
  const others = Object.entries(rest).map(([name, given]) => `${name}: ${JSON.stringify(given)}`);
  return [JSON.stringify(value), ...others].join(", ");
}
