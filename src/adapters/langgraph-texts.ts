/**
 * The texts of an item that are embedded, by paths as LangGraph's own stores read them: "title", "author.name", "chapters[0].text",
 * "chapters[-1]", "chapters[*].text", "*", "{title,author.name}", and "$", the whole item. What is there and no text is taken as JSON.
 *
 * The peer keeps its reader of such paths to itself; the one that it exports knows fewer of them.
 */
export type TextPath = readonly string[];

const WHOLE = "$";
/** A name, or what stands in one pair of brackets or braces. */
const STEP = /\[[^\]]*\]?|\{[^}]*\}?|[^.[{]+/g;

export function parsePath(path: string): TextPath {
  return path.match(STEP) ?? [];
}

/** An empty path is the whole item. */
export function textsAt(item: unknown, path: TextPath): string[] {
  if (path.length === 0) return [asJson(item)];
  return (path[0] === WHOLE ? [asJson(item)] : []).concat(follow(item, path, 0));
}

function follow(value: unknown, path: TextPath, done: number): string[] {
  if (done === path.length) return asTexts(value);
  if (value === null || typeof value !== "object") return [];
  return step(value, path[done]).flatMap((next) => follow(next, path, done + 1));
}

/** Where one step leads: to several values, or to none. */
function step(value: object, name: string): readonly unknown[] {
  if (name.startsWith("[")) return Array.isArray(value) ? elements(value, name.slice(1).replace(/\]$/, "")) : [];
  if (name.startsWith("{")) return fields(value, name.slice(1).replace(/\}$/, ""));
  if (name === "*") return Object.values(value);
  return own(value, name);
}

function elements(values: readonly unknown[], index: string): readonly unknown[] {
  if (index === "*") return values;
  const place = Number.parseInt(index, 10);
  const found = values.at(place);
  return Number.isNaN(place) || found === undefined ? [] : [found];
}

/** `{title,author.name}`: each by names alone. */
function fields(value: object, list: string): unknown[] {
  return list.split(",").flatMap((field) => {
    let found: unknown[] = [value];
    for (const name of parsePath(field.trim())) {
      found = found.flatMap((one) => (one !== null && typeof one === "object" ? own(one, name) : []));
    }
    return found[0] === value ? [] : found;
  });
}

function own(value: object, name: string): unknown[] {
  return Object.hasOwn(value, name) ? [(value as Record<string, unknown>)[name]] : [];
}

function asTexts(value: unknown): string[] {
  if (typeof value === "string") return [value];
  if (typeof value === "number" || typeof value === "boolean" || typeof value === "bigint") return [String(value)];
  return value === null || typeof value !== "object" ? [] : [asJson(value)];
}

/** MessagePack holds whole numbers that JSON does not. */
function asJson(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) => (typeof part === "bigint" ? String(part) : part), 2);
}
