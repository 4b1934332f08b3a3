import { spawnSync } from "node:child_process";
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, truncateSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import fc from "fast-check";
import { afterAll, describe, expect, it } from "vitest";
import {
  ClosedError,
  CorruptFileError,
  InvalidArgumentError,
  LayoutMismatchError,
  NotMappedError,
} from "#dist/src/errors.js";
import { loadMapper } from "#dist/src/mapping.js";
import { type Fields, type FieldType, layout, MappedFile } from "#dist/src/resources/index.js";

const folder = mkdtempSync(join(tmpdir(), "engram-mapped-"));
afterAll(() => rmSync(folder, { recursive: true, force: true }));
let files = 0;
const newPath = () => join(folder, `records-${files++}.bin`);

const POINT = layout({ id: "u32", score: "f64", hits: "i64" });
const CAN_MAP = typeof loadMapper() !== "string";
const WAYS = [
  ["mapped", true],
  ["at positions", false],
] as const;

async function filled(path: string, records = 10) {
  const file = await MappedFile.create(path, POINT, { records, version: 3 });
  for (let i = 0; i < records; i++) file.write(i, { id: i, score: i / 2, hits: BigInt(-i) });
  return file;
}

describe("a layout", () => {
  it("places fields as a C compiler does", () => {
    const { fields, recordBytes, text } = layout({ a: "u8", b: "f64", c: "u16", d: "i32" });
    expect(fields.map(({ offset }) => offset)).toEqual([0, 8, 16, 20]);
    expect(recordBytes).toBe(24);
    expect(text).toBe("a:u8@0 b:f64@8 c:u16@16 d:i32@20 /24");
  });

  it("lets no two fields overlap and none lie across its own size", () => {
    fc.assert(
      fc.property(fc.array(fieldType, { minLength: 1, maxLength: 40 }), (types) => {
        const { fields, recordBytes, alignment } = layout(fieldsOf(types));
        let end = 0;
        for (const { offset, bytes } of fields) {
          expect(offset).toBeGreaterThanOrEqual(end);
          expect(offset % bytes).toBe(0);
          end = offset + bytes;
        }
        expect(recordBytes).toBeGreaterThanOrEqual(end);
        expect(recordBytes % alignment).toBe(0);
      }),
      {},
    );
  });

  it.each<[string, unknown, RegExp]>([
    ["no fields", {}, /1 to 256 fields, not 0/],
    ["an unknown type", { id: "u33" }, /field "id" is "u33"; expected one of i8, u8/],
    ["a name of the object's own", { toJSON: "u8" }, /cannot be called "toJSON"/],
    ["a name that is none", { "a b": "u8" }, /cannot be called "a b"/],
    ["a list", ["u8"], /cannot be called "0"/],
    ["nothing", null, /takes an object of fields, not null/],
  ])("of %s is refused", (_, fields, message) => {
    expect(() => layout(fields as Fields)).toThrow(message);
  });
});

const fieldType = fc.constantFrom<FieldType>("i8", "u8", "i16", "u16", "i32", "u32", "i64", "u64", "f32", "f64");
const fieldsOf = (types: readonly FieldType[]): Fields => Object.fromEntries(types.map((type, i) => [`f${i}`, type]));
const VALUES: Record<FieldType, fc.Arbitrary<number | bigint>> = {
  i8: fc.integer({ min: -128, max: 127 }),
  u8: fc.integer({ min: 0, max: 255 }),
  i16: fc.integer({ min: -(2 ** 15), max: 2 ** 15 - 1 }),
  u16: fc.integer({ min: 0, max: 2 ** 16 - 1 }),
  i32: fc.integer(),
  u32: fc.integer({ min: 0, max: 2 ** 32 - 1 }),
  i64: fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }),
  u64: fc.bigInt({ min: 0n, max: 2n ** 64n - 1n }),
  f32: fc.float(),
  f64: fc.double(),
};

describe.each(WAYS)("a file of records, %s", (_, mapped) => {
  it("gives back what was written, by view, by value and after it was opened again", async () => {
    const path = newPath();
    const written = await filled(path);
    await written.close();
    await using file = await MappedFile.open(path, POINT, { mapped, writable: true, version: 3 });
    // where the addon is not built for this Node, it falls back
    expect(file.notMapped === null).toBe(mapped && CAN_MAP);
    expect([file.records, file.version]).toEqual([10, 3]);
    const record = file.at(4);
    expect([record.id, record.score, record.hits]).toEqual([4, 2, -4n]);
    record.score = 7.25;
    expect(file.read(4)).toEqual({ id: 4, score: 7.25, hits: -4n });
    expect(record.toJSON()).toEqual(file.read(4));
    expect([...file.slice(2, 5)].map(({ id }) => id)).toEqual([2, 3, 4]);
    expect([...file.slice(8).cursor()].map(({ id }) => id)).toEqual([9, 9]);
    const ids: number[] = [];
    for (const { id } of file.slice(7).cursor()) ids.push(id);
    expect(ids).toEqual([7, 8, 9]);
    expect(file.slice(3, 3).length).toBe(0);
    file.sync();
  });

  it("holds any records of any layout", async () => {
    const drawn = fc
      .array(fieldType, { minLength: 1, maxLength: 6 })
      .chain((types) =>
        fc.tuple(
          fc.constant(types),
          fc.array(fc.tuple(...types.map((type) => VALUES[type])), { minLength: 1, maxLength: 8 }),
        ),
      );
    await fc.assert(
      fc.asyncProperty(drawn, async ([types, rows]) => {
        const path = newPath();
        const fields = layout(fieldsOf(types));
        const file = await MappedFile.create(path, fields, { records: rows.length, mapped });
        const records = rows.map((row) => Object.fromEntries(row.map((value, i) => [`f${i}`, value])));
        for (const [i, record] of records.entries()) {
          if (i % 2 === 0) file.write(i, record);
          else for (const name of Object.keys(record)) (file.at(i) as Record<string, unknown>)[name] = record[name];
        }
        await file.close();
        await using again = await MappedFile.open(path, fields, { mapped });
        expect(records.map((_, i) => again.read(i))).toEqual(records);
        expect([...again.slice()].map((view) => view.toJSON())).toEqual(records);
      }),
      { numRuns: 30 },
    );
  });

  it("writes nothing of a record of which one value does not fit", async () => {
    await using file = await MappedFile.create(newPath(), POINT, { records: 1, mapped });
    file.write(0, { id: 1, score: 2, hits: 3n });
    const before = file.read(0);
    const refused: [object, RegExp][] = [
      [{ id: 9, score: "7" }, /field "score" \(f64\) takes a number, not "7"/],
      [{ id: -1 }, /field "id" \(u32\) takes a whole number from 0 to 4294967295, not -1/],
      [{ id: 2 ** 32 }, /not 4294967296/],
      [{ id: 1.5 }, /not 1.5/],
      [{ hits: 1 }, /field "hits" \(i64\) takes a bigint/],
      [{ hits: 2n ** 63n }, /takes a bigint/],
      [{ id: 1, nope: 2 }, /no field "nope"; expected one of id, score, hits/],
    ];
    for (const [values, message] of refused) expect(() => file.write(0, values)).toThrow(message);
    expect(() => Object.assign(file.at(0), { id: -1 })).toThrow(InvalidArgumentError);
    expect(file.read(0)).toEqual(before);
  });

  it("refuses what is out of bounds, what is closed, and writes to what was opened to be read", async () => {
    const path = newPath();
    await (await filled(path)).close();
    const file = await MappedFile.open(path, POINT, { mapped });
    for (const index of [-1, 10, 1.5, Number.NaN]) {
      expect(() => file.at(index)).toThrow(/no record .*; expected a whole number from 0 to 9/);
      expect(() => file.read(index)).toThrow(InvalidArgumentError);
      expect(() => file.slice(0, 5).at(index)).toThrow(InvalidArgumentError);
    }
    expect(() => file.slice(4, 3)).toThrow(InvalidArgumentError);
    expect(() => file.slice(0, 11)).toThrow(InvalidArgumentError);
    expect(() => file.write(0, { id: 1 })).toThrow(/was opened to be read/);
    expect(() => Object.assign(file.at(0), { id: 1 })).toThrow(/was opened to be read/);
    expect(() => file.add(0, "hits", 1n)).toThrow(/was opened to be read/);
    const record = file.at(0);
    await file.close();
    await file.close();
    expect(() => file.at(0)).toThrow(ClosedError);
    expect(() => file.slice()).toThrow(ClosedError);
    expect(() => record.toJSON()).toThrow(ClosedError);
  });

  it("sees that another process has cut it, as an error and not as a signal", async () => {
    const path = newPath();
    await (await filled(path, 1000)).close();
    await using file = await MappedFile.open(path, POINT, { mapped });
    const record = file.at(999);
    truncateSync(path, 4096);
    expect(() => file.at(999)).toThrow(CorruptFileError);
    expect(() => file.read(999)).toThrow(/was cut to 4096 bytes while it was open; expected \d+/);
    expect(() => file.slice()).toThrow(CorruptFileError);
    if (!mapped) expect(() => record.id).toThrow(/ends before byte 24104/);
  });
});

describe("a field that is changed in one piece", () => {
  it("adds up what several processes add at the same time", async () => {
    const path = newPath();
    await using file = await MappedFile.create(path, layout({ a: "u8", small: "i32", large: "i64" }), { records: 2 });
    if (file.notMapped !== null) return; // the other test says what happens then
    const program = `
      const { MappedFile, layout } = await import(${JSON.stringify(new URL("../../dist/src/resources/index.js", import.meta.url).href)});
      const file = await MappedFile.open(process.argv[1], layout({ a: "u8", small: "i32", large: "i64" }), { writable: true });
      for (let i = 0; i < 20000; i++) { file.add(1, "small", 1); file.add(1, "large", 3n); }
      await file.close();`;
    const shell = [0, 1, 2]
      .map(() => `"${process.execPath}" --input-type=module -e '${program}' "${path}" &`)
      .join("\n");
    const { status, stderr } = spawnSync("sh", ["-c", `${shell}\nwait`], { encoding: "utf8" });
    expect([status, stderr]).toEqual([0, ""]);
    expect([file.load(1, "small"), file.load(1, "large")]).toEqual([60_000, 180_000n]);
    expect(file.compareExchange(1, "small", 1, 2)).toBe(60_000);
    expect(file.compareExchange(1, "small", 60_000, 2)).toBe(60_000);
    expect(file.at(1).small).toBe(2);
  });

  it("is refused where the file is not mapped, and of a type that has no such change", async () => {
    await using file = await MappedFile.create(newPath(), POINT, { records: 1, mapped: false });
    expect(() => file.add(0, "id", 1)).toThrow(NotMappedError);
    expect(() => file.add(0, "id", 1)).toThrow(
      /cannot be changed in one piece: it was opened with \{ mapped: false \}/,
    );
    expect(() => file.add(0, "score" as "id", 1)).toThrow(/field "score" is f64; expected one of i32, u32, i64, u64/);
  });
});

describe("a file that is not what was asked for", () => {
  it("is refused by name: missing, a folder, there already, another layout, another version", async () => {
    const path = newPath();
    await (await filled(path)).close();
    await expect(MappedFile.open(join(folder, "none"), POINT)).rejects.toThrow(
      /no such file; expected a file of records/,
    );
    await expect(MappedFile.open(folder, POINT)).rejects.toThrow(InvalidArgumentError);
    await expect(MappedFile.create(path, POINT, { records: 1 })).rejects.toThrow(/is there already/);
    await expect(MappedFile.create(join(folder, "no", "x"), POINT, { records: 1 })).rejects.toThrow(/no folder/);
    await expect(MappedFile.open(path, layout({ id: "u32", score: "f32", hits: "i64" }))).rejects.toThrow(
      /has records of id:u32@0 score:f64@8 hits:i64@16 \/24; expected id:u32@0 score:f32@4 hits:i64@8 \/16/,
    );
    await expect(MappedFile.open(path, POINT, { version: 4 })).rejects.toThrow(LayoutMismatchError);
    await expect(MappedFile.open(path, {} as typeof POINT)).rejects.toThrow(/expected a layout/);
    await expect(MappedFile.create(newPath(), POINT, { records: 0 })).rejects.toThrow(/records is 0/);
    await expect(MappedFile.create(newPath(), POINT, {} as { records: number })).rejects.toThrow(/records is null/);
    await expect(MappedFile.open(path, POINT, { write: true } as object)).rejects.toThrow(/unknown option "write"/);
  });

  it("leaves nothing behind when it could not be made", async () => {
    const inside = mkdtempSync(join(folder, "none-left-"));
    const path = join(inside, "records");
    writeFileSync(path, "somebody's");
    await expect(MappedFile.create(path, POINT, { records: 5 })).rejects.toThrow(InvalidArgumentError);
    await expect(MappedFile.create(join(inside, "huge"), POINT, { records: 2 ** 48 })).rejects.toThrow(
      InvalidArgumentError,
    );
    expect(readdirSync(inside)).toEqual(["records"]);
    expect(readFileSync(path, "utf8")).toBe("somebody's");
    expect(existsSync(join(inside, "huge"))).toBe(false);
  });

  it("is refused wherever it was cut or changed, and never read as something else", async () => {
    const path = newPath();
    await (await filled(path)).close();
    const whole = readFileSync(path);
    const headLength = whole.readUInt32LE(12);
    const changed = newPath();
    const change = fc.oneof(
      fc.record({ kind: fc.constant("cut" as const), at: fc.nat(whole.length - 1) }),
      fc.record({ kind: fc.constant("flip" as const), at: fc.nat(headLength - 1), bit: fc.nat(7) }),
      fc.record({ kind: fc.constant("longer" as const), at: fc.integer({ min: 1, max: 100 }) }),
      fc.record({ kind: fc.constant("noise" as const), bytes: fc.uint8Array({ maxLength: 300 }) }),
    );
    await fc.assert(
      fc.asyncProperty(change, async (what) => {
        let bytes = Buffer.from(whole);
        if (what.kind === "cut") bytes = bytes.subarray(0, what.at);
        else if (what.kind === "flip") bytes[what.at] ^= 1 << what.bit;
        else if (what.kind === "longer") bytes = Buffer.concat([bytes, Buffer.alloc(what.at)]);
        else bytes = Buffer.from(what.bytes);
        writeFileSync(changed, bytes);
        const refused = await MappedFile.open(changed, POINT).then(
          () => null,
          (error: unknown) => error,
        );
        expect(refused).toBeInstanceOf(CorruptFileError);
        expect((refused as Error).message).toContain(changed);
      }),
      { numRuns: 400 },
    );
  });
});
