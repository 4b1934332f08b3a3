import { readFileSync } from "node:fs";
import { join } from "node:path";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { findTarget } from "#dist/reports/targets/index.js";
import { Store } from "#dist/src/index.js";
import { parseBytes, scenarioFolder } from "#dist/workloads/index.js";
import {
  listScenarios,
  loadScenario,
  parseScenario,
  scenarioJsonSchema,
  writeScenarioSchema,
} from "#dist/workloads/scenarios.js";
import { valueLimit } from "#dist/workloads/value-limit.js";
import { temporaryFolder } from "./temporary-folder.js";

const files = temporaryFolder();

const MINIMAL = `title: T
story: S
phases:
  - duration: 1s
    mix: { get: 1 }
    keys:
      distribution: uniform
      count: 10
`;

function refusal(text: string): string {
  try {
    parseScenario(text, "my.yaml");
  } catch (error) {
    expect((error as { code?: string }).code, (error as Error).stack).toBe("INVALID_ARGUMENT");
    return (error as Error).message;
  }
  throw new Error("it was accepted");
}

describe("the scenarios of the package", () => {
  it("are all valid, named by their file, with targets that exist", () => {
    const scenarios = listScenarios();
    expect(scenarios.map(({ name }) => name)).toEqual(
      expect.arrayContaining([
        "blackboard",
        "replay",
        "session",
        "tool-cache",
        "counters",
        "registry",
        "churn",
        ...[
          "embeddings",
          "contexts",
          "documents",
          "swarm-593",
          "mailboxes",
          "burst",
          "noisy-neighbour",
          "backup-under-load",
        ],
        ...["pool-1000-users", "config-fanout", "cache-aside-inprocess"],
        ...[
          "cluster-eventual",
          "cluster-bounded",
          "cluster-strong",
          "cluster-invalidation",
          "cluster-partition",
          "cluster-recovery",
        ],
        ...["ingest-100-clients", "ingest-saturation", "ingest-outage"],
        ...["ycsb-a", "ycsb-b", "ycsb-c", "ycsb-d", "ycsb-e", "ycsb-f"],
      ]),
    );
    for (const { name, targets } of scenarios) {
      for (const id of targets) expect(findTarget(id), `${name}: ${id}`).toBeDefined();
    }
  });

  it("blackboard is 64 zipfian keys, 95 % reads, values of 64 to 512 bytes", () => {
    const { phases, preload } = loadScenario("blackboard");
    expect(preload).toBe(1);
    expect(phases[0].roles).toHaveLength(1);
    expect(phases[0].roles[0]).toMatchObject({
      mix: { get: 95, set: 5 },
      keys: { distribution: "zipfian", count: 64, theta: 0.99, scope: "shared" },
      values: { distribution: "uniform", min: 64, max: 512 },
    });
  });

  it("the published JSON Schema is the one of the code", async () => {
    const published = JSON.parse(readFileSync(join(scenarioFolder(), "scenario.schema.json"), "utf8"));
    expect(published).toEqual(scenarioJsonSchema());
    const path = join(files.folder, "schema.json");
    await writeScenarioSchema(path);
    expect(JSON.parse(readFileSync(path, "utf8"))).toEqual(scenarioJsonSchema());
  });
});

describe("loading", () => {
  it("an unknown name lists the known ones and suggests the nearest", () => {
    expect(() => loadScenario("blackbord")).toThrow(
      /did you mean blackboard\?.*churn, cluster-bounded, .*config-fanout, contexts, counters, documents/,
    );
  });

  it("a path loads a file, and its faults are named", () => {
    expect(loadScenario(files.file("mine.yaml", MINIMAL))).toMatchObject({
      name: "mine",
      agents: 2,
      preload: 0,
      namespaces: [],
    });
    expect(() => loadScenario(join(files.folder, "none.yaml"))).toThrow(/none\.yaml: no such file/);
    expect(() => loadScenario(`${files.folder}/`)).toThrow(/is a directory/);
    expect(() => loadScenario(files.file("latin.yaml", Buffer.from([0x61, 0xff, 0x0a])))).toThrow(
      /latin\.yaml: not valid UTF-8/,
    );
    expect(() => loadScenario(files.file("huge.yaml", "#".repeat(2_000_000)))).toThrow(/huge\.yaml: 2000000 bytes/);
  });
});

describe("a fault in a scenario is named with its line", () => {
  it.each([
    [
      "a misspelt key",
      MINIMAL.replace("mix:", "mixx:"),
      /^my\.yaml:5: phases\.0: unknown key "mixx" \(did you mean mix\?\)/,
    ],
    [
      "a misspelt key of all",
      `${MINIMAL}preloaded: 5%\n`,
      /^my\.yaml:9: unknown key "preloaded" \(did you mean preload\?\)/,
    ],
    [
      "an unknown key",
      `${MINIMAL}colour: red\n`,
      /^my\.yaml:9: unknown key "colour"; expected only title, story, agents/,
    ],
    [
      "an unknown operation",
      MINIMAL.replace("get: 1", "gett: 1"),
      /^my\.yaml:5: .*"gett" \(did you mean get\?\); .*handOff/,
    ],
    [
      "a misspelt key of a form",
      MINIMAL.replace("count: 10", "count: 10\n      tetha: 0.9").replace("uniform", "zipfian"),
      /^my\.yaml:9: .*did you mean theta\?/,
    ],
    ["zero agents", `${MINIMAL}agents: 0\n`, /^my\.yaml:9: agents: expected a whole number from 1 to 1024/],
    ["no agents in a group", `${MINIMAL}agents: { a: 0 }\n`, /^my\.yaml:9: agents\.a: /],
    ["groups of no agents", `${MINIMAL}agents: {}\n`, /^my\.yaml:9: agents: .*at least one group/],
    ["too many agents", `${MINIMAL}agents: { a: 1000, b: 1000 }\n`, /^my\.yaml:9: agents: .*at most 1024/],
    [
      "more agents than threads",
      `${MINIMAL}agents: 100\n`,
      /^my\.yaml:9: agents: 100 agents cannot have a thread each; expected workers: at most 62/,
    ],
    ["too many threads", `${MINIMAL}workers: 63\n`, /^my\.yaml:9: workers: expected a whole number from 1 to 62/],
    [
      "a group with nothing to do",
      `${MINIMAL.replace("mix:", "roles: [{ agents: a, mix: { receive: 1 } }]\n    # ").replace(/ {4}keys:[\s\S]*/, "")}agents: { a: 1, b: 1 }\n`,
      /^my\.yaml:\d+: agents\.b: .*nothing to do/,
    ],
    [
      "a role of an unknown group",
      MINIMAL.replace(/ {4}mix[\s\S]*/, "    roles: [{ agents: b, mix: { receive: 1 } }]\nagents: { a: 2 }\n"),
      /^my\.yaml:5: phases\.0\.roles\.0\.agents: no group "b"; expected one of a/,
    ],
    [
      "mix beside roles",
      `${MINIMAL}    roles: [{ mix: { receive: 1 } }]\n`,
      /^my\.yaml:5: phases\.0\.mix: a phase with roles/,
    ],
    ["neither mix nor roles", MINIMAL.replace(/ {4}mix[\s\S]*/, ""), /^my\.yaml:4: phases\.0: expected mix/],
    ["a mix without keys", MINIMAL.replace(/ {4}keys[\s\S]*/, ""), /^my\.yaml:4: phases\.0: expected keys/],
    ["a scan without a length", MINIMAL.replace("get: 1", "scan: 1"), /^my\.yaml:5: .*expected scan: \{ min, max \}/],
    ["a message to nobody", MINIMAL.replace("get: 1", "send: 1"), /^my\.yaml:5: .*whose mailbox/],
    [
      "a message to no group",
      MINIMAL.replace("get: 1 }", "send: 1 }\n    to: all"),
      /^my\.yaml:6: .*no group "all"; expected next/,
    ],
    ["a ramp without its end", `${MINIMAL}    rate: { from: 10/s }\n`, /^my\.yaml:9: phases\.0\.rate\.to: /],
    [
      "a ramp over operations",
      `${MINIMAL.replace("duration: 1s", "operations: 5")}    rate: { from: 1/s, to: 5/s }\n`,
      /^my\.yaml:9: .*a ramp takes the phase's duration/,
    ],
    [
      "a wrong unit in a rate",
      `${MINIMAL}    rate: { base: 10/s, burst: 100/m, every: 1s, for: 1ms }\n`,
      /^my\.yaml:9: phases\.0\.rate\.burst: .*10000\/s/,
    ],
    [
      "a burst that never ends",
      `${MINIMAL}    rate: { base: 10/s, burst: 100/s, every: 1s, for: 1s }\n`,
      /^my\.yaml:9: phases\.0\.rate\.for: .*shorter/,
    ],
    // Phases refer to each other in one way only, as YAML aliases.
    [
      "phases in a circle",
      `title: T\nstory: S\nphases: &a\n  - *a\n`,
      /^my\.yaml:4: \*a stands within &a, a circle without end/,
    ],
    [
      "a phase within itself",
      `title: T\nstory: S\nphases:\n  - &a\n    duration: 1s\n    roles:\n      - *a\n`,
      /^my\.yaml:7: \*a stands within &a/,
    ],
    ["a wrong unit", MINIMAL.replace("1s", "1 parsec"), /^my\.yaml:4: phases\.0\.duration: .*such as 5s/],
    ["a wrong type", MINIMAL.replace("count: 10", "count: many"), /^my\.yaml:8: phases\.0\.keys\.count/],
    ["an unknown distribution", MINIMAL.replace("uniform", "unform"), /^my\.yaml:7: .*zipfian/],
    [
      "neither duration nor operations",
      MINIMAL.replace("duration: 1s", "name: x"),
      /^my\.yaml:4: .*exactly one of duration and operations/,
    ],
    ["a mix of nothing", MINIMAL.replace("get: 1", "get: 0"), /^my\.yaml:5: .*at least one operation/],
    ["an undeclared namespace", `${MINIMAL}    namespace: n\n`, /^my\.yaml:9: .*no namespace "n"/],
    ["a repeated key", `${MINIMAL}title: again\n`, /^my\.yaml:9: .*unique/],
    ["a share above all", `${MINIMAL}preload: 150%\n`, /^my\.yaml:9: .*0% to 100%/],
    ["broken YAML", MINIMAL.replace("{ get: 1 }", "{ get: 1"), /^my\.yaml:[5-9]: /],
    ["no document", "", /^my\.yaml:1: /],
    ["a list", "- 1\n", /^my\.yaml:1: expected keys and values; found \[1\]$/],
    ["an exchanged letter in a key", MINIMAL.replace("mix:", "mxi:"), /^my\.yaml:5: .*"mxi" \(did you mean mix\?\)/],
    [
      "a misspelt key, which is told and not the one that is missing for it",
      MINIMAL.replace("count:", "cuont:"),
      /^my\.yaml:8: phases\.0\.keys: unknown key "cuont" \(did you mean count\?\)/,
    ],
    [
      "the same within one of several forms",
      `${MINIMAL}    rate: { from: 1/s, too: 5/s }\n`,
      /^my\.yaml:9: phases\.0\.rate: unknown key "too" \(did you mean to\?\)/,
    ],
    ["a misspelt distribution", MINIMAL.replace("uniform", "zipfain"), /\(did you mean zipfian\?\); found "zipfain"$/],
    [
      "a misspelt eviction",
      `${MINIMAL}store: { eviction: siev }\n`,
      /^my\.yaml:9: store\.eviction: .*\(did you mean sieve\?\); found "siev"$/,
    ],
    [
      "a capacity that no store has",
      `${MINIMAL}store: { capacity: 8 }\n`,
      /^my\.yaml:9: store\.capacity: there is no such store: /,
    ],
    [
      "a duration without its unit",
      MINIMAL.replace("1s", "2"),
      /^my\.yaml:4: phases\.0\.duration: expected a duration such as 5s, 200ms or 2m; found 2$/,
    ],
    [
      "a share without its sign",
      `${MINIMAL}preload: 100\n`,
      /^my\.yaml:9: preload: expected a share such as 10%; found 100$/,
    ],
    [
      "a rate without its unit",
      `${MINIMAL}    rate: 1000\n`,
      /^my\.yaml:9: phases\.0\.rate: expected a rate such as 10000\/s, a ramp .* or bursts .*; found 1000$/,
    ],
    [
      "a burst below its base",
      `${MINIMAL}    rate: { base: 100/s, burst: 10/s, every: 1s, for: 1ms }\n`,
      /^my\.yaml:9: phases\.0\.rate\.burst: expected a burst above its base: it would be a lull; found "10\/s"$/,
    ],
    [
      "another phase of a name",
      `${MINIMAL.replace("duration: 1s", "name: a\n    duration: 1s")}  - { name: a, duration: 1s, mix: { set: 1 }, keys: { distribution: uniform, count: 10 } }\n`,
      /^my\.yaml:10: phases\.1\.name: another phase is named "a" and asks for something else/,
    ],
    ["a group of no number", `${MINIMAL}agents: four\n`, /^my\.yaml:9: agents: .* of each group: .*; found "four"$/],
  ])("%s", (_, text, expected) => {
    const message = refusal(text);
    expect(message).toMatch(expected);
    expect(message).not.toContain("\n");
  });

  it("any text is read or refused, never anything else", () => {
    const piece = fc.constantFrom(
      "title",
      ":",
      " ",
      "\n",
      "  ",
      "- ",
      "{",
      "}",
      "phases",
      "&a",
      "*a",
      "!!x",
      "5s",
      "'",
      "get",
      "%",
      "|",
      "<<",
    );
    fc.assert(
      fc.property(
        fc.oneof(
          fc.string(),
          fc.array(piece).map((pieces) => pieces.join("")),
        ),
        (text) => {
          refusal(text);
        },
      ),
      { numRuns: 300 },
    );
  });

  it("a file of aliases that would unfold for ever is refused", () => {
    const bomb = ["a: &a [x, x, x, x, x, x, x, x, x]"];
    for (let i = 1; i < 9; i++)
      bomb.push(
        `${"abcdefghi"[i]}: &${"abcdefghi"[i]} [${Array(9)
          .fill(`*${"abcdefghi"[i - 1]}`)
          .join(", ")}]`,
      );
    expect(refusal(bomb.join("\n"))).toMatch(/alias/i);
  });
});

describe("values", () => {
  const scenario = (values: string, mix = "set: 1", head = "") => `title: T
story: S
${head}phases:
  - duration: 1s
    mix: { ${mix} }
    keys: { distribution: uniform, count: 10 }
    values: ${values}
`;

  const MOST = 16 * 1024 * 1024;
  const told = (text: string) =>
    refusal(text)
      .replace(/^my\.yaml:/, "")
      .replace(/; found \S+$/, "");

  it("that the store cannot hold are refused with the limit and the line, in whatever way they are told", () => {
    for (const [values, where] of [
      [`{ distribution: constant, size: ${MOST + 1} }`, "size"],
      ["{ distribution: uniform, min: 1, max: 17MiB }", "max"],
      [`{ distribution: zipf, min: 1, max: ${MOST + 1}B }`, "max"],
      [`{ distribution: list, sizes: [{ size: 1B, weight: 1 }, { size: 20MiB, weight: 1 }] }`, "sizes.1.size"],
    ]) {
      const says = `7: phases.0.values.${where}: expected at most ${MOST} bytes, what a store takes that is told no maxValue`;
      expect(told(scenario(values)), values).toContain(says);
    }
    parseScenario(scenario(`{ distribution: constant, size: ${MOST} }`), "my.yaml");
    // What is set beforehand is written as well; what nothing writes may be as large as it likes.
    const large = "{ distribution: constant, size: 20MiB }";
    expect(told(scenario(large, "get: 1", "preload: 10%\n"))).toContain("phases.0.values.size");
    parseScenario(scenario(large, "increment: 1"), "my.yaml");
  });

  it("are a quarter of the pool at most where a capacity is named, less where many workers read into buffers of that size", async () => {
    for (const [capacity, agents] of [
      ["4MiB", 1],
      ["32MiB", 2],
      ["100MiB", 7],
      ["3MiB", 16],
    ] as const) {
      const head = `store: { capacity: ${capacity} }\nagents: ${agents}\n`;
      const { bytes, said } = valueLimit({ capacity: parseBytes(capacity) }, agents);
      const store = await Store.create({ capacity, maxWorkers: agents, maintenance: false });
      try {
        const { poolBytes } = store.stats().memory;
        // Of whole slabs, or what a chunk holds.
        const half = Math.max(16_336, Math.floor(poolBytes / 2 / agents / 65_536) * 65_536);
        expect(bytes).toBe(Math.min(poolBytes / 4, half));
        expect(said).toContain(`${bytes} bytes, ${bytes === poolBytes / 4 ? "a quarter of" : "for the read buffers"}`);
        expect(said).toContain(`the pool of ${poolBytes}`);
        // The store means the same: all workers have their buffers, and the largest value is written and read.
        const buffers = Array.from({ length: agents }, () => store.buffer(bytes));
        const values = store.namespace("n", { encoding: "binary" });
        values.set("key", new Uint8Array(bytes).fill(7));
        expect(values.getInto("key", buffers[0])).toBe(bytes);
      } finally {
        await store.close();
      }
      const values = (size: number) => `{ distribution: constant, size: ${size} }`;
      parseScenario(scenario(values(bytes), "set: 1", head), "my.yaml");
      expect(told(scenario(values(bytes + 1), "set: 1", head))).toBe(
        `9: phases.0.values.size: expected at most ${said}`,
      );
    }
  });

  it("are as large in messages and in namespaces of agents", () => {
    const spaces = (size: number, mix: string) => `title: T
story: S
namespaces: [{ name: seventeen-letters, scope: agent }]
agents: { one: 8 }
phases:
  - duration: 1s
    mix: ${mix}
    keys: { distribution: uniform, count: 10 }
    namespace: seventeen-letters
    values: { distribution: constant, size: ${size} }
`;
    for (const mix of ["{ set: 1 }", "{ handOff: 1 }"]) {
      parseScenario(spaces(MOST, mix), "my.yaml");
      expect(refusal(spaces(MOST + 1, mix))).toContain(`expected at most ${MOST} bytes`);
    }
  });
});

describe("a swarm in a scenario", () => {
  const withSwarm = (swarm: string, workers = "workers: 2\n") =>
    files.file("swarm.yaml", `${MINIMAL}${workers}swarm: ${swarm}\n`);

  it("has defaults for how it learns", () => {
    const { swarm } = loadScenario(withSwarm("{ environment: taxi, rounds: 3, episodes: 2 }"));
    expect(swarm).toMatchObject({ rate: 0.5, discount: 1, epsilon: 0.1, alone: 4, kills: [] });
  });

  it.each([
    ["{ environment: taxis, rounds: 3, episodes: 2 }", /environment/],
    ["{ environment: taxi, rounds: 0, episodes: 2 }", /rounds: expected a whole number from 1/],
    ["{ environment: taxi, rounds: 3, episodes: 2, kills: [4] }", /kills: expected rounds that there are/],
    ["{ environment: taxi, rounds: 3, episodes: 2, replay: 100 }", /replay: expected a power of two/],
    ["{ environment: taxi, rounds: 3, episodes: 2, rate: 2 }", /rate/],
    ["{ environment: taxi, rounds: 3, episodes: 2, speed: 2 }", /speed/],
  ])("is refused where it cannot be: %s", (swarm, message) => {
    expect(() => loadScenario(withSwarm(swarm))).toThrow(message);
  });

  it("needs threads that its agents share", () => {
    expect(() => loadScenario(withSwarm("{ environment: taxi, rounds: 3, episodes: 2 }", ""))).toThrow(
      /swarm: a swarm's agents share threads; expected workers/,
    );
  });
});
