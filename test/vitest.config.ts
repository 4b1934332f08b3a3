import { defineConfig } from "vitest/config";
import { ALONE, CAMPAIGNS, INSTALLED, LONG, NOT_QUICK, SERVICES, STARTERS } from "./parts.js";

// The tests run what ships: they import the build in dist/ (through `#dist/…`), because worker threads load files, not
// sources, and a test of a different artefact than the published one proves less.
export default defineConfig({
  test: {
    root: new URL("..", import.meta.url).pathname,
    server: { deps: { external: [/\/dist\//] } },
    // Not how long a test may take, but when it is taken to hang: on a busy machine one takes ten times as long.
    testTimeout: 600_000,
    hookTimeout: 600_000,
    maxWorkers: 2,
    // Many tests terminate threads. One whose code is being optimised in the background can end Node 20 with it (decision 0035).
    execArgv: ["--no-concurrent-recompilation"],
    expect: { poll: { timeout: 60_000 } },
    setupFiles: ["test/seeded-properties.ts"],
    projects: [
      // One process for many files: to load the build anew for each takes longer than most of them run.
      { extends: true, test: { name: "quick", include: ["test/**/*.test.ts"], exclude: NOT_QUICK, isolate: false } },
      { extends: true, test: { name: "long", include: LONG.map(tests), isolate: false } },
      { extends: true, test: { name: "starters", include: STARTERS.map(tests), isolate: false } },
      { extends: true, test: { name: "services", include: SERVICES.map(tests), isolate: false } },
      { extends: true, test: { name: "installed", include: INSTALLED.map(tests), isolate: false } },
      { extends: true, test: { name: "campaigns", include: CAMPAIGNS.map(tests), isolate: false } },
      { extends: true, test: { name: "alone", include: ALONE.map(tests) } },
    ],
  },
});

function tests(pattern: string): string {
  return pattern.endsWith("/**") ? `${pattern}/*.test.ts` : pattern;
}
