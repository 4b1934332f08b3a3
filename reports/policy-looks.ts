/**
 * How each eviction policy looks, on every page the same, whichever others stand beside it: sixteen that can be told apart by colour alone, and by dash and
 * symbol besides. The first eight colours are those of the subjects; the others were searched to lie furthest from them and from the
 * ink, each with 4.5 : 1 against its page, for it is the colour of a label too. A test measures both.
 */
import { SERIES_COLOURS } from "../src/monitor/index.js";
import { type Look, lookOf } from "./palette.js";

/** The policy that knows the future: the bound of all others, drawn in ink instead of a colour. */
export const OPTIMUM = "opt";
const OPTIMUM_LOOK: Look = { colour: "currentColor", dash: "1 4", symbol: "circle" };

/** Those beyond the subjects' colours, as [on a light page, on a dark page]. */
export const MORE_COLOURS: readonly (readonly [light: string, dark: string])[] = [
  ["#d21e78", "#00a500"],
  ["#000087", "#e100ff"],
  ["#b400f0", "#00ff00"],
  ["#0000ff", "#009696"],
  ["#004b00", "#ff2d2d"],
  ["#5a002d", "#ff0fa5"],
  ["#d22d00", "#96c34b"],
];

/** In the order of their colours: those that stand beside each other most have the subjects'. */
const POLICIES = [
  ...["lru", "s3-fifo", "arc", "w-tinylfu", "lirs", "adaptive", "sieve", "random"],
  ...["2q", "hybrid", "clock", "w-tinylfu-climbing", "fifo", "lfu", "ttl"],
];

/** Their custom properties, one scheme's. */
export function policyVariables(scheme: "light" | "dark"): string {
  return MORE_COLOURS.map((pair, i) => `--policy-${i + 1}:${pair[scheme === "light" ? 0 : 1]};`).join("");
}

/** Looks of policies by name; one that this version does not know takes what follows. */
export function looksOfPolicies(names: readonly string[]): Map<string, Look> {
  const looks = new Map<string, Look>();
  let next = POLICIES.length;
  for (const name of names) {
    const known = POLICIES.indexOf(name);
    looks.set(name, name === OPTIMUM ? OPTIMUM_LOOK : policyLook(known < 0 ? next++ : known));
  }
  return looks;
}

function policyLook(at: number): Look {
  const round = Math.floor(at / SERIES_COLOURS.length);
  const look = lookOf(at % SERIES_COLOURS.length, round);
  const more = at - SERIES_COLOURS.length;
  return more < 0 || more >= MORE_COLOURS.length ? look : { ...look, colour: `var(--policy-${more + 1})` };
}
