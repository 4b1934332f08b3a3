/**
 * Contenders measured side by side: in every round each has one turn, and the order is rotated from round to round, so that a
 * slow minute of the machine or a neighbour's leftovers in the caches fall on all of them alike. A turn is one timed batch.
 */
import { BATCH_MS } from "../../measure/index.js";
import type { Contender } from "./contender.js";
import { profileContender } from "./profile.js";
import type { BenchSettings } from "./settings.js";

/** ns per operation in each round, by contender. */
export type Rounds = ReadonlyMap<string, readonly number[]>;

export type OnRound = (done: number, total: number) => void;

/** Warm-up of each contender, in turns: code is compiled, caches and lazily made pages are touched. */
const WARM_UP_TURNS = 4;
/** What only a loop that was optimised away does in no time. */
const MOST_OPERATIONS = 2 ** 31;

/**
 * Each round's turn of each contender, after a warm-up.
 *
 * @throws Error when no number of operations fills a batch: the contender does nothing
 */
export async function measureInTurns(
  contenders: readonly Contender[],
  settings: Pick<BenchSettings, "rounds" | "turnMs"> & Partial<Pick<BenchSettings, "profile">>,
  onRound: OnRound,
): Promise<Rounds> {
  const operations = new Map<string, number>();
  for (const contender of contenders) operations.set(contender.id, await warmUp(contender, settings.turnMs));
  const rounds = new Map(contenders.map(({ id }) => [id, [] as number[]]));
  for (let round = 0; round < settings.rounds; round++) {
    for (const contender of rotated(contenders, round)) {
      const turn = await takeTurn(contender, operations.get(contender.id) as number);
      operations.set(contender.id, turn.operations);
      rounds.get(contender.id)?.push((turn.elapsed * 1e6) / turn.operations);
    }
    onRound(round + 1, settings.rounds);
  }
  if (settings.profile) {
    for (const contender of contenders) await profileContender(contender, operations.get(contender.id) as number);
  }
  return rounds;
}

/** A turn that is long enough to be timed: with twice the operations as often as it takes. */
async function takeTurn(contender: Contender, operations: number): Promise<{ operations: number; elapsed: number }> {
  for (let count = operations; count <= MOST_OPERATIONS; count *= 2) {
    const elapsed = await timeTurn(contender, count);
    if (elapsed >= BATCH_MS) return { operations: count, elapsed };
  }
  throw new Error(`${contender.label}: ${MOST_OPERATIONS} operations take no time`);
}

/** [a b c] in round 0, [b c a] in round 1, … */
export function rotated<T>(items: readonly T[], round: number): T[] {
  const shift = round % items.length;
  return [...items.slice(shift), ...items.slice(0, shift)];
}

/** Runs the contender until it is warm; answers with the operations that fill a turn. */
async function warmUp(contender: Contender, turnMs: number): Promise<number> {
  const lot = contender.lot ?? 1;
  const end = performance.now() + turnMs * WARM_UP_TURNS;
  let count = lot;
  let filling = 0;
  // Once at least: the machine may have been busy elsewhere for as long as this was to take.
  do {
    const { operations, elapsed } = await takeTurn(contender, count);
    // The most that ever went into a turn: a turn in which the machine was busy elsewhere says nothing.
    filling = Math.max(filling, wholeLots((operations * turnMs) / elapsed, lot));
    count = Math.min(filling, operations * 4);
  } while (performance.now() < end);
  return filling;
}

function wholeLots(operations: number, lot: number): number {
  return Math.max(1, Math.ceil(operations / lot)) * lot;
}

/** ms. The young generation is emptied before, so that nobody collects a neighbour's garbage in his own time. */
async function timeTurn(contender: Contender, operations: number): Promise<number> {
  globalThis.gc?.({ type: "minor" });
  const start = performance.now();
  const pending = contender.run(operations);
  if (pending !== undefined) await pending;
  return performance.now() - start;
}
