import { describe, expect, it } from "vitest";
import { KeyNumbers, NextAccessChecker, openTrace } from "#dist/workloads/index.js";
import { temporaryFolder } from "../temporary-folder.js";
import { oracleGeneral } from "./encode.js";

const { file } = temporaryFolder();

async function check(next: readonly (number | bigint)[], ids: readonly number[]) {
  const records = ids.map((id, time) => ({ time, id: BigInt(id), size: 1, next: BigInt(next[time]) }));
  const stream = await openTrace(file("t.bin", oracleGeneral(records)), { format: "oracleGeneral" });
  const checker = new NextAccessChecker();
  const keys = new KeyNumbers();
  for await (const batch of stream.batches()) checker.add(keys.of(batch), batch.nexts);
  return checker.finish();
}

describe("the next accesses that an oracleGeneral trace carries", () => {
  it("are right when each names the request that comes, or none, written either way", async () => {
    const never = 2n ** 63n - 1n;
    expect(await check([3, 4, 5, -1, never], [7, 8, 7, 8, 7])).toEqual({ wrong: 0, firstWrong: null, open: 0 });
  });

  it("are wrong where they name another request, or none, and the first such request is told", async () => {
    expect(await check([3, 5, 5, -1, -1], [7, 8, 7, 8, 7])).toEqual({ wrong: 1, firstWrong: 4, open: 0 });
    expect(await check([-1, 4, -1, -1, -1], [7, 8, 7, 8, 7])).toEqual({ wrong: 2, firstWrong: 3, open: 0 });
  });

  it("are open where the trace ends before the request they name", async () => {
    expect(await check([3, 9, 12, -1], [7, 8, 7, 9])).toEqual({ wrong: 0, firstWrong: null, open: 2 });
  });
});
