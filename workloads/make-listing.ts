/** Makes the listing of the scenarios; run by itself, at the end of the build, writes it where `engram list` looks. */
import { fileURLToPath } from "node:url";
import { writeWhole } from "../src/write-whole.js";
import { assignmentOf } from "./agents.js";
import { hashOfScenarios, LISTING, type Listing } from "./listing-file.js";
import { listScenarios } from "./load-scenario.js";
import { replaysTrace } from "./scenario.js";

/** @throws InvalidArgumentError when one of the scenario files is not valid */
export function makeListing(): Listing {
  const scenarios = listScenarios().map((scenario) => ({
    name: scenario.name,
    title: scenario.title,
    story: scenario.story.trim(),
    agents: scenario.agents,
    workers: assignmentOf(scenario, null).workers,
    phases: scenario.phases.length,
    needsTrace: replaysTrace(scenario),
    targets: scenario.targets,
  }));
  return { hash: hashOfScenarios(), scenarios };
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  await writeWhole(fileURLToPath(LISTING), JSON.stringify(makeListing()));
}
