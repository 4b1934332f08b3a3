import { appendFileSync, cpSync, mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import { afterAll, describe, expect, it } from "vitest";
import { listedScenarios } from "#dist/workloads/listing.js";
import { hashOfScenarios } from "#dist/workloads/listing-file.js";
import { makeListing } from "#dist/workloads/make-listing.js";
import { scenarioFolder } from "#dist/workloads/scenario-folder.js";

const folder = mkdtempSync(join(tmpdir(), "engram-listing-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

const whole = makeListing();

/** A listing as the build might have left it. */
function written(listing: object): URL {
  const file = join(folder, "listing.json");
  writeFileSync(file, JSON.stringify(listing));
  return pathToFileURL(file);
}

describe("the listing of scenarios that the build writes", () => {
  it("is what reading them all gives", async () => {
    expect(await listedScenarios()).toEqual(whole.scenarios);
  });

  it("is taken as it is while the files are those that were read", async () => {
    expect(await listedScenarios(written({ hash: hashOfScenarios(), scenarios: [] }))).toEqual([]);
  });

  it("counts for nothing when the files are others, or it is missing or damaged", async () => {
    expect(await listedScenarios(written({ hash: "another", scenarios: [] }))).toEqual(whole.scenarios);
    expect(await listedScenarios(written({}))).toEqual(whole.scenarios);
    expect(await listedScenarios(pathToFileURL(join(folder, "missing.json")))).toEqual(whole.scenarios);
  });

  it("is told from another by a byte of a file, a file's name, and a file more or less", () => {
    const copy = join(folder, "copy");
    cpSync(scenarioFolder(), copy, { recursive: true });
    expect(hashOfScenarios(copy)).toBe(whole.hash);
    const seen = [whole.hash];
    for (const change of [
      () => appendFileSync(join(copy, "blackboard.yaml"), "\n"),
      () => renameSync(join(copy, "blackboard.yaml"), join(copy, "board.yaml")),
      () => writeFileSync(join(copy, "empty.yaml"), ""),
      () => rmSync(join(copy, "board.yaml")),
    ]) {
      change();
      expect(seen).not.toContain(hashOfScenarios(copy));
      seen.push(hashOfScenarios(copy));
    }
  });
});
