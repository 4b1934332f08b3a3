/** What ingest tells of itself. Counts are since it was started; those of several threads may each be a few behind. */
import type { JournalStats } from "./journal/index.js";
import type { Acknowledgement } from "./options.js";
import type { Counted } from "./server/index.js";
import type { SinkStats } from "./sinks/forwarder.js";
import type { TapStats } from "./taps.js";

/** What ingest tells of itself. Counts are since it was started; those of several threads may each be a few behind. */
export interface IngestStats extends Counted {
  /** Where it listens. */
  readonly url: string;
  /** When a request is answered. */
  readonly ack: Acknowledgement;
  /** How many there are: fewer than were asked for where the system does not let several listen on one port, or where one has died. */
  readonly acceptThreads: number;
  /** Clients that are not idle; null without a rate limit. */
  readonly clients: number | null;
  /** Between accepting threads and the journal: messages that wait, and lines that were lost there. */
  readonly rings: {
    /** Messages that wait to be written. */
    readonly waiting: number;
    /** Lines that were lost there. */
    readonly lostLines: number;
  };
  /** What the journal holds; `healthy` while it can be written. */
  readonly journal: JournalStats & {
    /** Whether it can be written. */
    readonly healthy: boolean;
  };
  /** One each. */
  readonly sinks: readonly SinkStats[];
  /** One each. */
  readonly taps: readonly TapStats[];
  /** Since it was started, ms. */
  readonly uptimeMs: number;
}
