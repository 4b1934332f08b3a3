import type { GroupOutcome } from "./judge.js";
import type { Profile } from "./results.js";
import type { BenchSettings } from "./settings.js";

export interface GroupOrder {
  readonly name: string;
  readonly settings: BenchSettings;
  readonly directory: string;
}

export type FromGroupProcess =
  | { readonly type: "progress"; readonly done: number; readonly total: number }
  /** `kept`: the sum of everything that was read; nobody looks at it, but the compiler cannot know. */
  | {
      readonly type: "result";
      readonly outcome: GroupOutcome;
      readonly title: string;
      readonly profiles: Profile[];
      readonly kept: number;
    }
  | { readonly type: "failure"; readonly message: string };
