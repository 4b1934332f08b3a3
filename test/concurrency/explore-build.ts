/**
 * The explore build of the engine, made unless there is one of these very sources. Their content says so, not their times: a copy or a
 * checkout of another revision gives times of its own.
 */
import { createHash } from "node:crypto";
import { existsSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { buildExplorer } from "#dist/harness/explorer/build.js";
import { EXPLORE_WASM } from "#dist/harness/explorer/index.js";

const SOURCES = [
  ...readdirSync(new URL("../../src/core/assembly/", import.meta.url)).map((name) => `src/core/assembly/${name}`),
  "src/core/layout.ts",
  "harness/explorer/build.ts",
  "harness/explorer/instrument.ts",
  "harness/explorer/tiny-layout.ts",
];

/** Beside the module: what it was made of, and what came out. */
const MADE_OF = `${EXPLORE_WASM}.sources`;

/** A build takes seconds, on a machine with much else to do some more. */
export const BUILD_TIMEOUT = 180_000;

export async function makeExploreBuild(): Promise<void> {
  const root = new URL("../../", import.meta.url);
  const hash = createHash("sha256");
  for (const path of SOURCES) hash.update(`${path}\n`).update(readFileSync(new URL(path, root)));
  const sources = hash.digest("hex");
  const built = existsSync(EXPLORE_WASM) ? createHash("sha256").update(readFileSync(EXPLORE_WASM)).digest("hex") : "";
  // Of the module, too: `npm run build:explore` writes it without telling what it was made of.
  const made = `${sources} ${built}`;
  if (existsSync(MADE_OF) && readFileSync(MADE_OF, "utf8") === made) return;
  await buildExplorer();
  writeFileSync(MADE_OF, `${sources} ${createHash("sha256").update(readFileSync(EXPLORE_WASM)).digest("hex")}`);
}
