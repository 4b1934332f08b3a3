/** `@keyv/test-suite`, whole: every test it exports for storage adapters, with one store that all of its Keyvs share. */
import keyvTestSuite, { keyvIteratorTests } from "@keyv/test-suite";
import Keyv from "keyv";
import * as vitest from "vitest";
import EngramKeyv from "#dist/src/adapters/keyv.js";
import { Store } from "#dist/src/index.js";

const store = await Store.create({ capacity: "8MiB" });
vitest.afterAll(() => store.close());

const adapter = () => new EngramKeyv(store);

vitest.describe("@keyv/test-suite", () => {
  keyvTestSuite(vitest, Keyv, adapter);
});

vitest.describe("@keyv/test-suite, iterators", () => {
  keyvIteratorTests(vitest, Keyv, adapter);
});
