/** `@langchain/langgraph-checkpoint-validation`, whole, and its tests of histories, which its whole leaves out. */
import * as vitest from "vitest";
import { EngramSaver } from "#dist/src/adapters/langgraph.js";
import { Store } from "#dist/src/index.js";

// the suite takes its words from the global scope, and its helpers too
Object.assign(globalThis, vitest);
const { deltaChannelHistoryTests, validate } = await import("@langchain/langgraph-checkpoint-validation");

/** One store a checkpointer, as the suite asks for. */
const stores = new Map<EngramSaver, Store>();

const initializer = {
  checkpointerName: "EngramSaver",
  async createCheckpointer() {
    const store = await Store.create({ capacity: "8MiB", maintenance: false });
    const saver = new EngramSaver(store);
    stores.set(saver, store);
    return saver;
  },
  async destroyCheckpointer(saver: EngramSaver) {
    const store = stores.get(saver);
    stores.delete(saver);
    const { violations } = (await store?.verify()) ?? {};
    vitest.expect(violations).toEqual([]);
    await store?.close();
  },
};

validate(initializer);
deltaChannelHistoryTests(initializer);
