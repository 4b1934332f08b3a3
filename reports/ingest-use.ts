/** What a metric pipeline did under the load of a scenario, and a plain server beside it. Part of results.ts. */
import { z } from "zod";

const amount = z.number().nonnegative();
const whole = z.number().int().nonnegative();

/** Latencies of requests, ms. */
const latency = z.object({ mean: amount, p50: amount, p99: amount, p999: amount, max: amount });

/** What became of requests: sent = answered + refused + failed. */
const served = {
  server: z.string(),
  sent: whole,
  /** With success. */
  answered: whole,
  /** By status. */
  refused: z.record(z.string(), z.number().int().positive()),
  /** The connection was lost, or nothing came. */
  failed: whole,
  /** Until the last answer. */
  seconds: amount,
  /** Lines in its journal; as many as were acknowledged metrics, or more where some were written and never answered. */
  lines: whole,
  /** Metrics of requests that were answered with success. */
  acknowledged: whole,
};

const memory = z.object({
  /** Resident, bytes: when it had answered its first requests, the most that was seen, and at the end. */
  start: amount,
  most: amount,
  end: amount,
});

/** What the metric pipeline was loaded with, and what came of it. */
export const ingestUseSchema = z.object({
  clients: z.number().int().positive(),
  paced: z
    .object({
      rate: z.number().positive(),
      metrics: z.number().int().positive(),
      rounds: z.number().int().positive(),
      servers: z.array(
        z.object({
          ...served,
          /** From when a request was meant to be sent, and from when it was. */
          intended: latency,
          sentAt: latency,
          /** Mean from the intended start in each round, ms. */
          means: z.array(amount),
          /** Processor time of the server, µs a request. */
          cpuUs: amount,
        }),
      ),
    })
    .optional(),
  saturation: z
    .array(
      z.object({
        step: z.string(),
        metrics: z.number().int().positive(),
        servers: z.array(
          z.object({
            ...served,
            requestsPerSecond: amount,
            metricsPerSecond: amount,
            latency,
            cpuUs: amount,
            memory,
            /** Metrics that its sink had still to be given at the end; in the journal, or in memory. */
            waiting: whole,
            series: z.array(z.object({ t: amount, bytes: amount })),
          }),
        ),
      }),
    )
    .optional(),
  outage: z
    .object({
      database: z.string(),
      rate: z.number().positive(),
      metrics: z.number().int().positive(),
      /** Seconds from the start. */
      killed: amount,
      back: amount,
      servers: z.array(
        z.object({
          ...served,
          /** From the intended start: before, while it was away, after it came back. */
          periods: z.array(z.object({ name: z.string(), latency })),
          /** Points in the database in the end. */
          points: whole,
          /** Acknowledged metrics that are not there. */
          lost: whole,
          /** From the database's return until nothing waited, s; null: something waits still. */
          caughtUp: amount.nullable(),
          memory,
          series: z.array(z.object({ t: amount, waiting: whole })),
        }),
      ),
    })
    .optional(),
});

/** As `ingestUseSchema` reads it. */
export type IngestUse = z.infer<typeof ingestUseSchema>;
