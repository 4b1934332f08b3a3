/** What kind of access a whole trace is, by the pattern analyser of M-007. */
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
export function verdictOn({ ids }: { ids: Uint32Array }): PatternVerdict {
  const measured = new VerdictMeasure();
  measured.add(ids);
  return measured.finish();
}

/** The same for requests that come bit by bit. Ids are dense, in order of first appearance. Memory: 12 to 24 bytes a key. */
export class VerdictMeasure {
  private readonly analyser = new PatternAnalyser(WINDOW, WINDOW);
  private readonly sums = zeros();
  private readonly windows = zeros();
  private requests = 0;

  add(ids: Uint32Array): void {
    for (let i = 0; i < ids.length; i++) {
      this.analyser.observe(ids[i]);
      if (++this.requests % WINDOW === 0) this.close();
    }
  }

  /** @throws RangeError when nothing has been added */
  finish(): PatternVerdict {
    if (this.requests === 0) throw new RangeError("no request has been added, expected at least one");
    if (this.requests < WINDOW) this.close();
    const { windows, sums } = this;
    const analysed = Math.max(1, Math.floor(this.requests / WINDOW));
    const distribution = zeros();
    let type: AccessPattern = accessPatterns[0];
    for (const pattern of accessPatterns) {
      distribution[pattern] = sums[pattern] / analysed;
      if (distribution[pattern] > distribution[type]) type = pattern;
    }
    const confidence = distribution[type];
    const window = Math.min(WINDOW, this.requests);
    return { type, confidence, distribution, windows, window, recommendation: recommend({ access: type, confidence }) };
  }

  private close(): void {
    const analysis = this.analyser.analyse();
    this.windows[analysis.type]++;
    for (const pattern of accessPatterns) this.sums[pattern] += analysis.distribution[pattern];
  }
}

function zeros(): Record<AccessPattern, number> {
  return { sequential: 0, random: 0, hotspot: 0, temporal: 0 };
}
