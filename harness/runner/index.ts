/** The runner: scenarios against subjects, each run in a process of its own, judged by the documented targets. */
export { conductRuns, type Recording } from "./conductor.js";
export { type MeasuredRuns, measureRuns, type RunRequest } from "./measure-runs.js";
export type { RunPlan } from "./messages.js";
