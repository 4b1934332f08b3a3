/**
 * One node's copy of a domain taken over by another: asked for part by part over casts, which need no quorum. What changes while it is under way has
 * a number above the sender's when it began, and comes by the log afterwards.
 */
import type { Casts } from "./cast-lanes.js";
import type { ClusterClock } from "./engine.js";
import { encodeEntry } from "./entry.js";
import { UnavailableError } from "./errors.js";
import { logKey } from "./keys.js";
import { type Ask, decodePeerMessage, encodePeerMessage, type Part } from "./peer-message.js";
import type { Replica } from "./replica.js";

export interface Copied {
  /** Where the peer was in the log: this copy is there now as well. */
  readonly applied: number;
  readonly keys: number;
  /** Too large to be sent. */
  readonly leftOut: readonly string[];
}

interface Sending {
  readonly keys: readonly string[];
  readonly applied: number;
  usedAtMs: number;
}

const PART_BYTES = 128 * 1024;
const ASK_AGAIN_MS = 200;
/** A peer that sends nothing for so long is taken for gone. */
const SILENT_MS = 5000;
/** A transfer that is asked for no more is forgotten. */
const FORGET_MS = 60_000;
const MOST_SENDING = 8;

export class PeerCopies {
  malformed = 0;
  private readonly sending = new Map<number, Sending>();
  private readonly receiving = new Map<number, (from: string, part: Part) => void>();
  private readonly stopping = new Set<(why: string) => void>();

  constructor(
    private readonly replica: Replica,
    private readonly casts: Casts,
    private readonly clock: ClusterClock,
    /** Which log the copy is of. */
    private readonly word: () => string,
    private readonly random: () => number = Math.random,
  ) {
    casts.onCast((from, bytes) => {
      const message = decodePeerMessage(bytes);
      if (message === null) this.malformed++;
      else if (message.kind === "part") this.receiving.get(message.transfer)?.(from, message);
      else if (message.to === replica.node && message.log === this.word()) this.send(message);
    });
  }

  /**
   * Takes over a peer's copy.
   *
   * @param onProgress share that has arrived, 0 to 1
   * @throws UnavailableError when the peer falls silent: what had arrived is kept, and is right as far as it goes
   */
  pull(peer: string, onProgress: (share: number) => void = () => {}): Promise<Copied> {
    const transfer = 1 + Math.floor(this.random() * 2 ** 48);
    const seen = new Set<string>();
    const leftOut: string[] = [];
    let at = 0;
    let heardAtMs = this.clock.elapsed();
    return new Promise((resolve, reject) => {
      let cancel = () => {};
      const end = (settle: () => void) => {
        cancel();
        this.receiving.delete(transfer);
        this.stopping.delete(stop);
        settle();
      };
      const fail = (why: string) => {
        end(() => reject(new UnavailableError(`node "${peer}" did not hand over its copy: ${why}; ask another one`)));
      };
      const stop = (why: string) => fail(why);
      const ask = () => {
        cancel();
        if (this.clock.elapsed() - heardAtMs > SILENT_MS) {
          fail(`it has been silent for ${SILENT_MS} ms`);
          return;
        }
        this.casts.cast(encodePeerMessage({ kind: "ask", transfer, to: peer, at, log: this.word() }));
        cancel = this.clock.after(ASK_AGAIN_MS, ask);
      };
      this.stopping.add(stop);
      this.receiving.set(transfer, (from, part) => {
        if (from !== peer || part.at !== at) return; // told twice
        heardAtMs = this.clock.elapsed();
        for (const { seq, key, entry } of part.versions) {
          seen.add(logKey("data", key));
          if (entry.length === 0) leftOut.push(key);
          else this.replica.takeOver(seq, key, entry.slice());
        }
        at = part.next;
        onProgress(part.keys === 0 ? 1 : at / part.keys);
        if (at < part.keys) {
          ask();
          return;
        }
        const { applied, keys } = part;
        // what the peer did not have when it began is gone, if it is not newer
        this.replica.dropUnseen(seen, applied);
        if (leftOut.length === 0) this.replica.resumeAt(applied);
        end(() => resolve({ applied, keys, leftOut }));
      });
      ask();
    });
  }

  /** Whoever takes over a copy is told why it does not come. */
  stop(why = "this node was closed"): void {
    for (const stop of [...this.stopping]) stop(why);
  }

  private send({ transfer, at }: Ask): void {
    const now = this.clock.elapsed();
    for (const [id, { usedAtMs }] of this.sending) if (now - usedAtMs > FORGET_MS) this.sending.delete(id);
    let sending = this.sending.get(transfer);
    if (sending === undefined) {
      // one that goes on with a transfer that is forgotten here gets no answer, and begins again
      if (at !== 0 || this.sending.size >= MOST_SENDING) return;
      // what is missing here would be missing there: it is asked again in a moment
      if (!this.replica.isSound) return;
      sending = { keys: [...this.replica.copy()].map(([key]) => key), applied: this.replica.applied, usedAtMs: now };
      this.sending.set(transfer, sending);
    }
    sending.usedAtMs = now;
    this.casts.cast(encodePeerMessage(this.part(transfer, at, sending)));
  }

  private part(transfer: number, at: number, { keys, applied }: Sending): Part {
    const versions: Part["versions"][number][] = [];
    let next = at;
    for (let bytes = 0; next < keys.length; next++) {
      const key = keys[next];
      const version = this.replica.confirmed(key);
      if (version === undefined || version.entry === null) continue; // gone meanwhile, or none
      let entry = encodeEntry(version.entry);
      if (entry.length > PART_BYTES) entry = new Uint8Array(0);
      bytes += entry.length + Buffer.byteLength(key) + 16;
      if (bytes > PART_BYTES && versions.length > 0) break;
      versions.push({ seq: version.seq, key, entry });
    }
    return { kind: "part", transfer, at, next, keys: keys.length, applied, versions };
  }
}
