/** What all commands have in common: how they are listed, what that loads, and that the defaults they show are values they take. */
import { spawnSync } from "node:child_process";
import { type Command, Help, type Option } from "commander";
import { beforeAll, describe, expect, it } from "vitest";
import { COMMANDS } from "#dist/harness/commands/index.js";

const CLI = new URL("../../dist/harness/cli.js", import.meta.url).pathname;
const TELL_MODULES = new URL("fixtures/tell-modules.mjs", import.meta.url).href;

const commands = new Map<string, Command>();
beforeAll(async () => {
  for (const [name, { load }] of Object.entries(COMMANDS)) commands.set(name, await load());
});

/** Of a command and all below it. */
function optionsOf(command: Command, path = command.name()): Array<{ path: string; option: Option }> {
  return [
    ...command.options.map((option) => ({ path: `${path} ${option.long}`, option })),
    ...command.commands.flatMap((child) => optionsOf(child, `${path} ${child.name()}`)),
  ];
}

/** The default as the help shows it, by commander's own word for it or in the option's text; undefined: none is shown. */
function shownDefault(option: Option): string | undefined {
  if (Array.isArray(option.defaultValue) && option.defaultValue.length === 0) return undefined;
  const shown = /\(default: ([^()]*)\)/.exec(new Help().optionDescription(option))?.[1];
  if (shown === undefined) return undefined;
  const text = shown.startsWith('"') ? (JSON.parse(shown) as string) : shown;
  // Words about a default ("as the scenario says", "10%, 20% with --baseline") begin with the value or are none.
  return text.split(/[,;] | points$/)[0];
}

describe("the list of commands", () => {
  it("says of each what the command itself says", () => {
    const help = new Help();
    for (const [name, { takes, summary }] of Object.entries(COMMANDS)) {
      const command = commands.get(name) as Command;
      expect(`${name} ${takes}`.trimEnd()).toBe(help.subcommandTerm(command));
      expect(summary).toBe(command.description());
    }
  });

  it.each([["--help"], ["help"], ["--version"], ["rnu"]])("%s loads no command and nothing large", (arg) => {
    const { stderr } = spawnSync(process.execPath, ["--import", TELL_MODULES, CLI, arg], { encoding: "utf8" });
    const loaded = [...stderr.matchAll(/^module: (file:.*)$/gm)].map(([, url]) => url);
    expect(loaded.some((url) => url.endsWith("/dist/harness/main.js"))).toBe(true);
    const packages = new Set(loaded.flatMap((url) => /node_modules\/((?:@[^/]+\/)?[^/]+)/.exec(url)?.[1] ?? []));
    expect([...packages]).toEqual(["commander"]);
    expect(loaded.length).toBeLessThan(20);
  });

  it("list loads nothing that reads scenarios: the build has checked them", () => {
    const { stderr } = spawnSync(process.execPath, ["--import", TELL_MODULES, CLI, "list"], { encoding: "utf8" });
    expect(stderr).toMatch(/^module: .*commands\/list\.js$/m);
    expect(stderr).not.toMatch(/node_modules\/(zod|yaml)|workloads\/index\.js/);
  });

  it.each([["list"], ["targets"]])("%s loads neither the page's renderer nor the store", (arg) => {
    const { stderr } = spawnSync(process.execPath, ["--import", TELL_MODULES, CLI, arg, "--json"], {
      encoding: "utf8",
    });
    expect(stderr).toMatch(/^module: /);
    expect(stderr).not.toMatch(/node_modules\/(linkedom|@observablehq|d3|msgpackr)/);
  });
});

describe("a default that the help shows", () => {
  it("is a value that the option takes, and means the default", () => {
    const seen: string[] = [];
    for (const command of commands.values()) {
      for (const { path, option } of optionsOf(command)) {
        const shown = shownDefault(option);
        if (shown === undefined || option.parseArg === undefined || !/^[\d.]|^[a-z]+$/.test(shown)) continue;
        seen.push(path);
        const taken = option.parseArg(shown, undefined as never);
        if (option.defaultValue !== undefined) expect(taken, `${path} ${shown}`).toEqual(option.defaultValue);
      }
    }
    expect(seen).toEqual(
      expect.arrayContaining([
        "check --deadline",
        "check --slack",
        "check --cache",
        "gate --rounds",
        "gate --seed",
        "gate --duration",
      ]),
    );
  });

  it("is taken also as the bare number that the help once showed", () => {
    const options = optionsOf(commands.get("check") as Command);
    const parse = (path: string, text: string) =>
      options.find((one) => one.path === path)?.option.parseArg?.(text, undefined as never);
    expect(parse("check --deadline", "10000")).toBe(10_000);
    expect(parse("check --slack", "0")).toBe(0);
    expect(() => parse("check --deadline", "0")).toThrow(/^--deadline 0: expected a time above 0, such as 500ms/);
    expect(() => parse("check --deadline", "soon")).toThrow(/^--deadline soon: expected/);
  });
});

describe("values that several commands take", () => {
  it.each([
    ["gate", "--seed", "4294967295", true],
    ["gate", "--seed", "4294967296", false],
    ["explore", "--seed", "4294967295", true],
    ["gate", "--workers", "62", true],
    ["gate", "--workers", "64", false],
    ["gate", "--duration", "25h", false],
  ])("%s %s %s is taken or refused as run would: %s", (name, long, text, taken) => {
    const option = optionsOf(commands.get(name) as Command).find((one) => one.path === `${name} ${long}`)
      ?.option as Option;
    const parse = () => option.parseArg?.(text, undefined as never);
    if (taken) expect(parse).not.toThrow();
    else expect(parse).toThrow(new RegExp(`^${long} ${text}: expected`));
  });
});
