import { execFile } from "node:child_process";
import { promisify } from "node:util";
import { expect, it } from "vitest";

/** In a process of its own: V8 is asked what it has compiled, which needs its own syntax. */
const SCRIPT = `
  import { Store } from "#dist/src/index.js";
  const make = async () => {
    const store = await Store.create({ capacity: "16MiB" });
    const ns = store.namespace("n");
    ns.set("key", new Uint8Array(8));
    return { store, ns, target: store.buffer(64) };
  };
  const first = await make();
  const read = (one) => one.ns.getInto("key", one.target);
  const write = (one) => one.ns.set("key", one.target);
  const isOptimised = (of) => (%GetOptimizationStatus(of) & 16) !== 0;
  for (const one of [read, write]) {
    %PrepareFunctionForOptimization(one);
    for (let i = 0; i < 2000; i++) one(first);
    %OptimizeFunctionOnNextCall(one);
    one(first);
  }
  const before = [isOptimised(read), isOptimised(write)];
  const second = await Store.create({ capacity: "16MiB" });
  await second.close();
  console.log(JSON.stringify({ before, after: [isOptimised(read), isOptimised(write)] }));
  await first.store.close();
`;

it("closing a store throws away nothing that is compiled for another", async () => {
  const args = ["--allow-natives-syntax", "--input-type=module", "-e", SCRIPT];
  const { stdout } = await promisify(execFile)(process.execPath, args);
  expect(JSON.parse(stdout)).toEqual({ before: [true, true], after: [true, true] });
});
