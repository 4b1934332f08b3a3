/** What agents do in a phase: operations by weight, over keys of one distribution, in one namespace. */
import { z } from "zod";
import { MAILBOX_OPERATIONS, MIX_OPERATIONS, type MixOperation } from "../operations.js";
import { keys, values } from "./distributions.js";
import { count, duration, share } from "./quantities.js";

/** Entries of one scan at most; YCSB's longest is 100. */
const LONGEST_SCAN = 10_000;

const weight = z.number().nonnegative();

const mix = z
  .strictObject(
    Object.fromEntries(MIX_OPERATIONS.map((name) => [name, weight.optional()])) as Record<
      MixOperation,
      z.ZodOptional<typeof weight>
    >,
  )
  .refine(
    (weights) => Object.values(weights).some((value) => (value ?? 0) > 0),
    "expected at least one operation above 0",
  )
  .meta({ description: "Operations by weight; the weights need not add up to 100" });

/** The fields of a role; a phase with a single one has them itself. */
export const roleFields = {
  mix: mix.optional(),
  keys: keys.optional().meta({ description: "Which keys are touched how often; mailboxes alone need none" }),
  values: values.default({ distribution: "constant", size: 64 }),
  ttl: z
    .strictObject({ min: duration, max: duration })
    .refine(({ min, max }) => min <= max, "min is above max")
    .optional()
    .meta({ description: "Time to live of what is written, uniform from min to max; absent: for ever" }),
  offset: share.optional().meta({ description: "Moves the whole distribution by this share of the keys" }),
  shift: z
    .strictObject({ every: count(2 ** 31), by: share })
    .optional()
    .meta({ description: "Moves the working set by a share of the keys every so many operations of an agent" }),
  namespace: z.string().min(1).optional().meta({ description: "One of those declared; absent: one of no limits" }),
  scan: z
    .strictObject({ min: count(LONGEST_SCAN), max: count(LONGEST_SCAN) })
    .refine(({ min, max }) => min <= max, "min is above max")
    .optional()
    .meta({ description: "Entries a scan reads, uniform from min to max" }),
  to: z
    .string()
    .min(1)
    .optional()
    .meta({ description: "Whose mailbox `send` puts messages into: a group of agents, or next: the next of its own" }),
  label: z
    .string()
    .min(1)
    .max(40)
    .optional()
    .meta({ description: "Its latencies are told apart under this name instead of with all others" }),
};

export const role = z.strictObject({
  agents: z.string().min(1).optional().meta({ description: "The group of agents that has this role; absent: all" }),
  weight: z
    .number()
    .positive()
    .default(1)
    .meta({ description: "An agent with several roles divides its operations among them by weight" }),
  ...roleFields,
});

type RoleFields = Pick<z.output<typeof role>, "mix" | "keys" | "values" | "scan" | "to">;

/** What is wrong with a role as a whole, with the field it is about. */
export function roleFaults(one: RoleFields): Array<{ field: string | null; message: string }> {
  const faults: Array<{ field: string | null; message: string }> = [];
  const { mix: weights, keys: keySpec } = one;
  if (weights === undefined) return [{ field: null, message: "expected mix: the operations by weight" }];
  const does = (name: MixOperation) => (weights[name] ?? 0) > 0;
  const needsKeys = MIX_OPERATIONS.some((name) => does(name) && !MAILBOX_OPERATIONS.includes(name));
  if (needsKeys && keySpec === undefined) {
    faults.push({ field: null, message: "expected keys: which keys are touched how often" });
  }
  if (one.values.distribution === "trace" && keySpec?.distribution !== "trace") {
    faults.push({ field: "values", message: "values of a trace need keys of a trace" });
  }
  if (does("scan") !== (one.scan !== undefined)) {
    const message = does("scan") ? "expected scan: { min, max } for the scans of the mix" : "no scan in the mix";
    faults.push({ field: does("scan") ? "mix" : "scan", message });
  }
  if (does("send") !== (one.to !== undefined)) {
    const message = does("send") ? "expected to: whose mailbox messages are sent into" : "no send in the mix";
    faults.push({ field: does("send") ? "mix" : "to", message });
  }
  return faults;
}
