/** `npm run build:core` and `npm run build:debug`: node dist/harness/build/main.js TARGET… */
import { isEngineTarget, makeEngine } from "./engine.js";

for (const target of process.argv.slice(2)) {
  if (!isEngineTarget(target)) throw new Error(`no such build: ${target}`);
  const made = await makeEngine(target);
  process.stdout.write(`${target}: ${made ? "built" : "unchanged"}\n`);
}
