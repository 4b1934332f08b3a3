/** Faults that a replica could have, planted from outside: the simulation has to find each. */
import {
  Barriers,
  type ClusterClock,
  type Engine,
  Feed,
  Flusher,
  HybridClock,
  type ReplicaOptions,
  type Stamp,
} from "../../src/cluster/index.js";

export const FAULTS = [
  "no-gap-repair",
  "hasty-copy",
  "missed-sweep",
  "blind-flush",
  "shared-barrier",
  "no-barrier",
  "wall-clock",
  "new-attempts",
] as const;

/** Where each shows: in what is asked without waiting, or in what is promised to be linearizable. */
export const FAULT_LEVELS = {
  "no-gap-repair": "eventual",
  "hasty-copy": "strong",
  "missed-sweep": "strong",
  "blind-flush": "eventual",
  "shared-barrier": "strong",
  "no-barrier": "strong",
  "wall-clock": "eventual",
  "new-attempts": "strong",
} as const satisfies Record<(typeof FAULTS)[number], "eventual" | "strong">;

export type Fault = (typeof FAULTS)[number];

/** What is missed stays missed: the feed goes on with what comes. */
class CarelessFeed extends Feed {
  protected override meetGap(seq: number, key: string, entry: Uint8Array): void {
    this.take(seq, key, entry);
    this.advance(seq);
  }
}

/** Takes what was read of the log for a picture of the moment at which it began. */
class HastyFeed extends Feed {
  override get isWhole(): boolean {
    return true;
  }
}

/** Answers before it is known whether deletions that this node has not seen were taken out of the log. */
class UnsweptFeed extends Feed {
  override get isWhole(): boolean {
    return this.applied >= this.readEnd;
  }
}

/** Writes over whatever stands there. */
class BlindFlusher extends Flusher {
  protected override expected(): undefined {
    return undefined;
  }
}

/** Who comes while one is under way shares it. */
class SharedBarriers extends Barriers {
  override pass(): Promise<void> {
    return this.running ?? super.pass();
  }
}

/** Reads are of the copy, however old. */
class NoBarriers extends Barriers {
  override pass(): Promise<void> {
    return Promise.resolve();
  }
}

/** Asks again under another id each time. */
function forgetful(engine: Engine): Engine {
  let tries = 0;
  return Object.assign(Object.create(engine) as Engine, {
    append: (...[key, entry, options]: Parameters<Engine["append"]>) =>
      engine.append(key, entry, { ...options, id: `${options.id}/${++tries}` }),
  });
}

/** Stamps of the wall clock alone. */
class WallClock extends HybridClock {
  constructor(private readonly clock: ClusterClock) {
    super(() => clock.now());
  }

  override issue(): Stamp {
    return { ms: Math.floor(this.clock.now()), counter: 0 };
  }
}

/** Options for the replica of one node; its engine among them. */
export function plant(
  fault: Fault | null,
  clock: ClusterClock,
  engine: Engine,
): Pick<ReplicaOptions, "parts" | "hybrid" | "engine"> {
  return { engine: fault === "new-attempts" ? forgetful(engine) : engine, ...partsOf(fault, clock) };
}

function partsOf(fault: Fault | null, clock: ClusterClock): Pick<ReplicaOptions, "parts" | "hybrid"> {
  switch (fault) {
    case "no-gap-repair":
      return { parts: { feed: CarelessFeed } };
    case "hasty-copy":
      return { parts: { feed: HastyFeed } };
    case "missed-sweep":
      return { parts: { feed: UnsweptFeed } };
    case "blind-flush":
      return { parts: { flusher: BlindFlusher } };
    case "shared-barrier":
      return { parts: { barriers: SharedBarriers } };
    case "no-barrier":
      return { parts: { barriers: NoBarriers } };
    case "wall-clock":
      return { hybrid: new WallClock(clock) };
    default:
      return {};
  }
}
