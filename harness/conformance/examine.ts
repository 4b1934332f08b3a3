/** Examines a subject in a process of its own, which is ended with all that it started, whatever it does. */
import { resolve } from "node:path";
import { Child, tellingLine, withTemporaryFolder } from "../child/index.js";
import type { Examination, Finding } from "./examination.js";
import type { ExamPlan, FromExam } from "./messages.js";

export interface ExamOptions {
  /** Threads that use it at once. Default 2. */
  readonly workers?: number;
  /** Operations of each that are compared with the model. Default 500. */
  readonly steps?: number;
  readonly seed?: number;
  /** Time for all of it. Default 30 s. */
  readonly limitMs?: number;
  readonly interrupt?: AbortSignal;
}

const LIMIT_MS = 30_000;
/** Time a subject has to end after it was closed. */
const LINGER_MS = 3000;

export async function examineSubject(file: string, options: ExamOptions = {}): Promise<Examination> {
  const { workers = 2, steps = 500, seed = 1, limitMs = LIMIT_MS, interrupt } = options;
  const path = resolve(file);
  return withTemporaryFolder("engram-exam-", async (directory) => {
    let at = { what: "starting", name: null as string | null };
    let examined: Omit<Examination, "file"> | undefined;
    let lingers = false;
    const child = Child.module<FromExam>(new URL("./exam-process.js", import.meta.url), {
      interrupt,
      limitMs,
      ownGroup: true,
      onMessage: (message) => {
        if (message.type === "at") {
          at = { what: message.what, name: message.name };
          return;
        }
        examined = message.examination;
        timer = setTimeout(() => {
          lingers = true;
          child.kill();
        }, LINGER_MS);
      },
    });
    let timer: NodeJS.Timeout | undefined;
    child.send({ file: path, workers, steps, seed, directory } satisfies ExamPlan);
    const ended = await child.ended;
    clearTimeout(timer);
    const leaked = child.endGroup();
    interrupt?.throwIfAborted();
    const nothing = { subject: null, workers, checked: {}, findings: [] };
    const findings: Finding[] = [...(examined ?? nothing).findings];
    const fault = (message: string) => findings.push({ kind: "fault", about: "process", message });
    if (examined === undefined) {
      const last = tellingLine(ended.stderr);
      const how = ended.late
        ? `it hangs: nothing came of ${at.what} within ${limitMs / 1000} s`
        : `its process ended in ${at.what}`;
      fault(last === undefined ? how : `${how}: ${last}`);
    }
    if (lingers)
      fault(
        `it keeps its process alive ${LINGER_MS / 1000} s after it was closed: a timer, a socket or a thread is left open`,
      );
    if (leaked) fault("it left a process running after its own had ended");
    return { ...(examined ?? nothing), file, findings };
  });
}
