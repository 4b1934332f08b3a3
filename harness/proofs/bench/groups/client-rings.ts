/**
 * MetricStream's ring a client, as its document has it: one writer, one reader, 1,024 records in shared memory, an index each. And what the
 * pipeline has in its place: a ring an accepting thread, a channel of the store, a message a request.
 */
import type { Channel } from "../../../../src/index.js";
import type { Contender } from "../contender.js";
import { figureAnswers, figuresOf, plainFigure, ratios } from "../judge.js";
import { closeVerified, openStore } from "../peers/engram.js";
import { keep } from "../sink.js";
import { measureInTurns } from "../turns.js";
import type { Group } from "./group.js";

const CLIENTS = 100;
const SLOTS = 1024;
/** Of all clients, between two looks of the reader: half of what the rings take. */
const FLUSH_EVERY = (CLIENTS * SLOTS) / 2;
/** An instant and whether it was allowed. */
const RECORD_BYTES = 16;
/** Metrics of a request that is one message. */
const BATCH = 50;
/** More than a ring takes, of which nobody reads. */
const TOO_MANY = 1100;

export const clientRings: Group = {
  title: `a ring a client (MetricStream), ${CLIENTS} clients`,
  async measure({ settings, onRound }) {
    const store = await openStore();
    const channel = store.channel("bench", { kind: "spsc", capacity: SLOTS });
    const contenders = [intoRing(), underMutex(), intoChannel(channel), inBatches(channel), empty()];
    const rounds = await measureInTurns(contenders, settings, onRound);
    await closeVerified(store);
    const figures = figuresOf(contenders, rounds, { floor: "ring-empty" });
    const sampleOf = (id: string) => rounds.get(id) as readonly number[];
    const speedup = plainFigure(
      "ring-speedup",
      "mutex over ring",
      "x",
      ratios(sampleOf("ring-mutex"), sampleOf("ring")),
    );
    const told = plainFigure(
      "ring-told",
      `told of ${TOO_MANY} records into a ring of ${SLOTS} that nobody reads`,
      "records",
      [overflowOf(TOO_MANY)],
    );
    const own = figures.find(({ id }) => id === "ring") as (typeof figures)[number];
    return {
      reference: null,
      figures: [...figures, speedup, told],
      judgements: [],
      answers: [
        ...figureAnswers(own, settings.rounds, ["s-ring-record"]),
        ...figureAnswers(
          { ...speedup, unit: "×" },
          settings.rounds,
          ["s-ring-speedup"],
          "a record into a client's ring under a mutex over one without, the mutex never contended",
        ),
      ],
      notes: [
        "A full ring refuses the record and counts it, where the document's overwrites the oldest without a word. The reader's looks are in the figures; a ring is 16 KiB a client.",
        `The pipeline has a ring an accepting thread: a message is a request of ${BATCH} metrics, and a client on two connections needs no second ring.`,
      ],
    };
  },
};

/** One writer's and one reader's: the writer's own index needs no atomic read, and the store of it publishes what was written before. */
class ClientRing {
  readonly indices = new Int32Array(new SharedArrayBuffer(12));
  private readonly times = new Float64Array(new SharedArrayBuffer(SLOTS * 8));
  private readonly allowed = new Uint8Array(new SharedArrayBuffer(SLOTS));
  refused = 0;

  record(time: number, allowed: number): void {
    const { indices } = this;
    const index = indices[0];
    if (index - Atomics.load(indices, 1) >= SLOTS) {
      this.refused++;
      return;
    }
    this.times[index % SLOTS] = time;
    this.allowed[index % SLOTS] = allowed;
    Atomics.store(indices, 0, index + 1);
  }

  flush(): number {
    const { indices } = this;
    const end = Atomics.load(indices, 0);
    let allowed = 0;
    for (let index = indices[1]; index < end; index++) allowed += this.allowed[index % SLOTS];
    Atomics.store(indices, 1, end);
    return allowed;
  }
}

function overflowOf(records: number): number {
  const ring = new ClientRing();
  for (let i = 0; i < records; i++) ring.record(i, 1);
  return ring.refused;
}

const makeRings = () => Array.from({ length: CLIENTS }, () => new ClientRing());

function flushAll(rings: readonly ClientRing[]): void {
  let refused = 0;
  for (const ring of rings) {
    keep(ring.flush());
    refused += ring.refused;
  }
  if (refused > 0) throw new Error(`${refused} records found no room: what was measured is refusing them`);
}

function intoRing(): Contender {
  const rings = makeRings();
  let at = 0;
  return {
    id: "ring",
    label: "recorded in the client's ring",
    run(operations) {
      for (let i = 0; i < operations; i++) {
        rings[at % CLIENTS].record(i, 1);
        if (++at % FLUSH_EVERY === 0) flushAll(rings);
      }
    },
  };
}

function underMutex(): Contender {
  const rings = makeRings();
  let at = 0;
  return {
    id: "ring-mutex",
    label: "the same under the client's mutex",
    run(operations) {
      for (let i = 0; i < operations; i++) {
        const ring = rings[at % CLIENTS];
        while (Atomics.compareExchange(ring.indices, 2, 0, 1) !== 0) Atomics.wait(ring.indices, 2, 1);
        ring.record(i, 1);
        Atomics.store(ring.indices, 2, 0);
        Atomics.notify(ring.indices, 2, 1);
        if (++at % FLUSH_EVERY === 0) flushAll(rings);
      }
    },
  };
}

function intoChannel(channel: Channel): Contender {
  const message = new Uint8Array(RECORD_BYTES);
  return {
    id: "ring-channel",
    label: "sent into a channel of the store, a message a record, and received",
    lot: SLOTS / 2,
    run(operations) {
      for (let i = 0; i < operations; i += SLOTS / 2) {
        for (let record = 0; record < SLOTS / 2; record++) channel.send(message);
        keep(channel.receiveMany().length);
      }
    },
  };
}

function inBatches(channel: Channel): Contender {
  const message = new Uint8Array(BATCH * RECORD_BYTES);
  return {
    id: "ring-batch",
    label: `the same, a message ${BATCH} records`,
    lot: BATCH * BATCH,
    run(operations) {
      for (let i = 0; i < operations; i += BATCH * BATCH) {
        for (let request = 0; request < BATCH; request++) channel.send(message);
        keep(channel.receiveMany().length);
      }
    },
  };
}

function empty(): Contender {
  let at = 0;
  return {
    id: "ring-empty",
    label: "empty loop",
    run(operations) {
      for (let i = 0; i < operations; i++) at = (at + 1) % FLUSH_EVERY;
      keep(at);
    },
  };
}
