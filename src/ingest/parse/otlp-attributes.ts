/** Attributes of OTLP as tags: values of every kind as text. */
import { isObject } from "./read-json.js";

/** What is no list of attributes has none; what has no name is left out, as the protocol allows. */
export function tagsFrom(attributes: unknown): Record<string, string> {
  const tags: Record<string, string> = Object.create(null);
  if (!Array.isArray(attributes)) return tags;
  for (const attribute of attributes) {
    if (!isObject(attribute) || typeof attribute.key !== "string" || attribute.key === "") continue;
    const text = textOf(attribute.value);
    if (text !== "") tags[attribute.key] = text;
  }
  return tags;
}

/** An AnyValue. A scalar as it is written, a list or a map as its JSON, nothing as "". */
function textOf(value: unknown): string {
  if (!isObject(value)) return "";
  const [kind] = Object.keys(value);
  const held = kind === undefined ? undefined : value[kind];
  if (typeof held === "string") return held;
  if (typeof held === "number" || typeof held === "boolean") return String(held);
  return held === undefined || held === null ? "" : JSON.stringify(held);
}
