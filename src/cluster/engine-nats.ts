/**
 * The engine on NATS JetStream: a domain is one replicated stream that keeps each subject's last message, told again by the server's
 * `republish` once it stands. Nothing here trusts a watcher to stay alive, a number from the server to only grow, or an error to mean
 * that nothing happened. Why so: docs/decisions/0057-a-log-with-compare-and-set.md.
 */
import { InvalidArgumentError } from "../errors.js";
import {
  type Appended,
  type AppendOptions,
  type ClusterClock,
  type Engine,
  EngineConflict,
  type EngineFacts,
  EngineNotSent,
  type EngineSource,
  EngineUnknown,
  type Logged,
  type LogKey,
  type ReadSince,
} from "./engine.js";
import { catchUp } from "./nats/catch-up.js";
import { Connection, type NatsOptions } from "./nats/connection.js";
import { failureOf, isConflict, isMissing, isNobody, isNoStream } from "./nats/failures.js";
import { ATTEMPTS_KNOWN_MS, ensureStream, type LogOptions, settingsOf } from "./nats/stream.js";
import { LONE_SURROGATE, MAX_KEY_BYTES, Subjects } from "./nats/subjects.js";
import { systemClock } from "./system-clock.js";

export type { NatsOptions } from "./nats/connection.js";
export type { LogOptions } from "./nats/stream.js";
export { OLDEST_SERVER } from "./nats/version.js";

/** What a server adds to an entry when it tells it again: names, numbers, and the subject once more. */
const HEADER_BYTES = 8192;
/** A large entry may take longer: it goes to three servers and back. */
const BYTES_A_MS = 1024;
const MAX_ID_LENGTH = 256;
const ID_HEADER = "Nats-Msg-Id";
const SEQUENCE_HEADER = "Nats-Sequence";

/** What joining waits for servers that have just been started. */
const JOIN_MS = 10_000;

interface Joined {
  readonly connection: Connection;
  engines: number;
}

/** The logs that some servers keep; each node has one connection to them for all its domains. */
export class NatsEngines implements EngineSource {
  readonly #options: NatsOptions;
  readonly #clock: ClusterClock;
  readonly #nodes = new Map<string, Promise<Joined>>();
  readonly #engines = new Set<NatsEngine>();

  constructor(options: NatsOptions, clock: ClusterClock = systemClock) {
    this.#options = options;
    this.#clock = clock;
  }

  /**
   * A domain's log, as a node sees it. The stream is made if it is not there. When it throws, nothing is left open.
   *
   * @param timeoutMs for servers that are starting
   * @throws InvalidArgumentError for options, when the client's packages are not installed, and when the stream is there with other
   *   settings, each of which is named
   * @throws UnavailableError when none of the servers answers, or they do not make the stream in time
   * @throws EngineTooOldError when the one that answers is older than {@link OLDEST_SERVER}
   */
  async open(log: LogOptions, node: string, timeoutMs: number = JOIN_MS): Promise<Engine> {
    const joining = this.#nodes.get(node) ?? this.#join(node);
    this.#nodes.set(node, joining);
    const joined = await joining;
    joined.engines++;
    try {
      const engine = await NatsEngine.open(joined.connection, log, timeoutMs);
      this.#engines.add(engine);
      return engine;
    } catch (error) {
      joined.engines--;
      if (joined.engines === 0) {
        this.#nodes.delete(node);
        await joined.connection.close();
      }
      throw error;
    }
  }

  /** All that were opened, and the connections. */
  async close(): Promise<void> {
    await Promise.all([...this.#engines].map((engine) => engine.close()));
    const nodes = await Promise.allSettled(this.#nodes.values());
    this.#nodes.clear();
    this.#engines.clear();
    await Promise.all(nodes.map((node) => (node.status === "fulfilled" ? node.value.connection.close() : undefined)));
  }

  async #join(node: string): Promise<Joined> {
    try {
      return { connection: await Connection.open(this.#options, node, this.#clock), engines: 0 };
    } catch (error) {
      this.#nodes.delete(node);
      throw error;
    }
  }
}

class NatsEngine implements Engine {
  readonly facts: EngineFacts;
  readonly #connection: Connection;
  readonly #subjects: Subjects;
  readonly #onChange: ((seq: number, key: LogKey, entry: Uint8Array) => void)[] = [];
  readonly #onCast: ((from: string, message: Uint8Array) => void)[] = [];
  /** How to end what must not outlive this engine. */
  readonly #ends: (() => void)[] = [];
  /** Calls under way: how each is told that the engine was closed. */
  readonly #waiting = new Set<(error: Error) => void>();
  #closed = false;
  readonly #onReturn: (() => void)[] = [];
  /** Makes the stream, if it is not there. */
  #ensure: () => Promise<unknown> = async () => {};
  #looking = false;

  private constructor(connection: Connection, subjects: Subjects, facts: EngineFacts) {
    this.#connection = connection;
    this.#subjects = subjects;
    this.facts = facts;
  }

  static async open(connection: Connection, options: LogOptions, timeoutMs: number): Promise<NatsEngine> {
    const { jsm, clock } = connection;
    const subjects = new Subjects(options.name);
    const settings = settingsOf(subjects, options);
    const replicas = await ensureStream(jsm, settings, timeoutMs, clock);
    const facts = {
      name: "nats",
      version: connection.version,
      maxEntryBytes: connection.maxPayload - HEADER_BYTES,
      maxKeyBytes: MAX_KEY_BYTES,
      replicas,
      duplicateWindowMs: ATTEMPTS_KNOWN_MS,
    };
    const engine = new NatsEngine(connection, subjects, facts);
    engine.#listen();
    engine.#ensure = () => ensureStream(jsm, settings, timeoutMs, clock);
    // Servers that kept it in memory and have all been started again have no stream: nothing would be written until somebody joins.
    const remake = () => void engine.#ensure().catch(() => {}); // when a call finds that there is none, then
    engine.#ends.push(connection.onReturn(remake));
    // What is written from now on is told: the server has the subscriptions.
    await engine.#call("joining", () => connection.nc.flush());
    return engine;
  }

  async append(key: LogKey, entry: Uint8Array, { id, expect }: AppendOptions): Promise<Appended> {
    const subject = this.#subjects.ofKey(key);
    const msgID = headerOf(id);
    const { maxEntryBytes } = this.facts;
    if (entry.length > maxEntryBytes) {
      throw new InvalidArgumentError(`an entry of ${entry.length} bytes: the servers take ${maxEntryBytes} at most`);
    }
    const { js, timeoutMs } = this.#connection;
    const options = {
      msgID,
      timeout: timeoutMs + Math.ceil(entry.length / BYTES_A_MS),
      ...(expect === undefined ? {} : { expect: { lastSubjectSequence: expect } }),
    };
    try {
      const { seq, duplicate } = await this.#call("append", () => js.publish(subject, entry, options));
      return duplicate ? await this.#repeated(key, msgID) : { seq, duplicate };
    } catch (error) {
      if (error instanceof EngineConflict) return await this.#standingOf(key, msgID, expect, error);
      throw error;
    }
  }

  async read(key: LogKey): Promise<Logged | null> {
    const found = await this.#last(key);
    return found && { seq: found.seq, entry: found.entry };
  }

  async since(seq: number, visit: (seq: number, key: LogKey, entry: Uint8Array) => void): Promise<ReadSince> {
    const { last, end, standing } = await this.#call("reading the log", () =>
      catchUp(this.#connection, this.#subjects, seq),
    );
    for (const { seq, key, entry } of standing) visit(seq, key, entry);
    return { last, end };
  }

  onChange(listener: (seq: number, key: LogKey, entry: Uint8Array) => void): void {
    this.#onChange.push(listener);
  }

  onReconnect(listener: () => void): void {
    if (this.#closed) return;
    this.#onReturn.push(listener);
    this.#ends.push(this.#connection.onReturn(listener));
  }

  cast(message: Uint8Array): void {
    const { nc, node, up, maxPayload } = this.#connection;
    // The client would throw: into a timer, or whoever heard something, when servers take less than before. It is lost then, as casts may be.
    if (up && !this.#closed && message.length <= maxPayload) nc.publish(this.#subjects.castOf(node), message);
  }

  onCast(listener: (from: string, message: Uint8Array) => void): void {
    this.#onCast.push(listener);
  }

  async forget(key: LogKey, seq: number): Promise<void> {
    const { jsm } = this.#connection;
    // A number is one key's alone: whoever has superseded it has another.
    if ((await this.#last(key))?.seq !== seq) return;
    await this.#call("forgetting", () =>
      jsm.streams.deleteMessage(this.#subjects.stream, seq, false).catch((error) => {
        if (!isMissing(error)) throw error;
        return false;
      }),
    );
  }

  async close(): Promise<void> {
    if (this.#closed) return;
    this.#closed = true;
    for (const end of this.#ends) end();
    this.#onChange.length = 0;
    this.#onCast.length = 0;
    this.#onReturn.length = 0;
    this.#giveUp("the engine was closed before the answer");
  }

  /** The answers that are waited for will not come: their attempts may stand. */
  #giveUp(why: string): void {
    for (const reject of [...this.#waiting]) reject(new EngineUnknown(why));
  }

  #listen(): void {
    const { nc } = this.#connection;
    const told = nc.subscribe(this.#subjects.told, {
      callback: (error, message) => {
        const key = error ? null : this.#subjects.keyOf(message.subject);
        const seq = Number(message?.headers?.get(SEQUENCE_HEADER));
        if (key === null || !Number.isSafeInteger(seq) || seq < 1) return;
        // Copied: the client's message is a piece of a larger buffer.
        const entry = new Uint8Array(message.data);
        for (const listener of this.#onChange) listener(seq, key, entry);
      },
    });
    const casts = nc.subscribe(this.#subjects.casts, {
      callback: (error, message) => {
        if (error) return;
        const from = this.#subjects.nodeOf(message.subject);
        if (from === this.#connection.node) return;
        const copy = new Uint8Array(message.data);
        for (const listener of this.#onCast) listener(from, copy);
      },
    });
    this.#ends.push(
      this.#connection.onLoss(() => this.#giveUp("the connection was lost before the answer")),
      () => told.unsubscribe(),
      () => casts.unsubscribe(),
    );
  }

  async #last(key: LogKey): Promise<(Logged & { readonly id: string | undefined }) | null> {
    const { jsm } = this.#connection;
    const query = { last_by_subj: this.#subjects.ofKey(key) };
    const found = await this.#call("reading", () => jsm.streams.getMessage(this.#subjects.stream, query));
    return found && { seq: found.seq, entry: new Uint8Array(found.data), id: found.header?.get(ID_HEADER) };
  }

  /**
   * A leader that is cut off answers a repeated attempt as a duplicate though its majority has never had the first: it remembers ids when it
   * proposes them. So the answer counts only with the version itself, which no server shows before a majority has it.
   */
  async #repeated(key: LogKey, id: string): Promise<Appended> {
    const found = await this.#last(key);
    if (found?.id === id) return { seq: found.seq, duplicate: true };
    throw new EngineUnknown("append: the servers know this attempt, and it is not (any more) what stands there");
  }

  /**
   * What a conflict was. 2.10.27 answers a repeated attempt that expects a number with it, though the first stands; and it answers so while
   * another attempt on the same key is under way, which may come to nothing.
   */
  async #standingOf(key: LogKey, id: string, expect: number | undefined, conflict: EngineConflict): Promise<Appended> {
    const found = await this.#last(key).catch(() => undefined);
    if (found?.id === id) return { seq: found.seq, duplicate: true };
    if (found === undefined || (found?.seq ?? 0) !== expect) throw conflict;
    throw new EngineNotSent("another write of this key was under way", { cause: conflict });
  }

  /**
   * A stream that was deleted under its nodes is made anew by whoever finds that it is gone, as it is when servers come back without it; then it is
   * as after a time apart: another log, of which the copies know nothing yet.
   */
  async #lookForStream(): Promise<void> {
    if (this.#looking || this.#closed) return;
    this.#looking = true;
    try {
      const { jsm } = this.#connection;
      const isGone = await jsm.streams.info(this.#subjects.stream).then(() => false, isNoStream);
      if (!isGone || this.#closed) return;
      await this.#ensure();
      for (const listener of this.#onReturn) listener();
    } catch {
      // looked for again when the next call fails
    } finally {
      this.#looking = false;
    }
  }

  /** With a connection, until its answer, its deadline or the end of this engine; what it throws says what is known. */
  async #call<T>(what: string, ask: () => Promise<T>): Promise<T> {
    if (this.#closed) throw new EngineNotSent(`${what}: the engine is closed`);
    await this.#connection.ready();
    if (this.#closed) throw new EngineNotSent(`${what}: the engine is closed`);
    let end: (error: Error) => void = () => {};
    const ended = new Promise<never>((_, reject) => {
      end = reject;
    });
    this.#waiting.add(end);
    try {
      return await Promise.race([ask(), ended]);
    } catch (error) {
      if (isNoStream(error) || isNobody(error)) void this.#lookForStream();
      if (isConflict(error)) throw new EngineConflict(`${what}: another version stands there`, { cause: error });
      throw failureOf(error, what);
    } finally {
      this.#waiting.delete(end);
    }
  }
}

/** An attempt's id as a header's value, which is one line and loses the blanks around it. */
function headerOf(id: string): string {
  if (typeof id !== "string" || id === "" || id.length > MAX_ID_LENGTH || LONE_SURROGATE.test(id)) {
    throw new InvalidArgumentError(`attempt ${JSON.stringify(id)}: expected an id of 1 to ${MAX_ID_LENGTH} characters`);
  }
  return encodeURIComponent(id);
}
