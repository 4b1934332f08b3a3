import type { Store, Tracked } from "../../../../src/index.js";
import { quantileOf } from "../../../statistics/index.js";
import type { Contender } from "../contender.js";
import { heapInUse } from "../heap-in-use.js";
import { figureAnswers, figuresOf, plainFigure } from "../judge.js";
import { closeVerified, openStore } from "../peers/engram.js";
import { clockCost } from "../single-operations.js";
import { measureInTurns } from "../turns.js";
import type { Group } from "./group.js";

/** What it costs to tell all threads what one holds, beside keeping it in a Map of one's own. */
export const tracking: Group = {
  title: "what threads hold: taken into the table and out of it again",
  async measure({ settings, onRound }) {
    const store = await openStore();
    const contenders = [
      mapped(),
      tracked(store, "track", "track and end"),
      tracked(store, "track-label", "with a label", "a/b.txt"),
    ];
    const rounds = await measureInTurns(contenders, settings, onRound);
    const alone = plainFigure("track-p99", `track alone, P99 of ${SAMPLES}`, "µs", [timedTracks(store) / 1e3]);
    const heap = plainFigure("track-heap", `heap that one of ${HELD} tracked resources takes`, "bytes", [
      heapOfOne(store),
    ]);
    await closeVerified(store);
    return {
      reference: "Map.set and Map.delete",
      figures: [...figuresOf(contenders, rounds, { reference: "map-track" }), alone, heap],
      judgements: [],
      answers: [...figureAnswers(alone, 1, ["p-tracking"]), ...figureAnswers(heap, 1, ["p-tracking-bytes"])],
      notes: [
        "An end that takes no time: `release()`, which strikes the record off. A label is an entry of the store, written and removed.",
      ],
    };
  },
};

const SAMPLES = 20_000;
/** As many as the table's first piece holds. */
const HELD = 2000;
const THING = {};
const ENDING = { end: () => {} };

/** P99, ns. */
function timedTracks(store: Store): number {
  const clockNs = clockCost();
  let last: Tracked<object> | undefined;
  const times = new Float64Array(SAMPLES);
  for (let i = 0; i < SAMPLES; i++) {
    const start = performance.now();
    last = store.track("thing", THING, ENDING);
    times[i] = Math.max(0, (performance.now() - start) * 1e6 - clockNs);
    last.release();
  }
  return quantileOf(times.sort(), 0.99);
}

/** Bytes of this thread's heap, besides the 32 of its record in the table. */
function heapOfOne(store: Store): number {
  const all: Tracked<object>[] = new Array(HELD);
  const before = heapInUse();
  for (let i = 0; i < HELD; i++) all[i] = store.track("thing", THING, ENDING);
  const grown = heapInUse() - before;
  for (const tracked of all) tracked.release();
  return grown / HELD;
}

function mapped(): Contender {
  const held = new Map<number, object>();
  return {
    id: "map-track",
    label: "Map.set and Map.delete",
    run(operations) {
      for (let i = 0; i < operations; i++) {
        held.set(i, THING);
        held.delete(i);
      }
    },
  };
}

function tracked(store: Store, id: string, label: string, named?: string): Contender {
  const options = { end: () => {}, label: named };
  return {
    id,
    label: `engram: ${label}`,
    run(operations) {
      for (let i = 0; i < operations; i++) store.track("thing", THING, options).release();
    },
  };
}
