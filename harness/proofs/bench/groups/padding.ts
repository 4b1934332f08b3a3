import { answersOf, judge, plainFigure, ratios } from "../judge.js";
import { storePadding } from "../store-padding.js";
import { COUNTER_BYTES } from "../threads/counter-layouts.js";
import { WorkerPool } from "../threads/worker-pool.js";
import { rotated } from "../turns.js";
import { checkProcessors } from "../two-processors.js";
import type { Group } from "./group.js";

const LAYOUTS = [
  { task: "padded", label: "a 64-byte line each" },
  { task: "packed8", label: "8 bytes apart" },
  { task: "packed4", label: "4 bytes apart" },
] as const;

const WRITERS = [[0], [0, 1]] as const;

export const padding: Group = {
  title: "padded against packed counters, Atomics.add by two worker threads (M-003)",
  async measure({ settings, onRound }) {
    const counters = new SharedArrayBuffer(COUNTER_BYTES);
    const pool = await WorkerPool.start(new URL("../threads/counter-worker.js", import.meta.url), 2, () => counters);
    const turns = LAYOUTS.flatMap(({ task, label }) =>
      WRITERS.map((writers) => ({ id: `${task}/${writers.length}`, task, label, writers, sample: [] as number[] })),
    );
    const processors: number[] = [];
    let adds = 0;
    /** ns of one add by one writer. */
    const takeTurn = async ({ task, writers }: (typeof turns)[number], milliseconds: number): Promise<number> => {
      const { operations, rate, processors: had } = await pool.turn(writers, task, milliseconds);
      adds += operations;
      if (writers.length === 2) processors.push(had);
      return (1e6 * writers.length) / rate;
    };
    for (const turn of turns) await takeTurn(turn, settings.turnMs);
    processors.length = 0; // the warm-up's
    for (let round = 0; round < settings.rounds; round++) {
      for (const turn of rotated(turns, round)) turn.sample.push(await takeTurn(turn, settings.turnMs));
      onRound(round + 1, settings.rounds);
    }
    await pool.close();
    checkSum(counters, adds);
    const sampleOf = (id: string) => turns.find((turn) => turn.id === id)?.sample as number[];
    const check = checkProcessors(processors);
    const overhead = storePadding();
    const share = (overhead.padded - overhead.packed) / overhead.capacity;
    const percent = [share * 100];
    const goal = {
      id: "padding-overhead",
      what: "memory that padding takes, of a default store",
      source: "M-003",
      unit: "%",
      comparison: "<=",
      goal: 20,
    } as const;
    const overheadJudgement = judge(goal, percent);
    return {
      reference: null,
      figures: [
        ...turns.map(({ id, label, writers, sample }) =>
          plainFigure(id, `${label}, ${writers.length === 1 ? "1 writer" : "2 writers"}`, "ns", sample),
        ),
        ...LAYOUTS.slice(1).map(({ task, label }) =>
          plainFigure(
            `${task}/padded`,
            `${label} / padded, 2 writers`,
            "x",
            ratios(sampleOf(`${task}/2`), sampleOf("padded/2")),
          ),
        ),
        check.figure,
        ...overhead.parts.map(({ name, padded, packed }) =>
          plainFigure(`overhead/${name}`, `padding in ${name}`, "KiB", [(padded - packed) / 1024]),
        ),
        plainFigure("overhead", "padding, of the capacity", "%", percent),
      ],
      judgements: [overheadJudgement],
      answers: answersOf(overheadJudgement, 1, ["m003-memory-overhead"], "padding, computed from the layout"),
      notes: [
        ...check.notes,
        "ns are those of one add by one writer. M-003 speaks of 30-50 % fewer cache misses; what is measured here is the time they cost.",
        `Padding is computed from the layout of a store of ${overhead.capacity / 2 ** 20} MiB with ${overhead.slots} worker slots and ${overhead.ids} namespace ids.`,
      ],
    };
  },
};

function checkSum(counters: SharedArrayBuffer, adds: number): void {
  const sum = new Int32Array(counters).reduce((total, count) => total + (count >>> 0), 0);
  // The counters are 32 bits wide and may go around.
  if (sum % 2 ** 32 !== adds % 2 ** 32) throw new Error(`${adds} adds were made, the counters hold ${sum}`);
}
