/**
 * A Q-table as bytes, little-endian whatever the machine: "EQT1", actions u32, rows u32, CRC-32 of all that follows u32; then of each row
 * its state f64, its values f32 and its visits u32, one an action.
 */
import { crc32 } from "node:zlib";
import { InvalidArgumentError } from "../errors.js";

const MAGIC = 0x31545145;
const HEAD = 16;

interface Rows {
  readonly actions: number;
  readonly states: number;
  forEach(visit: (state: number, values: Float32Array, visits: Uint32Array) => void): void;
  setRow(state: number, values: ArrayLike<number>, visits: ArrayLike<number>): void;
}

const rowBytes = (actions: number): number => 8 + actions * 8;

export function writeTable(table: Rows): Uint8Array {
  const { actions } = table;
  const rows: Uint8Array[] = [];
  table.forEach((state, values, visits) => {
    const row = new DataView(new ArrayBuffer(rowBytes(actions)));
    row.setFloat64(0, state, true);
    values.forEach((value, a) => {
      row.setFloat32(8 + a * 4, value, true);
    });
    visits.forEach((count, a) => {
      row.setUint32(8 + (actions + a) * 4, count, true);
    });
    rows.push(new Uint8Array(row.buffer));
  });
  const bytes = new Uint8Array(HEAD + rows.length * rowBytes(actions));
  rows.forEach((row, i) => {
    bytes.set(row, HEAD + i * row.length);
  });
  const head = new DataView(bytes.buffer);
  head.setUint32(0, MAGIC, true);
  head.setUint32(4, actions, true);
  head.setUint32(8, rows.length, true);
  head.setUint32(12, crc32(bytes.subarray(HEAD)), true);
  return bytes;
}

/** All of the bytes are looked at before the first row is written. */
export function readTable(table: Rows, bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (bytes.length < HEAD || view.getUint32(0, true) !== MAGIC)
    throw new InvalidArgumentError("these bytes are no Q-table: they do not begin with EQT1");
  const actions = view.getUint32(4, true);
  const count = view.getUint32(8, true);
  if (actions !== table.actions)
    throw new InvalidArgumentError(`the bytes are of a table with ${actions} actions, this one has ${table.actions}`);
  if (bytes.length !== HEAD + count * rowBytes(actions))
    throw new InvalidArgumentError(
      `a table of ${count} rows and ${actions} actions has ${HEAD + count * rowBytes(actions)} bytes, not ${bytes.length}`,
    );
  if (crc32(bytes.subarray(HEAD)) !== view.getUint32(12, true))
    throw new InvalidArgumentError("the bytes of the table are damaged: their checksum is another");
  const rows = Array.from({ length: count }, (_, i) => rowAt(view, HEAD + i * rowBytes(actions), actions));
  for (const { state, values } of rows) {
    if (!Number.isSafeInteger(state) || state < 0 || state >= table.states)
      throw new InvalidArgumentError(`the bytes have a row of state ${state}: states are 0 to ${table.states - 1}`);
    if (!values.every(Number.isFinite))
      throw new InvalidArgumentError(`the row of state ${state} has a value that is not finite`);
  }
  for (const { state, values, visits } of rows) table.setRow(state, values, visits);
}

function rowAt(view: DataView, at: number, actions: number): { state: number; values: number[]; visits: number[] } {
  return {
    state: view.getFloat64(at, true),
    values: Array.from({ length: actions }, (_, a) => view.getFloat32(at + 8 + a * 4, true)),
    visits: Array.from({ length: actions }, (_, a) => view.getUint32(at + 8 + (actions + a) * 4, true)),
  };
}
