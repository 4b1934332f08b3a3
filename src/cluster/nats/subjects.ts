/**
 * Names of a domain on the server. A subject's tokens may hold no blank, no dot and no wildcard, and what breaks that rule is not
 * refused but lost or timed out: every name from outside is written in base64url, the domain's own is checked.
 */
import { InvalidArgumentError } from "../../errors.js";
import type { LogKey } from "../engine.js";

/**
 * Longest key, in UTF-8 bytes. A server reads 4,096 bytes of subject, reply and lengths, and drops the connection of whoever sends more;
 * base64url makes four characters of three bytes, which leaves a kilobyte for the rest.
 */
export const MAX_KEY_BYTES = 2048;

const DOMAIN = /^[A-Za-z0-9_-]{1,64}$/;
/** Half a character, which UTF-8 cannot hold. */
export const LONE_SURROGATE = /\p{Surrogate}/u;

export class Subjects {
  readonly stream: string;
  /** All keys of the log, as they are written. */
  readonly all: string;
  /** The same as they are told again, once they stand. */
  readonly told: string;
  readonly casts: string;
  private readonly root: string;
  private readonly castRoot: string;

  /** @throws InvalidArgumentError for a name that no stream can have */
  constructor(domain: string) {
    if (typeof domain !== "string" || !DOMAIN.test(domain)) {
      throw new InvalidArgumentError(
        `domain ${JSON.stringify(domain)}: expected 1 to 64 letters, digits, hyphens or underscores`,
      );
    }
    this.stream = `MEM_${domain}`;
    this.root = `mem.${domain}.`;
    this.castRoot = `cast.${domain}.`;
    this.all = `${this.root}>`;
    this.told = `rep.${this.root}>`;
    this.casts = `${this.castRoot}*`;
  }

  /** @throws InvalidArgumentError for a key that would not come back as it is */
  ofKey(key: LogKey): string {
    const bytes = Buffer.from(key);
    if (bytes.length === 0 || bytes.length > MAX_KEY_BYTES) {
      throw new InvalidArgumentError(`a key of ${bytes.length} bytes: expected 1 to ${MAX_KEY_BYTES}`);
    }
    if (LONE_SURROGATE.test(key)) {
      throw new InvalidArgumentError(`key ${JSON.stringify(key)} holds half a character: expected well-formed text`);
    }
    return this.root + bytes.toString("base64url");
  }

  /** Null for what no node of ours has written. */
  keyOf(subject: string): LogKey | null {
    const root = subject.indexOf(this.root);
    if (root < 0) return null;
    const token = subject.slice(root + this.root.length);
    const bytes = Buffer.from(token, "base64url");
    return bytes.length > 0 && bytes.toString("base64url") === token ? bytes.toString() : null;
  }

  castOf(node: string): string {
    return this.castRoot + Buffer.from(node).toString("base64url");
  }

  nodeOf(subject: string): string {
    return Buffer.from(subject.slice(this.castRoot.length), "base64url").toString();
  }
}
