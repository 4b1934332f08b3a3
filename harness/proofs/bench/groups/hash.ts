import { fillValue } from "../../../../workloads/index.js";
import type { Contender } from "../contender.js";
import { answersOf, figureAnswers, figuresOf, judgeTime, plainFigure } from "../judge.js";
import { type BareEngine, openEngine } from "../peers/engine.js";
import { openXxhashWasm, ownHash, ownHashFromJavaScript, type XxhashWasm, zlibCrc32 } from "../peers/hashes.js";
import { measureInTurns } from "../turns.js";
import { emptyEngineLoop } from "./engine.js";
import type { Group } from "./group.js";

const LENGTHS = [4, 16, 64, 256] as const;
/** ns by length: the benchmark table of M-004. */
const ADR = {
  xxhash32: [15, 28, 65, 180],
  murmur3: [25, 45, 95, 280],
  fnv1a: [12, 48, 180, 720],
  crc32: [35, 85, 220, 850],
} as const;

export const hash: Group = {
  title: "hashes of 4, 16, 64 and 256 bytes (M-004)",
  async measure({ settings, onRound }) {
    const bare = openEngine();
    const xxhashWasm = await openXxhashWasm();
    const inputs = LENGTHS.map((length) => {
      const bytes = new Uint8Array(length);
      fillValue(bytes, length, settings.seed);
      return bytes;
    });
    for (const bytes of inputs) checkAgainst(xxhashWasm, bare, bytes);
    const contenders: Contender[] = inputs.flatMap((bytes) => [
      ownHash("xxhash32", "engram xxHash32", bare, bytes.length),
      ownHash("murmur3", "engram MurmurHash3", bare, bytes.length),
      ownHash("fnv1a", "engram FNV-1a", bare, bytes.length),
      ownHashFromJavaScript(bare, bytes),
      xxhashWasm.contender(bytes),
      zlibCrc32(bytes),
    ]);
    const patterns = patternsOf(settings.seed).map(([name, bytes]) => hashOfPattern(bare, name, bytes));
    contenders.push(...patterns, emptyEngineLoop(bare));
    const rounds = await measureInTurns(contenders, settings, onRound);
    bare.engine.detach();
    const figures = figuresOf(contenders, rounds, { floor: "empty", documented: documentedFigures() });
    const judgements = LENGTHS.map((length, i) =>
      judgeTime(
        {
          id: `xxhash32-${length}`,
          what: `xxHash32 of ${length} bytes`,
          source: "M-004",
          comparison: "<=",
          goal: ADR.xxhash32[i],
        },
        `xxhash32-${length}`,
        rounds,
        figures,
      ),
    );
    judgements.push(
      judgeTime(
        { id: "typical-key", what: "hash of a 16-byte key", source: "speed goals, M-004", comparison: "<", goal: 30 },
        "xxhash32-16",
        rounds,
        figures,
      ),
    );
    const times = patterns.map(({ id }) => rounds.get(id) as readonly number[]);
    // Of each round by itself, so that a slow round of the machine is no pattern's.
    const variance = times[0].map((_, round) => {
      const own = times.map((sample) => sample[round]);
      const mean = own.reduce((sum, ns) => sum + ns, 0) / own.length;
      return 100 * Math.max(...own.map((ns) => Math.abs(ns / mean - 1)));
    });
    const patternVariance = plainFigure(
      "pattern-variance",
      `time of a ${PATTERN_BYTES}-byte hash, furthest from the mean of ${patterns.length} patterns`,
      "%",
      variance,
    );
    const targetOf: Readonly<Record<string, string>> = { "typical-key": "m004-hash-typical" };
    return {
      reference: null,
      figures: [...figures, patternVariance],
      judgements,
      answers: [
        ...judgements.flatMap((one) =>
          answersOf(one, settings.rounds, [targetOf[one.id] ?? `m004-hash-${one.id.slice("xxhash32-".length)}b`]),
        ),
        ...figureAnswers(patternVariance, settings.rounds, ["m004-pattern-variance"]),
      ],
      notes: [
        "Ours run inside the engine, where the keys are, each hash seeded by the one before (latency, not throughput).",
        "xxhash-wasm and crc32 are called from JavaScript; our xxHash32 called likewise, copying its input in, is the row to compare.",
      ],
    };
  },
};

const PATTERN_BYTES = 16;

/** Keys of one length that look nothing alike. */
function patternsOf(seed: number): [string, Uint8Array][] {
  const random = new Uint8Array(PATTERN_BYTES);
  fillValue(random, PATTERN_BYTES, seed);
  const text = (key: string) => new TextEncoder().encode(key);
  return [
    ["random", random],
    ["zeros", new Uint8Array(PATTERN_BYTES)],
    ["ones", new Uint8Array(PATTERN_BYTES).fill(0xff)],
    ["text", text("agent_7/state/42")],
    ["number", text("0000000000004711")],
  ];
}

/** Written where it is hashed at the begin of each turn: the others hash what lies there, too. */
function hashOfPattern(bare: BareEngine, name: string, bytes: Uint8Array): Contender {
  const hashing = ownHash("xxhash32", "engram xxHash32", bare, bytes.length);
  return {
    id: `pattern-${name}`,
    label: `engram xxHash32, ${bytes.length} bytes, ${name}`,
    run(operations) {
      bare.scratch.set(bytes);
      return hashing.run(operations);
    },
  };
}

function documentedFigures(): Record<string, number> {
  const figures: Record<string, number> = {};
  for (const [name, row] of Object.entries(ADR)) {
    for (const [i, length] of LENGTHS.entries()) figures[`${name}-${length}`] = row[i];
  }
  return figures;
}

/** A hash that is fast but another one would be worth nothing. */
function checkAgainst(
  xxhashWasm: XxhashWasm,
  { engine, scratch, scratchAddress }: BareEngine,
  bytes: Uint8Array,
): void {
  scratch.set(bytes);
  for (const seed of [0, 1, 0x9e3779b1]) {
    const own = engine.hashXx(scratchAddress, bytes.length, seed) >>> 0;
    const other = xxhashWasm.hash(bytes, seed) >>> 0;
    if (own !== other)
      throw new Error(`xxHash32 of ${bytes.length} bytes, seed ${seed}: ours ${own}, xxhash-wasm ${other}`);
  }
}
