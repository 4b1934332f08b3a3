/** The configuration that is followed. */
import { z } from "zod";

export const limits = z.object({
  /** Updates that were made, whoever made them: in step with the version. */
  n: z.number().int().nonnegative(),
  /** When the last was, as `now` says. */
  at: z.number(),
  models: z.record(z.string(), z.number().min(1)),
  /** No update comes after it. */
  done: z.boolean().default(false),
});
