import { defineConfig } from "vitest/config";

// The tests run what ships: they import the build in dist/ (through `#dist/…`), because worker threads load files, not
// sources, and a test of a different artefact than the published one proves less.
export default defineConfig({
  test: {
    root: new URL("..", import.meta.url).pathname,
    include: ["test/**/*.test.ts"],
    server: { deps: { external: [/\/dist\//] } },
    testTimeout: 30_000,
    hookTimeout: 30_000,
    maxWorkers: 2,
  },
});
