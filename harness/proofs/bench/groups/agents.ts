import { Agents, encoder, oneOf, range } from "../../../../src/agents/index.js";
import { quantileOf } from "../../../statistics/index.js";
import { figureAnswers, figuresOf, judgeRatio, plainFigure } from "../judge.js";
import {
  blockTake,
  blockTakeFor,
  bufferTake,
  claimCheck,
  createDrop,
  handOverAdopt,
  newArray,
} from "../peers/agents.js";
import { closeVerified, openStore } from "../peers/engram.js";
import { clockCost, timeSingly } from "../single-operations.js";
import { measureInTurns } from "../turns.js";
import type { Group } from "./group.js";

/** The pools of R-011 as the agents have them, by name: all three out of one arena at once. */
const POOLS = [
  { name: "state", wanted: 1000, target: "r011-pool-256b" },
  { name: "trajectory", wanted: 5000, target: "r011-pool-1k" },
  { name: "message", wanted: 500, target: "r011-pool-4k" },
] as const;
const SAMPLES = 20_000;

/** What an agent sees, as numbers for its table. */
const SCHEMA = encoder({
  ...Object.fromEntries(Array.from({ length: 32 }, (_, i) => [`seen_${i}`, range(0, 1)])),
  goal: oneOf("reach", "fetch", "report"),
});
const FACTS = { ...Object.fromEntries(Array.from({ length: 32 }, (_, i) => [`seen_${i}`, i / 32])), goal: "fetch" };

/** Blocks, owners and budgets of agents: what their safety costs. */
export const agents: Group = {
  title: "agents: blocks taken and given, agents made, handed over and asked for (R-011)",
  async measure({ settings, onRound }) {
    const clockNs = clockCost();
    const store = await openStore();
    const all = await Agents.create(store, { arenaBytes: "64MiB" });
    const { state } = all.pools;
    const agent = all.create("scout", { states: 500, actions: 6 });
    const contenders = [
      blockTake(state),
      blockTakeFor(agent, state),
      bufferTake(store),
      newArray(),
      createDrop(all),
      handOverAdopt(all),
      claimCheck(agent),
    ];
    const rounds = await measureInTurns(contenders, settings, onRound);
    const times = figuresOf(contenders, rounds, { reference: "new-array" });
    const into = new Float32Array(SCHEMA.size);
    const encode = () => SCHEMA.encode(FACTS as never, into);
    for (let i = 0; i < SAMPLES; i++) encode();
    const encoding = plainFigure(
      "encoding",
      `an agent's state encoded, ${SCHEMA.size} numbers, P99 of ${SAMPLES}`,
      "ms",
      [quantileOf(timeSingly(SAMPLES, clockNs, encode), 0.99) / 1e6],
    );
    const held = POOLS.map(({ name, wanted, target }) => {
      const pool = all.pools[name];
      const blocks = [];
      while (blocks.length < wanted) {
        const block = pool.tryAcquire();
        if (block === undefined) break;
        blocks.push(block);
      }
      const label = `blocks of ${pool.bytes} bytes at once, asked for ${wanted} beside the others`;
      return { blocks, target, figure: plainFigure(`blocks-${pool.bytes}`, label, "buffers", [blocks.length]) };
    });
    for (const { blocks } of held) for (const block of blocks) block.release();
    const { violations, leaks } = await all.verify();
    if (violations.length + leaks.length > 0)
      throw new Error(`the arena was damaged: ${violations}, ${leaks.length} leaks`);
    await closeVerified(store);
    const goal = { source: "agents", comparison: "<=", goal: 1 } as const;
    return {
      reference: `new Float32Array(64)`,
      figures: [...times, encoding, ...held.map(({ figure }) => figure)],
      judgements: [
        judgeRatio(
          {
            ...goal,
            id: "block-buffer",
            what: "a block / store.buffer of the same size",
            of: "block",
            to: "store-buffer",
          },
          rounds,
          times,
        ),
      ],
      answers: [
        ...figureAnswers(encoding, 1, ["r011-state-encoding"]),
        ...held.flatMap(({ figure, target }) => figureAnswers(figure, 1, [target])),
      ],
      notes: [
        "An array by itself is the thread's own and is left to the collector; a block is shared, charged, and taken back from the dead.",
      ],
    };
  },
};
