/** What a node has heard of the others' invalidations: of each sender, up to which serial number nothing is missing. */

/** Nodes that were restarted leave a sender behind each time; the one that was heard longest ago is forgotten, which costs its next word a reset. */
const MOST_SENDERS = 1024;
/** Numbers that came before one that is missing. */
const MOST_AHEAD = 8192;

/** Nobody is asked for the same again sooner, ms: what was sent may be on its way. */
const ASK_EVERY_MS = 50;

interface Sender {
  upTo: number;
  /** It waits to hear that all up to this number is done; 0: it does not. */
  owed: number;
  askedAtMs: number;
  readonly ahead: Set<number>;
}

export class HeardInvalidations {
  private readonly senders = new Map<number, Sender>();

  /** Up to which serial number nothing of that sender's is missing. */
  upTo(incarnation: number): number {
    return this.senders.get(incarnation)?.upTo ?? 0;
  }

  /** One has arrived and is done. False when it had been before. */
  note(incarnation: number, serial: number): boolean {
    const sender = this.touch(incarnation);
    if (serial <= sender.upTo || sender.ahead.has(serial)) return false;
    if (serial !== sender.upTo + 1 && sender.ahead.size >= MOST_AHEAD) return true; // asked for again
    sender.ahead.add(serial);
    this.closeUp(sender);
    return true;
  }

  /** Everything up to it is as good as done: all was forgotten. */
  skipTo(incarnation: number, serial: number): void {
    const sender = this.touch(incarnation);
    sender.upTo = Math.max(sender.upTo, serial);
    for (const ahead of sender.ahead) if (ahead <= sender.upTo) sender.ahead.delete(ahead);
    this.closeUp(sender);
  }

  /** The sender wants to hear when all up to it is done. */
  owe(incarnation: number, serial: number): void {
    const sender = this.touch(incarnation);
    sender.owed = Math.max(sender.owed, serial);
  }

  /** Whether the sender is to hear now how far this node is: once each time that it asked. */
  pay(incarnation: number): boolean {
    const sender = this.touch(incarnation);
    if (sender.owed === 0 || sender.upTo < sender.owed) return false;
    sender.owed = 0;
    return true;
  }

  /** Whether to ask the sender, whose last number is `serial`, for what is missing. */
  asks(incarnation: number, serial: number, nowMs: number): boolean {
    const sender = this.touch(incarnation);
    if (sender.upTo >= serial || nowMs < sender.askedAtMs + ASK_EVERY_MS) return false;
    sender.askedAtMs = nowMs;
    return true;
  }

  private closeUp(sender: Sender): void {
    while (sender.ahead.delete(sender.upTo + 1)) sender.upTo++;
  }

  private touch(incarnation: number): Sender {
    const sender = this.senders.get(incarnation) ?? {
      upTo: 0,
      owed: 0,
      askedAtMs: Number.NEGATIVE_INFINITY,
      ahead: new Set<number>(),
    };
    this.senders.delete(incarnation);
    this.senders.set(incarnation, sender);
    const [longestAgo] = this.senders.keys();
    if (this.senders.size > MOST_SENDERS) this.senders.delete(longestAgo);
    return sender;
  }
}
