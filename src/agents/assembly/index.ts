/**
 * The kernels' door: loops over what lies in an arena, called with addresses in it. A module that shares a memory has no data segment, or
 * every thread that starts would write its literals over what is there: no strings and no array literals in these files.
 */
export * from "./version";
export { encodeAt } from "./distance";
export { admit, firstBroken, linkBack, place, search } from "./hnsw";
export { scan } from "./scan";
export { foundAddress, openScratch, queryAddress, rowBytes, scratchBytes } from "./vector-block";
export * from "./table";
export * from "./merge";
export * from "./replay";
export { benchBlocks, blocksBytes, blocksChargedTo, chargeBlock, giveBlock, makeBlocks, reapBlocks, takeBlock } from "../../core/assembly/blocks";
export { giveGroup, givePiece, groupBytes, holdPiece, makeArena, pieceAddress, pieceAt, pieceRecord, settlePieces, takePiece, unitsTaken } from "../../core/assembly/pieces";
export { beginChange, charge, endChange, handOver, recount, refund, swapOwner } from "../../core/assembly/ownership";
