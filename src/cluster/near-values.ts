/** Values of one thread as they were decoded (L0): given again for as long as the version that they were read from is the present one. */
import { freeze } from "../store/index.js";

export class NearValues {
  private readonly kept = new Map<string, { readonly version: object; readonly value: unknown }>();

  /** @param most how many; the one that was decoded first goes first */
  constructor(private readonly most: number) {}

  /**
   * All who ask are given the same value, so what can be frozen is.
   *
   * @param version an object that is another one for every version of the key
   */
  get(key: string, version: object, decode: () => unknown): unknown {
    const kept = this.kept.get(key);
    if (kept?.version === version) return kept.value;
    const value = decode();
    freeze(value, []);
    if (kept === undefined && this.kept.size >= this.most) this.kept.delete(this.kept.keys().next().value as string);
    this.kept.set(key, { version, value });
    return value;
  }

  delete(key: string): void {
    this.kept.delete(key);
  }
}
