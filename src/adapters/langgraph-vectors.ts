/**
 * Search by meaning for LangGraph's long-term memory: texts of an item become vectors, which are kept in its entry, and a query is held
 * against all of them that a search may find (decision 0046). As they are one entry, an item is never found by a text that it had before.
 */
import type { IndexConfig } from "@langchain/langgraph-checkpoint";
import { UnitVectors, unitVector } from "../agents/index.js";
import { describe, KnownOptions, wholeNumber } from "../check.js";
import { InvalidArgumentError, InvalidVectorError } from "../errors.js";
import { parsePath, type TextPath, textsAt } from "./langgraph-texts.js";

/** In an item's entry. */
export interface KeptVectors {
  readonly dims: number;
  /** float32 of length 1, one vector behind the other. */
  readonly bytes: Uint8Array;
}

export interface Ranked<T> {
  readonly item: T;
  /** The cosine of the query and the nearest of the item's vectors; undefined for an item that has none. */
  readonly score: number | undefined;
}

const OPTIONS = new KnownOptions("EngramStore's index", ["dims", "embeddings", "fields"]);
const MOST_DIMENSIONS = 65_536;

export class ItemVectors {
  private readonly dims: number;
  private readonly embeddings: IndexConfig["embeddings"];
  private readonly fields: readonly TextPath[];
  private rows: UnitVectors | undefined;

  /** @throws InvalidArgumentError */
  constructor(config: IndexConfig) {
    const { dims, embeddings, fields } = OPTIONS.check(config);
    this.dims = wholeNumber("index.dims", dims ?? null, 0, 1, MOST_DIMENSIONS);
    if (typeof embeddings?.embedQuery !== "function" || typeof embeddings.embedDocuments !== "function") {
      throw new InvalidArgumentError(
        `index.embeddings is ${describe(embeddings)}; expected LangChain's Embeddings, with embedQuery and embedDocuments`,
      );
    }
    this.embeddings = embeddings;
    this.fields = readFields("index.fields", fields ?? ["$"]);
  }

  /** @throws InvalidVectorError when the model gives what is no vector of `dims` numbers; what the model throws */
  async embedQuery(query: string): Promise<Uint8Array> {
    return this.unit(`the vector of the query ${describe(query)}`, await this.embeddings.embedQuery(query));
  }

  /**
   * The vectors of several items, each text of them embedded once.
   *
   * @returns for each, in their order; undefined for one that has no text where it is looked for, or is not to be indexed
   */
  async embed(
    items: readonly { readonly key: string; readonly value: Record<string, unknown>; readonly index?: unknown }[],
  ): Promise<(KeptVectors | undefined)[]> {
    const texts = items.map(({ value, index }) => this.textsOf(value, index));
    const asked = [...new Set(texts.flat())];
    if (asked.length === 0) return items.map(() => undefined);
    const vectors = await this.embeddings.embedDocuments(asked);
    if (!Array.isArray(vectors) || vectors.length !== asked.length) {
      throw new InvalidArgumentError(
        `index.embeddings gave ${describe(vectors)} for ${asked.length} texts; expected a vector for each`,
      );
    }
    const units = new Map(asked.map((text, i) => [text, this.unit(`the vector of ${describe(text)}`, vectors[i])]));
    return texts.map((own) => {
      if (own.length === 0) return undefined;
      const bytes = Buffer.concat(own.map((text) => units.get(text)!));
      return { dims: this.dims, bytes };
    });
  }

  /**
   * The nearest `most` items first, then those that have no vectors, each in the order in which they come.
   *
   * @throws InvalidArgumentError for one whose vectors are of other dimensions
   */
  rank<T>(
    items: readonly T[],
    vectorsOf: (item: T) => KeptVectors | undefined,
    query: Uint8Array,
    most: number,
  ): Ranked<T>[] {
    this.rows ??= new UnitVectors(this.dims); // with the first search: it has a memory of its own
    const { rows } = this;
    rows.clear();
    const owners: T[] = [];
    const without: T[] = [];
    let vectorsOfOne = 1;
    for (const item of items) {
      const vectors = this.vectorsIn(vectorsOf(item));
      if (vectors.length === 0) without.push(item);
      for (const vector of vectors) {
        rows.add(vector);
        owners.push(item);
      }
      vectorsOfOne = Math.max(vectorsOfOne, vectors.length);
    }
    const best = new Map<T, number>();
    // so many vectors are of `most` items at least
    for (const { position, score } of rows.best(query, most * vectorsOfOne)) {
      if (!best.has(owners[position])) best.set(owners[position], score);
    }
    const scored = Array.from(best, ([item, score]) => ({ item, score }));
    return [...scored, ...without.map((item) => ({ item, score: undefined }))];
  }

  private vectorsIn(kept: KeptVectors | undefined): Uint8Array[] {
    if (kept === undefined) return [];
    const { dims, bytes } = kept;
    if (dims !== this.dims) {
      throw new InvalidArgumentError(
        `an item here was indexed with vectors of ${dims} dimensions, and this store's index has ${this.dims}: write it again, or give index.dims ${dims}`,
      );
    }
    const size = dims * 4;
    return Array.from({ length: bytes.length / size }, (_, i) => bytes.subarray(i * size, (i + 1) * size));
  }

  private textsOf(value: Record<string, unknown>, index: unknown): string[] {
    if (index === false) return [];
    const paths = index === undefined || index === null ? this.fields : readFields("index", index);
    return paths.flatMap((path) => textsAt(value, path));
  }

  private unit(name: string, vector: unknown): Uint8Array {
    const listed = Array.isArray(vector) || vector instanceof Float32Array || vector instanceof Float64Array;
    if (!listed || vector.length !== this.dims) {
      const what = listed ? `has ${vector.length} dimensions` : `is ${describe(vector)}`;
      throw new InvalidVectorError(`${name} ${what}; index.dims is ${this.dims}`, null, null);
    }
    const unit = unitVector(vector);
    if (unit !== null) return unit;
    const component = Array.from(vector as ArrayLike<unknown>).findIndex((number) => !Number.isFinite(number));
    throw new InvalidVectorError(
      `${name} has ${describe(vector[component])} at [${component}]; expected finite numbers`,
      null,
      component,
    );
  }
}

/** Paths as the peer reads them; "$" is the whole item. */
function readFields(name: string, fields: unknown): TextPath[] {
  if (!Array.isArray(fields) || fields.some((field) => typeof field !== "string")) {
    throw new InvalidArgumentError(
      `${name} is ${describe(fields)}; expected paths such as ["text", "chapters[*].title"]`,
    );
  }
  return fields.map(parsePath);
}
