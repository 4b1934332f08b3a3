/** Clients that send metrics over HTTP: the part of a scenario that loads the metric pipeline, and a plain server beside it. */
import { z } from "zod";
import { count, duration } from "./quantities.js";

/** How the pipeline is brought to its limit, each by a server of its own. */
export const INGEST_STEPS = ["single", "batches", "slow-journal", "slow-sink", "large-bodies"] as const;

const length = duration.refine((ms) => ms > 0, "expected a time above 0");
const rate = count(1_000_000).meta({ description: "Requests a second, of all clients together" });

const paced = z.strictObject({
  rate,
  duration: length.meta({ description: "Of each server, in all rounds together" }),
  rounds: count(100)
    .default(4)
    .meta({ description: "Servers take turns so often, so that what the machine does meets them alike" }),
});

const saturation = z.strictObject({
  duration: length.meta({ description: "Of each step" }),
  steps: z.array(z.enum(INGEST_STEPS)).min(1),
});

const outage = z.strictObject({
  rate,
  before: length.meta({ description: "While all is well" }),
  away: length.meta({ description: "Until the database comes back, from when it is killed" }),
  after: length.meta({ description: "While it catches up and clients go on" }),
});

export const ingest = z
  .strictObject({
    clients: count(10_000)
      .default(100)
      .meta({ description: "Connections that are kept, one request at a time on each" }),
    metrics: count(1000).default(1).meta({ description: "Metrics of a request" }),
    paced: paced.optional().meta({ description: "An open loop: every request has its time, and what waits is late" }),
    saturation: saturation.optional().meta({ description: "A closed loop: each client asks again at once" }),
    outage: outage.optional().meta({ description: "The database behind it is killed, and comes back" }),
  })
  .refine(
    ({ paced, saturation, outage }) => [paced, saturation, outage].some((part) => part !== undefined),
    "expected paced, saturation or outage",
  );

export type IngestLoad = z.output<typeof ingest>;
export type IngestStep = (typeof INGEST_STEPS)[number];
