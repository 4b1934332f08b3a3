/** What kind of access a whole trace is, by the pattern analyser of ADR-007. */
import {
  type AccessPattern,
  accessPatterns,
  PatternAnalyser,
  type Recommendation,
  recommend,
} from "../../src/eviction/index.js";

export interface PatternVerdict {
  /** The pattern of the highest mean ratio. */
  readonly type: AccessPattern;
  /** That ratio. */
  readonly confidence: number;
  /** Mean ratio of each pattern over the windows, 0 to 1. */
  readonly distribution: Readonly<Record<AccessPattern, number>>;
  /** Windows in which each pattern came first: several with a good share mean that the workload changes. */
  readonly windows: Readonly<Record<AccessPattern, number>>;
  /** Requests a window holds, less in a trace that is shorter. */
  readonly window: number;
  /** The policy to start with. */
  readonly recommendation: Recommendation;
}

const WINDOW = 1024;

/** Analyses the trace window by window, side by side; a last one that is not full is left out. O(requests). */
export function verdictOn({ ids, distinct }: { ids: Uint32Array; distinct: number }): PatternVerdict {
  const analyser = new PatternAnalyser(distinct, WINDOW);
  const window = Math.min(WINDOW, ids.length);
  const distribution = zeros();
  const windows = zeros();
  for (let i = 0; i < ids.length; i++) {
    analyser.observe(ids[i]);
    if ((i + 1) % window !== 0) continue;
    const analysis = analyser.analyse();
    windows[analysis.type]++;
    for (const pattern of accessPatterns) distribution[pattern] += analysis.distribution[pattern];
  }
  const analysed = Math.floor(ids.length / window);
  let type: AccessPattern = accessPatterns[0];
  for (const pattern of accessPatterns) {
    distribution[pattern] /= analysed;
    if (distribution[pattern] > distribution[type]) type = pattern;
  }
  const confidence = distribution[type];
  return { type, confidence, distribution, windows, window, recommendation: recommend({ access: type, confidence }) };
}

function zeros(): Record<AccessPattern, number> {
  return { sequential: 0, random: 0, hotspot: 0, temporal: 0 };
}
