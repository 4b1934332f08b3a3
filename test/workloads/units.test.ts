import { describe, expect, it } from "vitest";
import { InvalidArgumentError } from "#dist/src/index.js";
import { DURATION_TEXT, durationIn, SIZE_TEXT, sizeIn } from "#dist/src/units.js";
import { parseBytes, parseDuration, parseRate, parseShare } from "#dist/workloads/index.js";

describe("units", () => {
  it("are read as people write them", () => {
    expect(["5s", "200ms", "1.5m", "2 h", "50us"].map(parseDuration)).toEqual([5000, 200, 90_000, 7_200_000, 0.05]);
    expect(["64MiB", "4 KiB", "512B", "10KB", "1.5GiB"].map(parseBytes)).toEqual([
      67_108_864, 4096, 512, 10_000, 1_610_612_736,
    ]);
    expect(["10%", "0.5 %", "100%"].map(parseShare)).toEqual([0.1, 0.005, 1]);
    expect(["10000/s", "0.5 / s"].map(parseRate)).toEqual([10_000, 0.5]);
  });

  it("are those of the store's options: one grammar for all", () => {
    const texts = [
      "5s",
      "5S",
      " 5 s",
      "0.5ms",
      "7us",
      "1d",
      "64mib",
      "64MIB ",
      "1k",
      "1 tb",
      "5",
      "s",
      "",
      "5 5s",
      "1e3s",
      "５s",
    ];
    for (const text of texts) {
      const [duration, size] = [durationIn(text), sizeIn(text)];
      if (typeof duration === "number") expect([text, parseDuration(text)]).toEqual([text, duration]);
      else expect(() => parseDuration(text)).toThrow(InvalidArgumentError);
      if (typeof size === "number" && text !== "5") expect([text, parseBytes(text)]).toEqual([text, size]);
      else expect(() => parseBytes(text)).toThrow(InvalidArgumentError);
      expect([text, DURATION_TEXT.test(text), SIZE_TEXT.test(text)]).toEqual([
        ...[text, typeof duration === "number", typeof size === "number" && text !== "5"],
      ]);
    }
  });

  it("anything else is refused with an example", () => {
    for (const text of ["", "5", "s", "-5s", "5 parsecs", "1e3s"])
      expect(() => parseDuration(text)).toThrow(/such as 5s/);
    for (const text of ["", "5", "64 mob", "MiB", "-1B"]) expect(() => parseBytes(text)).toThrow(/such as 64MiB/);
    for (const text of ["10", "%", "-1%"]) expect(() => parseShare(text)).toThrow(/such as 10%/);
    for (const text of ["10", "10/m", "/s"]) expect(() => parseRate(text)).toThrow(/such as 10000\/s/);
  });
});
