/** What the bench prints and writes. Its file is read by reports too, so the schema is kept there. */
export { BENCH_SCHEMA_VERSION, type BenchResults, benchResultsSchema } from "../../../reports/measurement-files.js";
export type {
  BenchFigure as Figure,
  BenchGroup as GroupResult,
  BenchJudgement as Judgement,
  BenchProfile as Profile,
  TargetFigure,
} from "../../../reports/results.js";
