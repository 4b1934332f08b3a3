/** Everything that threads hold, gathered from where each kind of it is noted: the table of what is tracked, slots, permits, and what rooms add. */
import { allSlots, layout, slotHoldings } from "../../core/index.js";
import { heldBuffers } from "../buffers.js";
import { isLiving } from "../claim.js";
import { SYSTEM_KEYS } from "../system-keys.js";
import type { WorkerConnection } from "../worker.js";
import type { ClaimedResource, HeldResource } from "./held.js";
import { permitFigures } from "./permits.js";
import { type Found, resourcesOf } from "./table.js";

const STATES = new Map<number, HeldResource["state"]>([
  [layout.RESOURCE_HELD, "held"],
  [layout.RESOURCE_IDLE, "idle"],
  [layout.RESOURCE_IN_USE, "in use"],
  [layout.RESOURCE_ENDING, "ending"],
]);

/** Of all threads, those held longest first, and last what has no age. */
export function heldResources(
  worker: WorkerConnection,
  listed: Iterable<() => Iterable<ClaimedResource>>,
): HeldResource[] {
  const held = [...tracked(worker), ...permits(worker), ...inSlots(worker), ...buffers(worker)];
  for (const list of listed) {
    for (const { claim, ...resource } of list()) {
      if (isLiving(worker.header, claim))
        held.push({ ...resource, owner: ownerOf(worker, claim), state: "held", stateMs: null });
    }
  }
  return held.sort((a, b) => (b.ageMs ?? -1) - (a.ageMs ?? -1));
}

function* tracked(worker: WorkerConnection): Generator<HeldResource> {
  const table = resourcesOf(worker);
  const now = Date.now();
  for (const found of table.list()) {
    yield {
      kind: table.names.nameOf(found.kind) ?? "",
      label: table.labelOf(found),
      owner: ownerOf(worker, found.owner),
      state: STATES.get(found.phase) ?? "held",
      ageMs: Math.max(0, now - found.since),
      stateMs: isOfPool(found) ? phaseMs(worker, found) : null,
    };
  }
}

/** Whether it is a connection, which comes and goes between uses. */
export function isOfPool({ phase }: Found): boolean {
  return phase === layout.RESOURCE_IDLE || phase === layout.RESOURCE_IN_USE;
}

/** ms, whole ticks. */
export function phaseMs(worker: WorkerConnection, { changed }: Found): number {
  const now = Math.floor(worker.elapsed() / layout.TICK_MS);
  return Math.max(0, (now - changed) | 0) * layout.TICK_MS;
}

function* permits(worker: WorkerConnection): Generator<HeldResource> {
  for (const { pool, owners } of permitFigures(worker)) {
    for (const claim of owners) {
      if (!isLiving(worker.header, claim)) continue;
      yield { kind: "permit", label: pool, owner: ownerOf(worker, claim), state: "held", ageMs: null, stateMs: null };
    }
  }
}

function* inSlots(worker: WorkerConnection): Generator<HeldResource> {
  const { header } = worker;
  for (const { slot, how, key } of slotHoldings(header, worker.bufferHolding(header.pool + header.poolBytes))) {
    const owner = ownerOf(worker, slot + 1);
    const rest = { owner, ageMs: null, stateMs: null };
    if (how === "watch") yield { ...rest, kind: "watch", label: null, state: "held" };
    else if (how !== "region") yield lockHeld(rest, key, how === "reading");
    else if (key.startsWith(SYSTEM_KEYS.region))
      yield { ...rest, kind: "region", label: key.slice(SYSTEM_KEYS.region.length), state: "held" };
  }
}

function lockHeld(
  rest: Pick<HeldResource, "owner" | "ageMs" | "stateMs">,
  key: string,
  reading: boolean,
): HeldResource {
  const label = key.slice(SYSTEM_KEYS.lock.length);
  return { ...rest, kind: "lock", label, state: reading ? "reading" : "held" };
}

/** A line for each thread that has any. */
function* buffers(worker: WorkerConnection): Generator<HeldResource> {
  for (const { thread, buffers: count, bytes } of heldBuffers(worker)) {
    const slot = allSlots(worker.header).findIndex((one) => one.active && one.thread === thread);
    const label = `${count} of ${bytes} bytes`;
    yield { kind: "buffer", label, owner: { worker: slot, thread }, state: "held", ageMs: null, stateMs: null };
  }
}

function ownerOf(worker: WorkerConnection, claim: number): HeldResource["owner"] {
  const slot = (claim & layout.CLAIM_SLOT_MASK) - 1;
  return { worker: slot, thread: allSlots(worker.header)[slot]?.thread ?? -1 };
}
