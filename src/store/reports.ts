/**
 * What other rooms have to tell of a store that this thread has open: noted by them, shown by whoever watches the store. Here alone the two meet:
 * neither knows of the other.
 */
import type { Store } from "./store.js";

/** Figures of one metric, as scrapers and meters take them. */
export interface ReportFamily {
  /** Without unit and suffix. */
  readonly name: string;
  /** Of its points. */
  readonly unit: "" | "bytes" | "seconds" | "ratio";
  /** In a sentence. */
  readonly help: string;
  /** Whether it only grows. */
  readonly type: "counter" | "gauge";
  /** Its numbers, with what tells them apart. */
  readonly points: readonly {
    /** What tells it from others of the family. */
    readonly labels: Readonly<Record<string, string>>;
    /** In the family's unit. */
    readonly value: number;
  }[];
}

/** What another room has to tell of a store. */
export interface StoreReport {
  /** Heading over it. */
  readonly title: string;
  /** For people: a table, its columns named by the first row. */
  readonly table: readonly (readonly string[])[];
  /** For scrapers and meters. */
  readonly families: readonly ReportFamily[];
}

const reports = new WeakMap<Store, Set<() => StoreReport>>();

/** From now on the store is told of by this too. @returns what takes it back */
export function addReport(store: Store, read: () => StoreReport): () => void {
  const all = reports.get(store) ?? new Set();
  reports.set(store, all);
  all.add(read);
  return () => all.delete(read);
}

export function reportsOf(store: Store): StoreReport[] {
  return [...(reports.get(store) ?? [])].map((read) => read());
}
