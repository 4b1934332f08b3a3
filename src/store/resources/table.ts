/**
 * The table of what threads hold, as one thread uses it: records in shared memory that every thread lists (src/core/assembly/resources.ts). It lies
 * in memory that is taken with the first resource ever tracked, as a region is, and twice as much again when that is full; a store in which nothing
 * is tracked has none, and pays for none.
 */

import type { ResourceRecord } from "../../core/index.js";
import { layout, type ResourceCounter, ResourceWords, readResource, resourceBytes } from "../../core/index.js";
import { OutOfMemoryError } from "../../errors.js";
import { claimOf, isLiving } from "../claim.js";
import { SYSTEM_KEYS } from "../system-keys.js";
import type { WorkerConnection } from "../worker.js";
import { openMemory } from "./memory.js";
import { ResourceNames } from "./names.js";

const TABLE = `${SYSTEM_KEYS.resource}table:`;
const LABEL = `${SYSTEM_KEYS.resource}label:`;
/** Tables at most: of 1, 2, 4, 8 and 16 slabs, some 63,000 records. */
const TABLES_MOST = 5;
const LABEL_BYTES = 1024;

/** A record, by its table and its place there. */
export interface Place {
  readonly table: number;
  readonly index: number;
}

export interface Found extends ResourceRecord {
  readonly place: Place;
}

interface Table {
  readonly number: number;
  readonly at: number;
  readonly words: ResourceWords;
}

const ofWorkers = new WeakMap<WorkerConnection, ResourceTable>();

/** The thread's view of the table; made when it is first asked for. */
export function resourcesOf(worker: WorkerConnection): ResourceTable {
  let table = ofWorkers.get(worker);
  if (table === undefined) {
    table = new ResourceTable(worker);
    ofWorkers.set(worker, table);
  }
  return table;
}

/** Whether this thread has looked at the table before. */
export function hasResources(worker: WorkerConnection): boolean {
  return ofWorkers.has(worker);
}

export class ResourceTable {
  readonly names: ResourceNames;
  /** This thread's. */
  readonly claim: number;
  private readonly tables: Table[] = [];

  constructor(private readonly worker: WorkerConnection) {
    this.names = new ResourceNames(worker);
    this.claim = claimOf(worker.header, worker.slotNumber) >>> 0;
  }

  // ---------------------------------------------------------------- a record of this thread's

  /**
   * A record that this thread has from now on, and that all see.
   *
   * @param label number of a name, or text of its own; 0 = none
   * @param phase one of RESOURCE_*
   * @throws OutOfMemoryError when all are taken and there is no room for more
   */
  add(kind: number, label: number | string, deadline: number, phase: number): Place {
    const { engine } = this.worker;
    const place = this.take();
    let shown = false;
    try {
      const labelled = typeof label === "string" ? this.writeLabel(place, label) : label;
      const { at } = this.tables[place.table];
      const ms = Math.min(deadline, 0xffffffff);
      engine.showRecord(at, place.index, kind, labelled, Date.now(), ms, this.now(), phase);
      shown = true;
      return place;
    } finally {
      if (!shown) this.strike(place);
    }
  }

  /** It is idle, in use, or ending from now on. */
  move(place: Place, phase: number): void {
    this.worker.engine.movePhase(this.tables[place.table].at, place.index, this.now(), phase);
  }

  /** It is nobody's from now on. */
  remove(place: Place, labelled: boolean): void {
    if (labelled) this.removeLabel(place);
    this.strike(place);
  }

  private strike({ table, index }: Place): void {
    this.worker.engine.giveRecord(this.tables[table].at, index, this.claim);
  }

  private take(): Place {
    const { engine } = this.worker;
    for (let table = 0; table < TABLES_MOST; table++) {
      const at = (this.tables[table] ?? this.open(table, true)).at;
      const index = engine.takeRecord(at, this.claim);
      if (index >= 0) return { table, index };
    }
    this.count("refused");
    throw new OutOfMemoryError(`all ${this.capacity} records of what threads hold are taken; end some of it`);
  }

  /** Ticks. */
  private now(): number {
    return (this.worker.elapsed() / layout.TICK_MS) >>> 0;
  }

  // ---------------------------------------------------------------- labels

  private writeLabel(place: Place, label: string): number {
    const { worker } = this;
    const { engine, values } = worker;
    for (;;) {
      const length = worker.putKey(labelKey(place));
      const bytes = values.write(label, 0, LABEL_BYTES);
      const status = engine.setSystem(length, bytes, layout.MODE_SET);
      if (status === layout.OK) return layout.RESOURCE_LABELLED;
      if (worker.sweepDead() === 0) throw new OutOfMemoryError(`no memory is left for the label of a resource`);
    }
  }

  private removeLabel(place: Place): void {
    this.worker.engine.removeSystem(this.worker.putKey(labelKey(place)));
  }

  /** As the record has it now; null when it has none, or is another's by now. */
  labelOf(found: Found): string | null {
    const { label, place, life } = found;
    if (label === 0) return null;
    if (label !== layout.RESOURCE_LABELLED) return this.names.nameOf(label) ?? null;
    const { worker } = this;
    const length = worker.engine.getSystem(worker.putKey(labelKey(place)));
    if (length < 0) return null;
    const text = worker.values.toString("utf8", 0, length);
    return this.read(place)?.life === life ? text : null;
  }

  // ---------------------------------------------------------------- everybody's

  /** Every record that somebody living has, in no order; what dead threads had is freed on the way. */
  *list(): Generator<Found> {
    this.settle();
    for (const { number, words } of this.known()) {
      for (let index = 0, { reach } = words; index < reach; index++) {
        const place = { table: number, index };
        const record = this.read(place);
        if (record !== null) yield { ...record, place };
      }
    }
  }

  private read({ table, index }: Place): ResourceRecord | null {
    const { engine, valueAddress, values } = this.worker;
    return engine.readRecord(this.tables[table].at, index, valueAddress) === 0 ? null : readResource(values);
  }

  /** Frees what threads had that are gone; how many records. It repeats harmlessly. */
  settle(): number {
    const { engine, header } = this.worker;
    let freed = 0;
    for (const { number, at, words } of this.known()) {
      for (let index = 0, { reach } = words; index < reach; index++) {
        const owner = engine.ownerOfRecord(at, index);
        if (owner === 0 || isLiving(header, owner)) continue;
        // ours from here on; a reaper that dies of it leaves it under its own claim
        const found = engine.reapRecord(at, index, owner, this.claim);
        if (found < 0) continue;
        this.removeLabel({ table: number, index: found });
        engine.giveRecord(at, found, this.claim);
        freed++;
      }
    }
    if (freed > 0) this.count("reaped", freed);
    return freed;
  }

  /** Strikes off what this thread has still. */
  leave(): void {
    const { engine } = this.worker;
    for (const { number, at } of this.tables) {
      for (let from = 0; ; from++) {
        from = engine.reapRecord(at, from, this.claim, this.claim);
        if (from < 0) break;
        this.remove({ table: number, index: from }, true);
      }
    }
  }

  count(counter: ResourceCounter, by = 1): void {
    (this.tables[0] ?? this.known()[0])?.words.add(counter, by);
  }

  counted(counter: ResourceCounter): number {
    return this.known()[0]?.words.read(counter) ?? 0;
  }

  /** Records that there are. */
  get capacity(): number {
    return this.known().reduce((sum, { words }) => sum + words.count, 0);
  }

  /** The first table's own words, made when there are none. @throws OutOfMemoryError */
  first(): ResourceWords {
    return (this.tables[0] ?? this.open(0, true)).words;
  }

  /** Those that any thread has made; none: nothing was ever tracked in this store. */
  known(): readonly Table[] {
    while (this.tables.length < TABLES_MOST && this.open(this.tables.length, false) !== null);
    return this.tables;
  }

  private open(number: number, make: true): Table;
  private open(number: number, make: boolean): Table | null;
  private open(number: number, make: boolean): Table | null {
    const { worker } = this;
    const bytes = resourceBytes(2 ** number);
    const at = openMemory(worker, `${TABLE}${number}`, make ? bytes : null, () => this.refuse(number));
    if (at === null) return null;
    worker.engine.makeResources(at, bytes);
    const table = { number, at, words: new ResourceWords(worker.bufferHolding(at + bytes), at) };
    this.tables.push(table);
    return table;
  }

  private refuse(number: number): OutOfMemoryError {
    if (number > 0) this.count("refused");
    return new OutOfMemoryError(
      `no ${2 ** number === 1 ? "slab" : `${2 ** number} slabs`} of 64 KiB for ${number === 0 ? "the" : "more"} records of what threads hold; make the store larger, or track something before it fills`,
    );
  }
}

function labelKey({ table, index }: Place): string {
  return `${LABEL}${table}.${index}`;
}
