/**
 * What the measuring costs: the very loops of passes.ts over the no-op subject, on the stream that will be measured. The
 * sampled floor is subtracted from every sample; the batched cost tells a figure that was optimised away.
 */
import { Histogram } from "../../src/metrics/index.js";
import type { AgentContext } from "../subjects/index.js";
import { noop } from "../subjects/index.js";
import { COST_UNITS_PER_NS } from "./cost-units.js";
import { loadPasses } from "./load-passes.js";
import type { AgentStream } from "./stream.js";
import { Tally } from "./tally.js";

export interface Calibrator {
  /** Median ns of one timed operation that does nothing. */
  timerFloor(stream: AgentStream): Promise<number>;
  /** Median ns per operation of a batched loop that does nothing. */
  noopCost(stream: AgentStream): Promise<number>;
}

/** @param milliseconds of each calibration: long enough for the loop to be compiled, short enough not to be noticed */
export async function makeCalibrator(context: AgentContext, milliseconds: number): Promise<Calibrator> {
  // An instance of the loops of its own: see passes.ts.
  const passes = await loadPasses("calibration");
  const agent = await noop.attach(null, context);
  const limits = {
    operations: Number.POSITIVE_INFINITY,
    milliseconds,
    once: false,
    stopped: () => false,
    progress: () => {},
  };
  return {
    async timerFloor(stream) {
      let floor = 0;
      // The first round compiles, the second counts.
      for (let round = 0; round < 2; round++) {
        const samples = new Histogram();
        await passes.runSampled(agent, stream, { position: 0 }, limits, new Tally(), 1, (_kind, _label, ns) =>
          samples.record(ns),
        );
        floor = samples.percentile(0.5);
      }
      return floor;
    },
    async noopCost(stream) {
      let cost = 0;
      for (let round = 0; round < 2; round++) {
        const batches = new Histogram();
        await passes.runBatched(agent, stream, { position: 0 }, limits, new Tally(), (_start, ms, count) => {
          batches.record(((ms * 1e6) / count) * COST_UNITS_PER_NS);
        });
        cost = batches.percentile(0.5) / COST_UNITS_PER_NS;
      }
      return cost;
    },
  };
}
