/** What a slab's state word says, for those who read the table of slabs (src/core/assembly/slabs.ts draws its transitions). */
import * as L from "./layout.js";

export interface SlabState {
  /** Size class of its chunks, -1 = it is not cut. */
  readonly sizeClass: number;
  /** It is part of a span. */
  readonly span: boolean;
  /** Slot that is changing what it is, -1 = none. */
  readonly changing: number;
  /** The kind means something. */
  readonly known: boolean;
}

/** Size class of the chunks of a slab, -1 when it is not cut: never used, given back, or part of a span. */
export function slabClass(state: number): number {
  const kind = state & L.SLAB_KIND_MASK;
  return kind <= L.CLASS_COUNT ? kind - 1 : -1;
}

export function slabState(state: number): SlabState {
  const kind = state & L.SLAB_KIND_MASK;
  return {
    sizeClass: slabClass(state),
    span: kind === L.SLAB_SPAN,
    changing: ((state >>> L.SLAB_OWNER_SHIFT) & L.SLAB_OWNER_MASK) - 1,
    known: kind <= L.CLASS_COUNT || kind === L.SLAB_SPAN || kind === L.SLAB_SOILED || kind === L.SLAB_FREED,
  };
}
