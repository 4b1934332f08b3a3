import { describe, expect, it } from "vitest";
import { loadTrace, OPERATION_NAMES } from "#dist/workloads/index.js";

describe("an operation log of version 1", () => {
  it("is read as it was written", async () => {
    const trace = await loadTrace(new URL("golden/operations.oplog", import.meta.url).pathname);
    const rows = Array.from({ length: trace.requests }, (_, i) => [
      OPERATION_NAMES[trace.ops![i]],
      trace.ids[i],
      trace.sizes![i],
      trace.ttls![i],
    ]);
    expect(trace.format).toBe("oplog");
    expect(rows).toEqual([
      ["get", 0, 8, 0],
      ["set", 0, 8, 0],
      ["get", 0, 8, 0],
      ["get", 0, 8, 0],
      ["set", 1, 5, 2],
      ["increment", 2, 9, 0],
      ["delete", 1, 5, 0],
      ["get", 1, 5, 0],
      ["set", 3, 5182, 86_400],
    ]);
  });
});
