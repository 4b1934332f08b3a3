/** Draws programs of a few operations from the recipes of their families, by a seed. */

import type { ProgramRandom } from "../../src/random.js";
import { isKeyed } from "./history.js";
import type { Op, OpKind, Program } from "./program.js";
import { DEFAULTS, type Recipe, type Weights } from "./recipe.js";
import { RECIPES } from "./recipes.js";

export interface Family {
  readonly name: string;
  /** One line. */
  readonly about: string;
  readonly recipe: Recipe;
  draw(random: ProgramRandom): Program;
}

/** Keys of a getMany at most. */
export const MANY_MAX = 3;

function weighted(random: ProgramRandom, weights: Weights): OpKind {
  const kinds = Object.keys(weights) as OpKind[];
  let ticket = random.below(kinds.reduce((sum, kind) => sum + (weights[kind] ?? 0), 0));
  for (const kind of kinds) {
    ticket -= weights[kind] ?? 0;
    if (ticket < 0) return kind;
  }
  return kinds[0];
}

function drawOps(recipe: Recipe, random: ProgramRandom, thread: number, threads: number): Op[] {
  const [least, most] = recipe.ops ?? [1, 4];
  const ops: Op[] = [];
  for (let n = random.between(least, most); n > 0; n--) {
    const kind = weighted(random, recipe.roles?.[thread % recipe.roles.length] ?? recipe.kinds);
    if (!isKeyed(kind)) {
      ops.push(drawUnkeyed(kind, recipe, random, threads));
      continue;
    }
    const key = random.pick(recipe.keys);
    if (takesTtl(kind) && recipe.ttl !== undefined) ops.push({ kind, key, ttl: random.chance(recipe.ttl) });
    else if (!kind.startsWith("set")) ops.push({ kind, key });
    else ops.push(drawSet(kind, key, recipe, random));
    if (kind === "borrow") {
      if (random.chance(0.5)) ops.push({ kind: "set", key: random.pick(recipe.keys) });
      ops.push({ kind: "release" });
    }
  }
  return ops;
}

/** Besides the sets. */
export function takesTtl(kind: OpKind): boolean {
  return kind === "touch" || kind === "add";
}

function drawSet(kind: OpKind, key: number, recipe: Recipe, random: ProgramRandom): Op {
  const op: Op = { kind, key, wide: random.chance(recipe.wide ?? 0), ttl: random.chance(recipe.ttl ?? 0) };
  return isLarge(recipe, random) ? { ...op, wide: false, large: true } : op;
}

/** Draws nothing for a family that has none: its programs stay what they were. */
function isLarge(recipe: Recipe, random: ProgramRandom): boolean {
  return recipe.large !== undefined && random.chance(recipe.large);
}

function drawUnkeyed(kind: OpKind, recipe: Recipe, random: ProgramRandom, threads: number): Op {
  switch (kind) {
    case "clear":
    case "drop":
      return recipe.spaces === undefined ? { kind } : { kind, space: random.below(recipe.spaces) };
    case "list":
    case "evictListed":
      return { kind, space: 0 };
    case "adopt":
    case "getMany":
    case "setMany":
      return { kind, keys: Array.from({ length: random.between(2, MANY_MAX) }, () => random.pick(recipe.keys)) };
    case "makeRegion":
    case "openRegion":
    case "dropRegion":
    case "watchKey":
      return { kind, key: random.pick(recipe.keys) };
    case "send":
      return isLarge(recipe, random) ? { kind, large: true } : { kind };
    case "takePiece":
    case "takeGroupPiece":
    case "adoptAgent":
      return { kind, wide: random.chance(recipe.wide ?? 0) };
    case "drain":
      return { kind, log: random.below(threads) };
    case "lock":
    case "read":
    case "write":
      return { kind, lock: random.below(recipe.locks?.count ?? 1), ...drawPatience(recipe, random) };
    case "permit":
      return { kind, ...drawPatience(recipe, random) };
    case "openLock":
    case "dropLock":
      return { kind, lock: random.below(recipe.locks?.count ?? 1) };
    case "lockBoth":
      return { kind, locks: random.chance(recipe.inOrder ?? 0) ? [0, 1] : [1, 0], ...drawPatience(recipe, random) };
    case "put":
      return { kind, ttl: random.chance(recipe.ttl ?? 0), ...(isLarge(recipe, random) ? { large: true } : {}) };
    case "take":
    case "nack":
      return { kind, ttl: random.chance(recipe.ttl ?? 0) };
    default:
      return { kind };
  }
}

/** How long an operation waits for a lock. */
function drawPatience({ ttl = 0 }: Recipe, random: ProgramRandom): Pick<Op, "ttl" | "wide"> {
  return random.chance(ttl) ? { ttl: true, wide: random.chance(0.5) } : {};
}

function drawSetup(recipe: Recipe, random: ProgramRandom, threads: number): Program["setup"] {
  const setup: { thread: number; op: Op }[] = [];
  for (const key of recipe.keys) {
    if (!random.chance(recipe.present ?? 0)) continue;
    const thread = random.below(threads);
    const op: Op = { kind: "set", key, ttl: random.chance(recipe.presentTtl ?? 0) };
    setup.push({ thread, op: isLarge(recipe, random) ? { ...op, large: true } : op });
  }
  for (const op of recipe.before ?? []) setup.push({ thread: 0, op });
  return setup;
}

export const FAMILIES: readonly Family[] = RECIPES.map((recipe) => ({
  name: recipe.name,
  about: recipe.about,
  recipe,
  draw(random: ProgramRandom): Program {
    const [fewest, most] = recipe.threads ?? [2, 3];
    const threads = random.between(fewest, most);
    const retireLimit = random.chance(0.8) ? 1 : 2;
    // 0: whatever is freed goes through the class stack, where any thread may take it at once
    const cacheLimit = random.below(3);
    return {
      name: recipe.name,
      threads: Array.from({ length: threads }, (_, i) => drawOps(recipe, random, i, threads)),
      setup: drawSetup(recipe, random, threads),
      settings: { ...DEFAULTS, buckets: random.chance(0.7) ? 2 : 1, retireLimit, cacheLimit, ...recipe.settings },
      counters: recipe.counters ?? false,
      spaces: recipe.spaces ?? 1,
      kills: recipe.kills ?? 0,
      full: recipe.full ?? false,
      ends: recipe.ends ?? false,
      queue: recipe.queue === undefined ? null : { capacity: random.pick(recipe.queue.capacities) },
      locks: recipe.locks ?? null,
      ring:
        recipe.ring === undefined
          ? null
          : { single: recipe.ring.single, capacity: random.pick(recipe.ring.capacities) },
    };
  },
}));
