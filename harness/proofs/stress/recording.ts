/**
 * What one agent did, written as it does it into shared memory: what a killed agent leaves behind can still be read. A record is
 * begun before its operation and answered after it; one that was never answered stays open, as the checker wants it.
 */
import type { Operation } from "../../checker/index.js";

export const GET = 0;
export const SET = 1;
export const DELETE = 2;
export const SET_IF_ABSENT = 3;
export const GET_ENTRY = 4;
export const SET_IF_VERSION = 5;
export const INCREMENT = 6;
const NAMES = ["get", "set", "delete", "set", "getEntry", "set", "increment"] as const;

/** Numbers a record holds: kind, key, value or sum, version (two halves), output, call, return. */
const FIELDS = 8;
const ABSENT = -1;
/** Kind of a record that does not count. */
const WITHDRAWN = -1;

/** One agent's recording: an Int32 count, then records of eight doubles. */
export class Recording {
  private readonly count: Int32Array;
  private readonly records: Float64Array;
  readonly buffer: SharedArrayBuffer;

  constructor(capacityOrBuffer: number | SharedArrayBuffer) {
    this.buffer =
      typeof capacityOrBuffer === "number"
        ? new SharedArrayBuffer(8 + capacityOrBuffer * FIELDS * 8)
        : capacityOrBuffer;
    this.count = new Int32Array(this.buffer, 0, 1);
    this.records = new Float64Array(this.buffer, 8);
  }

  get capacity(): number {
    return this.records.length / FIELDS;
  }

  /** Begins a record; the count is raised last, so that a reader sees whole ones only. */
  begin(kind: number, key: number, value: number, version: bigint, call: number): number {
    const at = this.count[0] * FIELDS;
    const { records } = this;
    records[at] = kind;
    records[at + 1] = key;
    records[at + 2] = value;
    this.writeVersion(at, version);
    records[at + 5] = Number.NaN;
    records[at + 6] = call;
    records[at + 7] = Number.POSITIVE_INFINITY;
    Atomics.add(this.count, 0, 1);
    return at;
  }

  /** @param output the value read (undefined: absent), the sum, or 1 and 0 for true and false */
  answer(at: number, output: number | undefined, returned: number, version?: bigint): void {
    this.records[at + 5] = output ?? ABSENT;
    if (version !== undefined) this.writeVersion(at, version);
    this.records[at + 7] = returned;
  }

  /** The operation failed and did nothing. */
  withdraw(at: number): void {
    this.records[at] = WITHDRAWN;
  }

  /** Records begun. */
  get length(): number {
    return Atomics.load(this.count, 0);
  }

  get isFull(): boolean {
    return this.length === this.capacity;
  }

  /** The records as operations of the checker. */
  operations(client: string): Operation[] {
    const indexes = Array.from({ length: this.length }, (_, index) => index);
    return indexes
      .filter((index) => this.records[index * FIELDS] !== WITHDRAWN)
      .map((index) => this.operation(client, index));
  }

  private writeVersion(at: number, version: bigint): void {
    this.records[at + 3] = Number(version & 0xffffffffn);
    this.records[at + 4] = Number(version >> 32n);
  }

  private operation(client: string, index: number): Operation {
    const [kind, key, value, low, high, output, call, returned] = this.records.subarray(
      index * FIELDS,
      (index + 1) * FIELDS,
    );
    const answered = Number.isFinite(returned);
    const version = `${high}:${low}`;
    return {
      client,
      key: `${kind === INCREMENT ? "counter" : "key"} ${key}`,
      op: NAMES[kind],
      input: inputOf(kind, value, version),
      output: answered ? outputOf(kind, output, version) : null,
      call,
      return: returned,
      line: index + 1,
    };
  }
}

function inputOf(kind: number, value: number, version: string): unknown {
  if (kind === SET) return { value };
  if (kind === SET_IF_ABSENT) return { value, ifAbsent: true };
  if (kind === SET_IF_VERSION) return { value, ifVersion: version };
  return kind === INCREMENT ? { by: value } : null;
}

function outputOf(kind: number, output: number, version: string): unknown {
  if (kind === GET) return output === ABSENT ? null : output;
  if (kind === GET_ENTRY) return output === ABSENT ? null : { value: output, version };
  return kind === INCREMENT ? output : output === 1;
}
