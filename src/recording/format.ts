/**
 * The operation log: what a running program asked of its stores, for the simulator and for replays.
 *
 * A file is a sequence of blocks and nothing else, so that every prefix of whole blocks is a log, threads and processes
 * can append to one file without asking each other, and two logs put together are one. All numbers are little-endian. A block is a
 * header of 48 bytes and `records` records of 24.
 *
 *   header   0  8 bytes "EngramOL"        24  f64 base time, µs since 1970
 *            8  u32 version, 1            32  u32 store
 *           12  u32 records               36  u32 operations lost before this block
 *           16  u32 CRC-32 of the records 40  u32 flags, bit 0: the stream's last block
 *           20  u32 stream: one recorder  44  u32 CRC-32 of bytes 0 to 43
 *
 *   record   0  u64 hash of namespace and key     16  u32 ttl, ms, 0 = none
 *            8  u32 µs since the base time        20  u16 bytes of the key
 *           12  u32 bytes of the value            22  u8 operation; u8 0
 *
 * A value's bytes are 0 where they are not known: reads that found nothing. Times rise within a stream; blocks of different streams overlap.
 * A log converted from a trace has keys of 0 bytes, its sizes (of key and value together) in the value's bytes, and times that may fall as the trace's do.
 *
 * A thread that is ended while it writes leaves part of a block, wherever in the file. Readers go on at the next block that is whole, by its
 * magic and both checksums.
 */
export const LOG_MAGIC = Buffer.from("EngramOL", "latin1");
export const LOG_VERSION = 1;
export const HEADER_BYTES = 48;
export const RECORD_BYTES = 24;
export const HEADER_CRC_AT = 44;
/** Flag of a stream's last block. */
export const LAST_BLOCK = 1;
/** Records of a full block: 96 KiB. A reader takes up to 2^20, which bounds its memory. */
export const BLOCK_RECORDS = 4096;
export const MOST_BLOCK_RECORDS = 2 ** 20;

export const LOGGED_GET = 0;
export const LOGGED_SET = 1;
export const LOGGED_DELETE = 2;
export const LOGGED_INCREMENT = 3;
