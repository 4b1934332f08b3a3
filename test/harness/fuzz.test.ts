import { mkdtemp, readdir, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, it } from "vitest";
import { fuzz } from "#dist/harness/proofs/fuzz/fuzz.js";
import { Reader } from "#dist/harness/proofs/fuzz/reader.js";
import { TARGETS } from "#dist/harness/proofs/fuzz/targets.js";
import { seedOr } from "../given.js";

const keep = await mkdtemp(join(tmpdir(), "engram-fuzz-test-"));
afterAll(() => rm(keep, { recursive: true, force: true }));

const SEED = seedOr(20260101);

it(`reads every kind of file whole, and each damaged one or refuses it, seed ${SEED} (SEED)`, async () => {
  const counts = await fuzz({ seed: SEED, targets: TARGETS, inputs: 12, keep });
  expect(counts.faults).toEqual([]);
  for (const [target, { read, refused }] of Object.entries(counts.targets)) {
    expect(read, target).toBeGreaterThan(0);
    expect(refused, target).toBeGreaterThan(0);
  }
  expect(await readdir(keep)).toEqual([]);
});

it("tells of a reader that ends its process", async () => {
  const reader = new Reader();
  try {
    const job = { target: "nothing" as "traces", file: "", choice: 0, folder: keep };
    expect(await reader.read(job)).toMatchObject({ outcome: "fault", what: expect.stringContaining("not a function") });
  } finally {
    await reader.close();
  }
});
