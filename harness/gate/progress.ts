/** What the gate says while it works: on stderr, and only to a terminal, so that logs stay clean. */
import { SingleBar } from "cli-progress";

export interface Progress {
  /** A step without a measure, such as a build. */
  step(what: string): void;
  /** `done` of `total` rounds of a stage. */
  rounds(stage: string, done: number, total: number): void;
  stop(): void;
}

export function createProgress(enabled: boolean): Progress {
  if (!enabled) return { step() {}, rounds() {}, stop() {} };
  let bar: SingleBar | undefined;
  const stop = (): void => {
    bar?.stop();
    bar = undefined;
  };
  return {
    step(what) {
      stop();
      process.stderr.write(`${what}\n`);
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
