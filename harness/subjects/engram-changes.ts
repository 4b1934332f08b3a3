/** What an agent of the store knows to have changed: told by the change feed, so that a look at an entry that has not costs no read of it. */
import type { Changes, Namespace } from "../../src/index.js";

const UNKNOWN = 0;
const SEEN = 1;
const GONE = 2;

export class EngramChanges {
  readonly #changes: Changes<Uint8Array>;
  readonly #states: Uint8Array;
  readonly #names: readonly string[];
  #numbers: Map<string, number>;

  /** @param names of keys, by their number, as they are at any time */
  constructor(namespace: Namespace, names: readonly string[]) {
    this.#changes = namespace.watch();
    this.#names = names;
    this.#states = new Uint8Array(names.length);
    this.#numbers = numbersOf(names);
  }

  /**
   * As SubjectAgent.watch.
   *
   * @param read reads the entry; negative when there is none
   */
  look(key: number, read: (key: number) => number): number {
    this.#catchUp();
    if (this.#states[key] === UNKNOWN) {
      const found = read(key) >= 0;
      this.#states[key] = found ? SEEN : GONE;
      return found ? 1 : -1;
    }
    return this.#states[key] === SEEN ? 0 : -1;
  }

  renamed(keys: Uint32Array): void {
    for (const key of keys) this.#states[key] = UNKNOWN;
    this.#numbers = numbersOf(this.#names);
  }

  async close(): Promise<void> {
    await this.#changes.return?.();
  }

  #catchUp(): void {
    for (let change = this.#changes.tryNext(); change !== undefined; change = this.#changes.tryNext()) {
      if (change.key === undefined) {
        this.#states.fill(UNKNOWN); // a gap, or all of it is gone
        continue;
      }
      const number = this.#numbers.get(change.key);
      if (number !== undefined) this.#states[number] = change.type === "set" ? UNKNOWN : GONE;
    }
  }
}

function numbersOf(names: readonly string[]): Map<string, number> {
  return new Map(names.map((name, number) => [name, number]));
}
