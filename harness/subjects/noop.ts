import { defineSubject } from "../../src/lab/index.js";
import type { AgentContext, SharedPart, Subject, SubjectAgent } from "./subject.js";

/**
 * The floor: the driver with nothing behind it. `get` answers with a length without looking, `set` keeps the last size.
 * Whatever another subject costs beyond this is its own; a figure below 1.4 x of this was probably optimised away.
 */
export const noop: Subject = defineSubject({
  name: "noop",
  summary: "does nothing: what the driver itself costs",
  shared: false,
  cannot: [],
  also: ["borrow", "scan", "send", "receive", "handOff", "watch"],
  expires: true,
  async open(): Promise<SharedPart> {
    return {
      attachment: null,
      memory: () => ({ usedBytes: null, capacityBytes: null }),
      notes: ["the floor: nothing is stored, so its hit ratio says nothing"],
      async close() {},
    };
  },
  async attach(_attachment: unknown, _context: AgentContext): Promise<SubjectAgent> {
    return new NoopAgent();
  },
});

class NoopAgent implements SubjectAgent {
  /** Written and read, so that no call can be dropped as having no effect. */
  last = 0;

  get(key: number): number {
    this.last ^= key;
    return 64;
  }

  set(key: number, size: number): void {
    this.last ^= key + size;
  }

  delete(key: number): boolean {
    this.last ^= key;
    return true;
  }

  increment(key: number): void {
    this.last ^= key;
  }

  borrow(key: number): number {
    this.last ^= key;
    return 64;
  }

  scan(key: number, count: number): number {
    this.last ^= key;
    return count;
  }

  send(mailbox: number, size: number): boolean {
    this.last ^= mailbox + size;
    return true;
  }

  receive(mailbox: number): number {
    this.last ^= mailbox;
    return 1;
  }

  handOff(mailbox: number, size: number): number {
    this.last ^= mailbox + size;
    return 1;
  }

  watch(key: number): number {
    this.last ^= key;
    return 0;
  }

  async close(): Promise<void> {}
}
