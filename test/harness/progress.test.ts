import { describe, expect, it } from "vitest";
import { createProgress, remaining } from "#dist/harness/command-line/progress.js";

describe("the remaining time", () => {
  it.each([
    [0, 0, "starting"],
    [0.005, 60_000, "starting"],
    [0.25, 10_000, "30 s left"],
    [0.1, 13_900, "2 min 5 s left"],
    [1, 5000, "0 s left"],
  ])("at %d after %d ms is %s", (share, elapsed, expected) => {
    expect(remaining(share, elapsed)).toBe(expected);
  });
});

describe("progress", () => {
  it("says nothing where there is no terminal", () => {
    const written: unknown[] = [];
    const write = process.stderr.write;
    process.stderr.write = (chunk: unknown) => written.push(chunk) > 0;
    try {
      const progress = createProgress(false);
      progress.show(0.5, "half");
      progress.stop();
    } finally {
      process.stderr.write = write;
    }
    expect(written).toEqual([]);
  });
});
