import { execFile } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { promisify } from "node:util";
import { plainFigure, ratios } from "../judge.js";
import type { Group } from "./group.js";

const FILE = fileURLToPath(new URL("../threads/start-up.js", import.meta.url));
const PROGRAMS = ["nothing", "engram", "lmdb"] as const;
const run = promisify(execFile);

/** From the start of a process to its first entry written and read. */
export const startUp: Group = {
  title: "starting up: a process of its own, until an entry of 64 bytes was written and read",
  async measure({ settings, onRound, directory }) {
    const inside = new Map(PROGRAMS.map((program) => [program, [] as number[]]));
    const whole = new Map(PROGRAMS.map((program) => [program, [] as number[]]));
    for (let round = 0; round < settings.rounds; round++) {
      for (const program of PROGRAMS) {
        const start = performance.now();
        const { stdout } = await run(process.execPath, [FILE, program, join(directory, `${program}-${round}`)]);
        whole.get(program)?.push(performance.now() - start);
        inside.get(program)?.push(Number(stdout));
      }
      onRound(round + 1, settings.rounds);
    }
    const of = (times: typeof whole, program: (typeof PROGRAMS)[number]) => times.get(program) as number[];
    return {
      reference: null,
      figures: [
        plainFigure("engram", "engram: import, create, set, get", "ms", of(inside, "engram")),
        plainFigure("lmdb", "lmdb: import, open, put, get", "ms", of(inside, "lmdb")),
        plainFigure("ratio", "engram / lmdb", "x", ratios(of(inside, "engram"), of(inside, "lmdb"))),
        plainFigure("engram-process", "the whole process, engram", "ms", of(whole, "engram")),
        plainFigure("lmdb-process", "the whole process, lmdb", "ms", of(whole, "lmdb")),
        plainFigure("empty-process", "for comparison: a process that does nothing", "ms", of(whole, "nothing")),
      ],
      judgements: [],
      notes: [
        "A new process each time, its files in the page cache; lmdb has a database on disk at the end, engram memory.",
      ],
    };
  },
};
