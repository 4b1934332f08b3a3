/**
 * Names that records carry as numbers: kinds, pools. Each is an entry of the store's own, `resource:name:<number>`, written once and never
 * removed: the number comes from the name, and moves on while another name has it. So they are few by design, which is also what keeps the families
 * of a monitor few.
 */
import { layout } from "../../core/index.js";
import { InvalidArgumentError, OutOfMemoryError } from "../../errors.js";
import { SYSTEM_KEYS } from "../system-keys.js";
import type { WorkerConnection } from "../worker.js";

const PREFIX = `${SYSTEM_KEYS.resource}name:`;
/** Names that may be met by one thread. */
const NAMES_MOST = 1024;
/** Longest name, in characters. */
export const NAME_LENGTH = 256;

export class ResourceNames {
  private readonly byName = new Map<string, number>();
  private readonly byNumber = new Map<number, string>();

  constructor(private readonly worker: WorkerConnection) {}

  /** The name's number; the same in all threads. @throws InvalidArgumentError when there are too many names; OutOfMemoryError */
  numberOf(name: string): number {
    const known = this.byName.get(name);
    if (known !== undefined) return known;
    if (this.byName.size >= NAMES_MOST) {
      throw new InvalidArgumentError(
        `"${name}" would be kind ${NAMES_MOST + 1} of resources; kinds are few, such as "file", and what tells one from another is its label`,
      );
    }
    for (let number = hashOf(name); ; number = number === 0xffffffff ? FIRST : number + 1) {
      const there = this.read(number) ?? this.write(number, name);
      if (there === name) return number;
    }
  }

  /** undefined: no such name was ever given. */
  nameOf(number: number): string | undefined {
    return this.byNumber.get(number) ?? this.read(number);
  }

  private read(number: number): string | undefined {
    const { engine, values } = this.worker;
    const length = engine.getSystem(this.worker.putKey(`${PREFIX}${number}`));
    return length < 0 ? undefined : this.remember(number, values.toString("utf8", 0, length));
  }

  /** What the number stands for from now on: this name, or that of a thread that was faster. */
  private write(number: number, name: string): string | undefined {
    const { worker } = this;
    const length = worker.putKey(`${PREFIX}${number}`);
    const status = worker.engine.setSystem(length, worker.values.write(name), layout.MODE_IF_ABSENT);
    if (status === layout.OK) return this.remember(number, name);
    if (status === layout.NO_MEMORY && worker.sweepDead() === 0)
      throw new OutOfMemoryError(`no memory is left to note a resource of kind or pool "${name}"`);
    return this.read(number) ?? this.write(number, name);
  }

  private remember(number: number, name: string): string {
    this.byName.set(name, number);
    this.byNumber.set(number, name);
    return name;
  }
}

/** Below are what a record's label says otherwise. */
const FIRST = 2;

/** FNV-1a over UTF-16. */
function hashOf(name: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < name.length; i++) hash = Math.imul(hash ^ name.charCodeAt(i), 0x01000193);
  return Math.max(FIRST, hash >>> 0);
}
