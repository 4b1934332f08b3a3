import { expect, it } from "vitest";
import { loadTrace, traceInfo } from "#dist/workloads/index.js";
import { temporaryFolder } from "../temporary-folder.js";

const files = temporaryFolder();

it("a trace is summed up", async () => {
  const trace = await loadTrace(
    files.file("i.csv", "time,id,size,op\n1,a,10,get\n2,b,20,set\n5,a,30,get\n6,c,0,get\n"),
  );
  expect(traceInfo(trace)).toEqual({
    name: "i.csv",
    format: "csv",
    requests: 4,
    distinct: 3,
    once: 2,
    hottestShare: 0.5,
    hottestKey: "a",
    hottest: [
      { key: "a", requests: 2, share: 0.5 },
      { key: "b", requests: 1, share: 0.25 },
      { key: "c", requests: 1, share: 0.25 },
    ],
    coldMissRatio: 0.75,
    sizes: { min: 0, mean: 15, max: 30, footprint: 50 },
    time: { first: 1, last: 6 },
    operations: { get: 3, set: 1 },
  });
});

it("what the format does not carry is null", async () => {
  const info = traceInfo(await loadTrace(files.file("i.lirs", "5\n5\n6\n")));
  expect(info).toMatchObject({ sizes: null, time: null, operations: null, hottestKey: "5", once: 1 });
});
