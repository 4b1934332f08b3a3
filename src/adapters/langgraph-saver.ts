/**
 * A LangGraph checkpointer over a store that threads share: what one thread's graph has saved, any thread's graph goes on from.
 *
 * One namespace of the store holds, for each LangGraph thread and checkpoint namespace, under keys `<thread>/<namespace>/…`:
 *
 *     head                        the id of its latest checkpoint
 *     c/<checkpoint>              the checkpoint without its channels' values, its metadata, its parent's id
 *     v/<channel>/<version>       a channel's value, written once for all checkpoints that have this version of it
 *     w/<checkpoint>              which writes are pending on it: [task, index] of each
 *     w/<checkpoint>/<task>/<i>   one such write
 *
 * Invariant: what a head or a list of writes names was written before it was named, so whoever follows them finds it, unless the thread is being
 * deleted. Both are changed by comparing versions (`ifVersion`), so threads that put at the same time lose nothing of each other's; a
 * head only ever goes to a greater id, as ids grow with time. A thread that dies between the two steps leaves a checkpoint that is listed but is not
 * the latest, or a write that is not pending: as if it had died before, until its task is tried again.
 *
 * A value is known by its channel and version, so two branches of a thread must not give the same version to different values: versions are whole numbers
 * with a random fraction (`getNextVersion`).
 *
 * So the latest checkpoint and its writes are found by their keys, at the price of some gets. `list` and `deleteThread` go by prefix, at the
 * price of a walk through the namespace (decision 0032). Where the store evicts, what a head names may be gone, and a checkpoint of which a value is
 * gone is none: then the latest that is whole is looked for, by such a walk; and a missing head means that there is nothing only in a store
 * that evicts nothing.
 */
import type { RunnableConfig } from "@langchain/core/runnables";
import type {
  ChannelVersions,
  Checkpoint,
  CheckpointListOptions,
  CheckpointMetadata,
  CheckpointPendingWrite,
  CheckpointTuple,
  PendingWrite,
  SerializerProtocol,
} from "@langchain/langgraph-checkpoint";
import { describe, KnownOptions } from "../check.js";
import { InvalidArgumentError } from "../errors.js";
import type { AgentView, Namespace, Store } from "../store/index.js";
import { joinParts, textPart, unescapePart } from "./langgraph-keys.js";
import { peer } from "./langgraph-peer.js";

const { BaseCheckpointSaver, compareWritesSortKeys, copyCheckpoint, getCheckpointId, maxChannelVersion } = peer;
const { TASKS, WRITES_IDX_MAP, writesSortKey } = peer;

/** Where checkpoints are kept, and how they are written. */
export interface EngramSaverOptions {
  /** The store's namespace that holds the checkpoints, made if it is not there. Default "langgraph:checkpoints". */
  name?: string;
  /** How values become bytes. Default: LangGraph's own. */
  serde?: SerializerProtocol;
}

/** What the serializer made of a value: its type and its bytes. */
type Typed = [type: string, bytes: Uint8Array];
interface Saved {
  /** With the values of those channels alone that have no version. */
  checkpoint: Typed;
  /** Channels whose values are kept under their versions. */
  channels: string[];
  metadata: Typed;
  parent: string | null;
}
type SavedWrite = { channel: string; value: Typed; path: string };
/** Of the writes pending on one checkpoint. */
type Named = [task: string, index: number][];

/** A checkpoint of one thread and namespace. */
interface Place {
  thread: string;
  space: string;
}

const OPTIONS = new KnownOptions("EngramSaver", ["name", "serde"]);

/** A checkpointer of LangGraph.js over a store: any thread goes on with what any other has begun. */
export class EngramSaver extends BaseCheckpointSaver {
  private readonly entries: Namespace<unknown>;
  /** Whether what was written stays: a head that is not there was never written then. */
  private readonly keepsAll: boolean;

  /**
   * @param store the store, or the view of it that an agent has
   * @throws InvalidArgumentError; ClosedError
   */
  constructor(store: Store | AgentView, options: EngramSaverOptions = {}) {
    if (typeof (store as Partial<Store> | null)?.namespace !== "function") {
      throw new InvalidArgumentError(`EngramSaver is over a store; ${describe(store)} is none`);
    }
    const { name = "langgraph:checkpoints", serde } = OPTIONS.check(options);
    super(serde);
    this.entries = store.namespace<unknown>(name, { encoding: "msgpack" });
    const evicts = !("stats" in store) || store.stats().eviction.policy !== "none";
    this.keepsAll = !evicts && this.entries.usage().whenFull === "refuse";
  }

  /** As LangGraph asks: the checkpoint of a thread, the latest unless the config names one. */
  override async getTuple(config: RunnableConfig): Promise<CheckpointTuple | undefined> {
    const { thread_id: thread, checkpoint_ns = "" } = config.configurable ?? {};
    if (thread === undefined) return undefined;
    const place = { thread: textPart("thread_id", thread), space: textPart("checkpoint_ns", checkpoint_ns, true) };
    const asked = getCheckpointId(config);
    if (asked) return this.tuple(place, asked, config);
    for (const id of this.latest(place)) {
      const found = await this.tuple(place, id);
      if (found !== undefined) return found;
    }
    return undefined;
  }

  /** A thread's checkpoints, latest first; `before`, `limit` and `filter` as LangGraph has them. */
  override async *list(config: RunnableConfig, options: CheckpointListOptions = {}): AsyncGenerator<CheckpointTuple> {
    const { thread_id: thread, checkpoint_ns: space, checkpoint_id: id } = config.configurable ?? {};
    const before = options.before?.configurable?.checkpoint_id as string | undefined;
    let left = options.limit ?? Number.POSITIVE_INFINITY;
    for (const found of this.listed(thread, space)) {
      if (left <= 0) return;
      if (id && found.id !== id) continue;
      if (before && found.id >= before) continue;
      const tuple = await this.tuple(found, found.id, undefined, options.filter);
      if (tuple === undefined) continue; // deleted meanwhile, or filtered
      left--;
      yield tuple;
    }
  }

  /** @param newVersions what has changed since the parent: the values of these channels are written. Without it, all. */
  override async put(
    config: RunnableConfig,
    checkpoint: Checkpoint,
    metadata: CheckpointMetadata,
    newVersions: ChannelVersions = checkpoint.channel_versions,
  ): Promise<RunnableConfig> {
    const place = placeOf("put", config);
    const id = textPart("checkpoint.id", checkpoint.id);
    const parent = (config.configurable?.checkpoint_id as string | undefined) ?? null;
    const values = new Map(Object.entries(checkpoint.channel_values ?? {}));
    const { channel_versions: versions = {} } = checkpoint;
    const unversioned = [...values].filter(([channel]) => !Object.hasOwn(versions, channel));
    const bare = { ...copyCheckpoint(checkpoint), channel_values: Object.fromEntries(unversioned) };
    const changed = Object.entries(newVersions).filter(([channel]) => values.has(channel));
    const [whole, about, ...written] = await Promise.all([
      this.dump(bare),
      this.dump(metadata),
      ...changed.map(([channel]) => this.dump(values.get(channel))),
    ]);
    for (const [i, [channel, version]] of changed.entries()) {
      this.entries.set(valueKey(place, channel, version), written[i]);
    }
    const channels = Object.keys(versions).filter(
      (channel) => values.has(channel) && this.entries.has(valueKey(place, channel, versions[channel])),
    );
    this.entries.set(checkpointKey(place, id), {
      checkpoint: whole,
      channels,
      metadata: about,
      parent,
    } satisfies Saved);
    this.raise(headKey(place), id);
    return configOf(place, id);
  }

  /** Greater than the present one, and another than any that a branch from it may take. */
  override getNextVersion(current: number | undefined): number {
    return Math.floor(current ?? 0) + 1 + Math.random();
  }

  /** Keeps what a task wrote beside its checkpoint. */
  override async putWrites(
    config: RunnableConfig,
    writes: PendingWrite[],
    taskId: string,
    taskPath = "",
  ): Promise<void> {
    const place = placeOf("putWrites", config);
    const id = config.configurable?.checkpoint_id as unknown;
    if (id === undefined)
      throw new InvalidArgumentError("putWrites: the config has no checkpoint_id in its configurable");
    textPart("checkpoint_id", id);
    textPart("task_id", taskId);
    const values = await Promise.all(writes.map(([, value]) => this.dump(value)));
    const list = writesKey(place, id as string);
    const before = (this.entries.get(list) ?? []) as Named;
    const named: Named = [];
    for (const [i, [channel]] of writes.entries()) {
      const index = WRITES_IDX_MAP[channel] ?? i;
      // a task that is tried again does not change what it wrote; of what has an index of its own (an error, an interrupt) the last one counts
      if (index >= 0 && names(before, taskId, index)) continue;
      const write: SavedWrite = { channel, value: values[i], path: taskPath };
      this.entries.set(writeKey(place, id as string, taskId, index), write);
      named.push([taskId, index]);
    }
    this.name(list, named);
  }

  /** Removes all of a thread's checkpoints and writes. */
  override async deleteThread(threadId: string): Promise<void> {
    this.entries.deleteMany({ prefix: `${joinParts(textPart("thread_id", threadId))}/` });
  }

  // ---------------------------------------------------------------- what is there

  /** Ids of the latest checkpoint, and where its entry is gone of those before it. */
  private *latest(place: Place): IterableIterator<string> {
    const head = this.entries.get(headKey(place)) as string | undefined;
    if (head !== undefined) yield head;
    else if (this.keepsAll) return;
    for (const { id } of this.listed(place.thread, place.space)) if (id !== head) yield id;
  }

  /** Checkpoints by thread and namespace, the latest of each first. */
  private listed(thread?: unknown, space?: unknown): (Place & { id: string })[] {
    const found: (Place & { id: string })[] = [];
    const parts = thread === undefined ? [] : [textPart("thread_id", thread)];
    if (space !== undefined) textPart("checkpoint_ns", space, true);
    if (parts.length > 0 && space !== undefined) parts.push(space as string, "c");
    const prefix = parts.length > 0 ? `${joinParts(...parts)}/` : undefined;
    for (const key of this.entries.keys({ prefix })) {
      const [ofThread, ofSpace, kind, id] = key.split("/").map(unescapePart);
      if (kind === "c" && (space === undefined || space === ofSpace))
        found.push({ thread: ofThread, space: ofSpace, id });
    }
    const order = (a: string, b: string) => (a < b ? -1 : a > b ? 1 : 0);
    return found.sort((a, b) => order(a.thread, b.thread) || order(a.space, b.space) || order(b.id, a.id));
  }

  /** @param config as it was asked for: the tuple carries it back */
  private async tuple(
    place: Place,
    id: string,
    config: RunnableConfig = configOf(place, id),
    filter?: CheckpointListOptions["filter"],
  ): Promise<CheckpointTuple | undefined> {
    const saved = this.entries.get(checkpointKey(place, id)) as Saved | undefined;
    if (saved === undefined) return undefined;
    const metadata = (await this.load(saved.metadata)) as CheckpointMetadata;
    const wanted = Object.entries(filter ?? {});
    if (!wanted.every(([name, value]) => (metadata as Record<string, unknown>)[name] === value)) return undefined;
    const checkpoint = (await this.load(saved.checkpoint)) as Checkpoint;
    const { channel_versions: versions } = checkpoint;
    const keys = saved.channels.map((channel) => valueKey(place, channel, versions[channel]));
    const values = this.entries.getMany(keys) as (Typed | undefined)[];
    for (const [i, value] of values.entries()) {
      if (value === undefined) return undefined; // evicted: a checkpoint without it would be another state
      checkpoint.channel_values[saved.channels[i]] = await this.load(value);
    }
    if (checkpoint.v < 4 && saved.parent !== null) await this.migrate(checkpoint, place, saved.parent);
    const pendingWrites = await this.pending(place, id);
    const tuple: CheckpointTuple = { config, checkpoint, metadata, pendingWrites };
    if (saved.parent !== null) tuple.parentConfig = configOf(place, saved.parent);
    return tuple;
  }

  /** In the order in which the graph applies them. */
  private async pending(place: Place, id: string): Promise<CheckpointPendingWrite[]> {
    const named = (this.entries.get(writesKey(place, id)) ?? []) as Named;
    const writes = this.entries.getMany(named.map(([task, index]) => writeKey(place, id, task, index)));
    return Promise.all(
      named
        .map(([task, index], i) => ({ task, index, write: writes[i] as SavedWrite | undefined }))
        .filter((one): one is { task: string; index: number; write: SavedWrite } => one.write !== undefined)
        .map((one) => ({ ...one, order: writesSortKey(one.write.path, one.task, one.index) }))
        .sort((a, b) => compareWritesSortKeys(a.order, b.order))
        .map(
          async ({ task, write }): Promise<CheckpointPendingWrite> => [
            task,
            write.channel,
            await this.load(write.value),
          ],
        ),
    );
  }

  /** Checkpoints of formats before 4 had what is sent to tasks in their parent's writes. */
  private async migrate(checkpoint: Checkpoint, place: Place, parent: string): Promise<void> {
    const sent = (await this.pending(place, parent)).filter(([, channel]) => channel === TASKS);
    checkpoint.channel_values ??= {};
    checkpoint.channel_values[TASKS] = sent.map(([, , value]) => value);
    checkpoint.channel_versions ??= {};
    const versions = Object.values(checkpoint.channel_versions);
    checkpoint.channel_versions[TASKS] =
      versions.length > 0 ? maxChannelVersion(...versions) : this.getNextVersion(undefined);
  }

  // ---------------------------------------------------------------- changes that threads may make at once

  /** Makes the entry this id unless it is a greater one. Ends: each further round means that another thread has raised it. */
  private raise(key: string, id: string): void {
    for (;;) {
      const present = this.entries.getEntry(key);
      if (present !== undefined && (present.value as string) >= id) return;
      const condition = present === undefined ? { ifAbsent: true } : { ifVersion: present.version };
      if (this.entries.set(key, id, condition)) return;
    }
  }

  /** Adds to the writes that an entry names. Ends: each further round means that another thread has added some. */
  private name(key: string, named: Named): void {
    for (;;) {
      const present = this.entries.getEntry(key);
      const before = (present?.value ?? []) as Named;
      const news = named.filter(([task, index]) => !names(before, task, index));
      if (news.length === 0) return;
      const condition = present === undefined ? { ifAbsent: true } : { ifVersion: present.version };
      if (this.entries.set(key, [...before, ...news], condition)) return;
    }
  }

  private async dump(value: unknown): Promise<Typed> {
    return this.serde.dumpsTyped(value);
  }

  private async load([type, bytes]: Typed): Promise<unknown> {
    return this.serde.loadsTyped(type, bytes);
  }
}

function names(named: Named, task: string, index: number): boolean {
  return named.some(([t, i]) => t === task && i === index);
}

function placeOf(verb: string, { configurable }: RunnableConfig): Place {
  if (configurable?.thread_id === undefined) {
    throw new InvalidArgumentError(
      `${verb}: the config has no thread_id in its configurable; a checkpointer saves by it, as in graph.invoke(input, { configurable: { thread_id: "1" } })`,
    );
  }
  const { thread_id, checkpoint_ns = "" } = configurable;
  return { thread: textPart("thread_id", thread_id), space: textPart("checkpoint_ns", checkpoint_ns, true) };
}

function configOf({ thread, space }: Place, id: string): RunnableConfig {
  return { configurable: { thread_id: thread, checkpoint_ns: space, checkpoint_id: id } };
}

function headKey({ thread, space }: Place): string {
  return joinParts(thread, space, "head");
}

function checkpointKey({ thread, space }: Place, id: string): string {
  return joinParts(thread, space, "c", id);
}

function valueKey({ thread, space }: Place, channel: string, version: number | string): string {
  return joinParts(thread, space, "v", channel, String(version));
}

function writesKey({ thread, space }: Place, id: string): string {
  return joinParts(thread, space, "w", id);
}

function writeKey({ thread, space }: Place, id: string, task: string, index: number): string {
  return joinParts(thread, space, "w", id, task, String(index));
}
