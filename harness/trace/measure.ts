import { InvalidArgumentError } from "../../src/errors.js";
import {
  KeyNumbers,
  NextAccessChecker,
  openTrace,
  repeatWarnings,
  type TraceOptions,
  TraceSummary,
} from "../../workloads/index.js";
import { popularityOfCounts } from "./popularity.js";
import type { FullInfo } from "./render-info.js";
import { ReuseMeasure } from "./reuse-distances.js";
import { VerdictMeasure } from "./verdict.js";

/**
 * All that `engram trace info` tells, in one pass over the file: requests go by, and what is kept is some 60 to 120 bytes a distinct key.
 *
 * @throws InvalidArgumentError as openTrace does
 */
export async function measureTrace(path: string, options: TraceOptions): Promise<FullInfo> {
  const stream = await openTrace(path, options);
  const keys = new KeyNumbers();
  let summary: TraceSummary | null = null;
  const reuse = new ReuseMeasure();
  const verdict = new VerdictMeasure();
  let nexts: NextAccessChecker | null = null;
  for await (const batch of stream.batches()) {
    const ids = keys.of(batch);
    const { size, op, time, next } = batch.columns;
    summary ??= new TraceSummary(stream.reading.unknownSizes);
    summary.add(ids, {
      sizes: size ? batch.sizes : null,
      ops: op ? batch.ops : null,
      times: time ? batch.times : null,
    });
    reuse.add(ids);
    verdict.add(ids);
    if (!next) continue;
    nexts ??= new NextAccessChecker();
    nexts.add(ids, batch.nexts);
  }
  // An empty trace has been refused by the stream's batches.
  if (summary === null) throw new InvalidArgumentError(`${path}: no request in it; expected at least one`);
  const { reading } = stream;
  return {
    ...summary.finish(stream.name, stream.format, (id) => keys.keyOf(id)),
    popularity: popularityOfCounts(summary.countsByKey, summary.requests),
    reuse: reuse.finish(),
    pattern: verdict.finish(),
    reading: { ...reading, warnings: [...reading.warnings, ...repeatWarnings(summary.requests, keys.size)] },
    skipped: stream.skipped,
    nextAccesses: nexts === null ? null : nexts.finish(),
  };
}
