/**
 * `getOrSet`: the value of a key, loaded by one when it is not there. Tasks of one thread share a flight that is kept here; threads share it
 * through the store (flights.ts).
 */
import { setTimeout } from "node:timers/promises";
import { KnownOptions } from "../../check.js";
import { EngramError } from "../../errors.js";
import { type Duration, milliseconds } from "../../units.js";
import { threadNow } from "../clock.js";
import { beginFlight, land } from "../flights.js";
import { checkSignal, untilAborted } from "../waiting.js";
import type { WorkerConnection } from "../worker.js";

/** How long a loaded value stays, and how long it is waited for. */
export interface GetOrSetOptions {
  /** Until the value expires, milliseconds or text such as "5s", from its write on. Default: it stays. */
  ttl?: Duration;
  /** How long this call waits at most, milliseconds or text such as "5s", whoever loads; then it is rejected with an EngramError "TIMEOUT". Default: no end. */
  timeout?: Duration;
  /** Ends this call's wait: it is rejected with the signal's reason. Others go on waiting for the same value. Default: none. */
  signal?: AbortSignal;
  /**
   * How long, in milliseconds or as text such as "5s", the loading is left to one loader. Then it counts as hung: the calls of its thread that wait for it are rejected
   * with "TIMEOUT", what it gives later is dropped, and another thread loads. Longer than a loader ever takes; that of the call that
   * began to load counts. Default 30,000.
   */
  lease?: Duration;
}

/** Aborts when nobody in this thread waits for the value any more. */
export interface LoaderContext {
  /** For the loader to stop by: what it gives afterwards is dropped. */
  readonly signal: AbortSignal;
}

export interface CheckedGetOrSet {
  readonly ttl: Duration | undefined;
  readonly end: number;
  readonly signal: AbortSignal | undefined;
  readonly lease: number;
}

const OPTIONS = new KnownOptions("getOrSet", ["ttl", "timeout", "signal", "lease"]);
const LEASE_MS = 30_000;
/** Between two looks at another thread's flight: a quarter of what was waited so far, within these. */
const SHORTEST_NAP_MS = 1;
const LONGEST_NAP_MS = 20;
const LONGEST_TIMER_MS = 2 ** 31 - 1;

/** @throws InvalidArgumentError; the signal's reason when it has aborted already */
export function readGetOrSet(options: GetOrSetOptions): CheckedGetOrSet {
  const { ttl, timeout, signal, lease } = OPTIONS.check(options);
  const checked = {
    ttl,
    end: threadNow() + milliseconds("timeout", timeout, Number.POSITIVE_INFINITY),
    signal: checkSignal(signal),
    lease: milliseconds("lease", lease, LEASE_MS),
  };
  signal?.throwIfAborted();
  return checked;
}

/** What a flight needs of the namespace. */
export interface Loading<V> {
  readonly worker: WorkerConnection;
  /** Names namespace and key. */
  readonly flight: Uint8Array;
  readonly where: string;
  look(): V | undefined;
  load(context: LoaderContext): V | undefined | PromiseLike<V | undefined>;
  /** Unless there is one by now. */
  put(value: V): void;
}

interface Flight<V> {
  readonly result: Promise<V | undefined>;
  readonly controller: AbortController;
  waiting: number;
}

/** Under way in this thread, by connection and key. */
const underWay = new WeakMap<WorkerConnection, Map<string, Flight<unknown>>>();

/** The value that somebody has loaded; undefined when the loader gave none. */
export async function loadOnce<V>(
  loading: Loading<V>,
  { end, signal, lease }: CheckedGetOrSet,
): Promise<V | undefined> {
  const { worker } = loading;
  const name = Buffer.from(loading.flight).toString("latin1");
  const known = underWay.get(worker) ?? new Map<string, Flight<unknown>>();
  underWay.set(worker, known);
  let flight = known.get(name) as Flight<V> | undefined;
  if (flight === undefined) {
    const controller = new AbortController();
    // the loader is called once the flight is known here: it may ask for its own key
    const taken = Promise.resolve().then(() => fly(loading, controller.signal, lease));
    const result = taken.finally(() => {
      if (known.get(name)?.controller === controller) known.delete(name);
    });
    result.catch(() => {}); // whoever still waits hears of it
    flight = { result, controller, waiting: 0 };
    known.set(name, flight);
  }
  flight.waiting++;
  try {
    return await arrival(flight.result, end, signal, loading.where);
  } finally {
    if (--flight.waiting === 0) {
      if (known.get(name) === flight) known.delete(name);
      flight.controller.abort(new EngramError("ABANDONED", `${loading.where}: nobody waits for its value any more`));
    }
  }
}

/** The flight's result, unless the caller's patience ends before. */
async function arrival<V>(result: Promise<V>, end: number, signal: AbortSignal | undefined, where: string): Promise<V> {
  if (end === Number.POSITIVE_INFINITY && signal === undefined) return result;
  const stop = new AbortController();
  let done = false;
  const landed = result.then(
    () => {
      done = true;
    },
    () => {
      done = true;
    },
  );
  const left = Math.min(Math.max(0, end - threadNow()), LONGEST_TIMER_MS);
  const late = end === Number.POSITIVE_INFINITY ? landed : setTimeout(left, undefined, { signal: stop.signal });
  late.catch(() => {});
  try {
    await untilAborted(Promise.race([landed, late]), signal);
  } finally {
    stop.abort();
  }
  if (done) return result;
  signal?.throwIfAborted();
  throw new EngramError("TIMEOUT", `${where}: its value was not loaded in time`);
}

/** A loader that comes later than its lease has been given up: others load by then. */
async function withinLease<V>(loading: Loading<V>, signal: AbortSignal, lease: number): Promise<V | undefined> {
  const stop = new AbortController();
  const over = setTimeout(Math.min(lease, LONGEST_TIMER_MS), undefined, { signal: stop.signal, ref: false }).then(
    () => {
      throw new EngramError("TIMEOUT", `${loading.where}: the loader was not done within its lease of ${lease} ms`);
    },
  );
  over.catch(() => {});
  const loaded = Promise.resolve(loading.load({ signal }));
  loaded.catch(() => {}); // also when it fails after it was given up
  try {
    return await Promise.race([loaded, over]);
  } finally {
    stop.abort();
  }
}

async function fly<V>(loading: Loading<V>, signal: AbortSignal, lease: number): Promise<V | undefined> {
  const steps = flight(loading, signal, lease);
  let nap = SHORTEST_NAP_MS;
  let step = steps.next();
  while (!step.done) {
    if (step.value === "nap") {
      await setTimeout(nap, undefined, { signal });
      nap = Math.min(nap * 1.25, LONGEST_NAP_MS);
      step = steps.next();
    } else if (step.value === "load") {
      let loaded: V | undefined;
      try {
        loaded = await withinLease(loading, signal, lease);
      } catch (error) {
        steps.throw(error); // lands, and throws it on
      }
      step = steps.next(loaded);
    } else step = steps.next();
  }
  return step.value;
}

/** Where a flight stands: before it looks at the store again; asleep while another loads; at its loader, whose value it is given. */
export type FlightStep = "between" | "nap" | "load";

/** The fault: who takes off does not look for the value once more. */
export const FAULT_NO_SECOND_LOOK = 1;

/**
 * A flight from one look at the store to the next. Between any two of them another thread may do anything, and this one may end; `fly` goes
 * straight on, test/store/flights-interleaved.test.ts lets others come.
 *
 * @param fault planted, for that test
 */
export function* flight<V>(
  loading: Loading<V>,
  signal: AbortSignal,
  lease: number,
  fault = 0,
): Generator<FlightStep, V | undefined, V | undefined> {
  const { worker, flight: key } = loading;
  let value = loading.look();
  while (value === undefined) {
    signal.throwIfAborted();
    worker.assertOpen();
    yield "between";
    const own = beginFlight(worker, key, lease);
    if (own === null) {
      yield "nap"; // another thread loads it
      continue;
    }
    try {
      yield "between";
      if (fault !== FAULT_NO_SECOND_LOOK) value = loading.look(); // it may have come between the miss and the claim
      if (value !== undefined) return value;
      const loaded = yield "load";
      if (loaded === undefined) return undefined;
      yield "between";
      loading.put(loaded);
      yield "between";
      return loaded;
    } finally {
      land(worker, own);
    }
  }
  return value;
}
