import { withRoomFor } from "./growing.js";

/** What a trace says about its own future, held against that future. */
export interface NextAccessCheck {
  /** Requests of a key requested before whose predecessor named another request, or none, as the next one. */
  readonly wrong: number;
  /** The first of them, from 1; null: all are right. */
  readonly firstWrong: number | null;
  /** Keys whose last request names a next one that did not come: the trace is a part of a longer one. */
  readonly open: number;
}

/** Checks next accesses as requests come, 8 bytes a key. Ids are dense. */
export class NextAccessChecker {
  /** By key: the request its latest request named, 0 = none, -1 = not requested yet. */
  private expected = new Float64Array(1024).fill(-1);
  private keys = 0;
  private request = 0;
  private wrong = 0;
  private firstWrong: number | null = null;

  add(ids: Uint32Array, nexts: Float64Array): void {
    for (let i = 0; i < ids.length; i++) {
      const id = ids[i];
      this.request++;
      this.expected = withRoomFor(this.expected, id, -1);
      if (id >= this.keys) this.keys = id + 1;
      const expected = this.expected[id];
      if (expected !== -1 && expected !== this.request) {
        this.wrong++;
        this.firstWrong ??= this.request;
      }
      this.expected[id] = nexts[i];
    }
  }

  finish(): NextAccessCheck {
    let open = 0;
    for (let id = 0; id < this.keys; id++) if (this.expected[id] > 0) open++;
    return { wrong: this.wrong, firstWrong: this.firstWrong, open };
  }
}
