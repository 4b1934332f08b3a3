/** HTTP in, lines out. */
export { type Counted, Counters, type MetricCount, type Refusal } from "./counters.js";
export { type Intake, JournalIntake } from "./intake.js";
export { Receiver, type ReceiverSettings } from "./receiver.js";
export { canReusePort } from "./reuse-port.js";
export { AcceptThreads } from "./threads.js";
