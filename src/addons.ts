/** Addons that are built for Node, which Bun and Deno do not load or, worse, die of: a symbol that is missing ends the process. */

/** Why an addon is not to be loaded here; null in Node. */
export function noAddonsBecause({ bun, deno }: Partial<Record<string, string>> = process.versions): string | null {
  if (bun !== undefined) return "it is an addon of Node, and this is Bun";
  if (deno !== undefined) return "it is an addon of Node, and this is Deno";
  return null;
}
