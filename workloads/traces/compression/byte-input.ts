/** Bytes that arrive in chunks, to be looked at and taken in pieces of known sizes. */
export class ByteInput {
  /** Bytes taken so far. */
  offset = 0;
  private pending: Buffer = Buffer.alloc(0);
  private ended = false;

  constructor(private readonly chunks: AsyncGenerator<Buffer>) {}

  /** The next bytes, still to be taken: `length` of them, or as many as there are left. For headers, which are short. */
  async peek(length: number): Promise<Buffer> {
    while (this.pending.length < length && !this.ended) {
      const step = await this.chunks.next();
      if (step.done) this.ended = true;
      else this.pending = this.pending.length === 0 ? step.value : Buffer.concat([this.pending, step.value]);
    }
    return this.pending.subarray(0, length);
  }

  /** Takes `length` bytes, piece by piece as they have come; fewer only when the input ends before. */
  async *take(length: number): AsyncGenerator<Buffer> {
    let left = length;
    while (left > 0) {
      const piece = await this.peek(1);
      if (piece.length === 0) return;
      const taken = this.pending.subarray(0, Math.min(left, this.pending.length));
      this.pending = this.pending.subarray(taken.length);
      this.offset += taken.length;
      left -= taken.length;
      yield taken;
    }
  }
}
