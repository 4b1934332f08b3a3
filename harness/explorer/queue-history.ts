/**
 * What a work queue owes its users, held against the calls of one schedule: a message has one holder at a time, unless that one died, gave it
 * back or let its lease end; what is acknowledged is not delivered again; a late acknowledgement is refused, any other is not; nothing
 * is lost; of two messages the one that was sent before the other is first taken first. Every pair of deliveries of a message must have an
 * order in which the first had ended when the second began.
 *
 * A take whose lease ends before it has copied the message goes on to the next one: such a call may have had any message besides what it
 * answers, without a word of it.
 */
import { type Call, NO_EFFECT } from "./history.js";

export interface QueueRun {
  readonly calls: readonly Call[];
  readonly length: number;
  /** By thread, when it was killed. */
  readonly deaths: readonly number[];
  /** Whoever took all that was left in the end; -1: nobody did. */
  readonly reader: number;
}

/** Everything that is known of a delivery. */
interface Holding {
  readonly take: Call;
  readonly ack: Call | undefined;
  readonly nack: Call | undefined;
  readonly extended: boolean;
}

/** When the tick began to come, and when it had come for all. */
interface Time {
  readonly from: number;
  readonly until: number;
}

const OPEN = Number.POSITIVE_INFINITY;

/** The first thing that is wrong, or null. */
export function queueFault(run: QueueRun): string | null {
  const calls = run.calls.slice(0, run.length);
  const ticks = calls.filter(({ kind }) => kind === "tick");
  const time: Time = {
    from: Math.min(OPEN, ...ticks.map(({ invoked }) => invoked)),
    until: Math.max(-1, ...ticks.map(({ returned }) => returned)),
  };
  const puts = calls.filter(({ kind, result }) => kind === "put" && result !== NO_EFFECT);
  for (const put of puts) {
    const holdings = calls.flatMap((take, at) =>
      take.kind === "take" && take.result === put.value ? [holdingOf(calls, take, at)] : [],
    );
    const fault = faultOf(put, holdings, run, calls, time);
    if (fault !== null) return `message ${put.value} ${fault}`;
  }
  const known = new Set(puts.map(({ value }) => value));
  const stray = calls.find(({ kind, result }) => kind === "take" && result > 0 && !known.has(result));
  if (stray !== undefined) return `message ${stray.result} was delivered, and never sent`;
  return orderFault(puts, calls, time);
}

/** Takes that may have had a message which their answer does not tell: their lease may have ended inside the call, or they died in it. */
function silentTakes(calls: readonly Call[], time: Time): Call[] {
  return calls.filter(({ kind, op, invoked, returned }) => {
    if (kind !== "take") return false;
    return returned === OPEN || (op.ttl === true && time.from < returned && invoked < time.until);
  });
}

function holdingOf(calls: readonly Call[], take: Call, at: number): Holding {
  const settling = calls.filter(({ delivery }) => delivery === at);
  const find = (kind: Call["kind"]) =>
    settling.find((call) => call.kind === kind && (call.returned === OPEN || call.result === 1));
  return {
    take,
    ack: find("ack"),
    nack: find("nack"),
    extended: settling.some(({ kind, result, returned }) => kind === "extend" && returned !== OPEN && result === 1),
  };
}

function faultOf(
  put: Call,
  holdings: readonly Holding[],
  run: QueueRun,
  calls: readonly Call[],
  time: Time,
): string | null {
  const { deaths, reader } = run;
  /** Whether the first may have ended when the other was delivered. */
  const ended = (first: Holding, by: number): boolean => {
    if (first.ack !== undefined && first.ack.returned !== OPEN) return false; // it was the last to have it
    if ((deaths[first.take.thread] ?? OPEN) < by) return true;
    if (first.nack !== undefined && first.nack.invoked < by) return true;
    return first.take.op.ttl === true && !first.extended && time.from < by && first.take.invoked < time.until;
  };
  const follows = (first: Holding, second: Holding) =>
    first.take.invoked < second.take.returned && ended(first, second.take.returned);
  for (const [i, one] of holdings.entries()) {
    if (one.take.returned < put.invoked) return "was delivered before it was sent";
    for (const other of holdings.slice(i + 1)) {
      if (!follows(one, other) && !follows(other, one))
        return "had two holders at a time, or was delivered when it was done";
    }
  }
  if (holdings.filter(({ ack }) => ack !== undefined && ack.returned !== OPEN).length > 1)
    return "was acknowledged twice";
  const silent = silentTakes(calls, time);
  for (const one of holdings) {
    const at = calls.indexOf(one.take);
    const refused = calls.find(
      ({ kind, delivery, result, returned }) => kind === "ack" && delivery === at && returned !== OPEN && result === 0,
    );
    if (refused === undefined) continue;
    const another = holdings.some(
      (other) => other !== one && follows(one, other) && other.take.invoked < refused.returned,
    );
    const unheard = silent.some((take) => take !== one.take && take.invoked < refused.returned);
    if (!another && !(unheard && ended(one, refused.returned))) return "could not be acknowledged by its one holder";
  }
  if (put.returned === OPEN || put.result !== 1 || reader < 0) return null;
  return isAccountedFor(put, holdings, run, time) ? null : "was lost";
}

/** In the end: done, or in the hands of a thread that lives and whose lease runs, or not ready yet, or taken by who took all that was left. */
function isAccountedFor(put: Call, holdings: readonly Holding[], { deaths, reader }: QueueRun, time: Time): boolean {
  /** What was to last until the tick may last still: the tick had not come for sure when it was said. */
  const lasts = (call: Call) => call.op.ttl === true && (time.from === OPEN || call.returned > time.from);
  if (lasts(put)) return true;
  return holdings.some(({ take, ack, nack, extended }) => {
    if (ack !== undefined) return true;
    if (nack !== undefined) return lasts(nack);
    if (deaths[take.thread] !== undefined) return false;
    return take.thread === reader || take.op.ttl !== true || extended || lasts(take);
  });
}

function orderFault(puts: readonly Call[], calls: readonly Call[], time: Time): string | null {
  const takes = calls.filter(({ kind, result }) => kind === "take" && result > 0);
  const silent = silentTakes(calls, time);
  for (const earlier of puts) {
    if (earlier.op.ttl === true || earlier.result !== 1 || earlier.returned === OPEN) continue;
    for (const later of puts) {
      if (later.invoked < earlier.returned) continue;
      const first = takes.find(({ result }) => result === later.value);
      if (first === undefined) continue;
      const before =
        takes.some(({ result, invoked }) => result === earlier.value && invoked < first.returned) ||
        silent.some(({ invoked }) => invoked < first.returned);
      if (!before) return `message ${later.value} was taken before ${earlier.value}, which had been sent before it was`;
    }
  }
  return null;
}
