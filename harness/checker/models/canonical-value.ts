/**
 * Values compare by their canonical text. An integer is the same written as a JSON number or as a decimal string,
 * because counters beyond 2^53 can only be written as strings.
 */
export function canonicalValue(value: unknown): string {
  if (typeof value === "string") return /^(0|-?[1-9]\d*)$/.test(value) ? value : JSON.stringify(value);
  return JSON.stringify(sorted(value));
}

/** The integer a canonical text stands for, if it does. */
export function integerOf(canonical: string): bigint | undefined {
  return /^-?\d+$/.test(canonical) ? BigInt(canonical) : undefined;
}

/** Objects with their keys in order, so that { a, b } equals { b, a }. */
function sorted(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(sorted);
  if (value === null || typeof value !== "object") return value;
  const entries = Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1));
  return Object.fromEntries(entries.map(([k, v]) => [k, sorted(v)]));
}
