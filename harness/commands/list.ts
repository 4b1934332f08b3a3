/** `engram list`: the scenarios, one line each. */
import { Command } from "commander";
import { listedScenarios } from "../../workloads/listing.js";
import { SUBJECT_NAMES, subjectSummary } from "../subjects/index.js";

export function listCommand(): Command {
  return new Command("list")
    .description("the scenarios and subjects there are, one line each")
    .option("--json", "print them as JSON, alone on stdout")
    .action(async ({ json }: { json?: boolean }) => {
      const scenarios = await listedScenarios();
      const subjects = SUBJECT_NAMES.map((name) => ({ name, summary: subjectSummary(name) }));
      if (json) process.stdout.write(`${JSON.stringify({ scenarios, subjects }, null, 2)}\n`);
      else {
        const subjectLines = subjects.map(({ name, summary }): [string, string] => [name, summary]);
        process.stdout.write(`${lines("Scenarios", scenarios.map(scenarioLine))}\n${lines("Subjects", subjectLines)}`);
      }
    });
}

function scenarioLine(scenario: { name: string; story: string; needsTrace: boolean }): [string, string] {
  const [firstSentence] = scenario.story.split(/(?<=[.!?])\s/);
  return [scenario.name, `${scenario.needsTrace ? "(needs --trace FILE) " : ""}${firstSentence}`];
}

/** Name and text in two columns, cut at the width of the terminal (100 columns where there is none). */
function lines(title: string, rows: ReadonlyArray<readonly [string, string]>): string {
  const width = Math.max(40, process.stdout.columns ?? 100);
  const column = Math.max(...rows.map(([name]) => name.length)) + 2;
  const text = rows.map(([name, rest]) => `  ${name.padEnd(column)}${cut(rest, width - column - 2)}\n`);
  return `${title}\n${text.join("")}`;
}

function cut(text: string, width: number): string {
  return text.length <= width ? text : `${text.slice(0, width - 1).trimEnd()}…`;
}
