import { closeSync, fdatasyncSync, openSync, writeSync } from "node:fs";
import { join } from "node:path";
import type { Store } from "../../../../src/index.js";
import { HistogramRecorder, RECORDER_BYTES } from "../../../../src/metrics/index.js";
import { formatOperation } from "../../../checker/index.js";
import type { Contender } from "../contender.js";
import { figureAnswers, figuresOf, plainFigure, ratios } from "../judge.js";
import { closeVerified, openStore } from "../peers/engram.js";
import { keep } from "../sink.js";
import { measureInTurns } from "../turns.js";
import type { Group } from "./group.js";

/** Lines handed to the file system at a time. */
const LINES_A_WRITE = 500;
const MAPPED_BYTES = 64 * 2 ** 20;

/** What watching costs: a latency recorded in shared memory, a health question, a line of a log. */
export const records: Group = {
  title: "recording and monitoring (MetricStream, M-010), and a file mapped (Patinox)",
  async measure({ settings, directory, onRound }) {
    const recorder = new HistogramRecorder(new SharedArrayBuffer(RECORDER_BYTES));
    const store = await openStore();
    const contenders = [record(recorder), recordUnderMutex(recorder), health(store), emptyRecord()];
    const rounds = await measureInTurns(contenders, settings, onRound);
    await closeVerified(store);
    const figures = figuresOf(contenders, rounds, { floor: "empty" });
    const sampleOf = (id: string) => rounds.get(id) as readonly number[];
    const speedup = plainFigure(
      "speedup",
      "mutex over none",
      "x",
      ratios(sampleOf("record-mutex"), sampleOf("record")),
    );
    // Asked once a second, of a thread's second.
    const overhead = plainFigure(
      "overhead",
      "store.health() once a second, of one thread's time",
      "%",
      sampleOf("health").map((ns) => ns / 1e7),
    );
    const lines = plainFigure(
      "jsonl",
      `operations of a history as JSON Lines, ${LINES_A_WRITE} a write, synced at the end`,
      "1/s",
      Array.from({ length: settings.rounds }, () => writeLines(join(directory, "history.jsonl"))),
    );
    const mapped = await mapping(join(directory, "mapped"), settings.rounds);
    return {
      reference: null,
      figures: [...figures, speedup, overhead, lines, ...(typeof mapped === "string" ? [] : [mapped])],
      judgements: [],
      answers: [
        ...figureAnswers(lines, settings.rounds, ["s-jsonl"]),
        ...(typeof mapped === "string" ? [] : figureAnswers(mapped, settings.rounds, ["p-map-file"])),
      ],
      notes: [
        "A record goes into the shared-memory histogram of its thread, which one reader drains meanwhile. The mutex is a word in shared memory, never contended here.",
        ...(typeof mapped === "string" ? [`No file was mapped: ${mapped}.`] : []),
      ],
    };
  },
};

/** Latencies spread over a few buckets, as they come. */
function nextLatency(latency: number): number {
  return (Math.imul(latency, 5) + 77) & 0xfff;
}

function record(recorder: HistogramRecorder): Contender {
  return {
    id: "record",
    label: "latency recorded in the shared-memory histogram",
    run(operations) {
      let latency = 1;
      for (let i = 0; i < operations; i++) {
        latency = nextLatency(latency);
        recorder.record(latency);
      }
      keep(latency);
    },
  };
}

function recordUnderMutex(recorder: HistogramRecorder): Contender {
  const mutex = new Int32Array(new SharedArrayBuffer(4));
  return {
    id: "record-mutex",
    label: "the same under a mutex",
    run(operations) {
      let latency = 1;
      for (let i = 0; i < operations; i++) {
        latency = nextLatency(latency);
        while (Atomics.compareExchange(mutex, 0, 0, 1) !== 0) Atomics.wait(mutex, 0, 1);
        recorder.record(latency);
        Atomics.store(mutex, 0, 0);
        Atomics.notify(mutex, 0, 1);
      }
      keep(latency);
    },
  };
}

function health(store: Store): Contender {
  return {
    id: "health",
    label: "store.health()",
    run(operations) {
      let alerts = 0;
      for (let i = 0; i < operations; i++) alerts += store.health().alerts.length;
      keep(alerts);
    },
  };
}

function emptyRecord(): Contender {
  return {
    id: "empty",
    label: "empty loop",
    run(operations) {
      let latency = 1;
      for (let i = 0; i < operations; i++) latency = nextLatency(latency);
      keep(latency);
    },
  };
}

const LINES = 10_000;

/** Lines a second. */
function writeLines(path: string): number {
  const start = performance.now();
  const file = openSync(path, "w");
  for (let line = 0; line < LINES; line += LINES_A_WRITE) {
    let text = "";
    for (let i = line; i < line + LINES_A_WRITE; i++) {
      const operation = {
        client: `w${i & 7}`,
        key: `key-${i & 63}`,
        op: "set",
        input: { value: `v${i}` },
        output: true,
      };
      text += `${formatOperation({ ...operation, call: i * 900, return: i * 900 + 700 })}\n`;
    }
    writeSync(file, text);
  }
  fdatasyncSync(file);
  closeSync(file);
  return (LINES * 1000) / (performance.now() - start);
}

/** Ms of mapping a file and reading its first and last byte; why not, where files cannot be mapped. */
async function mapping(path: string, rounds: number) {
  const { loadMapper } = await import("../../../../src/mapping.js");
  const mapper = loadMapper();
  if (typeof mapper === "string") return mapper;
  const file = openSync(path, "w+");
  writeSync(file, new Uint8Array(1), 0, 1, MAPPED_BYTES - 1);
  const times: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const start = performance.now();
    const bytes = mapper.map(MAPPED_BYTES, mapper.PROT_READ, mapper.MAP_SHARED, file, 0);
    keep(bytes[0] + bytes[MAPPED_BYTES - 1]);
    times.push(performance.now() - start);
  }
  closeSync(file);
  return plainFigure("map-file", "a file of 64 MiB mapped, its first and last byte read", "ms", times);
}
