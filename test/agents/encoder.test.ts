import { expect, it } from "vitest";
import { encoder, hashed, oneOf, range, stateKey, TileCoding } from "#dist/src/agents/index.js";
import { InvalidArgumentError } from "#dist/src/index.js";
import { Random } from "#dist/src/random.js";

const schema = encoder({ speed: range(0, 10), colour: oneOf("red", "green", "blue"), words: hashed(8) });

it("puts each fact into its own numbers, and 0 behind them", () => {
  expect(schema.size).toBe(12);
  expect(schema.offsets).toEqual({ speed: 0, colour: 1, words: 4 });
  const into = new Float32Array(16).fill(9);
  expect(schema.encode({ speed: 2.5, colour: "green", words: [] }, into)).toBe(into);
  expect([...into]).toEqual([0.25, 0, 1, 0, ...new Array(12).fill(0)]);
  schema.encode({ speed: 99, colour: "red", words: [] }, into);
  expect([...into.subarray(0, 4)]).toEqual([1, 1, 0, 0]);
  schema.encode({ speed: Number.NEGATIVE_INFINITY, colour: "blue", words: ["plan"] }, into);
  expect([...into.subarray(0, 4)]).toEqual([0, 0, 0, 1]);
  expect(into.subarray(4).reduce((sum, x) => sum + Math.abs(x), 0)).toBe(1);
});

it("hashes words evenly over places and signs, so that the inner product of texts is kept on average", () => {
  const size = 64;
  const field = encoder({ words: hashed(size) });
  const places = new Array(size).fill(0);
  let sum = 0;
  const one = new Float32Array(size);
  for (let i = 0; i < 6400; i++) {
    field.encode({ words: [`word-${i}`] }, one);
    const at = one.findIndex((x) => x !== 0);
    places[at]++;
    sum += one[at];
  }
  expect(places.reduce((chi, count) => chi + (count - 100) ** 2 / 100, 0)).toBeLessThan(103); // 63 degrees
  expect(Math.abs(sum)).toBeLessThan(4 * Math.sqrt(6400));
  const random = new Random(3);
  let error = 0;
  for (let pair = 0; pair < 400; pair++) {
    const text = () => Array.from({ length: 10 }, () => `${pair}-w${random.below(40)}`);
    const [a, b] = [text(), text()];
    const exact = a.reduce((n, word) => n + b.filter((other) => other === word).length, 0);
    const [x, y] = [a, b].map((words) => field.encode({ words }, new Float32Array(size)));
    error += x.reduce((product, value, i) => product + value * y[i], 0) - exact;
  }
  expect(Math.abs(error / 400)).toBeLessThan(0.4); // its deviation is about 100/64 a pair
});

it("refuses facts that are missing or no values, and writes nothing then", () => {
  const good = { speed: 1, colour: "red", words: ["a"] } as const;
  const into = new Float32Array(12).fill(5);
  const bad = (facts: object, message: RegExp, target = into) => {
    const call = () => schema.encode({ ...good, ...facts } as never, target);
    expect(call).toThrow(InvalidArgumentError);
    expect(call).toThrow(message);
  };
  bad({ speed: Number.NaN }, /speed must be a number from 0 to 10, not NaN/);
  bad({ speed: "3" }, /speed/);
  bad({ speed: undefined }, /speed is missing: the encoder's fields are speed, colour, words/);
  bad({ colour: "mauve" }, /colour must be one of red, green, blue, not mauve/);
  bad({ words: "a b" }, /words must be a list/);
  bad({ words: ["a", 3] }, /words .* has 3/);
  bad({}, /into must be a Float32Array of 12/, new Float32Array(11));
  expect([...into]).toEqual(new Array(12).fill(5));
  for (const make of [
    () => range(1, 1),
    () => range(Number.NaN, 2),
    () => oneOf(),
    () => oneOf("a", "a"),
    () => hashed(0),
    () => encoder({}),
  ])
    expect(make).toThrow(InvalidArgumentError);
});

it("gives vectors of other steps other keys, and near ones the same", () => {
  const random = new Random(9);
  const keys = new Set<number>();
  const vector = new Float32Array(8);
  for (let i = 0; i < 50_000; i++) {
    for (let d = 0; d < 8; d++) vector[d] = Math.floor((i / 6 ** d) % 6) / 16;
    keys.add(stateKey(vector));
  }
  expect(keys.size).toBe(50_000);
  for (const key of keys) if (!Number.isSafeInteger(key) || key < 0) expect(key).toBe("a whole number");
  vector.fill(0.5);
  expect(stateKey(vector)).toBe(stateKey(vector.map((x) => x + random.unit() * 0.01)));
  vector[3] = Number.NaN;
  expect(() => stateKey(vector)).toThrow(/number 3 of the vector/);
});

it("tiles: one of each grid, shared by neighbours the more the nearer they are", () => {
  const coding = new TileCoding(
    [
      { min: 0, max: 1, tiles: 8 },
      { min: -2, max: 2, tiles: 8 },
    ],
    8,
  );
  expect(coding.size).toBe(8 * 81);
  const active = (x: number, y: number) => [...coding.active([x, y], new Uint32Array(8))];
  const shared = (a: number[], b: number[]) => a.filter((tile, i) => tile === b[i]).length;
  const here = active(0.3, 0.1);
  expect(here.map((tile) => Math.floor(tile / 81))).toEqual([0, 1, 2, 3, 4, 5, 6, 7]);
  expect(shared(here, active(0.3, 0.1))).toBe(8);
  // an eighth of a tile further one grid has changed, a tile further all have
  expect(shared(here, active(0.3 + 1 / 64, 0.1))).toBe(7);
  expect(shared(here, active(0.3 + 1 / 8, 0.1))).toBe(0);
  expect(active(-9, 99)).toEqual(active(0, 2));
  expect(Math.max(...active(1, 2))).toBeLessThan(coding.size);
  expect(() => coding.active([0.1], new Uint32Array(8))).toThrow(/2 numbers/);
  expect(() => coding.active([0.1, Number.NaN], new Uint32Array(8))).toThrow(/number 1/);
  expect(() => coding.active([0.1, 1], new Uint32Array(7))).toThrow(/8 numbers/);
  expect(() => new TileCoding([{ min: 1, max: 0, tiles: 8 }])).toThrow(InvalidArgumentError);
  expect(() => new TileCoding([])).toThrow(InvalidArgumentError);
});
