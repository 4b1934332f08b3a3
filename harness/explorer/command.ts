/** `engram explore PROGRAM…`: the engine under schedules of its threads' accesses, until one breaks an invariant. */
import { Command } from "commander";
import { InvalidArgumentError } from "../../src/errors.js";
import { EXIT } from "../command-line/exit-codes.js";
import { withInterruption } from "../command-line/interruption.js";
import { parseSeed, wholeNumber } from "../command-line/option-values.js";
import { type Exploration, explore, type Figures, type StrategyName } from "./explore.js";
import { FAMILIES, type Family } from "./families.js";
import { PLANTED_FAULTS } from "./faults.js";
import { Machine } from "./machine.js";
import { describeViolation, formatReport, type Report } from "./report.js";
import { shrink } from "./shrink.js";

const STRATEGIES: readonly StrategyName[] = ["mixed", "random", "pct", "dfs"];

interface CommandOptions {
  schedules?: number;
  strategy: StrategyName;
  seed: number;
  fault: number;
  json?: boolean;
}

const DETAILS = `
Programs: each name stands for a family from which small programs are drawn (2 or 3 threads, a few operations on a few keys).
${FAMILIES.map(({ name, about }) => `  ${name.padEnd(21)} ${about}`).join("\n")}
  all                   every one of them in turn

Strategies:
  random   any thread may come next, for a random number of accesses
  pct      threads by random priority, with a few random points at which the running one falls behind (Burckhardt 2010)
  dfs      every schedule with at most two preemptions, up to a limit per program
  mixed    half random, half pct; some families also leave each thread once while all others finish

Exit codes: 0 nothing found, 1 a violation, printed with the smallest program and schedule that show it, 2 bad input.`;

export function exploreCommand(): Command {
  return new Command("explore")
    .description("the engine under thousands of schedules of its threads' accesses, deaths included")
    .argument("[programs...]", "names of programs; without any they are listed")
    .option("--schedules <n>", "schedules to try (default: until interrupted)", parseNumber("--schedules", 1))
    .option("--strategy <name>", `how schedules are chosen: ${STRATEGIES.join(", ")}`, parseStrategy, "mixed")
    .option("--seed <n>", "programs and schedules are drawn from it", parseSeed, 1)
    .option("--fault <n>", "plant this fault in the engine (see harness/explorer/faults.ts)", parseFault, 0)
    .option("--json", "print the result as JSON on stdout, and nothing else")
    .addHelpText("after", DETAILS)
    .action(run);
}

async function run(names: string[], options: CommandOptions): Promise<void> {
  if (names.length === 0) {
    const list = FAMILIES.map(({ name, about }) => ({ name, about }));
    process.stdout.write(options.json ? `${JSON.stringify(list)}\n` : `${DETAILS.split("\n\n")[0].trimStart()}\n`);
    return;
  }
  const families = familiesOf(names);
  const machine = new Machine(options.fault);
  const result = await withInterruption((interrupt) => exploreUntilInterrupted(machine, families, options, interrupt));
  const { violation, figures } = result;
  const report = violation === null ? null : describeViolation(machine, shrink(machine, violation, options.seed));
  process.stdout.write(
    options.json ? `${JSON.stringify(asJson(options, result, report))}\n` : asText(options, figures, report),
  );
  if (violation !== null) process.exitCode = EXIT.negative;
}

/** In rounds, between which an interrupt is heard; each round has a seed of its own, and the same in every run. */
async function exploreUntilInterrupted(
  machine: Machine,
  families: readonly Family[],
  { schedules = Number.POSITIVE_INFINITY, strategy, seed, json }: CommandOptions,
  interrupt: AbortSignal,
): Promise<Exploration> {
  const round = 50_000;
  const progress = !json && process.stderr.isTTY;
  let total: Exploration | null = null;
  for (let i = 0; !interrupt.aborted; i++) {
    const left = schedules - (total?.figures.schedules ?? 0);
    const result = explore({ families, schedules: Math.min(round, left), strategy, seed: seed + i * 2 ** 32, machine });
    total = total === null ? result : add(total, result);
    if (progress) process.stderr.write(`\r${oneLine(total.figures)}`);
    if (total.violation !== null || total.figures.schedules >= schedules) break;
    await new Promise((resolve) => setImmediate(resolve));
  }
  if (progress) process.stderr.write("\r\u001b[K");
  if (total === null) throw new InvalidArgumentError("interrupted before the first schedule");
  return total;
}

/** Rounds have different seeds, so what they saw is counted as different: an upper bound. */
function add(a: Exploration, b: Exploration): Exploration {
  const f = a.figures;
  const g = b.figures;
  return {
    violation: b.violation === null ? null : { ...b.violation, schedules: f.schedules + b.violation.schedules },
    figures: {
      programs: f.programs + g.programs,
      schedules: f.schedules + g.schedules,
      steps: f.steps + g.steps,
      spins: f.spins + g.spins,
      seconds: f.seconds + g.seconds,
      histories: f.histories + g.histories,
      distinct: f.distinct + g.distinct,
      states: f.states + g.states,
      longest: f.longest.steps >= g.longest.steps ? f.longest : g.longest,
    },
  };
}

function familiesOf(names: readonly string[]): readonly Family[] {
  if (names.includes("all")) return FAMILIES;
  return names.map((name) => {
    const family = FAMILIES.find((candidate) => candidate.name === name);
    if (family !== undefined) return family;
    throw new InvalidArgumentError(`${name}: no such program; \`engram explore\` lists them`);
  });
}

function asJson({ strategy, seed, fault }: CommandOptions, { figures, violation }: Exploration, report: Report | null) {
  return {
    strategy,
    seed,
    fault,
    ...figures,
    violation: violation === null ? null : { found: violation.what, ...report },
  };
}

function asText({ strategy, seed }: CommandOptions, figures: Figures, report: Report | null): string {
  const lines = [`${oneLine(figures)}; strategy ${strategy}, seed ${seed}`];
  if (figures.spins > 0) lines.push(`${figures.spins} schedules were given up: too many steps`);
  lines.push(report === null ? "no violation" : formatReport(report).trimEnd());
  return `${lines.join("\n")}\n`;
}

export function oneLine(f: Figures): string {
  const rate = f.seconds > 0 ? (f.steps / f.seconds / 1e6).toFixed(1) : "0";
  return `${f.schedules} schedules of ${f.programs} programs, ${f.steps} steps (${rate} M/s), ${f.histories} histories checked; distinct: ${f.states} end states, ${f.distinct} sequences of accesses; longest: ${f.longest.steps} steps (${f.longest.name})`;
}

function parseStrategy(text: string): StrategyName {
  const name = STRATEGIES.find((candidate) => candidate === text);
  if (name !== undefined) return name;
  throw new InvalidArgumentError(`--strategy ${text}: expected one of ${STRATEGIES.join(", ")}`);
}

function parseFault(text: string): number {
  const number = parseNumber("--fault", 0)(text);
  if (number === 0 || PLANTED_FAULTS.some((fault) => fault.number === number)) return number;
  throw new InvalidArgumentError(
    `--fault ${text}: no such fault; there are ${PLANTED_FAULTS.map((fault) => fault.number).join(", ")}`,
  );
}

const MOST = 999_999_999_999;

function parseNumber(option: string, least: number): (text: string) => number {
  return (text) => wholeNumber(option, text, least, MOST);
}
