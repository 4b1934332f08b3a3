/** Which keys bear a tag, on one node: told of every entry that comes or goes, and asked by invalidations of a tag. */
import { describe } from "../check.js";
import { InvalidArgumentError } from "../errors.js";

const LONGEST = 256;
const MOST = 64;

/** @throws InvalidArgumentError */
export function checkTag(tag: unknown): string {
  if (typeof tag === "string" && tag !== "" && tag.length <= LONGEST) return tag;
  throw new InvalidArgumentError(`a tag is ${describe(tag)}; expected 1 to ${LONGEST} characters`);
}

/** Each tag once. @throws InvalidArgumentError */
export function checkTags(tags: unknown): readonly string[] {
  if (tags === undefined) return [];
  if (!Array.isArray(tags) || tags.length > MOST) {
    throw new InvalidArgumentError(`option tags is ${describe(tags)}; expected a list of at most ${MOST} tags`);
  }
  return [...new Set(tags.map(checkTag))];
}

export class TagIndex {
  private readonly keys = new Map<string, Set<string>>();
  private readonly tags = new Map<string, readonly string[]>();

  /** The entry of the key now bears these tags, and no others. */
  set(key: string, tags: readonly string[]): void {
    this.delete(key);
    if (tags.length === 0) return;
    this.tags.set(key, tags);
    for (const tag of tags) {
      const keys = this.keys.get(tag);
      if (keys === undefined) this.keys.set(tag, new Set([key]));
      else keys.add(key);
    }
  }

  delete(key: string): void {
    for (const tag of this.tags.get(key) ?? []) {
      const keys = this.keys.get(tag);
      keys?.delete(key);
      if (keys?.size === 0) this.keys.delete(tag);
    }
    this.tags.delete(key);
  }

  clear(): void {
    this.keys.clear();
    this.tags.clear();
  }

  /** A copy: the keys may be taken out while it is gone through. */
  keysOf(tag: string): string[] {
    return [...(this.keys.get(tag) ?? [])];
  }

  /** Keys that bear any tag. */
  get size(): number {
    return this.tags.size;
  }

  /** Entries that went without a word, as evicted ones do, are left out from now on. */
  sweep(isThere: (key: string) => boolean): number {
    const gone = [...this.tags.keys()].filter((key) => !isThere(key));
    for (const key of gone) this.delete(key);
    return gone.length;
  }
}
