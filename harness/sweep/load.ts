import { loadColumns, openTrace, type TraceOptions } from "../../workloads/index.js";
import type { SweepTrace } from "./shared-trace.js";

/**
 * Reads a trace for simulation, in one pass, so that a pipe serves as well as a file, for policies that look ahead too. The requests
 * stay in shared memory as numbers: 4 bytes a request for the dense id, 4 more with sizes (8 where one is beyond 4 GiB), 1 more where the trace tells
 * operations, 12 to 16 more where it tells when entries expire. Keys are only held while they are read (about 16 bytes a distinct number, once).
 * 100 million reads take 400 MB, whatever the number of policies and capacities.
 *
 * The alternative, to feed all simulations from one pass over the file and hold no requests, would hold all of them at once instead: 10 to
 * 30 bytes a distinct id for each policy at each capacity, which is more on every trace with one distinct id in a few hundred requests.
 *
 * @param sizes whether sizes are wanted, where the trace has them
 * @throws InvalidArgumentError as openTrace does, and for more than 2^31 requests
 */
export async function loadForSweep(path: string, options: TraceOptions & { sizes: boolean }): Promise<SweepTrace> {
  const stream = await openTrace(path, options);
  const { keys, ids, sizes, ops, times, ttls, reading } = await loadColumns(path, stream, {
    shared: true,
    // without a time to live nobody asks for the time
    wants: (column, has) => (column === "sizes" ? options.sizes : column !== "times" || has.ttl),
  });
  return { name: stream.name, distinct: keys.size, ids, sizes, ops, times, ttls, reading };
}
