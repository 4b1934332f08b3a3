/**
 * What a test draws at random and how often, by the same two variables everywhere: SEED=… repeats what was drawn, RUNS=… tries more. A test
 * that draws says its seed in its name or on the console.
 */
export function seedOr(usual: number): number {
  return numberIn("SEED") ?? usual;
}

/** How many cases, kills or programs. */
export function runsOr(usual: number): number {
  return numberIn("RUNS") ?? usual;
}

function numberIn(name: string): number | undefined {
  const text = process.env[name];
  if (text === undefined || text === "") return undefined;
  if (!/^\d{1,10}$/.test(text) || Number(text) > 0xffff_ffff) {
    throw new RangeError(`${name}=${text}: expected a whole number from 0 to 4294967295`);
  }
  return Number(text);
}
