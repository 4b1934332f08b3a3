import { readdirSync, readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { describe, expect, it } from "vitest";
import { findTarget } from "#dist/reports/targets/index.js";
import { assignmentOf, createStream, MIX_OPERATIONS, scenarioFolder } from "#dist/workloads/index.js";
import { parseScenario } from "#dist/workloads/scenarios.js";

const page = readFileSync(resolve(import.meta.dirname, "../../docs/scenarios.md"), "utf8");
const examples = [...page.matchAll(/```yaml\n([\s\S]*?)```/g)].map(([, text]) => text);

describe("the page on writing a scenario", () => {
  it.each(examples.map((text, index) => [index + 1, text] as const))("example %i is one", (_, text) => {
    const scenario = parseScenario(text, "example.yaml");
    const assignment = assignmentOf(scenario, null);
    for (const [phase, one] of scenario.phases.entries()) {
      for (let worker = 0; worker < assignment.workers; worker++) {
        expect(createStream(one, { seed: 1, worker, assignment, count: 100, phase }).count).toBe(100);
      }
    }
    for (const id of scenario.targets) expect(findTarget(id), id).toBeDefined();
  });

  it("has an example and tells every operation", () => {
    expect(examples.length).toBe(7);
    const [, table] = page.split("## Operations");
    for (const name of MIX_OPERATIONS) expect(table.split("## Keys")[0]).toContain(`\`${name}\``);
  });
});

describe("the scenario files", () => {
  it("begin with the line that tells editors their schema", () => {
    for (const name of readdirSync(scenarioFolder()).filter((file) => file.endsWith(".yaml"))) {
      const [first] = readFileSync(join(scenarioFolder(), name), "utf8").split("\n");
      expect(first, name).toBe("# yaml-language-server: $schema=./scenario.schema.json");
    }
  });
});
