/** Open loops: at one rate, along a ramp, or in bursts. All rates are of all agents together. */
import { z } from "zod";
import type { Rate } from "../arrivals.js";
import { parseRate, RATE_PATTERN } from "../units.js";
import { duration } from "./quantities.js";

const RATE = "expected a rate such as 10000/s";
const perSecond = z
  .string(RATE)
  .regex(RATE_PATTERN, RATE)
  .transform(parseRate)
  .refine((rate) => rate > 0, "expected a rate above 0")
  .meta({ description: "Operations a second of all agents together: 10000/s" });

export const rate = z
  .union(
    [
      perSecond.transform((one): Rate => ({ shape: "constant", rate: one })),
      z.strictObject({ from: perSecond, to: perSecond }).transform((ramp): Rate => ({ shape: "ramp", ...ramp })),
      z
        .strictObject({
          base: perSecond,
          burst: perSecond.meta({ description: "The rate during a burst" }),
          every: duration.meta({ description: "From the end of a burst to the end of the next" }),
          for: duration.meta({ description: "How long a burst lasts" }),
        })
        .refine((one) => one.for > 0 && one.for < one.every, {
          message: "expected a burst above 0 and shorter than what it comes every",
          path: ["for"],
        })
        .refine((one) => one.burst > one.base, {
          message: "expected a burst above its base: it would be a lull",
          path: ["burst"],
        })
        .transform(({ base, burst, every, for: length }): Rate => ({ shape: "bursts", base, burst, every, length })),
    ],
    `${RATE}, a ramp { from: 100/s, to: 5000/s } or bursts { base: 2000/s, burst: 20000/s, every: 500ms, for: 50ms }`,
  )
  .meta({
    description:
      "Open loop: 10000/s, a linear ramp { from, to } over the phase, or bursts { base, burst, every, for }; absent: closed loop",
  });
