import { existsSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { describe, expect, it } from "vitest";
import { loadTrace, nextAccesses, openTrace } from "#dist/workloads/index.js";

const folder = fileURLToPath(new URL("../../../../shared/traces", import.meta.url));
const present = existsSync(folder);
if (!present) console.info("real traces: skipped, no ../shared/traces beside the repository");

describe.skipIf(!present)("published traces", () => {
  it.each([
    ["cloudPhysicsIO.oracleGeneral.bin", "oracleGeneral", 113_872, 48_974],
    ["vaultservice.corda.gz", "corda", 135_702, 90_468],
    ["loop.lirs.gz", "lirs", 505_500, 1_011],
  ])("%s has the published counts", async (file, format, requests, distinct) => {
    expect(await loadTrace(join(folder, file))).toMatchObject({ format, requests, distinct });
  });

  it("computes the next accesses that cloudPhysicsIO carries", async () => {
    const path = join(folder, "cloudPhysicsIO.oracleGeneral.bin");
    const trace = await loadTrace(path);
    const bytes = readFileSync(path);
    const carried = Array.from({ length: trace.requests }, (_, i) => Number(bytes.readBigInt64LE(i * 24 + 16)));
    const computed = Array.from(nextAccesses(trace.ids, trace.distinct), (next) => (next < 0 ? -1 : next + 1));
    expect(computed).toEqual(carried);
  });

  it("streams in batches that are reused", async () => {
    const stream = await openTrace(join(folder, "loop.lirs.gz"));
    const seen = new Set<object>();
    let requests = 0;
    for await (const batch of stream.batches()) {
      seen.add(batch.lo);
      requests += batch.count;
    }
    expect(requests).toBe(505_500);
    expect(seen.size).toBe(1);
  });
});
