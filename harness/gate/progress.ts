/** What the gate says while it works, on stderr: a bar on a terminal, a line a round where there is none, so that a log shows that it lives. */
import { SingleBar } from "cli-progress";

export interface Progress {
  /** A step without a measure, such as a build. */
  step(what: string): void;
  /** `done` of `total` rounds of a stage. */
  rounds(stage: string, done: number, total: number): void;
  stop(): void;
}

export function createProgress(
  isTerminal: boolean,
  write = (text: string) => void process.stderr.write(text),
): Progress {
  const step = (what: string) => write(`${what}\n`);
  if (!isTerminal) {
    return {
      step,
      // Told before each round, and once more at the end of a stage.
      rounds: (stage, done, total) => {
        if (done < total) step(`${stage}: round ${done + 1} of ${total}`);
      },
      stop() {},
    };
  }
  let bar: SingleBar | undefined;
  const stop = (): void => {
    bar?.stop();
    bar = undefined;
  };
  return {
    step(what) {
      stop();
      step(what);
    },
    rounds(stage, done, total) {
      if (!bar) {
        bar = new SingleBar({
          format: "{stage} [{bar}] round {value} of {total}, {eta_formatted} left",
          stream: process.stderr,
          clearOnComplete: true,
          hideCursor: true,
        });
        bar.start(total, done, { stage });
      }
      bar.setTotal(total);
      bar.update(done, { stage });
    },
    stop,
  };
}
