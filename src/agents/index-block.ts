/**
 * The block of a vector index, as the host sees it: where its parts lie, its header and its seal. Drawn in assembly/vector-block.ts; a file
 * is the same bytes.
 */
import { crc32 } from "node:zlib";
import { CorruptIndexError } from "../errors.js";
import type { VectorKernels } from "./vector-kernels.js";

/** What a vector is called in answers: its place, 0 up, unless ids were given. */
export type VectorId = number | string;

/** Written into blocks and files: never change a number, only add. */
const KINDS = { f32: 0, int8: 1 } as const;
const METRICS = { cosine: 0, l2: 1, dot: 2 } as const;
/** How vectors are kept: as float32, or as bytes with a scale each. */
export type IndexKind = keyof typeof KINDS;
/** How near two vectors are. */
export type IndexMetric = keyof typeof METRICS;
export const KIND_NAMES = Object.keys(KINDS) as IndexKind[];
export const METRIC_NAMES = Object.keys(METRICS) as IndexMetric[];

export const IDS_POSITIONS = 0;
export const IDS_NUMBERS = 1;
export const IDS_TEXTS = 2;

const MAGIC = Buffer.from("EngramVI", "latin1");
export const INDEX_VERSION = 1;
export const HEADER_BYTES = 128;
const SEALED_BYTES = 100;

/** Words of the header, u32. */
const W = {
  version: 2,
  frozen: 3,
  dimensions: 4,
  kind: 5,
  metric: 6,
  m: 7,
  efConstruction: 8,
  seed: 9,
  count: 10,
  placed: 11,
  entry: 12,
  top: 13,
  stride: 14,
  rows: 15,
  links: 16,
  table: 17,
  upper: 18,
  upperBytes: 19,
  ids: 20,
  idKind: 21,
  idBytes: 22,
  bytes: 23,
  bodyChecksum: 24,
  headerChecksum: 25,
} as const;

export const MOST_DIMENSIONS = 65_536;
export const MOST_M = 128;
export const MOST_EF = 65_536;
/** A position takes 31 bits in the list of a search. */
export const MOST_VECTORS = 2 ** 31 - 1;
/** Of m = 2, which has the most, one node in 32,768 would be higher. */
export const MOST_LEVEL = 15;

/** What an index was made with. */
export interface IndexShape {
  readonly dimensions: number;
  readonly kind: IndexKind;
  readonly metric: IndexMetric;
  /** Links of a node on the levels above 0; 0: there is no graph. */
  readonly m: number;
  readonly efConstruction: number;
  readonly seed: number;
  readonly count: number;
  readonly upperBytes: number;
  readonly idKind: number;
  readonly idBytes: number;
}

/** Offsets in the block, and its length. */
interface IndexPlan {
  readonly stride: number;
  readonly rows: number;
  readonly links: number;
  readonly table: number;
  readonly upper: number;
  readonly ids: number;
  readonly bytes: number;
}

export interface IndexHeader extends IndexShape, IndexPlan {
  readonly frozen: boolean;
  readonly placed: number;
  readonly entry: number;
  readonly top: number;
}

/** Where everything lies is decided by the shape: rows first, as they want whole lines. May be more than a block can have. */
export function planBlock(shape: IndexShape, kernels: VectorKernels): IndexPlan {
  const { dimensions, kind, m, count, upperBytes, idBytes } = shape;
  const stride = kernels.rowBytes(dimensions, KINDS[kind]);
  let end = HEADER_BYTES + count * stride;
  const part = (bytes: number): number => {
    const start = bytes === 0 ? 0 : end;
    end += bytes;
    return start;
  };
  const links = part(m === 0 ? 0 : count * (1 + 2 * m) * 4);
  const table = part(m === 0 ? 0 : (count + 1) * 4);
  const upper = part(upperBytes);
  end = Math.ceil(end / 8) * 8; // ids are f64
  const ids = part(idBytes);
  return { stride, rows: HEADER_BYTES, links, table, upper, ids, bytes: end };
}

/** @param block zeroed, of `plan.bytes` */
export function writeHeader(block: Uint8Array, shape: IndexShape, plan: IndexPlan): void {
  block.set(MAGIC);
  const words = wordsOf(block);
  words[W.version] = INDEX_VERSION;
  words[W.kind] = KINDS[shape.kind];
  words[W.metric] = METRICS[shape.metric];
  for (const name of [
    "dimensions",
    "m",
    "efConstruction",
    "seed",
    "count",
    "upperBytes",
    "idKind",
    "idBytes",
  ] as const) {
    words[W[name]] = shape[name];
  }
  for (const name of ["stride", "rows", "links", "table", "upper", "ids", "bytes"] as const)
    words[W[name]] = plan[name];
}

function wordsOf(block: Uint8Array): Uint32Array {
  return new Uint32Array(block.buffer, block.byteOffset, HEADER_BYTES / 4);
}

/**
 * The last step of building. A thread that finds the word set finds all that was written before it.
 *
 * @param bodyChecksum of the bytes from the header on
 */
export function freeze(block: Uint8Array, bodyChecksum: number): void {
  const words = wordsOf(block);
  words[W.bodyChecksum] = bodyChecksum;
  words[W.headerChecksum] = headerChecksum(block);
  Atomics.store(words, W.frozen, 1);
}

/** Of the header as it is when the block is frozen. */
function headerChecksum(block: Uint8Array): number {
  const copy = Uint8Array.from(block.subarray(0, SEALED_BYTES)); // own memory: what is shared is not every function's to read
  new Uint32Array(copy.buffer)[W.frozen] = 1;
  return crc32(copy);
}

/** Bytes whose checksum is taken between two pauses. */
const CHECKED_AT_ONCE = 4 << 20;

/** @param pause awaited between pieces */
export async function checksumOfBody(block: Uint8Array, pause: () => Promise<void> | void): Promise<number> {
  let checksum = 0;
  for (let at = HEADER_BYTES; at < block.length; at += CHECKED_AT_ONCE) {
    checksum = crc32(Buffer.from(block.subarray(at, at + CHECKED_AT_ONCE)), checksum);
    await pause();
  }
  return checksum;
}

export function bodyChecksumIn(block: Uint8Array): number {
  return wordsOf(block)[W.bodyChecksum];
}

/**
 * The header of a block or of a file's first bytes, every number of it checked against the others.
 *
 * @param what named in the errors
 * @param bytes at least those of a header
 * @throws CorruptIndexError
 */
export function readHeader(what: string, bytes: Uint8Array, kernels: VectorKernels): IndexHeader {
  if (bytes.length < HEADER_BYTES) {
    throw new CorruptIndexError(`${what}: is of ${bytes.length} bytes; a vector index has a header of ${HEADER_BYTES}`);
  }
  if (!MAGIC.equals(bytes.subarray(0, MAGIC.length))) {
    throw new CorruptIndexError(`${what}: is no vector index of Engram: its first bytes are others`);
  }
  const words = wordsOf(bytes);
  if (words[W.version] !== INDEX_VERSION) {
    throw new CorruptIndexError(
      `${what}: is a vector index of version ${words[W.version]}; this Engram reads version ${INDEX_VERSION}`,
    );
  }
  const frozen = Atomics.load(words, W.frozen) === 1;
  if (!frozen) throw new CorruptIndexError(`${what}: is still being built: it is searched when that has ended`);
  if (words[W.headerChecksum] !== headerChecksum(bytes)) {
    throw new CorruptIndexError(`${what}: the header is damaged: its checksum is another`);
  }
  const shape = {
    dimensions: words[W.dimensions],
    kind: KIND_NAMES.find((name) => KINDS[name] === words[W.kind]),
    metric: METRIC_NAMES.find((name) => METRICS[name] === words[W.metric]),
    m: words[W.m],
    efConstruction: words[W.efConstruction],
    seed: words[W.seed],
    count: words[W.count],
    upperBytes: words[W.upperBytes],
    idKind: words[W.idKind],
    idBytes: words[W.idBytes],
  };
  const { placed, entry, top } = { placed: words[W.placed], entry: words[W.entry], top: words[W.top] };
  const { dimensions, kind, metric, m, count, idKind } = shape;
  const sound =
    kind !== undefined &&
    metric !== undefined &&
    within(dimensions, 1, MOST_DIMENSIONS) &&
    (m === 0 || within(m, 2, MOST_M)) &&
    within(count, 1, MOST_VECTORS) &&
    within(idKind, IDS_POSITIONS, IDS_TEXTS) &&
    placed === (m === 0 ? 0 : count) &&
    entry < count &&
    top <= MOST_LEVEL;
  if (!sound) throw new CorruptIndexError(`${what}: the header has numbers that no index has`);
  const known: IndexShape = { ...shape, kind, metric };
  const plan = planBlock(known, kernels);
  for (const name of ["stride", "rows", "links", "table", "upper", "ids", "bytes"] as const) {
    if (words[W[name]] === plan[name]) continue;
    throw new CorruptIndexError(
      `${what}: the header says that ${name} is ${words[W[name]]}; it would be ${plan[name]}`,
    );
  }
  return { ...known, ...plan, frozen, placed, entry, top };
}

function within(value: number, min: number, max: number): boolean {
  return value >= min && value <= max;
}
