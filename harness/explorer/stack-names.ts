const WASM_FRAME = /at (?:wasm-function\S*|src\/core\/assembly\/\S+|[\w/$.|~]+) \(wasm:|at src\/core\/assembly\/(\S+)/;

/** The engine's functions under way, innermost first, by name. */
export function functionsOnStack(): string[] {
  const limit = Error.stackTraceLimit;
  Error.stackTraceLimit = 24;
  const stack = new Error().stack ?? "";
  Error.stackTraceLimit = limit;
  const names: string[] = [];
  for (const line of stack.split("\n")) {
    if (!line.includes("wasm")) continue;
    if (!WASM_FRAME.test(line)) continue;
    const name = /assembly\/([\w/]+)/.exec(line)?.[1];
    if (name !== undefined) names.push(name);
  }
  return names;
}
