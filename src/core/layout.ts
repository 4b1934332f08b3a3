/**
 * The memory map of the store: every offset the engine (AssemblyScript) and its host (TypeScript) agree on. This one
 * file is compiled by both compilers, so the two cannot drift apart; test/core/layout.test.ts asserts that the
 * fields add up. All sizes in bytes, all addresses are byte offsets into the one shared memory.
 *
 *   0        HEADER        4 KiB   identity and geometry (written once), then one 64-byte line per contended word
 *   4 KiB    PARKING       two 64-byte lines a place: words that threads sleep on
 *   12 KiB   SLOTS         64 KiB each, one a worker
 *   …        ACCESS LOGS   one ring a slot; only where a policy asks for them
 *   …        CHANGE LOGS   one ring a slot, written only while somebody watches (assembly/changes.ts)
 *   …        NAMESPACE IDS 64-byte usage lines, one an id
 *   …        SLABS         u32 a slab: its size class and, while it is being cut, its owner; then u32 a slab: the entry whose value it is of
 *   …        DIRTY         one bit per 4 KiB of pool
 *   …        GROUPS        u32 a group of 32 buckets: which namespace ids may have entries there
 *   …        BUCKETS       u32 link each
 *   …        EXPIRIES      u64 per 256 buckets: the earliest expiry among their entries (assembly/expiry.ts)
 *   …        POOL          64 KiB slabs; the rest of the memory, a guard page excepted
 *
 * Rule (M-003): words that different workers write never share a 64-byte line, and a line that is read by everyone is
 * never written. The one exception is stated where it is made.
 */

export const MAGIC: u32 = 0x52474e45; // "ENGR", little-endian
export const LAYOUT_VERSION: u32 = 2;

export const LINE: u32 = 64;
export const SLAB_SIZE: u32 = 65536;
export const SLAB_SHIFT: u32 = 16;
export const REGION_SHIFT: u32 = 12; // 4 KiB dirty regions, M-005
export const GROUP_SHIFT: u32 = 5; // 32 buckets share a word that tells whose entries they may hold (assembly/presence.ts)
/** Readers clamp nothing but addresses: a racy u16 length may reach this far past the pool, so nothing lives there. */
export const GUARD_SIZE: u32 = 131072;

// --- header, line 0 and 1: identity and geometry, written once before the store is handed out
export const H_MAGIC: u32 = 0;
export const H_LAYOUT: u32 = 4;
export const H_SLOTS: u32 = 8;
export const H_SLOT_COUNT: u32 = 12;
export const H_IDS: u32 = 16;
export const H_ID_COUNT: u32 = 20;
export const H_CAPACITY: u32 = 24; // bytes the store was created with
export const H_SLABS: u32 = 32;
export const H_SLAB_MAX: u32 = 36;
export const H_DIRTY: u32 = 40;
export const H_BUCKETS: u32 = 44;
export const H_BUCKET_MASK: u32 = 48;
export const H_POOL: u32 = 52;
export const H_HASH_SEED: u32 = 56;
export const H_HASH_KIND: u32 = 60;
export const H_CREATED_MS: u32 = 64; // f64, Unix time of creation: tick 0
export const H_CREATED_MONOTONIC: u32 = 96; // f64, the same instant on the process's monotonic clock, ms
export const H_RETIRE_LIMIT: u32 = 72; // retired chunks a worker gathers before it looks for freeable ones
export const H_REFILL: u32 = 76; // chunks a cache takes from its class at once, M-006
export const H_CACHE_LIMIT: u32 = 80; // a cache above this returns CACHE_RETURN of them
export const H_CACHE_RETURN: u32 = 84;
export const H_EVICTION: u32 = 88; // 0 = refuse when full, 1 = sampled CLOCK, above: that, and a policy (the host's numbering)
export const H_STORE_ID: u32 = 92; // random: a handle is checked against it
export const H_LOG: u32 = 104; // the access logs; 0 = there are none
export const H_LOG_RECORDS: u32 = 108; // a log's records, a power of two
export const H_GROUPS: u32 = 120;
export const H_CHANGES: u32 = 116; // the change logs
export const H_CHANGE_BYTES: u32 = 124; // a change log's bytes for records, a power of two
export const H_VALUE_MAX: u32 = 2816; // bytes of a value at most
export const H_CUT_MAX: u32 = 3008; // slabs from here on are kept for spans: cut into chunks last of all, and not at all where there is eviction
export const H_MAX_ENTRIES: u32 = 112; // entries in namespaces of users at most, kept by the evictor; 0 = no limit

// --- header, contended lines: one word (or one pair that changes together) a line
export const H_TICK: u32 = 128; // 10 ms ticks since creation: the latest that any thread has told (assembly/expiry.ts)
export const H_EPOCH: u32 = 192; // snapshot epoch, starts at 1
export const H_SNAPSHOT: u32 = 256; // epoch of the active snapshot, 0 = none; with SNAPSHOT_SPANS while it reads the table of slabs
export const SNAPSHOT_SPANS: u32 = 0x80000000; // what was evicted and has a span may not be freed either
export const H_PRESSURE: u32 = 320; // level 0 to 3 as the evictor last saw it
export const H_SLAB_LIMIT: u32 = 384; // slabs that the memory has room for now
export const H_SLAB_NEXT: u32 = 448; // u64: hint, slabs below it are taken; in the high half how often spans were given back, so that no one raises a hint lowered meanwhile
export const H_ACL_GENERATION: u32 = 512; // bumped on every grant and revoke
export const H_NEXT_ID: u32 = 576; // hint: where to look for a free namespace id
export const H_SWEEP: u32 = 640; // next bucket the sweeper visits
export const H_CLOSED: u32 = 704; // 1 = the creator has closed the store
export const H_HOLD: u32 = 768; // claim of the one worker for whom the maintenance thread shall pause (verify), as of a ring's receiver; 0 = none
export const H_HELD: u32 = 832; // 1 = it has paused
export const H_MAINTAINED: u32 = 896; // 1 = a maintenance thread runs
export const H_EVICTOR: u32 = 960; // claim of the one thread that reads the access logs, as of a ring's receiver; 0 = none
export const H_CLASSES: u32 = 1024; // one line a size class: u64 tagged stack head
export const H_WAKE: u32 = 1664; // 1 = the maintenance thread shall look now: there is work for it, or the store is closed
export const H_EVICTOR_WORDS: u32 = 1728; // what the evictor tells: V_*, f64 each, written by it alone
export const H_DECISIONS: u32 = 1792; // the latest changes of an adaptive policy: DECISIONS_KEPT x DECISION_SIZE, written by the evictor alone
export const H_NEXT_PLACE: u32 = 2880; // rings made so far: which place of PARKING the next one has
export const H_EXPIRY: u32 = 3072; // u64: the earliest expiry among all entries, as of one group of buckets (assembly/expiry.ts)
export const H_SLEEPS: u32 = 3136; // 1 = the maintenance thread sleeps until it is woken: whoever gives it work does so
export const H_CLEARS: u32 = 3200; // namespaces cleared or dropped so far...
export const H_CLEARS_SWEPT: u32 = 3264; // ...and how many of them had been when a sweep began that left nothing of any
export const H_WATCHERS: u32 = 3328; // u64, a bit a slot: its worker wants to know of changes
export const H_STAMP: u32 = 3392; // u64: stamps of changes drawn so far
export const H_REMOVALS: u32 = 3456; // REMOVAL_WORDS u32, by hash: watched removals begun so far
export const H_SPAN_NEXT: u32 = 2944; // as H_SLAB_NEXT, for spans: slabs that large values gave back are free for them, and pass for taken there
export const H_TIDY: u32 = 3904; // slot + 1 of who takes bits out of the presence filters, 0 = nobody
export const H_BACKUP: u32 = 4032; // claim of the one worker whose backups drain the dirty bitmap and set H_SNAPSHOT, as of a ring's receiver; 0 = none
export const HEADER_SIZE: u32 = 4096;

// --- parking: what threads that wait for a channel sleep on. A sleeper keeps the address of its words for as long as it likes, so they
// are nobody's memory and never become another's: channels share the places, round robin. A wake-up meant for another channel is harmless.
export const PARKING: u32 = 4096;
export const PARKING_PLACES: u32 = 64;
export const PARKING_SIZE: u32 = 128;
export const P_ARRIVALS: u32 = 0; // bumped after a message went in: receivers wait on it
export const P_RECEIVERS_WAIT: u32 = 4; // 1 = one may be asleep; whoever bumps the word sets it back, and wakes them all
export const P_DEPARTURES: u32 = 64; // bumped after a message came out: senders wait on it
export const P_SENDERS_WAIT: u32 = 68;

/** Where the slots begin. */
export const SLOTS: u32 = 12288;

// --- the evictor's words, from H_EVICTOR_WORDS on
export const V_SPARED: u32 = 0; // victims that had been rewritten or deleted meanwhile
export const V_REBUILDS: u32 = 8;
export const V_FOLLOWING: u32 = 16; // the policy an adaptive one follows: its number among the candidates + 1, 0 = none
export const V_CAPACITY: u32 = 24; // entries the policy measures itself by
export const V_RESIDENTS: u32 = 32; // entries it knows of
export const V_WALKS: u32 = 40; // whole walks of the table, to find what the logs lost
export const V_VICTIMS: u32 = 48;
export const V_DECISIONS: u32 = 56; // changes of policy so far

export const DECISIONS_KEPT: u32 = 32;
export const DECISION_SIZE: u32 = 32; // f64 each: ms since creation, requests, gain, from + 256 to + 65536 reason

export const CLASS_COUNT: u32 = 10;
export const CLASS_MIN_SHIFT: u32 = 5; // 32 B
export const CHUNK_MAX: u32 = 16384;

/** Of the store's clock: times are counted in ticks since its creation. */
export const TICK_MS: u32 = 10;

// --- worker slot
export const SLOT_SIZE: u32 = 65536;
export const S_STATE: u32 = 0; // SLOT_FREE, SLOT_ACTIVE, SLOT_RESERVED
export const S_INCARNATION: u32 = 4; // grows each time the slot is given out
export const S_REAPER: u32 = 8; // slot number + 1 of whoever reaps it
export const S_THREAD: u32 = 12; // node thread id, for people
export const SLOT_FREE: u32 = 0;
export const SLOT_ACTIVE: u32 = 1;
export const SLOT_RESERVED: u32 = 2; // kept for the maintenance thread, which takes a while to come
// hazard pointers: their own line. Scanners read CURRENT, PREVIOUS, HEAD, then the pins, in this order, and a
// protection only ever moves from CURRENT to PREVIOUS, so a moving one is seen in one of the two.
export const S_HAZARD_CURRENT: u32 = 64;
export const S_HAZARD_PREVIOUS: u32 = 68;
export const S_HAZARD_HEAD: u32 = 72;
export const S_PINS: u32 = 76; // borrowed views
export const PIN_COUNT: u32 = 9;
/** The last of them is for the store's own reads of large values, which are never nested. */
export const READ_PIN: u32 = 8;
export const S_RING: u32 = 112; // the entry of the ring that this worker's operation is in: it is not freed meanwhile
export const S_WRITE_EPOCH: u32 = 128; // epoch this worker's current write began in, 0 = none
export const S_FILING: u32 = 132; // bucket + 1 that this worker's current write puts a new entry into, 0 = none
export const S_CHANGING: u32 = 136; // u64: no change that this worker is about to make has a stamp below it, 0 = it makes none that is watched
// what the worker holds while it is in no list: read by the reaper only
export const S_HAND_CHUNK: u32 = 192; // taken from the cache, not yet published
export const S_HAND_CHUNK_VERSION: u32 = 196;
export const S_HAND_MARK: u32 = 200; // about to be marked, or marked and not yet in the retired list
export const S_HAND_MARK_VERSION: u32 = 204;
export const S_HAND_FREE: u32 = 208; // leaves the retired list, not yet in the cache
export const S_PENDING: u32 = 212; // stack operation under way: PENDING_*, 0 = none
export const S_PENDING_CLASS: u32 = 216;
export const S_PENDING_TAG: u32 = 220; // tag the operation's CAS expects
export const S_PENDING_COUNT: u32 = 224; // what the cache holds once that CAS took effect
export const S_HAND_ID: u32 = 228; // namespace id taken, not yet in the directory
export const S_HAND_OLD_ID: u32 = 232; // namespace id leaving the directory, not yet cleared
export const S_HAND_RETIRED: u32 = 236; // moves from a dead worker's retired list to this one's
export const S_HAND_RING: u32 = 240; // the chunk in hand is being sent through this ring
export const S_HAND_MESSAGE: u32 = 244; // received from a ring, not yet freed
export const S_HAND_MESSAGE_RING: u32 = 248;
export const S_HAND_USAGE: u32 = 252; // id + 1 whose usage is being changed
export const PENDING_POP: u32 = 1;
export const PENDING_PUSH: u32 = 2;
export const PENDING_SLAB: u32 = 3;
export const S_COUNTERS: u32 = 256; // 32 u64, single writer
export const COUNTER_COUNT: u32 = 32;
export const S_ACKS: u32 = 512; // u32 per class, written by others: "your CAS up to this tag took effect"
export const S_CACHES: u32 = 640; // per class: count u32, addresses, then two u64: chunks taken, chunks given back
export const CACHE_STRIDE: u32 = 256;
export const CACHE_CAPACITY: u32 = 58;
export const K_TAKEN: u32 = 240;
export const K_GIVEN: u32 = 248;
export const S_RETIRED_COUNT: u32 = 3264;
export const S_DEFERRED: u32 = 3268; // list of chunks kept for the active snapshot, linked through their hash field
export const S_BUFFERS: u32 = 3272; // list of chunks handed to the host as buffers, linked through next
export const S_BUFFER_COUNT: u32 = 3276; // how many those are, and the bytes of their chunks: for people, and the limit of src/store/buffers.ts
export const S_BUFFER_BYTES: u32 = 3280;
export const S_RETIRED: u32 = 3328;
export const RETIRED_CAPACITY: u32 = 1024;
export const S_KEY: u32 = 8192; // key window: 1,024 bytes and padding
export const S_VICTIM_KEY: u32 = 9344; // the same for a key copied out of a chunk (eviction, sweep, reaping)
export const S_OUT: u32 = 12288; // small results next to the return value
// what lies there, as offsets from S_OUT; the explorer and the engine's tests read them as well
export const O_ENTRY: u32 = 0; // of what was found or written
export const O_VERSION: u32 = 4;
export const O_EXPIRES: u32 = 8; // tick, 0 = never
export const O_LENGTH: u32 = 12; // of a borrowed value
export const O_WRITTEN: u32 = 12; // entries that a batch wrote
export const O_ADDRESS: u32 = 16; // of the bytes of a buffer, or of a large message
export const O_SUM: u32 = 16; // i64, of a counter
export const O_SIZE: u32 = 16; // bytes of a region
export const O_PIN: u32 = 20; // what gives a borrowed value, or an open region, back
export const O_DROPPED: u32 = 16; // u64, messages of a ring
export const O_CAPACITY: u32 = 16; // of a ring, and its other words
export const O_KIND: u32 = 20;
export const O_WHEN_FULL: u32 = 24;
export const O_PLACE: u32 = 28;
export const O_LEASE: u32 = 32; // of a queue; and, u64, the bytes it may hold
export const O_MAX_ATTEMPTS: u32 = 36;
export const O_MAX_BYTES: u32 = 40;
export const O_CELL: u32 = 0; // of a delivery: where it lies among the cells, the halves of its word, how often it was delivered
export const O_LOW: u32 = 4;
export const O_HIGH: u32 = 8;
export const O_ATTEMPTS: u32 = 12;
export const O_NUMBER: u32 = 20; // of the message; and, if it is large, its bytes
export const O_MESSAGE_SIZE: u32 = 24;
export const O_NEXT_TICK: u32 = 0; // when something will be ready, 0 = not known
export const O_READY: u32 = 0; // counts of a queue; from O_BYTES on u64s
export const O_DELAYED: u32 = 4;
export const O_WORKED_ON: u32 = 8;
export const O_LETTERS: u32 = 12;
export const O_BYTES: u32 = 16;
export const O_SENT: u32 = 24;
export const O_ACKED: u32 = 32;
export const O_REDELIVERED: u32 = 40;
export const O_LISTENING: u32 = 24; // LISTENING_*: what the next `listen` is to be called with
export const O_LOCK_KIND: u32 = 8; // of a lock, and its rank + 1
export const O_LOCK_ORDER: u32 = 12;
export const O_HOLDER: u32 = 16; // slot + 1 of who has a lock that cannot be dropped
export const O_OFFSET: u32 = 0; // of a chunk that cannot be loaded
export const O_EXPIRED: u32 = 4; // entries that a load left out
export const O_TEMPORARY: u32 = 64; // a value that nobody asked for: 8 bytes
export const S_SCRATCH: u32 = 12544; // hazards gathered by a scan: at most 64 x 12 addresses
export const S_VALUE: u32 = 16384; // value window
export const S_MANY: u32 = 32768; // batches and scans
export const S_INTEREST: u32 = 7744; // what this worker wants to know of: INTEREST_WORDS u32, written by it alone
export const S_BELL: u32 = 7808; // bumped when there may be something to read: who waits for changes waits on it
export const S_LISTENING: u32 = 7812; // LISTENING_*
export const S_LOST: u32 = 7816; // changes that this worker was not told of, by others: each is a gap
export const S_LOST_SEEN: u32 = 7872; // this line and the positions are the watcher's own: how many of those it knows of,
export const S_SINCE: u32 = 7880; // u64: it passes over stamps below this,
export const S_GAP: u32 = 7888; // u64: and tells of a gap once every stamp below this is settled; 0 = there is none
export const S_POSITIONS: u32 = 15616; // u64 a slot: what it has read of its log
export const S_REGIONS: u32 = 7424; // regions this worker has open: the entries that hold them, 0 = a free place
export const REGION_PINS: u32 = 64;
export const S_LOCK_WAKE: u32 = 10496; // bumped by whoever wakes this worker, which sleeps on it while it waits for a lock (assembly/lock.ts)
export const S_LOCK_WAITS: u32 = 10500; // the lock that this worker, blocked, waits for: its entry, and HELD_READS
export const S_HELD: u32 = 10560; // locks that this worker has, or is about to: HELD_MAX of two u32, the entry with HELD_*, and what whoever has it waits for
/** Locks that one worker has or waits for at once. */
export const HELD_MAX: u32 = 64;
export const HELD_WAITS: u32 = 1; // not inside: given the lock, it has done nothing under it
export const HELD_READS: u32 = 2;
export const HELD_UNSURE: u32 = 4; // it has not looked yet whether the entry is the lock's: nothing of that was touched
export const HELD_BITS: u32 = 31; // an entry's address has these bits clear
export const S_MANY_SIZE: u32 = 32768;
export const LISTING_MAX: u32 = 4096; // entries that a list of addresses and versions there has room for

// --- what a call that answers with an address (of a borrowed value, of a region's bytes) answers instead: no address is so low
export const NOWHERE: u32 = 0; // there is none
export const STALE_RECORD: u32 = 1; // the namespace's record is not current any more
export const NO_PIN: u32 = 2; // this worker has no place left to name it in

// --- counters (index into S_COUNTERS)
export const C_GETS: u32 = 0;
export const C_MISSES: u32 = 1; // hits are not counted: the common case has the least to do
export const C_SETS: u32 = 2;
export const C_DELETES: u32 = 3;
export const C_INSERTED: u32 = 4; // entries that came to be: inserted - removed = live entries
export const C_REMOVED: u32 = 5;
export const C_EVICTIONS: u32 = 6;
export const C_EXPIRED: u32 = 7;
export const C_WRITE_RETRIES: u32 = 8;
export const C_READ_RETRIES: u32 = 9;
export const C_READ_FALLBACKS: u32 = 10;
export const C_SCANS: u32 = 11;
export const C_DEFERRED: u32 = 12; // chunks kept back for a snapshot
export const C_REFILLS: u32 = 13;
export const C_RETURNS: u32 = 14;
export const C_SLABS: u32 = 15;
export const C_BYTES_IN: u32 = 16; // chunk bytes of entries that came to be
export const C_BYTES_OUT: u32 = 17;
export const C_RETIRED_PEAK: u32 = 18;
export const C_OUT_OF_MEMORY: u32 = 19;
export const C_SENT: u32 = 20;
export const C_RECEIVED: u32 = 21;
export const C_SWEPT: u32 = 22;
export const C_CLASS_CHANGES: u32 = 23;
export const C_LOGGED: u32 = 24; // records written to the access log
export const C_LOG_DROPS: u32 = 25; // insertions and removals that found it full
export const C_LOG_SKIPPED: u32 = 26; // hits left out because it was filling up
export const C_REAPED: u32 = 27; // slots of dead workers this one took apart
export const C_NEAR_HITS: u32 = 28; // gets that a near cache answered: not among C_GETS
export const C_NEAR_STALE: u32 = 29; // values kept near that were not present any more when they were asked for
export const C_NEAR_DROPS: u32 = 30; // values kept near that made room for others

// --- access log of a slot: one producer, the slot's worker; one consumer, the evictor (assembly/log.ts)
export const L_TAIL: u32 = 0; // next record to write
export const L_HEAD: u32 = 64; // next record to read
export const L_RECORDS: u32 = 128;
export const LOG_RECORD_SIZE: u32 = 16; // u32 each: key hash, entry | LOG_*, version, expiry tick
export const LOG_HIT: u32 = 0;
export const LOG_INSERT: u32 = 1;
export const LOG_REPLACE: u32 = 2;
export const LOG_REMOVE: u32 = 3;
export const LOG_KIND_MASK: u32 = 7;
export const LOG_ALIVE: u32 = 8; // added for the consumer: the entry was there, in this life, when the record was read
export const LOG_BITS: u32 = 31; // an entry's address has these bits clear

// --- change log of a slot: written by the slot's worker, read by whoever watches (assembly/changes.ts)
export const T_TAIL: u32 = 0; // u64: bytes written so far
export const T_RESERVED: u32 = 8; // u64: bytes that are written or about to be
export const T_RECORDS: u32 = 64;
export const T_RECORD: u32 = 32; // bytes of a record before its key: stamp u64, meta, kind, hash, entry, version, expiry tick (of a directory entry: its id)
export const T_STAMP: u32 = 0;
export const T_META: u32 = 8;
export const T_KIND: u32 = 12; // CHANGE_*; above it the bit of S_INTEREST that the namespace's name has
export const T_SEED_SHIFT: u32 = 8;
export const T_KIND_MASK: u32 = 255;
export const T_HASH: u32 = 16;
export const T_ENTRY: u32 = 20;
export const T_VERSION: u32 = 24;
export const T_EXTRA: u32 = 28;
export const CHANGE_SET: u32 = 1;
export const CHANGE_DELETE: u32 = 2;
export const CHANGE_EXPIRE: u32 = 3;
export const CHANGE_EVICT: u32 = 4;
export const CHANGE_NONE: u32 = 0; // nobody is told: it belongs to a namespace that was cleared
/** Bits of S_INTEREST: the first half for whole namespaces, by the hash of their name, the other for keys, by theirs. */
export const INTEREST_WORDS: u32 = 16;
export const INTEREST_HALF: u32 = 256;
export const LISTENING_NOT: u32 = 0; // awake, it will look by itself
export const LISTENING: u32 = 1; // ring when something that it wants to know of has changed
export const LISTENING_HELD: u32 = 2; // and when any watched change is settled: it has something that waits for those before it
export const REMOVAL_WORDS: u32 = 64;
export const GAP: i32 = -11;

// --- entry: a chunk of its size class
export const E_NEXT: u32 = 0; // link; bit 0 = this entry is deleted or replaced
export const E_DEATH: u32 = 4; // with E_NEXT one u64: epoch of the mark << 6 | slot of who marked. 0 = alive
export const E_HASH: u32 = 8;
export const E_EXPIRES: u32 = 12; // tick, 0 = never
export const E_VERSION: u32 = 16; // generation of the chunk: bumped when it is freed, never reset
export const E_VALUE_LENGTH: u32 = 20; // u16
export const E_FLAGS: u32 = 22; // u8, FLAG_*
export const FLAG_EVICTED: u32 = 1; // it died to make room: no snapshot has to keep it
export const FLAG_SPAN: u32 = 2; // its value is a descriptor, and the span that it names is given back with it
export const FLAG_LARGE: u32 = 4; // the value is what its span holds, not the descriptor; it stays set when the span is given back
export const FLAG_RING: u32 = 8; // a channel's: behind its key lies the ring, whose messages are freed before it is
export const FLAG_LOCK: u32 = 16; // a lock's: behind its key lie the lock's words, which are used for as long as a worker names the entry
export const E_ACCESS: u32 = 23; // u8, saturating 2-bit counter, racy by design
export const ACCESS_MAX: u32 = 3; // what it saturates at
export const E_BIRTH: u32 = 24; // epoch it was published in, 0 = not an entry now
export const E_META: u32 = 28; // u16 namespace id, u16 key length
export const E_KEY: u32 = 32;
export const KEY_MAX: u32 = 1024;
export const DEATH_SLOT_BITS: u32 = 6;
export const SLOT_MAX: u32 = 64;
/** Slots besides the workers': the creator's and the maintenance thread's. */
export const EXTRA_SLOTS: u32 = 2;

// --- expiry bounds (assembly/expiry.ts): buckets of a group, as a shift, and bytes of its word
export const EXPIRY_SHIFT: u32 = 8;
export const EXPIRY_SIZE: u32 = 8;

// --- namespaces: the directory is part of the table. Its entries have namespace id 0, the name as key, and this value:
export const N_ID: u32 = 0; // u32
export const N_SEED: u32 = 4; // of the hashes of its keys
export const N_MAX_ENTRIES: u32 = 8; // 0 = no limit
export const N_ENCODING: u32 = 12;
export const N_MAX_BYTES: u32 = 16; // u64, 0 = no limit
export const N_SIZE: u32 = 24;
export const NAMESPACE_NAME_MAX: u32 = 256;
/** Ids below this are the store's own: 0 the directory of namespaces, 1 grants and channels. Never evicted, no quota. */
export const FIRST_ID: u32 = 2;
export const DIRECTORY_ID: u32 = 0;
export const SYSTEM_ID: u32 = 1;
export const SYSTEM_SEED: u32 = 0x53595354; // of the hashes of its keys: "SYST"

// --- namespace id: one line each, written by whoever inserts or deletes in it
export const ID_STRIDE: u32 = 64;
export const I_STATE: u32 = 0; // generation << 16 | taker's slot + 1 << 8 | ID_FREE, ID_USED or ID_CLEARED (quota.ts)
export const I_ENTRIES: u32 = 4; // i32
export const I_BYTES: u32 = 8; // i64, chunk bytes
export const I_LAST_USED: u32 = 16; // tick of the last write, to the second
export const I_INEXACT: u32 = 20; // a worker died while changing the counts: they are off by at most one entry, until recounted
export const I_LOAD: u32 = 24; // while a backup is restored: 1 = entries of this id are loaded
export const I_SEED: u32 = 28; // of the hashes of its namespace's keys: the same for every namespace of that name
export const I_LIFE: u32 = 32; // u64: how often this id was taken; with the id, a number no other life of any id has
export const I_MADE: u32 = 40; // u64: that number, as it was when the namespace that has this id now was made: a clear keeps it
export const I_SECTIONS: u32 = 48; // 4 u32: in which parts of the table this id may have entries (assembly/presence.ts)
export const SECTION_WORDS: u32 = 4;
export const ID_FREE: u32 = 0;
export const ID_USED: u32 = 1;
export const ID_CLEARED: u32 = 2; // unreachable; taken again once its entries are swept

// --- state of a slab, a u32: what it is in bits 0 to 7; slot + 1 of who is changing that in bits 8 to 14; SLAB_UNCLEAN
/** Not used now, and not as zero as a slab that never was. Size classes are 1 to CLASS_COUNT, 0 = never used. */
export const SLAB_SOILED: u32 = 64;
/** Part of a span: a run of whole slabs, named by the descriptor of one entry (slabs.ts). */
export const SLAB_SPAN: u32 = 65;
/** As soiled as SLAB_SOILED, and given back by a value: kept for values while small entries can make room among themselves. */
export const SLAB_FREED: u32 = 66;
export const SLAB_KIND_MASK: u32 = 255;
export const SLAB_OWNER_SHIFT: u32 = 8;
export const SLAB_OWNER_MASK: u32 = 127;
/** While a slab is being cut: it was soiled, and is not clean yet. */
export const SLAB_UNCLEAN: u32 = 65536;

// --- descriptor of a span: the value of an entry with FLAG_SPAN
export const D_FIRST: u32 = 0; // index of its first slab
export const D_COUNT: u32 = 4; // slabs
export const D_BYTES: u32 = 8; // bytes in use: of a region, or of a value
export const D_SIZE: u32 = 16;

// --- region: a span that stays where it is, with a name in the store's own id
export const G_BYTES: u32 = 0; // bytes the user has; this line is written once
export const G_ENTRY: u32 = 4; // the entry that holds it, and its version: whose region this memory is
export const G_VERSION: u32 = 8;
export const G_OWNER: u32 = 64; // claim of its one owner, as of a ring's receiver; 0 = none
export const G_DATA: u32 = 128;

// --- ring of a channel: behind the key of its entry, from the next line on (assembly/ring-cells.ts); its cells are u64 (message chunk, position)
/** What two sides write lies this far apart: a line. */
export const R_STRIDE: u32 = 64;
export const R_CAPACITY: u32 = 0; // cells, a power of two; this line is written once
export const R_KIND: u32 = 4; // RING_SPSC or RING_MPSC
export const R_WHEN_FULL: u32 = 8; // 0 = the sender is told, 1 = the message is dropped and counted
export const R_PLACE: u32 = 12; // address of its place in PARKING
export const R_RECEIVER: u32 = R_STRIDE; // claim of the one receiver: incarnation << 7 | slot number + 1
export const R_SENDER: u32 = R_STRIDE + 4; // the same for the one sender of an SPSC ring
export const CLAIM_SLOT_BITS: u32 = 7;
export const CLAIM_SLOT_MASK: u32 = 127;
export const R_TAIL: u32 = R_STRIDE * 2; // next position to fill
export const R_HEAD: u32 = R_STRIDE * 3; // next position to take
export const R_DROPPED: u32 = R_STRIDE * 4; // u64
export const R_CELLS: u32 = R_STRIDE * 5;
export const RING_SPSC: u32 = 1;
export const RING_MPSC: u32 = 2;
export const RING_QUEUE: u32 = 3;

// --- work queue: a ring's head line, place and cells (assembly/queue.ts); its own words lie where a channel has its claims and counts
export const Q_LEASE: u32 = R_STRIDE; // ticks a message is a taker's, unless it says otherwise; this line is written once
export const Q_MAX_ATTEMPTS: u32 = R_STRIDE + 4; // deliveries before a message is a dead letter; 0 = no end
export const Q_MAX_BYTES: u32 = R_STRIDE + 8; // u64, of messages; 0 = no limit
export const Q_SEQUENCE: u32 = R_STRIDE * 2; // messages sent so far: the next one's number
export const Q_ACKED: u32 = R_STRIDE * 3; // u64 each, give or take one a death
export const Q_REDELIVERED: u32 = R_STRIDE * 3 + 8;
/** A cell is a u64, what can change about the message, then two words. */
export const Q_CELL_SHIFT: u32 = 4;
export const Q_MESSAGE: u32 = 8; // its chunk, 0 = none
export const Q_NUMBER: u32 = 12; // the lowest is taken first
export const FULL: i32 = -7;
export const EMPTY: i32 = -8;
export const NOT_YOURS: i32 = -9; // another worker is this ring's receiver, or its only sender
export const DROPPED: i32 = -10;
export const GONE: i32 = -12; // the channel was dropped

// --- lock: behind the key of its entry, from the next line on, in one line (assembly/lock.ts)
/** Lines apart in the shipped engine; in the explorer's, so that a lock fits its chunks, not. */
export const K_ALIGN: u32 = 64;
export const K_OWNER: u32 = 0; // u64: slot + 1 of who has it, 0 = nobody; in the high half slot + 1 of who is to get it next
export const K_WAITERS: u32 = 8; // u64, a bit a slot: who waits to have it alone
export const K_READERS: u32 = 16; // u64: who reads under it
export const K_QUEUE: u32 = 24; // u64: who waits to read
export const K_POISON: u32 = 32; // node thread id + 1 of who died inside, 0 = nobody since it was mended
export const K_KIND: u32 = 36; // LOCK_*
export const K_ORDER: u32 = 40; // its rank + 1, 0 = none
export const K_SIZE: u32 = 48;
export const LOCK_MUTEX: u32 = 1;
export const LOCK_RW: u32 = 2;
/** In the place of an owner: the lock was dropped. */
export const K_DROPPED: u32 = 0xffffffff;
/** How a lock is asked for. */
export const HOW_ALONE: u32 = 0;
export const HOW_READ: u32 = 1;
/** What whoever does not get it at once does: goes away, waits and does other things meanwhile, or blocks. */
export const WAIT_NOT: u32 = 0;
export const WAIT_ASIDE: u32 = 1;
export const WAIT_BLOCKED: u32 = 2;
export const TAKEN: i32 = 1;
export const TAKEN_POISONED: i32 = 2;
export const NOT_YET: i32 = 0;
export const HANDS_FULL: i32 = -13; // this worker has HELD_MAX locks, or waits for them

// --- status codes of the engine's operations (all others are lengths or truths)
export const OK: i32 = 1;
export const UNMET: i32 = 0; // ifAbsent or ifVersion did not hold
export const MISS: i32 = -1;
export const NO_MEMORY: i32 = -2;
export const QUOTA: i32 = -3;
export const STALE: i32 = -4; // the namespace was cleared, changed or dropped: look it up again
export const NO_IDS: i32 = -5;
export const NOT_A_COUNTER: i32 = -6;
/** The value is in a span: whoever wants it holds it first. */
export const LARGE: i32 = -11;

export const MODE_SET: u32 = 0;
export const MODE_IF_ABSENT: u32 = 1;
export const MODE_IF_VERSION: u32 = 2;
export const MODE_ADD: u32 = 3;

export const HASH_XX: u32 = 0;
export const HASH_FNV: u32 = 1;
export const HASH_MURMUR: u32 = 2;
export const HASH_ADAPTIVE: u32 = 3;

// ---------------------------------------------------------------- arenas of agents' memory (assembly/pieces.ts); bytes from where one begins

/** Units at most, and those that may be taken now: growing is raising the latter. */
export const A_UNITS: u32 = 0;
export const A_LIMIT: u32 = 4;
/** Where the next search begins. */
export const A_HINT: u32 = 8;
export const A_RECORDS: u32 = 12;
export const A_RECORD_HINT: u32 = 16;
/** Bytes of a unit, as a shift. */
export const A_SHIFT: u32 = 20;
/** Addresses of the units' words, of the records, and of the first unit. */
export const A_STATES: u32 = 24;
export const A_TABLE: u32 = 28;
export const A_DATA: u32 = 32;
/** Of the store that it belongs to, and what says that it is an arena of this layout. */
export const A_STORE: u32 = 36;
export const A_MAGIC: u32 = 40;
/** The claim of who changes the directory, which is in the first arena alone: where its entries are and how many. */
export const A_LOCK: u32 = 44;
export const A_NAMES: u32 = 48;
export const A_NAME_COUNT: u32 = 52;
/** Set by `close` of the thread that made them. */
export const A_CLOSED: u32 = 56;
/** How often a piece was given back: who found no room and finds it grown looks again. */
export const A_GIVEN: u32 = 60;
export const ARENA_HEADER: u32 = 64;
/** Of an entry of the directory. */
export const NAMED_SIZE: u32 = 256;
export const ARENA_MAGIC: u32 = 0x656e4167;

/** A record of a piece, u64: claim of who has it in hand or took it, above it how often the record was used, and in the two highest bits its state. */
export const PIECE_OWNER: u32 = 0;
/** Of the upper half of that word: shifted right by so many bits it is the state. */
export const PIECE_UPPER: u32 = 4;
export const PIECE_STATE_SHIFT: u32 = 30;
/** Entry + 1 of the directory that the piece belongs to; 0 = to the thread. */
export const PIECE_GROUP: u32 = 12;
export const PIECE_FIRST: u32 = 16;
export const PIECE_COUNT: u32 = 20;
export const PIECE_BYTES: u32 = 24;
/** Group whose budget it is charged to, of a piece that belongs to a thread; 0 = none. */
export const PIECE_CHARGED: u32 = 28;
/** Unix time, ms, as a double. */
export const PIECE_SINCE: u32 = 32;
export const PIECE_PURPOSE: u32 = 40;
export const PIECE_SIZE: u32 = 64;
/** States of a record: in hand unless held. */
export const PIECE_TAKING: u32 = 0;
export const PIECE_HELD: u32 = 1;
export const PIECE_GIVING: u32 = 2;
/** What takePiece returns besides records. */
export const NO_UNITS: i32 = -1;
export const NO_RECORD: i32 = -2;
export const UNITS_MOVED: i32 = -3;

/** A pool of blocks (assembly/blocks.ts): how many of what size, where their owners' words are, whom they are charged to, and where they lie. */
export const B_COUNT: u32 = 0;
export const B_SIZE: u32 = 4;
export const B_OWNERS: u32 = 8;
export const B_CHARGED: u32 = 12;
export const B_DATA: u32 = 16;
export const B_PEAK: u32 = 20;
export const B_EXHAUSTED: u32 = 24;
export const B_FALLBACKS: u32 = 28;
/** 1 = the arena gives a piece when all are out. */
export const B_FALLBACK: u32 = 32;
/** u64: blocks out, counted for the peak alone, and above them how often one was given back: who found none free and finds it grown looks again. */
export const B_OUT: u32 = 40;
export const BLOCKS_HEADER: u32 = 64;

/** What an agent owns is under one word (assembly/ownership.ts): 0, a claim, a ticket, or FROZEN. */
export const OWN_WORD: u32 = 0;
/** Who sent it, while it is under way. */
export const OWN_SENDER: u32 = 4;
export const OWN_TICKET: u32 = 8;
/** 1 = a change of several steps is under way. */
export const OWN_BUSY: u32 = 12;
/** Bytes charged, and at most. */
export const OWN_USED: u32 = 16;
export const OWN_LIMIT: u32 = 24;
export const OWNERSHIP_SIZE: u32 = 64;
export const FROZEN: u32 = 0xffffff80;

// ---------------------------------------------------------------- what threads hold (assembly/resources.ts); bytes from where a table begins

/** Records there are; how many of them, from the first on, were ever used: who looks at all looks no further. */
export const RESOURCES_COUNT: u32 = 0;
export const RESOURCES_REACH: u32 = 4;
/** Counted since the table was made, in the store's first table alone: give or take one a death. */
export const RESOURCES_ENDED: u32 = 64;
export const RESOURCES_CLOSED: u32 = 68;
export const RESOURCES_FAILED: u32 = 72;
export const RESOURCES_FORCED: u32 = 76;
export const RESOURCES_REAPED: u32 = 80;
export const RESOURCES_REFUSED: u32 = 84;
/** Numbers of the names of pools whose permits are counted over all threads, in the first table alone. */
export const RESOURCES_PERMITS: u32 = 128;
export const RESOURCES_PERMITS_MOST: u32 = 64;
export const RESOURCES_HEADER: u32 = 384;

/** A record: claim of who has it, 0 = free. */
export const RESOURCE_OWNER: u32 = 0;
/** How often the record was given back, above RESOURCE_PHASE_BITS of what it is in. */
export const RESOURCE_STATE: u32 = 4;
/** Number of the kind's name; of the label's, or RESOURCE_LABELLED, or 0. */
export const RESOURCE_KIND: u32 = 8;
export const RESOURCE_LABEL: u32 = 12;
/** Unix time, ms, as a double. */
export const RESOURCE_SINCE: u32 = 16;
/** ms that its end may take. */
export const RESOURCE_DEADLINE: u32 = 24;
/** Tick at which it came to its phase. */
export const RESOURCE_CHANGED: u32 = 28;
export const RESOURCE_SIZE: u32 = 32;
export const RESOURCE_PHASE_BITS: u32 = 3;
/** In hand: being written, or given back; nobody else looks at it. */
export const RESOURCE_IN_HAND: u32 = 0;
export const RESOURCE_HELD: u32 = 1;
export const RESOURCE_IDLE: u32 = 2;
export const RESOURCE_IN_USE: u32 = 3;
export const RESOURCE_ENDING: u32 = 4;
/** Instead of a name's number: the label is in an entry of the record's own. */
export const RESOURCE_LABELLED: u32 = 1;

// ---------------------------------------------------------------- permits of all threads together (assembly/permits.ts)

/** How many there are, set once. */
export const PERMITS_MAX: u32 = 0;
/** Of each slot, what it waits for. */
export const PERMITS_WAITERS: u32 = 64;
export const PERMIT_WAITER_SIZE: u32 = 16;
/** Claim of who waits, 0 = nobody; since when, as its host counts ms; 1 = somebody is giving one back for it. */
export const PERMIT_WAITER: u32 = 0;
export const PERMIT_SINCE: u32 = 4;
export const PERMIT_PROMISED: u32 = 8;
/** Claims of who has them, 0 = nobody. */
export const PERMITS_OWNERS: u32 = 1088;
