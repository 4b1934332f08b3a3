import type { AgentContext, SharedPart, Subject, SubjectAgent } from "./subject.js";

/** The part of the package used here; its own type file does not compile (a generator in a declaration). */
interface SharedMapInstance {
  get(key: string): string | undefined;
  set(key: string, value: string): void;
  delete(key: string): void;
  readonly storage: SharedArrayBuffer;
}
type SharedMapClass = new (maxSize: number, keySize: number, objSize: number) => SharedMapInstance;

/**
 * The sharedmap package: a hash table of strings in one SharedArrayBuffer, under locks, of fixed entry size. Values are
 * strings of as many characters as the value has bytes (two bytes each in memory); `get` builds a new string.
 */
export const sharedmap: Subject = {
  name: "sharedmap",
  summary: "sharedmap: locked hash table in a SharedArrayBuffer, strings of fixed size, get builds a new string",
  package: "sharedmap",
  shared: true,
  cannot: ["increment"],
  expires: false,
  async create(plan): Promise<SharedPart> {
    const SharedMap = await loadSharedMap();
    // One more than needed: it ends a string with a 0, past the slot's end if need be, and so damages the next one.
    const keyCharacters = plan.maxKeyBytes + 1;
    const valueCharacters = plan.maxValueBytes + 1;
    // Half as much again as there are keys: its chains lengthen sharply when it is nearly full.
    const entries = Math.ceil(plan.entries * 1.5) + 64;
    const map = new SharedMap(entries, keyCharacters, valueCharacters);
    return {
      attachment: map,
      memory: () => ({ usedBytes: null, capacityBytes: map.storage.byteLength }),
      notes: [`${entries} entries of fixed size; values are strings; no bound by bytes, nothing is evicted`],
      async close() {},
    };
  },
  async attach(attachment: unknown, context: AgentContext): Promise<SubjectAgent> {
    const SharedMap = await loadSharedMap();
    // The structured clone lost its class; the package's own instructions say to put it back this way.
    Object.setPrototypeOf(attachment, SharedMap.prototype);
    return new SharedMapAgent(attachment as SharedMapInstance, context);
  },
};

async function loadSharedMap(): Promise<SharedMapClass> {
  const name = "sharedmap";
  const module = (await import(name)) as { default: SharedMapClass };
  return module.default;
}

class SharedMapAgent implements SubjectAgent {
  readonly #map: SharedMapInstance;
  readonly #keys: readonly string[];
  readonly #values: Array<string | undefined>;

  constructor(map: SharedMapInstance, context: AgentContext) {
    this.#map = map;
    this.#keys = context.keys;
    this.#values = context.values.map((bytes) => bytes && Buffer.from(bytes).toString("latin1"));
  }

  get(key: number): number {
    const value = this.#map.get(this.#keys[key]);
    return value === undefined ? -1 : value.length;
  }

  set(key: number, size: number): void {
    this.#map.set(this.#keys[key], this.#values[size] as string);
  }

  delete(key: number): boolean {
    try {
      this.#map.delete(this.#keys[key]);
      return true;
    } catch (error) {
      // Its way of saying that the key was not there.
      if (error instanceof RangeError) return false;
      throw error;
    }
  }

  increment(): void {
    throw new Error("sharedmap has no atomic increment");
  }

  async close(): Promise<void> {}
}
