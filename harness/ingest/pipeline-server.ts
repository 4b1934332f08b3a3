/** The pipeline as it is, with what the load wants of it: a rate limit that is asked and never met, a database, a slow disk, a slow sink. */
import { setTimeout as sleep } from "node:timers/promises";
import { createIngest, type JournalFiles, type Sink, SYSTEM_FILES } from "../../src/ingest/index.js";
import { type Serving, type ServingOptions, stall } from "./serving.js";

/** Metrics a second of a client: what there may be at most. */
const RATE = 100_000;

export async function servePipeline(options: ServingOptions): Promise<Serving> {
  const { directory, ack, threads, influx, slow, underWayBytes } = options;
  const ingest = await createIngest(
    {
      ...{ journal: `${directory}/journal`, port: 0, ack, acceptThreads: threads, rateLimit: { rate: RATE } },
      ...(influx === null ? {} : { influx }),
      ...(underWayBytes === undefined ? {} : { underWayBytes }),
      ...(slow.sink > 0 ? { sinks: [slowSink(slow.sink)] } : {}),
    },
    slow.journal > 0 ? slowFiles(slow.journal) : undefined,
  );
  return {
    port: Number(new URL(ingest.url).port),
    threads: ingest.stats().acceptThreads,
    waiting: () => ingest.stats().sinks.reduce((sum, { lagLines }) => sum + lagLines, 0),
    close: async () => {
      await ingest.close();
      return ingest.stats().journal.lines;
    },
  };
}

/** Takes a thousand metrics, and so long for them. */
function slowSink(ms: number): Sink {
  return {
    name: "slow",
    deliver: async (_, signal) => {
      await sleep(ms, undefined, { signal });
      return { refused: 0 };
    },
  };
}

function slowFiles(ms: number): JournalFiles {
  return {
    ...SYSTEM_FILES,
    write: (fd, bytes, offset, position) => {
      stall(ms);
      return SYSTEM_FILES.write(fd, bytes, offset, position);
    },
  };
}
