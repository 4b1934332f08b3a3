/** What threads had of resources and permits is given back when they are gone, or leave. */
import { isLiving } from "../claim.js";
import type { WorkerConnection } from "../worker.js";
import { reapPermits } from "./permits.js";
import { hasResources, resourcesOf } from "./table.js";

/** What dead threads had. For whoever has taken their slots back; it repeats harmlessly. */
export function settleResources(worker: WorkerConnection): void {
  resourcesOf(worker).settle();
  reapPermits(worker, (claim) => !isLiving(worker.header, claim));
}

/** This thread is about to give its slot back: what it has still, for it did not end by its deadline, is nobody's from now on. */
export function leaveResources(worker: WorkerConnection): void {
  if (!hasResources(worker)) return;
  const table = resourcesOf(worker);
  table.leave();
  reapPermits(worker, (claim) => claim === table.claim);
}
