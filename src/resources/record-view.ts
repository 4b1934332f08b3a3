/** A record where it lies: an accessor a field, made once a layout. Which class a file uses depends on whether it is mapped. */
import { InvalidArgumentError } from "../errors.js";
import {
  type Field,
  type Fields,
  type FieldType,
  type Layout,
  type RecordOf,
  readField,
  writeField,
} from "./layout.js";

/** What a view needs of its file. */
export interface RecordSource {
  /** Over the whole mapped file; null where it is not mapped. */
  readonly view: DataView | null;
  /** Reads a field at a position of the file. */
  readField(field: Field, at: number): number | bigint;
  writeField(field: Field, at: number, value: unknown): void;
  /** @throws ClosedError */
  assertOpen(): void;
  /** @throws InvalidArgumentError */
  assertWritable(): void;
}

/** What every view has beside its fields. */
export class RecordBase {
  /** @internal The file's. */
  readonly source: RecordSource;
  /** @internal The mapped bytes. */
  readonly view: DataView;
  /** @internal Of the record's first byte in the file. */
  at: number;

  /** @internal */
  constructor(source: RecordSource, at: number) {
    this.source = source;
    this.view = source.view ?? NOTHING;
    this.at = at;
  }
}

const NOTHING = new DataView(new ArrayBuffer(0));

/** A record's fields, read and written where they lie, and all of them by value. */
export type RecordView<F extends Fields> = RecordOf<F> & {
  /** All fields by value. */
  toJSON(): RecordOf<F>;
};

export interface ViewClass<F extends Fields> {
  new (source: RecordSource, at: number): RecordBase & RecordView<F>;
}

type Getter = (this: RecordBase) => number | bigint;

/** Written out type by type: each is one load at a place that the compiler knows, where a call by name would be twenty times as dear. */
const LOADS: Record<FieldType, (offset: number) => Getter> = {
  i8: (offset) =>
    function () {
      return this.view.getInt8(this.at + offset);
    },
  u8: (offset) =>
    function () {
      return this.view.getUint8(this.at + offset);
    },
  i16: (offset) =>
    function () {
      return this.view.getInt16(this.at + offset, true);
    },
  u16: (offset) =>
    function () {
      return this.view.getUint16(this.at + offset, true);
    },
  i32: (offset) =>
    function () {
      return this.view.getInt32(this.at + offset, true);
    },
  u32: (offset) =>
    function () {
      return this.view.getUint32(this.at + offset, true);
    },
  i64: (offset) =>
    function () {
      return this.view.getBigInt64(this.at + offset, true);
    },
  u64: (offset) =>
    function () {
      return this.view.getBigUint64(this.at + offset, true);
    },
  f32: (offset) =>
    function () {
      return this.view.getFloat32(this.at + offset, true);
    },
  f64: (offset) =>
    function () {
      return this.view.getFloat64(this.at + offset, true);
    },
};

const classes = new WeakMap<Layout<Fields>, { mapped?: ViewClass<Fields>; positioned?: ViewClass<Fields> }>();

/** The class of a layout's records, mapped or not. */
export function viewClass<F extends Fields>(layout: Layout<F>, mapped: boolean): ViewClass<F> {
  const key = layout as unknown as Layout<Fields>;
  const known = classes.get(key) ?? {};
  classes.set(key, known);
  const kind = mapped ? "mapped" : "positioned";
  known[kind] ??= makeClass(key, mapped);
  return known[kind] as unknown as ViewClass<F>;
}

function makeClass(layout: Layout<Fields>, mapped: boolean): ViewClass<Fields> {
  class View extends RecordBase {
    toJSON(): Record<string, number | bigint> {
      const { source, at } = this;
      source.assertOpen();
      return Object.fromEntries(layout.fields.map((field) => [field.name, source.readField(field, at + field.offset)]));
    }
  }
  for (const field of layout.fields) {
    const { name, offset } = field;
    const load = LOADS[field.type](offset);
    const read: Getter = mapped
      ? load
      : function () {
          return this.source.readField(field, this.at + offset);
        };
    Object.defineProperty(View.prototype, name, {
      enumerable: true,
      get: read,
      set(this: RecordBase, value: unknown) {
        this.source.assertOpen();
        this.source.assertWritable();
        if (mapped) writeField(this.view, this.at + offset, field, value);
        else this.source.writeField(field, this.at + offset, value);
      },
    });
  }
  return View as unknown as ViewClass<Fields>;
}

/** Reads a whole record out of bytes that hold it. */
export function decodeRecord<F extends Fields>(layout: Layout<F>, view: DataView, at: number): RecordOf<F> {
  const record: Record<string, number | bigint> = {};
  for (const field of layout.fields) record[field.name] = readField(view, at + field.offset, field);
  return record as RecordOf<F>;
}

/** Writes fields of a record into bytes that hold it, all of them or none. @throws InvalidArgumentError */
export function encodeRecord<F extends Fields>(
  layout: Layout<F>,
  view: DataView,
  at: number,
  values: Partial<RecordOf<F>>,
): void {
  if (values === null || typeof values !== "object") {
    throw new InvalidArgumentError("a record is written from an object of its fields");
  }
  const fields = Object.keys(values).map((name) => layout.field(name));
  // tried on a copy first: a value that is refused leaves none of the others behind
  const trial = new DataView(new ArrayBuffer(layout.recordBytes));
  for (const field of fields) writeField(trial, field.offset, field, values[field.name as keyof F]);
  for (const field of fields) writeField(view, at + field.offset, field, values[field.name as keyof F]);
}
