/** The pipelines that the documents show: against the schema of GitHub's own parser, and with options the gate has. */
import { readFileSync } from "node:fs";
import { register } from "node:module";
import { describe, expect, it } from "vitest";
import { parse } from "yaml";
import { gateCommand } from "#dist/harness/gate/index.js";

// GitHub's parser imports JSON as a bundler would have it, without saying that it is JSON.
register(
  `data:text/javascript,${encodeURIComponent(`export const load = (url, context, next) =>
    next(url, url.endsWith(".json") ? { ...context, importAttributes: { type: "json" } } : context);`)}`,
);
const { NoOperationTraceWriter, parseWorkflow } = await import("@actions/workflow-parser");

const yamlIn = (page: string): string[] => {
  const text = readFileSync(new URL(`../../${page}`, import.meta.url), "utf8");
  return [...text.matchAll(/```yaml\n([\s\S]*?)```/g)].map((match) => match[1]);
};
const faultsOf = (content: string): string[] =>
  parseWorkflow({ name: "gate.yml", content }, new NoOperationTraceWriter())
    .context.errors.getErrors()
    .map(({ message }) => message);

const workflows = ["README.md", "docs/gate.md"].map((page) => [page, yamlIn(page)[0]] as const);

describe("workflows", () => {
  it.each(workflows)("of %s is one, by GitHub's own schema", (_, text) => {
    expect(faultsOf(text)).toEqual([]);
  });

  it("that are none are told from them", () => {
    const [, text] = workflows[0];
    expect(faultsOf(text.replace("runs-on:", "run-on:")).join()).toMatch(/run-on/);
    expect(faultsOf(text.replace("pull_request", "pull_requests")).join()).toMatch(/pull_requests/);
  });

  it("call the gate with options it has, GitLab's too", () => {
    const known = gateCommand().options.map(({ long }) => long);
    const gitlab = parse(yamlIn("docs/gate.md")[1])["performance gate"] as { script: string[] };
    const github = workflows.map(([, text]) => (parse(text).jobs.gate.steps as { run?: string }[]).at(-1)?.run ?? "");
    for (const line of [...github, gitlab.script.at(-1) ?? ""]) {
      expect(line).toMatch(/^npx engram gate /);
      for (const option of line.match(/--[a-z-]+/g) ?? []) expect(known).toContain(option);
    }
  });
});
