/** "did you mean": the known name nearest to a misspelt one. */

/** `; did you mean X?` when a name is within a third of its length in edits, else ''. */
export function closest(name: string, known: readonly string[]): string {
  let best = "";
  let distance = Number.POSITIVE_INFINITY;
  for (const candidate of known) {
    const d = editDistance(name.toLowerCase().slice(0, 100), candidate.toLowerCase());
    if (d < distance) {
      distance = d;
      best = candidate;
    }
  }
  return distance <= Math.max(1, Math.ceil(best.length / 3)) ? ` (did you mean ${best}?)` : "";
}

/** Letters left out, put in, changed, or two of them exchanged; one row at a time. */
function editDistance(a: string, b: string): number {
  let before: number[] = [];
  let row = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const next = [i];
    for (let j = 1; j <= b.length; j++) {
      const change = row[j - 1] + (a[i - 1] === b[j - 1] ? 0 : 1);
      next.push(Math.min(change, row[j] + 1, next[j - 1] + 1));
      if (i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1])
        next[j] = Math.min(next[j], before[j - 2] + 1);
    }
    before = row;
    row = next;
  }
  return row[b.length];
}
