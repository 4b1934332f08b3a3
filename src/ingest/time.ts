/** Times as senders write them and the journal keeps them: whole milliseconds, and what is below one where it was said. */

export interface Instant {
  /** Unix time, whole ms. */
  readonly ms: number;
  /** 0 to 999,999 ns; null where no more than the ms was said. */
  readonly belowMs: number | null;
}

/** 2000-01-01: whatever is earlier was said in another unit. Seconds taken for ms are of 1970, ms taken for ns too. */
export const EARLIEST_MS = 946_684_800_000;

const RFC_3339 = /^(\d{4}-\d\d-\d\d)[Tt ](\d\d:\d\d:\d\d)(?:\.(\d{1,9})\d*)?([Zz]|[+-]\d\d:\d\d)$/;

/** Of RFC 3339; more digits than nine are cut off. Null for any other text, and for days that are none. */
export function parseTimeText(text: string): Instant | null {
  const match = RFC_3339.exec(text);
  if (match === null) return null;
  const [, day, clock, fraction = "", zone] = match;
  const second = Date.parse(`${day}T${clock}.000${zone === "z" ? "Z" : zone}`);
  // Date.parse takes 31 April for 1 May
  if (Number.isNaN(second) || new Date(`${day}T00:00:00Z`).toISOString().slice(0, 10) !== day) return null;
  const digits = fraction.padEnd(3, "0");
  return {
    ms: second + Number(digits.slice(0, 3)),
    belowMs: fraction.length > 3 ? Number(digits.slice(3).padEnd(6, "0")) : null,
  };
}

/** Of a whole number of ns, as decimal digits without sign. */
export function instantOfNs(digits: string): Instant {
  return { ms: Number(digits.slice(0, -6) || "0"), belowMs: Number(digits.slice(-6)) };
}

/** Why a time cannot be meant, in words; null when it can. */
export function whyNotTaken(ms: number, latestMs: number): string | null {
  if (ms >= EARLIEST_MS && ms <= latestMs) return null;
  const date = new Date(ms);
  const shown = Number.isNaN(date.getTime()) ? "beyond any calendar" : date.toISOString();
  return `is ${shown}; expected ${new Date(EARLIEST_MS).toISOString()} to ${new Date(latestMs).toISOString()} (is it in another unit?)`;
}

/** The text of a time up to its ms, made once for all that come in one ms. */
class MsText {
  private ms = Number.NaN;
  private text = "";

  /** Without the Z at its end. */
  of(ms: number): string {
    if (ms !== this.ms) {
      this.text = new Date(ms).toISOString().slice(0, -1);
      this.ms = ms;
    }
    return this.text;
  }
}

export const MS_TEXT = new MsText();
