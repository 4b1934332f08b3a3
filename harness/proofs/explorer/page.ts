/** The figures of `npm run explore:proof` as they stand in docs/proof.md, between two marks. */
import { InvalidArgumentError } from "../../../src/errors.js";
import type { Figures, PlantedFault } from "../../explorer/index.js";

export interface FoundFault {
  readonly fault: PlantedFault;
  /** null = not found. */
  readonly schedules: number | null;
  /** Operations and switches of the smallest program and schedule that still show it. */
  readonly operations: number;
  readonly switches: number;
  /** What they break. */
  readonly shown: string;
}

export interface Proof {
  readonly faults: readonly FoundFault[];
  readonly clean: Figures;
  readonly violated: boolean;
  readonly seed: number;
}

const BEGIN = "<!-- explore:proof begins -->";
const END = "<!-- explore:proof ends -->";
const TABLE_HEAD = `| | fault | schedules | at most | small build | operations / switches left | what it breaks |
|---|---|---|---|---|---|---|
`;

/**
 * The page with this proof between its marks.
 *
 * @throws InvalidArgumentError when the page does not have them
 */
export function replaceProof(page: string, proof: Proof): string {
  const from = page.indexOf(BEGIN);
  const to = page.indexOf(END);
  if (from < 0 || to < from) throw new InvalidArgumentError(`the page has no lines "${BEGIN}" and "${END}"`);
  return `${page.slice(0, from + BEGIN.length)}\n${proofSection(proof)}\n${page.slice(to)}`;
}

/**
 * The page with the rows of these faults among those that it has: what they replace goes, all else between its marks stays.
 *
 * @throws InvalidArgumentError when the page has no such table
 */
export function replaceRows(page: string, faults: readonly FoundFault[]): string {
  const from = page.indexOf(BEGIN);
  const to = page.indexOf(END);
  const head = page.indexOf(TABLE_HEAD, from);
  if (from < 0 || head < 0 || head > to) {
    throw new InvalidArgumentError(`the page has no table of faults between "${BEGIN}" and "${END}"`);
  }
  const first = head + TABLE_HEAD.length;
  const rows = new Map<number, string>();
  for (const row of page.slice(first, to).split("\n")) {
    const number = /^\| (\d+) \|/.exec(row)?.[1];
    if (number !== undefined) rows.set(Number(number), row);
  }
  for (const found of faults) rows.set(found.fault.number, rowOf(found));
  const sorted = [...rows].sort(([a], [b]) => a - b).map(([, row]) => row);
  return `${page.slice(0, first)}${sorted.join("\n")}\n${page.slice(to)}`;
}

function rowOf({ fault, schedules, operations, switches, shown }: FoundFault): string {
  return [
    "",
    fault.number,
    fault.what,
    schedules === null ? "**not found**" : thousands(schedules),
    thousands(fault.within),
    fault.smallBuild === undefined ? "" : thousands(fault.smallBuild),
    schedules === null ? "" : `${operations} / ${switches}`,
    // addresses differ from build to build
    shown.replace(/\b\d{4,}\b/g, "…"),
    "",
  ]
    .join(" | ")
    .trim();
}

function proofSection({ faults, clean, violated, seed }: Proof): string {
  const rows = faults.map(rowOf);
  const rate = (clean.steps / clean.seconds / 1e6).toFixed(1);
  return [
    `Seed ${seed}. Without a fault: **${violated ? "a violation" : "no violation"}** in ${thousands(clean.schedules)} schedules of ${thousands(clean.programs)} programs,`,
    `${thousands(clean.steps)} accesses at ${rate} M/s, ${thousands(clean.histories)} histories checked; ${thousands(clean.states)} different states at their ends,`,
    `${thousands(clean.distinct)} different sequences of accesses, ${clean.spins} given up as endless, the longest of ${thousands(clean.longest.steps)} accesses (${clean.longest.name}).`,
    "",
    `${TABLE_HEAD}${rows.join("\n")}`,
  ].join("\n");
}

function thousands(n: number): string {
  return n.toLocaleString("en-US");
}
