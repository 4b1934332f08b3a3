/** The explore build of the engine, made if there is none that is newer than what it is made of. */
import { existsSync, readdirSync, statSync } from "node:fs";
import { buildExplorer } from "#dist/harness/explorer/build.js";
import { EXPLORE_WASM } from "#dist/harness/explorer/index.js";

const SOURCES = [
  ...readdirSync(new URL("../../src/core/assembly/", import.meta.url)).map((name) => `src/core/assembly/${name}`),
  "src/core/layout.ts",
  "harness/explorer/build.ts",
  "harness/explorer/instrument.ts",
  "harness/explorer/tiny-layout.ts",
];

/** A build takes seconds, on a machine with much else to do some more. */
export const BUILD_TIMEOUT = 180_000;

export async function makeExploreBuild(): Promise<void> {
  const root = new URL("../../", import.meta.url);
  const newest = Math.max(...SOURCES.map((path) => statSync(new URL(path, root)).mtimeMs));
  if (existsSync(EXPLORE_WASM) && statSync(EXPLORE_WASM).mtimeMs > newest) return;
  await buildExplorer();
}
