/** What names, tags and units may be, for every format: what does not fit here would fit no database either. */

/** Characters. */
export const NAME_MAX = 256;
export const TAG_VALUE_MAX = 1024;
export const UNIT_MAX = 64;
export const TAGS_MAX = 64;

/** Control characters: a name with a line feed in it cannot be told in line protocol, nor in a log. */
const CONTROL = /\p{Cc}/u;

/** Why it cannot be a client, a name, the name of a tag; null when it can. */
export function whyNoName(text: string): string | null {
  if (text === "") return "is empty";
  if (text.length > NAME_MAX) return `has ${text.length} characters; expected ${NAME_MAX} at most`;
  return CONTROL.test(text) ? "has a control character in it" : null;
}

/** A tag's value may have any character: what a database cannot take is written otherwise there. */
export function whyNoTagValue(text: string): string | null {
  return text.length > TAG_VALUE_MAX ? `has ${text.length} characters; expected ${TAG_VALUE_MAX} at most` : null;
}

export function whyNoUnit(text: string): string | null {
  if (text.length > UNIT_MAX) return `has ${text.length} characters; expected ${UNIT_MAX} at most`;
  return CONTROL.test(text) ? "has a control character in it" : null;
}

export function whyTooManyTags(count: number): string | null {
  return count > TAGS_MAX ? `has ${count} tags; expected ${TAGS_MAX} at most` : null;
}
