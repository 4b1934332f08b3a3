/** Groups are measured in processes of their own, or in one that they share. */
import { type CannotStartError, Child, type Ended, tellingLine, withTemporaryFolder } from "../../child/index.js";
import type { FromGroupProcess, GroupOrder } from "./group-messages.js";
import type { GroupResult } from "./results.js";
import type { BenchSettings } from "./settings.js";

/** A group could not be measured: its process failed or died. */
export class GroupFailedError extends Error {
  override readonly name = "GroupFailedError";
}

type Answer = Exclude<FromGroupProcess, { type: "progress" }>;

/** A process that measures groups, one after the other. */
export class GroupProcess {
  readonly #child: Child;
  readonly #ended: Promise<Ended | CannotStartError>;
  #onShare: (share: number) => void = () => {};
  #onAnswer: (answer: Answer) => void = () => {};

  constructor(interrupt: AbortSignal) {
    this.#child = Child.module(new URL("./group-process.js", import.meta.url), {
      // turns.ts empties the young generation between turns
      execArgv: ["--expose-gc"],
      interrupt,
      // It has nothing to hand over.
      ask: (asked) => asked.kill(),
      onMessage: (message: FromGroupProcess) => {
        if (message.type === "progress") this.#onShare(message.done / message.total);
        else this.#onAnswer(message);
      },
    });
    this.#ended = this.#child.ended.catch((error: CannotStartError) => error);
  }

  /**
   * @param onShare share of the group's rounds that is done, 0 to 1
   * @throws GroupFailedError, also when interrupted
   */
  measure(name: string, settings: BenchSettings, onShare: (share: number) => void): Promise<GroupResult> {
    return withTemporaryFolder("engram-bench-", async (directory) => {
      this.#onShare = onShare;
      const answered = new Promise<Answer>((resolve) => {
        this.#onAnswer = resolve;
      });
      this.#child.send({ name, settings, directory } satisfies GroupOrder);
      const answer = await Promise.race([answered, this.#ended]);
      if (!("type" in answer)) throw new GroupFailedError(`${name}: ${howItEnded(answer)}`);
      if (answer.type === "failure") throw new GroupFailedError(`${name}: ${answer.message}`);
      const { title, outcome, profiles } = answer;
      return { name, title, answers: [], ...outcome, profiles };
    });
  }

  /** Whatever it does: threads of a group that failed may still wait on a barrier. */
  async close(): Promise<void> {
    this.#child.kill();
    await this.#ended;
  }
}

function howItEnded(ended: Ended | CannotStartError): string {
  if (ended instanceof Error) return ended.message;
  const how = ended.killedBy ?? `exit code ${ended.exitCode}`;
  return `its process ended (${how}) ${tellingLine(ended.stderr) ?? ""}`.trimEnd();
}
