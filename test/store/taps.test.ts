/** Taps hear every operation once, any number of them, and leave nothing behind. */
import { afterEach, describe, expect, it } from "vitest";
import { Namespace, Store } from "#dist/src/index.js";
import { type Tap, tapStore } from "#dist/src/store/index.js";

const stores: Store[] = [];
afterEach(async () => {
  for (const store of stores.splice(0)) await store.close();
});

async function openStore(): Promise<Store> {
  const store = await Store.create({ capacity: "8MiB", maintenance: false });
  stores.push(store);
  return store;
}

class Heard implements Tap {
  readonly lines: string[] = [];
  operation(namespace: string, operation: string, key: unknown, bytes: number, ttl: number): void {
    this.lines.push(`${operation} ${namespace}/${String(key)} ${bytes}${ttl === 0 ? "" : ` ttl ${ttl}`}`);
  }
}

const methods = () => Object.getOwnPropertyNames(Namespace.prototype);

describe("a tap", () => {
  it("hears each operation once, whatever it is made of, in namespaces that were there before", async () => {
    const store = await openStore();
    const ns = store.namespace("n", { encoding: "string" });
    const numbers = store.namespace("numbers", { encoding: "json" });
    const tap = new Heard();
    const stop = tapStore(store, tap);
    ns.set("a", "four");
    ns.set("b", "2b", { ttl: 5000 });
    ns.set("a", "no", { ifAbsent: true });
    ns.get("a");
    ns.getEntry("absent");
    ns.has("a");
    ns.getInto("a", new Uint8Array(8));
    ns.borrow("a", () => {});
    ns.getMany(["a", "absent"]);
    ns.setMany([
      ["c", "ccc"],
      ["d", "d"],
    ]);
    ns.delete("c");
    numbers.increment("sum", 2);
    stop();
    ns.get("a");
    expect(tap.lines).toEqual([
      ...["set n/a 4", "set n/b 2 ttl 5000", "get n/a 0", "get n/a 4", "get n/absent 0", "get n/a 0", "get n/a 4"],
      ...[
        "get n/a 4",
        "get n/a 4",
        "get n/absent 0",
        "set n/c 3",
        "set n/d 1",
        "delete n/c 0",
        "increment numbers/sum 8",
      ],
    ]);
  });

  it("does not keep others from hearing, nor hears of other stores, and the last one leaves nothing behind", async () => {
    const [store, other] = [await openStore(), await openStore()];
    expect(methods()).toEqual(["constructor"]);
    const [one, two, elsewhere] = [new Heard(), new Heard(), new Heard()];
    const stops = [tapStore(store, one), tapStore(store, two), tapStore(other, elsewhere)];
    store.namespace("n").has("k");
    stops[0]();
    stops[0]();
    store.namespace("n").has("l");
    stops[1]();
    store.namespace("n").has("m");
    other.namespace("n").has("o");
    stops[2]();
    expect([one, two, elsewhere].map(({ lines }) => lines)).toEqual([
      ["get n/k 0"],
      ["get n/k 0", "get n/l 0"],
      ["get n/o 0"],
    ]);
    expect(methods()).toEqual(["constructor"]);
  });
});
