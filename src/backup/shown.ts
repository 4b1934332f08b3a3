/** A value as a message may show it: short, and never a whole object. */
export function shown(value: unknown): string {
  if (typeof value === "string") return JSON.stringify(value.length > 60 ? `${value.slice(0, 57)}...` : value);
  if (value !== null && (typeof value === "object" || typeof value === "function")) return `a ${typeof value}`;
  return String(value);
}
