/** What the build writes of the scenarios, for listing.ts. */
import { createHash } from "node:crypto";
import { readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { scenarioFolder } from "./scenario-folder.js";

export interface ListedScenario {
  readonly name: string;
  readonly title: string;
  readonly story: string;
  readonly agents: number;
  readonly workers: number;
  readonly phases: number;
  readonly needsTrace: boolean;
  readonly targets: readonly string[];
}

/** What the build writes. */
export interface Listing {
  /** Of the names and bytes of all scenario files. */
  readonly hash: string;
  readonly scenarios: readonly ListedScenario[];
}

/** Where the build writes it: beside this module. */
export const LISTING = new URL("./listing.json", import.meta.url);

export function hashOfScenarios(folder = scenarioFolder()): string {
  const hash = createHash("sha256");
  for (const name of readdirSync(folder).sort()) {
    if (!name.endsWith(".yaml")) continue;
    const bytes = readFileSync(join(folder, name));
    hash.update(`${name} ${bytes.length}\n`).update(bytes);
  }
  return hash.digest("hex");
}
