import { defineSubject } from "../../src/lab/index.js";
import type { AgentContext, SharedPart, Subject, SubjectAgent, SubjectPlan } from "./subject.js";

const MIB = 1024 * 1024;
/** Of a value. With 80,000 it does two hundred operations a second, with 200,000 two workers did none within 30 s. */
const MOST_CHARACTERS = 100_000;
/** Of its table, which is all there from the start. */
const MOST_BYTES = 2048 * MIB;

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
export const sharedmap: Subject = defineSubject({
  name: "sharedmap",
  summary: "sharedmap: locked hash table in a SharedArrayBuffer, strings of fixed size, get builds a new string",
  package: "sharedmap",
  shared: true,
  cannot: ["increment"],
  expires: false,
  cannotHold(plan): string | null {
    if (plan.maxValueBytes > MOST_CHARACTERS) {
      return `a value of ${plan.maxValueBytes} bytes is put together character by character under a lock, which takes so long that nobody else gets it; of ${MOST_CHARACTERS} it can`;
    }
    const { entries, keyCharacters, valueCharacters } = sizesFor(plan);
    const bytes = entries * (keyCharacters + valueCharacters) * 2;
    if (bytes <= MOST_BYTES) return null;
    return `its ${entries} entries of fixed size would take ${Math.ceil(bytes / MIB)} MiB, and it is given ${MOST_BYTES / MIB} at most`;
  },
  async open(plan): Promise<SharedPart> {
    const SharedMap = await loadSharedMap();
    const { entries, keyCharacters, valueCharacters } = sizesFor(plan);
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
});

function sizesFor({ entries, maxKeyBytes, maxValueBytes }: SubjectPlan) {
  return {
    // Half as much again as there are keys: its chains lengthen sharply when it is nearly full.
    entries: Math.ceil(entries * 1.5) + 64,
    // One more than needed: it ends a string with a 0, past the slot's end if need be, and so damages the next one.
    keyCharacters: maxKeyBytes + 1,
    valueCharacters: maxValueBytes + 1,
  };
}

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
    // Slices of one string, as the bytes are of one array: strings of their own would be many times as much where there are many sizes.
    const largest = context.values.reduce((most, bytes) => Math.max(most, bytes?.length ?? 0), 0);
    const longest = Buffer.from(context.values[largest] ?? []).toString("latin1");
    this.#values = context.values.map((bytes) => bytes && longest.slice(0, bytes.length));
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
