import { defineConfig } from "vitest/config";

// The tests run what ships: they import the build in dist/ (through `#dist/…`), because worker threads load files, not
// sources, and a test of a different artefact than the published one proves less.
export default defineConfig({
  test: {
    root: new URL("..", import.meta.url).pathname,
    include: ["test/**/*.test.ts"],
    server: { deps: { external: [/\/dist\//] } },
    // Not how long a test may take, but when it is taken to hang: on a busy machine one takes ten times as long.
    testTimeout: 180_000,
    hookTimeout: 180_000,
    maxWorkers: 2,
    expect: { poll: { timeout: 60_000 } },
  },
});
