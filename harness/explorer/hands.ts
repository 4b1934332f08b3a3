/** What a thread has of the agents' memory between its steps; agent-steps.ts has the steps. */

/** The engine's functions for blocks, pieces and the word of ownership (the kernels of src/agents have them): what an operation on them is made of. */
export interface AgentCalls {
  takeBlock(at: number, claim: number): number;
  chargeBlock(at: number, index: number, group: number): void;
  giveBlock(at: number, index: number, claim: number): number;
  reapBlocks(at: number, dead: number, claim: number): number;
  takePiece(arena: number, units: number, claim: number): number;
  holdPiece(arena: number, record: number, group: number, bytes: number, since: number, charged: number): void;
  pieceAt(arena: number, address: number): number;
  givePiece(arena: number, record: number, claim: number, group: number): number;
  settlePieces(arena: number, dead: number, claim: number): number;
  handOver(line: number, claim: number): number;
  swapOwner(line: number, from: number, to: number): number;
  beginChange(line: number): void;
  /** Of the explorer's build alone: two words, one after the other. */
  writeWords(at: number, first: number, second: number): void;
  endChange(line: number): void;
}

export type AgentCall = keyof AgentCalls;

export class Hands {
  /** The function under way, or next, and what it is called with. */
  entry: AgentCall = "takeBlock";
  args: readonly number[] = [];
  /** This thread's, as the host makes it of its slot and that one's incarnation. */
  claim = 0;
  /** Blocks and pieces that it has, by their places in the histories, the last one last. */
  readonly blocks: number[] = [];
  readonly pieces: number[] = [];
  /** Place in its history of what is under way. */
  use = 0;
  tries = 0;
  /** It is the agent's owner, for all that it knows. */
  owns = false;
  /** Claim, or ticket, that a claimer found. */
  found = 0;
  /** reap: who died. */
  victim = 0;

  reset(claim: number): void {
    this.claim = claim;
    this.blocks.length = 0;
    this.pieces.length = 0;
    this.owns = false;
    this.tries = 0;
  }

  call(entry: AgentCall, ...args: readonly number[]): "agents" {
    this.entry = entry;
    this.args = args;
    return "agents";
  }

  run(engine: AgentCalls): number {
    return (engine[this.entry] as (...args: readonly number[]) => number)(...this.args);
  }
}
