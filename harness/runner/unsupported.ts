import { EngramError } from "../../src/errors.js";
import { STREAM_OPERATIONS } from "../../workloads/index.js";
import { operationsOf } from "../measure/index.js";
import { canDo, type Subject } from "../subjects/index.js";
import type { Workload } from "./workload.js";

/** The subject has nothing to do in this scenario: no failure, but no figures either. */
export class LeftOutError extends EngramError {
  constructor(message: string) {
    super("LEFT_OUT", message);
  }
}

/**
 * The workload without the operations the subject cannot do, and what to tell the reader about it. Left out means left out
 * of every figure: nothing is counted for an operation that never ran. Throws LeftOutError when too little is left.
 */
export function withoutUnsupported(workload: Workload, subject: Subject): { workload: Workload; notes: string[] } {
  const notes: string[] = [];
  const left = workload.operations.filter((name) => !canDo(subject, name));
  if (left.length > 0) notes.push(`${subject.name} cannot ${left.join(", ")}: left out`);
  if (!subject.expires && workload.phases.some(({ streams }) => streams.some(({ ttls }) => ttls !== null))) {
    notes.push(`${subject.name} has no time to live: entries stay past theirs`);
  }
  if (left.length === 0) return { workload, notes };
  if (left.length === workload.operations.length) {
    throw new LeftOutError(`${subject.name} can do none of the operations of this scenario (${left.join(", ")})`);
  }
  const kept = (kind: number) => !left.includes(STREAM_OPERATIONS[kind]);
  const whole: string[] = [];
  const phases = workload.phases.flatMap((phase) => {
    const streams = phase.streams.map((one) => operationsOf(one, kept));
    if (lengthOf(streams) >= LEAST_PART * lengthOf(phase.streams)) return [{ ...phase, streams }];
    notes.push(`${subject.name} cannot do most of phase ${phase.name}, which is left out whole`);
    whole.push(phase.name);
    return [];
  });
  if (phases.length === 0) {
    throw new LeftOutError(`${subject.name} can do too little of this scenario: it cannot ${left.join(", ")}`);
  }
  const leftOut = { operations: left, phases: [...new Set(whole)] };
  return { workload: { ...workload, phases, leftOut }, notes };
}

/** Of a phase's operations: with fewer left it would be another workload under the same name. */
const LEAST_PART = 0.5;

function lengthOf(streams: ReadonlyArray<{ readonly length: number }>): number {
  return streams.reduce((sum, { length }) => sum + length, 0);
}
