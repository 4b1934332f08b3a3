/**
 * Faults planted in the engine, one protective step left out each: what shows that the explorer would notice. They are in the
 * sources of src/core/assembly, behind a constant that is 0 in the shipped build, which therefore contains none of them.
 */
import { FAULT_SEARCH_ON } from "./operations.js";
import {
  FAULT_CHUNKS_FIRST,
  FAULT_CLEAR_AFTER_COPY,
  FAULT_COUNT_EARLY,
  FAULT_KEEP_FREED,
  FAULT_TABLE_UNKEPT,
} from "./snapshot.js";

export interface PlantedFault {
  readonly number: number;
  readonly what: string;
  /** Families in which it shows soonest. */
  readonly families: readonly string[];
  /** Schedules within which it must be found, over those families. */
  readonly within: number;
  /** Programs, one schedule each, that a small build of the table alone needed when the engine was designed. */
  readonly smallBuild?: number;
}

export const PLANTED_FAULTS: readonly PlantedFault[] = [
  {
    number: 1,
    what: "hazards are ignored when chunks are freed",
    families: ["write-write", "insert-recycle"],
    within: 20_000,
    smallBuild: 278,
  },
  {
    number: 2,
    what: "the link is not read again after the entry's version",
    families: ["replace-middle", "read"],
    within: 200_000,
    smallBuild: 16_000,
  },
  {
    number: 3,
    what: "the bucket's head is not kept as a hazard",
    families: ["write-write", "insert-recycle"],
    within: 50_000,
    smallBuild: 18_000,
  },
  {
    number: 4,
    what: "a chunk's version stays when it is freed",
    families: ["replace-head", "replace-middle"],
    within: 100_000,
    smallBuild: 36_000,
  },
  {
    number: 5,
    what: "the tag of a class stack does not change",
    families: ["allocate", "death-allocate"],
    within: 100_000,
  },
  {
    number: 6,
    what: "a hazard is published without reading the link again",
    families: ["replace-middle", "recycle-middle"],
    within: 500_000,
    smallBuild: 83_000,
  },
  {
    number: 7,
    what: "a marked entry is taken for a living one",
    families: ["write-write", "replace-middle"],
    within: 10_000,
  },
  {
    number: 8,
    what: "a reader walks on over marked entries that are no longer linked",
    families: ["read-run"],
    within: 2_000_000,
  },
  {
    number: 9,
    what: "a reader does not look at the version after copying",
    families: ["replace-head", "read", "get-many"],
    within: 100_000,
  },
  { number: 10, what: "an entry is marked without being noted in the slot", families: ["death-write"], within: 20_000 },
  {
    number: 11,
    what: "a swap on a class stack is not acknowledged to the one before",
    families: ["death-allocate"],
    within: 100_000,
  },
  { number: 12, what: "a chunk in hand is not noted in the slot", families: ["death-write"], within: 20_000 },
  {
    number: 13,
    what: "an insert does not look whether its namespace was cleared",
    families: ["clear"],
    within: 100_000,
  },
  { number: 14, what: "the sweeper does not ask again before it deletes", families: ["swept"], within: 2_000_000 },
  { number: 15, what: "a read looks at the clock after the link", families: ["expiry"], within: 200_000 },
  { number: 16, what: "borrowed views are ignored when chunks are freed", families: ["borrow"], within: 10_000 },
  {
    number: 17,
    what: "a receiver empties the cell before it marks the message",
    families: ["death-ring"],
    within: 500_000,
  },
  { number: 18, what: "chunks that a snapshot needs are used again", families: ["snapshot"], within: 100_000 },
  { number: 19, what: "a write does not publish the epoch it runs in", families: ["snapshot"], within: 500_000 },
  { number: 20, what: "a chunk in hand keeps the mark of its last life", families: ["death-write"], within: 50_000 },
  {
    number: 21,
    what: "a namespace id is given out again while entries of its last life are there",
    families: ["namespaces", "ids"],
    within: 50_000,
  },
  {
    number: 22,
    what: "the evictor gives the records of a log back before it has copied them",
    families: ["access-log"],
    within: 100_000,
  },
  {
    number: 23,
    what: "the tail of an access log moves before the record is there",
    families: ["access-log"],
    within: 100_000,
  },
  {
    number: 24,
    what: "an operation does not ask whether its namespace was cleared or dropped",
    families: ["namespaces", "get-many-clear"],
    within: 20_000,
  },
  {
    number: 25,
    what: "a thread that loads a backup puts its entry before a chain without asking whether that is still the same",
    families: ["adopt"],
    within: 20_000,
  },
  {
    number: 26,
    what: "the filter of a chain that is being loaded forgets what it knew when an entry comes in",
    families: ["adopt"],
    within: 20_000,
  },
  {
    number: 60,
    what: "a region that is dropped is given back though someone has it open",
    families: ["regions"],
    within: 20_000,
  },
  {
    number: 61,
    what: "whoever opens a region does not ask whether it was dropped before that was seen",
    families: ["regions"],
    within: 200_000,
  },
  {
    number: 62,
    what: "a span that is given back does not name who does it",
    families: ["death-regions"],
    within: 50_000,
  },
  {
    number: 63,
    what: "a span that is taken does not name who has it",
    families: ["death-regions"],
    within: 50_000,
  },
  {
    number: 64,
    what: "a slab that was part of a span is cut without being cleaned",
    families: ["regions"],
    within: 50_000,
  },
  {
    number: 65,
    what: "a touch does not ask whether what it copied is still there",
    families: ["touch"],
    within: 20_000,
  },
  {
    number: 66,
    what: "a delete of one version asks for it once, and then deletes what it finds",
    families: ["conditional-delete"],
    within: 20_000,
  },
  {
    number: 67,
    what: "a peek that finds an entry expired does not ask whether it was replaced before",
    families: ["touch"],
    within: 100_000,
  },
  {
    number: 68,
    what: "an operation on a channel does not ask whether that was dropped before it named it",
    families: ["channels-dropped"],
    within: 20_000,
  },
  {
    number: 69,
    what: "a channel that is dropped is given back though an operation is in it",
    families: ["channels-dropped"],
    within: 50_000,
  },
  {
    number: 95,
    what: "whoever empties a dropped channel does not note the message it frees",
    families: ["death-channels-dropped"],
    within: 100_000,
  },
  {
    number: 96,
    what: "a message is taken over though the lease of its taker runs",
    families: ["queue"],
    within: 5_000,
  },
  {
    number: 97,
    what: "a dead taker keeps its message until the lease ends",
    families: ["death-queue"],
    within: 20_000,
  },
  {
    number: 98,
    what: "an acknowledgement does not ask whether the message is another's by now",
    families: ["queue"],
    within: 50_000,
  },
  {
    number: 99,
    what: "a taker does not look after copying whether the message is still its own",
    families: ["queue-memory"],
    within: 500_000,
  },
  {
    number: 70,
    what: "a reader of a large value does not name its entry while it reads",
    families: ["large", "large-evict"],
    within: 50_000,
  },
  {
    number: 71,
    what: "the span of an entry is given back as soon as the entry is retired, whoever names it",
    families: ["large"],
    within: 50_000,
  },
  {
    number: 72,
    what: "a span is given back before the version of its entry has moved on",
    families: ["snapshot-large-full"],
    within: 200_000,
  },
  {
    number: 73,
    what: "a large value that was not published keeps its span, which its writer has in hand all the same",
    families: ["large-conditional"],
    within: 20_000,
  },
  {
    number: 74,
    what: "a large value is written and its regions are not marked",
    families: ["snapshot-large"],
    within: 20_000,
  },
  {
    number: 75,
    what: "a reaper takes the span of an entry in a dead thread's hand for one that is in no descriptor",
    families: ["death-large"],
    within: 50_000,
  },
  {
    number: FAULT_CHUNKS_FIRST,
    what: "a backup copies chunks before the spans that they lead to",
    families: ["snapshot-large-full"],
    within: 200_000,
  },
  {
    number: FAULT_TABLE_UNKEPT,
    what: "a backup reads the table of slabs while the spans of its cut may be given back",
    families: ["snapshot-large-evict"],
    within: 200_000,
  },
  {
    number: 78,
    what: "a large message is freed before whoever received it has read it",
    families: ["ring-large"],
    within: 20_000,
  },
  {
    number: 53,
    what: "the snapshot of a dead thread's backup stays active",
    families: ["death-backup"],
    within: 5_000,
  },
  {
    number: 54,
    what: "a dead thread keeps the store's backups",
    families: ["death-backup"],
    within: 5_000,
  },
  {
    number: 55,
    what: "a reaper lets go of a dead thread's backups before it ends their snapshot",
    families: ["death-backup"],
    within: 100_000,
  },
  {
    number: 40,
    what: "a thread acts on an expiry without telling the others the time",
    families: ["clocks"],
    within: 50_000,
  },
  {
    number: 41,
    what: "an expiry is judged by what others have told of the time, and not by the own clock",
    families: ["expiry", "clocks"],
    within: 5000,
  },
  {
    number: FAULT_SEARCH_ON,
    what: "a write in a full namespace goes on looking for a victim until it has found one",
    families: ["expiry-limit"],
    within: 20_000,
  },
  {
    number: 43,
    what: "a reaper does not note the expiry of what a dead thread has published",
    families: ["death-expiry"],
    within: 50_000,
  },
  {
    number: 44,
    what: "a sweeper raises a bound though something was noted meanwhile",
    families: ["expiry-bounds"],
    within: 50_000,
  },
  {
    number: 45,
    what: "a listing does not ask afterwards whether its namespace is still the one it meant",
    families: ["listed-id"],
    within: 200_000,
  },
  {
    number: 46,
    what: "whoever takes a bit out of a presence filter does not look for inserts under way",
    families: ["presence", "death-presence"],
    within: 200_000,
  },
  {
    number: 47,
    what: "an insert that finds its bit set does not say that it relies on it",
    families: ["presence", "death-presence"],
    within: 200_000,
  },
  {
    number: 80,
    what: "a change draws its stamp before it has read the chain",
    families: ["changes", "changes-key"],
    within: 50_000,
  },
  {
    number: 81,
    what: "a watcher passes on changes though smaller stamps may come",
    families: ["changes", "changes-key"],
    within: 50_000,
  },
  {
    number: 82,
    what: "a writer that drew no stamp does not look again whether somebody watches",
    families: ["changes", "changes-behind"],
    within: 50_000,
  },
  {
    number: 83,
    what: "a reaper does not tell who watches that a change may be missing",
    families: ["death-changes"],
    within: 50_000,
  },
  {
    number: 84,
    what: "a watcher does not ask whether the log has gone over what it copied",
    families: ["changes-behind"],
    within: 50_000,
  },
  {
    number: 85,
    what: "a writer looks who listens before its change is settled",
    families: ["changes", "changes-key"],
    within: 50_000,
  },
  {
    number: 86,
    what: "a watcher that waits for another's change to settle is not woken by it",
    families: ["changes-key", "changes"],
    within: 200_000,
  },
  {
    number: 87,
    what: "a gap is told before what it passes over is there",
    families: ["changes-behind"],
    within: 200_000,
  },
  {
    number: 88,
    what: "a change log's bytes are reserved after they were written",
    families: ["changes-behind"],
    within: 200_000,
  },
  {
    number: 89,
    what: "a dead watcher is told of changes for ever",
    families: ["death-changes"],
    within: 5_000,
  },
  {
    number: 91,
    what: "a removal does not count for an insert that has read the chain before",
    families: ["changes", "changes-behind"],
    within: 200_000,
  },
  {
    number: 93,
    what: "a watcher forgets that it has read the last change there was room for",
    families: ["changes", "changes-key"],
    within: 200_000,
  },
  {
    number: FAULT_CLEAR_AFTER_COPY,
    what: "a backup clears dirty bits after the copy",
    families: ["snapshot"],
    within: 20_000,
  },
  {
    number: FAULT_KEEP_FREED,
    what: "a backup keeps what was evicted and used again under its copy",
    families: ["snapshot-evict"],
    within: 200_000,
  },
  {
    number: FAULT_COUNT_EARLY,
    what: "a backup reads the workers' counts before the writes of its epoch have ended",
    families: ["snapshot"],
    within: 20_000,
  },
];
