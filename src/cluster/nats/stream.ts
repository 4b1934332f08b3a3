/** The stream behind a domain: made by whichever node comes first, compared by the others. */
import type { JetStreamManager, StreamConfig } from "@nats-io/jetstream";
import { InvalidArgumentError } from "../../errors.js";
import type { ClusterClock } from "../engine.js";
import { UnavailableError } from "../errors.js";
import type { Subjects } from "./subjects.js";

/** How a domain's log is kept. */
export interface LogOptions {
  /** The domain's name: letters, digits, hyphens, underscores. */
  readonly name: string;
  /** Copies that the servers keep: 1, 3 or 5. Default 3. An even number survives no more than the odd one below it. */
  readonly replicas?: number;
  /**
   * Default `file`, which survives the death of all servers, and a power cut only where the servers have `sync_interval: always`.
   * `memory` survives as long as one server of a majority lives.
   */
  readonly storage?: "file" | "memory";
  /** The last wall: beyond it the servers refuse every write, of present keys too. Default Infinity: limits are kept before it is met. */
  readonly maxBytes?: number;
}

type Settings = Pick<
  StreamConfig,
  | ("name" | "subjects" | "retention" | "num_replicas" | "storage" | "max_msgs_per_subject" | "max_msgs" | "max_bytes")
  | ("max_age" | "discard" | "duplicate_window" | "allow_direct" | "deny_delete")
> & { republish: { src: string; dest: string } };

/** An attempt that is asked again within this time is known again. */
export const ATTEMPTS_KNOWN_MS = 120_000;
/** Nanoseconds of a millisecond. */
const NANOSECONDS = 1_000_000;
const COPIES = [1, 3, 5];
const RETRY_MS = 100;
/** Server says that it is alone, and cannot keep more than one copy. */
const ALONE = 10074;
const STREAM_EXISTS = 10058;

export function settingsOf(subjects: Subjects, options: LogOptions): Settings {
  const { replicas = 3, storage = "file", maxBytes = Number.POSITIVE_INFINITY } = options;
  if (!COPIES.includes(replicas)) {
    throw new InvalidArgumentError(`replicas ${replicas}: expected ${COPIES.join(", ")} (an even number adds nothing)`);
  }
  if (storage !== "file" && storage !== "memory") {
    throw new InvalidArgumentError(`storage ${JSON.stringify(storage)}: expected "file" or "memory"`);
  }
  if (!(maxBytes === Number.POSITIVE_INFINITY || (Number.isSafeInteger(maxBytes) && maxBytes > 0))) {
    throw new InvalidArgumentError(`maxBytes ${maxBytes}: expected a whole number of bytes above 0, or Infinity`);
  }
  return {
    name: subjects.stream,
    subjects: [subjects.all],
    retention: "limits",
    num_replicas: replicas,
    storage,
    max_msgs_per_subject: 1,
    max_msgs: -1,
    max_bytes: Number.isFinite(maxBytes) ? maxBytes : -1,
    max_age: 0,
    // Refuses what is new when the wall is met; the other way would forget what was acknowledged.
    discard: "new",
    duplicate_window: ATTEMPTS_KNOWN_MS * NANOSECONDS,
    allow_direct: true,
    deny_delete: false,
    republish: { src: subjects.all, dest: subjects.told },
  };
}

/**
 * @returns copies that the servers keep
 * @throws InvalidArgumentError naming each setting of a present stream that differs, or copies that the servers cannot keep
 * @throws UnavailableError when the servers do not make one within `joinMs`
 */
export async function ensureStream(
  jsm: JetStreamManager,
  wanted: Settings,
  joinMs: number,
  clock: ClusterClock,
): Promise<number> {
  for (const began = clock.elapsed(); ; ) {
    try {
      // A copy: the client adds to what it is given.
      const { config } = await jsm.streams.add({ ...wanted } as Partial<StreamConfig> & { name: string });
      return config.num_replicas;
    } catch (error) {
      const { name, code, message } = error as { name: string; code?: number; message: string };
      if (name === "JetStreamApiError" && code === STREAM_EXISTS) return await compare(jsm, wanted);
      if (name === "JetStreamApiError" && code === ALONE) {
        throw new InvalidArgumentError(
          `the stream ${wanted.name}: one server alone cannot keep ${wanted.num_replicas} copies; replicas: 1, or start a cluster`,
          { cause: error },
        );
      }
      // Servers that have just started have no leader yet.
      if (clock.elapsed() - began > joinMs) {
        throw new UnavailableError(
          `the servers did not make the stream ${wanted.name} within ${joinMs} ms: ${message}; do ${wanted.num_replicas} of them run with JetStream?`,
          { cause: error },
        );
      }
      await new Promise<void>((done) => clock.after(RETRY_MS, done));
    }
  }
}

async function compare(jsm: JetStreamManager, wanted: Settings): Promise<number> {
  const { config } = await jsm.streams.info(wanted.name);
  const found = config as unknown as Record<string, unknown>;
  const differ = Object.entries(wanted)
    .filter(([setting, value]) => !same(value, found[setting]))
    .map(([setting, value]) => `${setting} is ${JSON.stringify(found[setting])}, expected ${JSON.stringify(value)}`);
  if (differ.length > 0) {
    throw new InvalidArgumentError(
      `the stream ${wanted.name} is there with other settings: ${differ.join("; ")}. Join as it is, or delete it (what is in it is lost)`,
    );
  }
  return config.num_replicas;
}

/** A server leaves out what is false or nought, and adds what it knows beside. */
function same(wanted: unknown, found: unknown): boolean {
  if (typeof wanted === "object" && wanted !== null && !Array.isArray(wanted)) {
    return Object.entries(wanted).every(([name, value]) => same(value, (found as Record<string, unknown>)?.[name]));
  }
  return JSON.stringify(wanted) === JSON.stringify(found ?? (typeof wanted === "number" ? 0 : false));
}
