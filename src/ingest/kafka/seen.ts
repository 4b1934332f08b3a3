/**
 * What has come from each partition before. A journal's lines come to a partition in ascending order, so the highest of each journal is all
 * that has to be known: a line that is no higher has come before.
 */

/** Journals of a partition; of more, those that nothing came from for the longest time are forgotten. */
const MOST_JOURNALS = 1000;

export class Seen {
  duplicates = 0;
  private readonly partitions = new Map<number, Map<string, number>>();

  add(partition: number, journal: string, line: number): void {
    let highest = this.partitions.get(partition);
    if (highest === undefined) {
      highest = new Map();
      this.partitions.set(partition, highest);
    }
    const before = highest.get(journal);
    if (before !== undefined && line <= before) {
      this.duplicates++;
      return;
    }
    highest.delete(journal); // behind all others
    highest.set(journal, line);
    if (highest.size <= MOST_JOURNALS) return;
    for (const oldest of highest.keys()) {
      highest.delete(oldest);
      return;
    }
  }
}
