/** The filters of a LangGraph store's search, as the peer's own store understands them. */

type Compare = (value: unknown, wanted: unknown) => boolean;

const OPERATORS: Record<string, Compare> = {
  $eq: (value, wanted) => value === wanted,
  $ne: (value, wanted) => value !== wanted,
  $gt: (value, wanted) => Number(value) > Number(wanted),
  $gte: (value, wanted) => Number(value) >= Number(wanted),
  $lt: (value, wanted) => Number(value) < Number(wanted),
  $lte: (value, wanted) => Number(value) <= Number(wanted),
  $in: (value, wanted) => Array.isArray(wanted) && wanted.includes(value),
  $nin: (value, wanted) => !Array.isArray(wanted) || !wanted.includes(value),
};

/** An object of operators alone asks for all of them; anything else is the value itself. */
export function meets(value: unknown, wanted: unknown): boolean {
  if (typeof wanted === "object" && wanted !== null) {
    const names = Object.keys(wanted);
    if (names.every((name) => Object.hasOwn(OPERATORS, name))) {
      return names.every((name) => OPERATORS[name](value, (wanted as Record<string, unknown>)[name]));
    }
  }
  return value === wanted;
}
