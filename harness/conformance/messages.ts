/** What the examining process and its workers say to each other. */
import type { Examination, Finding } from "./examination.js";

export interface ExamPlan {
  readonly file: string;
  readonly workers: number;
  readonly steps: number;
  readonly seed: number;
  /** An empty folder for the subject's files. */
  readonly directory: string;
}

/** The examining process to its parent: how far it is, so that a hang can be named, and what came of it. */
export type FromExam =
  | { readonly type: "at"; readonly what: string; readonly name: string | null }
  | { readonly type: "examined"; readonly examination: Omit<Examination, "file"> };

export interface ExamWorkerBirth {
  readonly plan: ExamPlan;
  readonly worker: number;
  readonly attachment: unknown;
}

/** What a worker is to do next. */
export type ExamOrder = "model" | "write" | "read" | "expire" | "close";

export interface ExamAnswer {
  readonly findings: readonly Finding[];
  readonly checked: Readonly<Record<string, number>>;
}
