/** What nodes say while one takes over another's copy of a domain: a question for each part, so that neither a lost one nor a slow reader matters. */
import { readWhole, WireWriter } from "./wire.js";

export interface Ask {
  readonly kind: "ask";
  /** Of the whole transfer, drawn at random by who asks. */
  readonly transfer: number;
  /** Whom it is for; all hear it. */
  readonly to: string;
  /** Which part: keys that came before it. */
  readonly at: number;
  /** The word of the log whose copy is asked for. */
  readonly log: string;
}

export interface Part {
  readonly kind: "part";
  readonly transfer: number;
  readonly at: number;
  /** Of the next part; as many as there are keys: this was the last. */
  readonly next: number;
  readonly keys: number;
  /** Where the sender was in the log when the transfer began: all up to there is in the copy. */
  readonly applied: number;
  /** An empty entry: too large to be sent, to be fetched from the log. */
  readonly versions: readonly { readonly seq: number; readonly key: string; readonly entry: Uint8Array }[];
}

const VERSION = 2;
const KINDS = ["ask", "part"] as const;

export function encodePeerMessage(message: Ask | Part): Uint8Array {
  const writer = new WireWriter().number(VERSION).number(KINDS.indexOf(message.kind)).number(message.transfer);
  if (message.kind === "ask") return writer.text(message.to).number(message.at).text(message.log).done();
  const { at, next, keys, applied, versions } = message;
  for (const number of [at, next, keys, applied]) writer.number(number);
  return writer
    .list(versions, ({ seq, key, entry }) => {
      writer.number(seq).text(key).piece(entry);
    })
    .done();
}

/** Null for what is none. Entries are views of the message. */
export function decodePeerMessage(bytes: Uint8Array): Ask | Part | null {
  return readWhole(bytes, (reader) => {
    if (reader.number() !== VERSION) return null;
    const kind = KINDS[reader.number()];
    const transfer = reader.number();
    if (kind === undefined) return null;
    if (kind === "ask") return { kind, transfer, to: reader.text(), at: reader.number(), log: reader.text() };
    const [at, next, keys, applied] = Array.from({ length: 4 }, () => reader.number());
    const versions = reader.list(() => ({ seq: reader.number(), key: reader.text(), entry: reader.piece() }));
    return { kind, transfer, at, next, keys, applied, versions };
  });
}
