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

function proofSection({ faults, clean, violated, seed }: Proof): string {
  const rows = faults.map(({ fault, schedules, operations, switches, shown }) =>
    [
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
      .trim(),
  );
  const rate = (clean.steps / clean.seconds / 1e6).toFixed(1);
  return [
    `Seed ${seed}. Without a fault: **${violated ? "a violation" : "no violation"}** in ${thousands(clean.schedules)} schedules of ${thousands(clean.programs)} programs,`,
    `${thousands(clean.steps)} accesses at ${rate} M/s, ${thousands(clean.histories)} histories checked; ${thousands(clean.states)} different states at their ends,`,
    `${thousands(clean.distinct)} different sequences of accesses, ${clean.spins} given up as endless, the longest of ${thousands(clean.longest.steps)} accesses (${clean.longest.name}).`,
    "",
    "| | fault | schedules | at most | small build | operations / switches left | what it breaks |",
    "|---|---|---|---|---|---|---|",
    ...rows,
  ].join("\n");
}

function thousands(n: number): string {
  return n.toLocaleString("en-US");
}
