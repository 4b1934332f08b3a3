/** A line of a csv to its fields (RFC 4180, but that a quoted field may not run over the end of its line). */

/** Fields of a line; undefined when the quotes do not match. A space stands for any run of blanks and tabs. */
export function splitFields(line: string, delimiter: string): string[] | undefined {
  if (delimiter === " ") return splitAtBlanks(line.trim());
  if (!line.includes('"')) return line.split(delimiter);
  const fields: string[] = [];
  let at = 0;
  while (true) {
    let end: number;
    if (line[at] === '"') {
      end = closingQuote(line, at + 1);
      if (end < 0) return undefined;
      fields.push(line.slice(at + 1, end).replaceAll('""', '"'));
      end++;
      if (end < line.length && line[end] !== delimiter) return undefined;
    } else {
      const next = line.indexOf(delimiter, at);
      end = next < 0 ? line.length : next;
      fields.push(line.slice(at, end));
    }
    if (end >= line.length) return fields;
    at = end + 1;
  }
}

function splitAtBlanks(line: string): string[] | undefined {
  if (!line.includes('"')) return line.split(/[ \t]+/);
  const fields: string[] = [];
  for (let at = 0; at < line.length; ) {
    let end: number;
    if (line[at] === '"') {
      end = closingQuote(line, at + 1) + 1;
      if (end === 0 || (end < line.length && !isBlank(line, end))) return undefined;
      fields.push(line.slice(at + 1, end - 1).replaceAll('""', '"'));
    } else {
      end = at;
      while (end < line.length && !isBlank(line, end)) end++;
      fields.push(line.slice(at, end));
    }
    at = end;
    while (at < line.length && isBlank(line, at)) at++;
  }
  return fields;
}

function isBlank(line: string, at: number): boolean {
  return line[at] === " " || line[at] === "\t";
}

function closingQuote(line: string, from: number): number {
  let at = line.indexOf('"', from);
  while (at >= 0 && line[at + 1] === '"') at = line.indexOf('"', at + 2);
  return at;
}
