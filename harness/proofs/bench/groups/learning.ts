import { Agents } from "../../../../src/agents/index.js";
import { ProgramRandom } from "../../../../src/random.js";
import { figuresOf, judgeRatio } from "../judge.js";
import { closeVerified, openStore } from "../peers/engram.js";
import {
  ACTIONS,
  accumulate,
  DISCOUNT,
  makeSteps,
  PlainTable,
  plainAccumulate,
  plainAct,
  plainBest,
  plainRow,
  plainUpdate,
  push,
  RATE,
  rowCopy,
  STATES,
  sample,
  tableAct,
  tableBest,
  tableUpdate,
} from "../peers/learning.js";
import { measureInTurns } from "../turns.js";
import type { Group } from "./group.js";

const CAPACITY = 65_536;

/** What agents learn in, called from JavaScript, beside JavaScript that shares nothing. */
export const learning: Group = {
  title: `learning: tables of ${STATES} states and ${ACTIONS} actions, replay of ${CAPACITY}, sums`,
  async measure({ settings, onRound }) {
    const steps = makeSteps(new ProgramRandom(settings.seed));
    const store = await openStore();
    const agents = await Agents.create(store, { arenaBytes: "64MiB", pools: {} });
    const table = { states: STATES, actions: ACTIONS, rate: RATE, discount: DISCOUNT };
    const agent = agents.create("learner", { ...table, replay: { capacity: CAPACITY } });
    const choosy = agents.create("choosy", { ...table, replay: { capacity: CAPACITY, prioritised: true } });
    const plain = new PlainTable();
    const contenders = [
      tableUpdate(agent.table, steps),
      plainUpdate(plain, steps),
      tableBest(agent.table, steps),
      plainBest(plain, steps),
      tableAct(agent.table, steps),
      plainAct(plain, steps),
      rowCopy(agents.table("learner"), steps),
      plainRow(plain, steps),
      push(agent.replay, "uniform", steps),
      push(choosy.replay, "prioritised", steps),
      sample(agent.replay, "uniform"),
      sample(choosy.replay, "prioritised"),
      accumulate(agents.accumulator("all", { states: STATES, actions: ACTIONS }), agent.table),
      plainAccumulate(plain),
    ];
    fill(agent.replay);
    fill(choosy.replay);
    const rounds = await measureInTurns(contenders, settings, onRound);
    const figures = figuresOf(contenders, rounds, { reference: "update-plain" });
    const { violations } = await agents.verify();
    if (violations.length > 0) throw new Error(`the arena was damaged: ${violations}`);
    await closeVerified(store);
    const beside = (id: string, what: string) =>
      judgeRatio(
        {
          source: "learning",
          comparison: "<=",
          goal: 1,
          id,
          what: `${what} / over plain arrays`,
          of: id,
          to: `${id}-plain`,
        },
        rounds,
        figures,
      );
    return {
      reference: "an update over a Float32Array",
      figures,
      judgements: [
        beside("update", "QTable.update"),
        beside("best", "QTable.best"),
        beside("act", "QTable.act"),
        beside("row", "a reader's copy of a row"),
        beside("accumulate", "accumulator.add and round"),
      ],
      notes: [
        "The plain tables do the same arithmetic, count visits too, and check nothing: no argument, no owner, no reader on another thread.",
      ],
    };
  },
};

function fill(replay: {
  push(step: { state: number; action: number; reward: number; next: number; terminal: boolean }): unknown;
}): void {
  for (let i = 0; i < CAPACITY; i++) replay.push({ state: i % STATES, action: 0, reward: 0, next: 0, terminal: false });
}
