import type * as Module from "./passes.js";

/** What passes.ts exports. */
export type Passes = typeof Module;

/**
 * The loops of passes.ts, in an instance of their own.
 *
 * @param subject whom they are for: each gets loops that see its class of agent only
 */
export async function loadPasses(subject: string): Promise<Passes> {
  return (await import(
    `${new URL("./passes.js", import.meta.url).href}?subject=${encodeURIComponent(subject)}`
  )) as Passes;
}
