/**
 * The directory: what lies in the arenas under a name, of each kind. It is in the first arena and found by every thread.
 *
 * An entry is changed under one lock, a claim; a dead thread's is taken over. Nothing has to be mended then: an entry counts from the store
 * of its state on, which comes last, and a change that takes long (building what is named, freeing it) is not done under the lock but under
 * the entry's own state and claim, MAKING and DROPPING. Found under a dead claim, the entry goes, and with it all pieces that belong to it.
 */
import { describe } from "../check.js";
import { type ArenaWords, layout } from "../core/index.js";
import { ContentionError, InvalidArgumentError, OutOfMemoryError } from "../errors.js";
import type { Arena } from "./arena.js";

const E_STATE = 0;
const E_OWNER = 4;
const E_GENERATION = 8;
const E_KIND = 12;
const E_ARENA = 16;
const E_ADDRESS = 20;
const E_LENGTH = 24;
/** Address of the word that says who owns it, 0 = none. */
const E_WORD = 28;
const E_SINCE = 32;
const E_NAME = 40;
const ENTRY_BYTES = layout.NAMED_SIZE;
const NAME_MOST = ENTRY_BYTES - E_NAME;

const FREE = 0;
const MAKING = 1;
const READY = 2;
const DROPPING = 3;

/** What the directory names. Their order is that of the numbers in memory. */
const KINDS = ["", "pool", "agent", "table", "accumulator", "index"] as const;
/** What names are given to. */
export type ThingKind = Exclude<(typeof KINDS)[number], "">;

/**
 * How long a thread waits for another that changes the directory: some microseconds, unless that one is stopped, or was terminated and this thread
 * is the one to be told of it, which it cannot be while it waits.
 */
const PATIENCE_MS = 1000;

/** Something that is listed by its name. */
export interface Thing {
  /** What it is. */
  readonly kind: ThingKind;
  /** As it was made with. */
  readonly name: string;
  /** Its pieces belong to this group. */
  readonly group: number;
  /** Grows with every use of the entry. */
  readonly generation: number;
  /** Number of its arena. */
  readonly arena: number;
  /** Of its first byte there. */
  readonly address: number;
  /** Address of its owner's line, 0 = none. */
  readonly word: number;
  /** Unix time, ms, when it was made. */
  readonly sinceMs: number;
}

const utf8 = new TextEncoder();
const text = new TextDecoder();

export class Names {
  private readonly arena: Arena;
  private readonly isLiving: (claim: number) => boolean;
  private readonly free: (group: number) => void;
  private readonly base: number;
  readonly count: number;
  private readonly words: ArenaWords;
  /** Where this thread saw each last. */
  private readonly seen = new Map<string, number>();

  /** @param free gives back all pieces of a group */
  constructor(arena: Arena, isLiving: (claim: number) => boolean, free: (group: number) => void) {
    this.arena = arena;
    this.isLiving = isLiving;
    this.free = free;
    this.base = arena.header.get(layout.A_NAMES);
    this.count = arena.header.get(layout.A_NAME_COUNT);
    this.words = arena.words;
  }

  /** Undefined when there is none of that kind and name. */
  find(kind: ThingKind, name: string): Thing | undefined {
    const bytes = nameBytes(kind, name);
    const key = `${kind} ${name}`;
    const known = this.seen.get(key);
    if (known !== undefined && this.isNamed(known, kind, bytes, READY)) return this.read(known);
    const index = this.locked(() => this.search(kind, bytes));
    if (index < 0 || this.word(index, E_STATE) !== READY) return undefined;
    this.seen.set(key, index);
    return this.read(index);
  }

  /** All that are ready, of one kind or of all. */
  list(kind?: ThingKind): Thing[] {
    return this.locked(() => {
      const things: Thing[] = [];
      for (let index = 0; index < this.count; index++) {
        if (this.word(index, E_STATE) !== READY) continue;
        const thing = this.read(index);
        if (kind === undefined || thing.kind === kind) things.push(thing);
      }
      return things;
    });
  }

  /**
   * Reserves the name, has the thing built, and shows it to all threads once it is. If `build` throws nothing is left of it.
   *
   * @throws InvalidArgumentError for a bad name, or one that there is; OutOfMemoryError when the directory is full
   */
  make(
    kind: ThingKind,
    name: string,
    build: (group: number) => { arena: number; address: number; word?: number },
  ): Thing {
    const index = this.begin(kind, name);
    try {
      return this.show(index, build(index + 1));
    } catch (error) {
      this.end(index);
      throw error;
    }
  }

  /** The same of what takes a while to build: until it is there the name is taken, and nobody finds it. */
  async makeSlowly(
    kind: ThingKind,
    name: string,
    build: (group: number) => Promise<{ arena: number; address: number }>,
  ): Promise<Thing> {
    const index = this.begin(kind, name);
    try {
      return this.show(index, await build(index + 1));
    } catch (error) {
      this.end(index);
      throw error;
    }
  }

  private begin(kind: ThingKind, name: string): number {
    const bytes = nameBytes(kind, name);
    return this.locked(() => this.reserve(kind, name, bytes));
  }

  private show(index: number, { arena, address, word = 0 }: { arena: number; address: number; word?: number }): Thing {
    this.put(index, E_ARENA, arena);
    this.put(index, E_ADDRESS, address);
    this.put(index, E_WORD, word);
    this.put(index, E_STATE, READY);
    return this.read(index);
  }

  /** Also one that is being made, or dropped. */
  isNamedAtAll(kind: ThingKind, name: string): boolean {
    return this.locked(() => this.search(kind, utf8.encode(name))) >= 0;
  }

  /** Takes the name away and frees its pieces. False when it is not there as it was seen. */
  drop(thing: Thing): boolean {
    const index = thing.group - 1;
    const dropped = this.locked(() => {
      if (this.word(index, E_STATE) !== READY || this.word(index, E_GENERATION) !== thing.generation) return false;
      this.put(index, E_OWNER, this.arena.claim);
      this.put(index, E_STATE, DROPPING);
      return true;
    });
    if (dropped) this.end(index);
    return dropped;
  }

  /** Whether it still is what it was. */
  isThere({ group, generation }: Thing): boolean {
    return this.word(group - 1, E_STATE) === READY && this.word(group - 1, E_GENERATION) === generation;
  }

  /** Whether anything is, or is becoming, or ceasing to be, under this group. */
  isGroup(group: number): boolean {
    return group >= 1 && group <= this.count && this.word(group - 1, E_STATE) !== FREE;
  }

  /** Ends what a dead thread was making or dropping. */
  settle(): void {
    for (let index = 0; index < this.count; index++) {
      if (!this.isAbandoned(index)) continue;
      const { header } = this.arena;
      const holder = header.get(layout.A_LOCK);
      // Held by one that is about to be taken back as well, perhaps: then that settles this. Nobody is waited for here.
      if (holder !== 0 && this.isLiving(holder)) return;
      try {
        this.takeOver(index);
      } catch (error) {
        if (error instanceof ContentionError) return; // taken since: the same
        throw error;
      }
    }
  }

  private takeOver(index: number): void {
    const ours = this.locked(() => {
      if (!this.isAbandoned(index)) return false;
      this.put(index, E_STATE, DROPPING);
      this.put(index, E_OWNER, this.arena.claim);
      return true;
    });
    if (ours) this.end(index);
  }

  private isAbandoned(index: number): boolean {
    const state = this.word(index, E_STATE);
    return (state === MAKING || state === DROPPING) && !this.isLiving(this.word(index, E_OWNER));
  }

  private reserve(kind: ThingKind, name: string, bytes: Uint8Array): number {
    const there = this.search(kind, bytes);
    if (there >= 0) {
      throw new InvalidArgumentError(`there is ${article(kind)} "${name}" already, or one is being made or dropped`);
    }
    for (let index = 0; index < this.count; index++) {
      if (this.word(index, E_STATE) !== FREE) continue;
      this.put(index, E_KIND, KINDS.indexOf(kind));
      this.put(index, E_LENGTH, bytes.length);
      this.arena.bytes.set(bytes, this.at(index) + E_NAME);
      this.arena.view.setFloat64(this.at(index) + E_SINCE, Date.now(), true);
      this.put(index, E_OWNER, this.arena.claim);
      this.put(index, E_STATE, MAKING);
      return index;
    }
    throw new OutOfMemoryError(`all ${this.count} names of the arenas are taken; drop some, or make the arenas larger`);
  }

  private end(index: number): void {
    this.free(index + 1);
    this.put(index, E_GENERATION, this.word(index, E_GENERATION) + 1);
    this.put(index, E_STATE, FREE);
  }

  private search(kind: ThingKind, bytes: Uint8Array): number {
    for (let index = 0; index < this.count; index++) {
      if (this.isNamed(index, kind, bytes)) return index;
    }
    return -1;
  }

  private isNamed(index: number, kind: ThingKind, bytes: Uint8Array, state?: number): boolean {
    const its = this.word(index, E_STATE);
    if (its === FREE || (state !== undefined && its !== state)) return false;
    if (KINDS[this.word(index, E_KIND)] !== kind || this.word(index, E_LENGTH) !== bytes.length) return false;
    const from = this.at(index) + E_NAME;
    for (let i = 0; i < bytes.length; i++) if (this.arena.bytes[from + i] !== bytes[i]) return false;
    return true;
  }

  private read(index: number): Thing {
    const from = this.at(index) + E_NAME;
    return {
      kind: KINDS[this.word(index, E_KIND)] as ThingKind,
      name: text.decode(this.arena.bytes.slice(from, from + this.word(index, E_LENGTH))),
      group: index + 1,
      generation: this.word(index, E_GENERATION),
      arena: this.word(index, E_ARENA),
      address: this.word(index, E_ADDRESS),
      word: this.word(index, E_WORD),
      sinceMs: this.arena.view.getFloat64(this.at(index) + E_SINCE, true),
    };
  }

  private at(index: number): number {
    return this.base + index * ENTRY_BYTES;
  }

  private word(index: number, offset: number): number {
    return this.words.get(this.at(index) + offset);
  }

  private put(index: number, offset: number, value: number): void {
    this.words.put(this.at(index) + offset, value);
  }

  private locked<T>(change: () => T): T {
    const { header, claim } = this.arena;
    const deadline = performance.now() + PATIENCE_MS;
    for (;;) {
      const holder = header.lock(0, claim);
      if (holder === 0) break;
      if (!this.isLiving(holder) && header.lock(holder, claim) === holder) break;
      if (performance.now() > deadline) {
        throw new ContentionError(
          "another thread has held the arenas' directory for a second: is it stopped, or has it died? Try again",
        );
      }
      header.waitForLock(holder);
    }
    try {
      return change();
    } finally {
      header.unlock();
    }
  }
}

/** The name of the agents' own piece: no user's, for those have no NUL. */
export const SETTINGS = "\0settings";
const LONE_SURROGATE = /\p{Surrogate}/u;

/** @throws InvalidArgumentError for what is no name */
export function nameBytes(kind: ThingKind, name: string): Uint8Array {
  if (typeof name !== "string")
    throw new InvalidArgumentError(`the name of ${article(kind)} is text, not ${describe(name)}`);
  // its bytes would be those of another name
  if (LONE_SURROGATE.test(name)) {
    throw new InvalidArgumentError(
      `the name of ${article(kind)} has half of a surrogate pair (${describe(name)}): it is no text`,
    );
  }
  if (name !== SETTINGS && name.includes("\0")) {
    throw new InvalidArgumentError(`the name of ${article(kind)} has a NUL (${describe(name)})`);
  }
  const bytes = utf8.encode(name);
  if (bytes.length < 1 || bytes.length > NAME_MOST) {
    throw new InvalidArgumentError(
      `the name of ${article(kind)} has ${bytes.length} bytes in UTF-8; expected 1 to ${NAME_MOST}`,
    );
  }
  return bytes;
}

function article(kind: ThingKind): string {
  return `${/^[aeiou]/.test(kind) ? "an" : "a"} ${kind}`;
}
