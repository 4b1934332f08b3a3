import type { Contender } from "../contender.js";
import { answersOf, figuresOf, judgeTime } from "../judge.js";
import { type BareEngine, openEngine } from "../peers/engine.js";
import { keep } from "../sink.js";
import { measureInTurns } from "../turns.js";
import type { Group } from "./group.js";

/** The size class of a 16-byte key with a 64-byte value. */
const CLASS_OF_128 = 2;
const KIND_FNV = 1;

export const engine: Group = {
  title: "parts of the engine, called in a loop inside it",
  async measure({ settings, onRound }) {
    const bare = openEngine();
    const contenders = [allocateAndFree(bare), lookUpNamespace(bare), emptyEngineLoop(bare)];
    const rounds = await measureInTurns(contenders, settings, onRound);
    bare.engine.detach();
    const figures = figuresOf(contenders, rounds, { floor: "empty" });
    const allocate = judgeTime(
      {
        id: "allocate",
        what: "allocate and free, cached",
        source: "speed goals, M-006",
        comparison: "<",
        goal: 50,
      },
      "allocate",
      rounds,
      figures,
    );
    const namespace = judgeTime(
      {
        id: "namespace",
        what: "namespace lookup, cached",
        source: "speed goals, M-008",
        comparison: "<",
        goal: 20,
      },
      "namespace",
      rounds,
      figures,
    );
    return {
      reference: null,
      figures,
      judgements: [allocate, namespace],
      answers: [
        // Measured as a pair, so that each of the two takes at most this.
        ...answersOf(allocate, settings.rounds, ["m006-allocate", "m006-free"], "allocate and free together, cached"),
        ...answersOf(namespace, settings.rounds, ["m008-lookup"]),
      ],
      notes: [
        "These loops run inside the engine: a call from JavaScript is not in them, as it is paid once an operation.",
      ],
    };
  },
};

function allocateAndFree({ engine }: BareEngine): Contender {
  return {
    id: "allocate",
    label: "allocate and free a 128-byte chunk, cached",
    run: (operations) => engine.benchAllocate(CLASS_OF_128, operations),
  };
}

function lookUpNamespace({ engine, record }: BareEngine): Contender {
  return {
    id: "namespace",
    label: "namespace lookup: id, seed, is it current",
    run(operations) {
      const sum = engine.benchNamespace(record.entry, record.version, operations);
      if (sum === 0) throw new Error("the engine did not find its namespace");
      keep(sum);
    },
  };
}

/** FNV-1a of no bytes is its seed: what is left is the loop. */
export function emptyEngineLoop({ engine, scratchAddress }: BareEngine): Contender {
  return {
    id: "empty",
    label: "empty loop in the engine (FNV-1a of 0 bytes)",
    run: (operations) => keep(engine.benchHash(KIND_FNV, scratchAddress, 0, operations)),
  };
}
