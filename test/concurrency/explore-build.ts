/** The explore build of the engine, made if there is none that is newer than the engine's sources. */
import { existsSync, readdirSync, statSync } from "node:fs";
import { buildExplorer } from "#dist/harness/explorer/build.js";
import { EXPLORE_WASM } from "#dist/harness/explorer/index.js";

const SOURCES = ["src/core/assembly", "src/core", "harness/explorer"];

export async function makeExploreBuild(): Promise<void> {
  const root = new URL("../../", import.meta.url);
  const newest = Math.max(
    ...SOURCES.flatMap((folder) => {
      const url = new URL(`${folder}/`, root);
      return readdirSync(url)
        .filter((name) => name.endsWith(".ts"))
        .map((name) => statSync(new URL(name, url)).mtimeMs);
    }),
  );
  if (existsSync(EXPLORE_WASM) && statSync(EXPLORE_WASM).mtimeMs > newest) return;
  await buildExplorer();
}
